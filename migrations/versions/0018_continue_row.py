"""Continue watching: a row like others, which stood above all rows of the home page"""
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None

ROWS = sa.table('home_rows', sa.column('kind', sa.String), sa.column('headings', sa.JSON),
                sa.column('options', sa.JSON), sa.column('position', sa.Integer), sa.column('hidden', sa.Boolean))


def upgrade() -> None:
    """A home page that editors have arranged keeps it at its top; one without rows of its own has the usual ones."""
    connection = op.get_bind()
    first = connection.scalar(sa.select(sa.func.min(ROWS.c.position)))
    known = connection.scalar(sa.select(sa.func.count()).select_from(ROWS).where(ROWS.c.kind == 'continue'))
    if first is not None and not known:
        op.bulk_insert(ROWS, [{'kind': 'continue', 'headings': {}, 'options': {}, 'position': first - 1,
                               'hidden': False}])


def downgrade() -> None:
    op.execute(ROWS.delete().where(ROWS.c.kind == 'continue'))
