"""A step's number is given once: the lease of one that was deleted is no lease of the next one (SQLite gave it again)"""
from __future__ import annotations

from alembic import op

revision = '0021'
down_revision = '0020'
branch_labels = None
depends_on = None


def upgrade() -> None:
    _made_again(sqlite_autoincrement=True)


def downgrade() -> None:
    _made_again(sqlite_autoincrement=False)


def _made_again(**keywords: bool) -> None:
    if op.get_bind().dialect.name == 'sqlite':  # PostgreSQL's sequences never go back
        with op.batch_alter_table('encoding_steps', recreate='always', table_kwargs=keywords):
            pass
