"""Whether other sites may show the player of a film"""
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('watch_rules') as batch:
        batch.add_column(sa.Column('embeddable', sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('watch_rules') as batch:
        batch.drop_column('embeddable')
