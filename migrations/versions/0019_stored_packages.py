"""Packages in a bucket: how far each is on its way there"""
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'stored_packages',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('package', sa.String(length=160), nullable=False),
        sa.Column('state', sa.String(length=12), nullable=False),
        sa.Column('beat_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('tries', sa.Integer(), nullable=False),
        sa.Column('fault', sa.String(length=20), nullable=False),
        sa.Column('not_before', sa.DateTime(timezone=True), nullable=True),
        sa.Column('files', sa.Integer(), nullable=False),
        sa.Column('bytes', sa.BigInteger(), nullable=False),
        sa.Column('stored_at', sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_stored_packages')),
        sa.UniqueConstraint('package', name=op.f('uq_stored_packages_package')))
    op.create_index('ix_stored_packages_state_not_before', 'stored_packages', ['state', 'not_before'])


def downgrade() -> None:
    """What lies in the bucket stays there: `media fetch` brings it back before."""
    op.drop_table('stored_packages')
