"""Addresses are confirmed: who is here already counts as confirmed"""
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('users') as batch:
        batch.add_column(sa.Column('mailed_at', sa.DateTime(timezone=True), nullable=True))
    op.execute("update users set confirmed_at = created_at where confirmed_at is null")


def downgrade() -> None:
    with op.batch_alter_table('users') as batch:
        batch.drop_column('mailed_at')
