"""Rows of the home page, static pages, menus"""
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'home_rows',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('kind', sa.String(length=60), nullable=False),
        sa.Column('headings', sa.JSON(), nullable=False),
        sa.Column('options', sa.JSON(), nullable=False),
        sa.Column('position', sa.Integer(), nullable=False),
        sa.Column('hidden', sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_home_rows')),
    )
    op.create_table(
        'static_pages',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('slug', sa.String(length=100), nullable=False),
        sa.Column('status', sa.String(length=12), nullable=False),
        sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_static_pages')),
        sa.UniqueConstraint('slug', name=op.f('uq_static_pages_slug')),
    )
    op.create_table(
        'static_page_texts',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('page_id', sa.Integer(), nullable=False),
        sa.Column('locale', sa.String(length=35), nullable=False),
        sa.Column('name', sa.String(length=200), nullable=False),
        sa.Column('body', sa.Text(), nullable=False),
        sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['page_id'], ['static_pages.id'], name=op.f('fk_static_page_texts_page_id_static_pages'),
                                ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_static_page_texts')),
        sa.UniqueConstraint('page_id', 'locale', name=op.f('uq_static_page_texts_page_id_locale')),
    )
    op.create_table(
        'menu_entries',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('place', sa.String(length=12), nullable=False),
        sa.Column('labels', sa.JSON(), nullable=False),
        sa.Column('target', sa.String(length=500), nullable=False),
        sa.Column('position', sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_menu_entries')),
    )
    op.create_index(op.f('ix_menu_entries_place'), 'menu_entries', ['place'])


def downgrade() -> None:
    op.drop_index(op.f('ix_menu_entries_place'), table_name='menu_entries')
    op.drop_table('menu_entries')
    op.drop_table('static_page_texts')
    op.drop_table('static_pages')
    op.drop_table('home_rows')
