"""Who may watch, links to watch by, uploads in parts"""
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'watch_rules',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('title_id', sa.Integer(), nullable=True),
        sa.Column('edition_id', sa.Integer(), nullable=True),
        sa.Column('audience', sa.String(length=12), nullable=False),
        sa.Column('roles', sa.JSON(), nullable=False),
        sa.CheckConstraint('(title_id is null) <> (edition_id is null)', name=op.f('ck_watch_rules_owner')),
        sa.ForeignKeyConstraint(['title_id'], ['titles.id'], name=op.f('fk_watch_rules_title_id_titles'),
                                ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['edition_id'], ['editions.id'], name=op.f('fk_watch_rules_edition_id_editions'),
                                ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_watch_rules')),
        sa.UniqueConstraint('title_id', name=op.f('uq_watch_rules_title_id')),
        sa.UniqueConstraint('edition_id', name=op.f('uq_watch_rules_edition_id')),
    )
    op.create_table(
        'watch_links',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('public_id', sa.String(length=24), nullable=False),
        sa.Column('edition_id', sa.Integer(), nullable=False),
        sa.Column('label', sa.String(length=80), nullable=False),
        sa.Column('created_by_id', sa.Integer(), nullable=True),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(['edition_id'], ['editions.id'], name=op.f('fk_watch_links_edition_id_editions'),
                                ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['created_by_id'], ['users.id'], name=op.f('fk_watch_links_created_by_id_users'),
                                ondelete='SET NULL'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_watch_links')),
        sa.UniqueConstraint('public_id', name=op.f('uq_watch_links_public_id')),
    )
    op.create_index(op.f('ix_watch_links_edition_id'), 'watch_links', ['edition_id'])
    with op.batch_alter_table('uploads') as batch:
        batch.add_column(sa.Column('partial', sa.Boolean(), server_default=sa.false(), nullable=False))
        batch.add_column(sa.Column('parts', sa.JSON(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('uploads') as batch:
        batch.drop_column('parts')
        batch.drop_column('partial')
    op.drop_index(op.f('ix_watch_links_edition_id'), table_name='watch_links')
    op.drop_table('watch_links')
    op.drop_table('watch_rules')
