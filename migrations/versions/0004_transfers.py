"""Transfers"""
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('transfers',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('direction', sa.String(length=3), nullable=False),
    sa.Column('content_type', sa.String(length=40), nullable=False),
    sa.Column('format', sa.String(length=10), nullable=False),
    sa.Column('file_name', sa.String(length=200), nullable=False),
    sa.Column('key', sa.String(length=200), nullable=False),
    sa.Column('encoding', sa.String(length=40), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('error', sa.Text(), nullable=False),
    sa.Column('total', sa.Integer(), nullable=False),
    sa.Column('seen', sa.Integer(), nullable=False),
    sa.Column('actor_id', sa.Integer(), nullable=True),
    sa.Column('actor_name', sa.String(length=254), nullable=False),
    sa.Column('locale', sa.String(length=35), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('beat_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("direction in ('in', 'out')", name=op.f('ck_transfers_direction')),
    sa.CheckConstraint("state in ('waiting', 'reading', 'ready', 'applying', 'writing', 'done', 'failed', 'cancelled')", name=op.f('ck_transfers_state')),
    sa.ForeignKeyConstraint(['actor_id'], ['users.id'], name=op.f('fk_transfers_actor_id_users'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_transfers'))
    )
    with op.batch_alter_table('transfers', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_transfers_actor_id'), ['actor_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_transfers_created_at'), ['created_at'], unique=False)
        batch_op.create_index('ix_transfers_state_beat_at', ['state', 'beat_at'], unique=False)

    op.create_table('transfer_rows',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('transfer_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('label', sa.String(length=300), nullable=False),
    sa.Column('document', sa.JSON(), nullable=False),
    sa.Column('verdict', sa.String(length=10), nullable=False),
    sa.Column('entity_id', sa.Integer(), nullable=True),
    sa.Column('changes', sa.JSON(), nullable=False),
    sa.Column('held', sa.JSON(), nullable=False),
    sa.Column('faults', sa.JSON(), nullable=False),
    sa.Column('fingerprint', sa.String(length=64), nullable=False),
    sa.Column('chosen', sa.Boolean(), nullable=False),
    sa.Column('outcome', sa.String(length=10), nullable=False),
    sa.ForeignKeyConstraint(['transfer_id'], ['transfers.id'], name=op.f('fk_transfer_rows_transfer_id_transfers'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_transfer_rows'))
    )
    with op.batch_alter_table('transfer_rows', schema=None) as batch_op:
        batch_op.create_index('ix_transfer_rows_transfer_id_entity_id', ['transfer_id', 'entity_id'], unique=False)
        batch_op.create_index('ix_transfer_rows_transfer_id_number', ['transfer_id', 'number'], unique=True)
        batch_op.create_index('ix_transfer_rows_transfer_id_verdict_number', ['transfer_id', 'verdict', 'number'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('transfer_rows', schema=None) as batch_op:
        batch_op.drop_index('ix_transfer_rows_transfer_id_verdict_number')
        batch_op.drop_index('ix_transfer_rows_transfer_id_number')
        batch_op.drop_index('ix_transfer_rows_transfer_id_entity_id')

    op.drop_table('transfer_rows')
    with op.batch_alter_table('transfers', schema=None) as batch_op:
        batch_op.drop_index('ix_transfers_state_beat_at')
        batch_op.drop_index(batch_op.f('ix_transfers_created_at'))
        batch_op.drop_index(batch_op.f('ix_transfers_actor_id'))

    op.drop_table('transfers')
