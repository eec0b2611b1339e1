"""Mail to users, what they do not want of it, and which episodes have been announced"""
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('notices',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('user_id', sa.Integer(), nullable=False),
        sa.Column('kind', sa.String(length=60), nullable=False),
        sa.Column('topic', sa.String(length=80), nullable=False),
        sa.Column('data', sa.JSON(), nullable=False),
        sa.Column('state', sa.String(length=10), nullable=False),
        sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('tries', sa.Integer(), nullable=False),
        sa.Column('tried_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state in ('waiting', 'sending', 'sent', 'refused', 'dropped', 'unclear')",
                name=op.f('ck_notices_state')),
        sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_notices_user_id_users'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_notices')),
    )
    op.create_index('ix_notices_state_due_at', 'notices', ['state', 'due_at'])
    op.create_index('ix_notices_user_id_kind_topic', 'notices', ['user_id', 'kind', 'topic'])
    op.create_table('notice_choices',
        sa.Column('user_id', sa.Integer(), nullable=False),
        sa.Column('kind', sa.String(length=60), nullable=False),
        sa.Column('wanted', sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_notice_choices_user_id_users'),
                ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('user_id', 'kind', name=op.f('pk_notice_choices')),
    )
    op.create_table('episode_announcements',
        sa.Column('episode_id', sa.Integer(), nullable=False),
        sa.Column('announced_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['episode_id'], ['episodes.id'],
                name=op.f('fk_episode_announcements_episode_id_episodes'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('episode_id', name=op.f('pk_episode_announcements')),
    )
    # What is out already is no news: nobody gets a mail of it because of an upgrade.
    op.execute("insert into episode_announcements (episode_id, announced_at) select id, current_timestamp "
               "from episodes where air_date is null or air_date <= current_date")


def downgrade() -> None:
    op.drop_table('episode_announcements')
    op.drop_table('notice_choices')
    op.drop_index('ix_notices_user_id_kind_topic', table_name='notices')
    op.drop_index('ix_notices_state_due_at', table_name='notices')
    op.drop_table('notices')
