"""Yielding: a film that is encoded in one piece gives way to others now and then"""
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('encoding_steps') as table:
        table.add_column(sa.Column('yielded', sa.Integer(), nullable=False, server_default='0'))


def downgrade() -> None:
    with op.batch_alter_table('encoding_steps') as table:
        table.drop_column('yielded')
