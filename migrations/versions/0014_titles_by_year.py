"""Public titles by year, for those that are near a title in time"""
from __future__ import annotations

from alembic import op

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index('ix_titles_status_year_id', 'titles', ['status', 'year', 'id'])


def downgrade() -> None:
    op.drop_index('ix_titles_status_year_id', 'titles')
