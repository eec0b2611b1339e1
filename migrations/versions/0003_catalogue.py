"""Catalogue"""
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

MOMENT = '2026-11-01 00:00:00+00:00'
STATUSES = "status in ('draft', 'in_review', 'scheduled', 'published', 'archived')"
OLD_STATUSES = "status in ('draft', 'published')"


def upgrade() -> None:
    op.create_table('collections',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('slug', sa.String(length=100), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_collections')),
    sa.UniqueConstraint('slug', name=op.f('uq_collections_slug'))
    )
    op.create_table('companies',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('slug', sa.String(length=100), nullable=False),
    sa.Column('country', sa.String(length=4), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_companies')),
    sa.UniqueConstraint('slug', name=op.f('uq_companies_slug'))
    )
    op.create_table('keywords',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('slug', sa.String(length=100), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_keywords')),
    sa.UniqueConstraint('slug', name=op.f('uq_keywords_slug'))
    )
    op.create_table('collection_texts',
    sa.Column('collection_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('overview', sa.Text(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('locale', sa.String(length=35), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['collection_id'], ['collections.id'], name=op.f('fk_collection_texts_collection_id_collections'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_collection_texts')),
    sa.UniqueConstraint('collection_id', 'locale', name=op.f('uq_collection_texts_collection_id_locale'))
    )
    op.create_table('company_texts',
    sa.Column('company_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('locale', sa.String(length=35), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['companies.id'], name=op.f('fk_company_texts_company_id_companies'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_company_texts')),
    sa.UniqueConstraint('company_id', 'locale', name=op.f('uq_company_texts_company_id_locale'))
    )
    op.create_table('keyword_texts',
    sa.Column('keyword_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('locale', sa.String(length=35), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['keyword_id'], ['keywords.id'], name=op.f('fk_keyword_texts_keyword_id_keywords'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_keyword_texts')),
    sa.UniqueConstraint('keyword_id', 'locale', name=op.f('uq_keyword_texts_keyword_id_locale'))
    )
    op.create_table('alternative_titles',
    sa.Column('title_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=300), nullable=False),
    sa.Column('locale', sa.String(length=35), nullable=False),
    sa.Column('country', sa.String(length=4), nullable=False),
    sa.Column('note', sa.String(length=100), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['title_id'], ['titles.id'], name=op.f('fk_alternative_titles_title_id_titles'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_alternative_titles'))
    )
    with op.batch_alter_table('alternative_titles', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_alternative_titles_title_id'), ['title_id'], unique=False)

    op.create_table('collection_items',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('collection_id', sa.Integer(), nullable=False),
    sa.Column('title_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['collection_id'], ['collections.id'], name=op.f('fk_collection_items_collection_id_collections'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['title_id'], ['titles.id'], name=op.f('fk_collection_items_title_id_titles'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_collection_items')),
    sa.UniqueConstraint('collection_id', 'title_id', name=op.f('uq_collection_items_collection_id_title_id'))
    )
    with op.batch_alter_table('collection_items', schema=None) as batch_op:
        batch_op.create_index('ix_collection_items_collection_id_position', ['collection_id', 'position'], unique=False)
        batch_op.create_index(batch_op.f('ix_collection_items_title_id'), ['title_id'], unique=False)

    op.create_table('external_ids',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('title_id', sa.Integer(), nullable=True),
    sa.Column('person_id', sa.Integer(), nullable=True),
    sa.Column('scheme', sa.String(length=30), nullable=False),
    sa.Column('value', sa.String(length=100), nullable=False),
    sa.CheckConstraint('(title_id is null) <> (person_id is null)', name=op.f('ck_external_ids_owner')),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_external_ids_person_id_people'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['title_id'], ['titles.id'], name=op.f('fk_external_ids_title_id_titles'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_external_ids'))
    )
    with op.batch_alter_table('external_ids', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_external_ids_person_id'), ['person_id'], unique=False)
        batch_op.create_index('ix_external_ids_scheme_value', ['scheme', 'value'], unique=False)
        batch_op.create_index(batch_op.f('ix_external_ids_title_id'), ['title_id'], unique=False)

    op.create_table('extras',
    sa.Column('title_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('locale', sa.String(length=35), nullable=False),
    sa.Column('url', sa.String(length=500), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.CheckConstraint("kind in ('trailer', 'teaser', 'clip', 'featurette', 'interview', 'behind_the_scenes', 'deleted_scene')", name=op.f('ck_extras_kind')),
    sa.ForeignKeyConstraint(['title_id'], ['titles.id'], name=op.f('fk_extras_title_id_titles'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_extras'))
    )
    with op.batch_alter_table('extras', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_extras_title_id'), ['title_id'], unique=False)

    op.create_table('releases',
    sa.Column('title_id', sa.Integer(), nullable=False),
    sa.Column('country', sa.String(length=4), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('date', sa.Date(), nullable=True),
    sa.Column('certification', sa.String(length=20), nullable=False),
    sa.Column('minimum_age', sa.Integer(), nullable=True),
    sa.Column('note', sa.String(length=200), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.CheckConstraint("kind in ('premiere', 'limited', 'theatrical', 'digital', 'physical', 'tv')", name=op.f('ck_releases_kind')),
    sa.ForeignKeyConstraint(['title_id'], ['titles.id'], name=op.f('fk_releases_title_id_titles'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_releases'))
    )
    with op.batch_alter_table('releases', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_releases_title_id'), ['title_id'], unique=False)

    op.create_table('title_companies',
    sa.Column('title_id', sa.Integer(), nullable=False),
    sa.Column('company_id', sa.Integer(), nullable=False),
    sa.Column('role', sa.String(length=20), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.CheckConstraint("role in ('production', 'distribution', 'broadcast')", name=op.f('ck_title_companies_role')),
    sa.ForeignKeyConstraint(['company_id'], ['companies.id'], name=op.f('fk_title_companies_company_id_companies'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['title_id'], ['titles.id'], name=op.f('fk_title_companies_title_id_titles'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_title_companies'))
    )
    with op.batch_alter_table('title_companies', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_title_companies_company_id'), ['company_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_title_companies_title_id'), ['title_id'], unique=False)

    op.create_table('title_keywords',
    sa.Column('title_id', sa.Integer(), nullable=False),
    sa.Column('keyword_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['keyword_id'], ['keywords.id'], name=op.f('fk_title_keywords_keyword_id_keywords'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['title_id'], ['titles.id'], name=op.f('fk_title_keywords_title_id_titles'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('title_id', 'keyword_id', name=op.f('pk_title_keywords'))
    )
    with op.batch_alter_table('title_keywords', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_title_keywords_keyword_id'), ['keyword_id'], unique=False)

    with op.batch_alter_table('credits', schema=None) as batch_op:
        batch_op.add_column(sa.Column('guest', sa.Boolean(), server_default='0', nullable=False))

    with op.batch_alter_table('episode_texts', schema=None) as batch_op:
        batch_op.add_column(sa.Column('updated_at', sa.DateTime(timezone=True), server_default=MOMENT, nullable=False))

    with op.batch_alter_table('episodes', schema=None) as batch_op:
        batch_op.add_column(sa.Column('absolute_number', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('airs_before_season', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('airs_before_episode', sa.Integer(), nullable=True))

    with op.batch_alter_table('genre_texts', schema=None) as batch_op:
        batch_op.add_column(sa.Column('updated_at', sa.DateTime(timezone=True), server_default=MOMENT, nullable=False))

    with op.batch_alter_table('images', schema=None) as batch_op:
        batch_op.add_column(sa.Column('focal_x', sa.Integer(), server_default='50', nullable=False))
        batch_op.add_column(sa.Column('focal_y', sa.Integer(), server_default='50', nullable=False))

    with op.batch_alter_table('people', schema=None) as batch_op:
        batch_op.add_column(sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('version', sa.Integer(), server_default='1', nullable=False))
        batch_op.create_index(batch_op.f('ix_people_deleted_at'), ['deleted_at'], unique=False)

    with op.batch_alter_table('person_texts', schema=None) as batch_op:
        batch_op.add_column(sa.Column('updated_at', sa.DateTime(timezone=True), server_default=MOMENT, nullable=False))

    with op.batch_alter_table('season_texts', schema=None) as batch_op:
        batch_op.add_column(sa.Column('updated_at', sa.DateTime(timezone=True), server_default=MOMENT, nullable=False))

    with op.batch_alter_table('title_texts', schema=None) as batch_op:
        batch_op.add_column(sa.Column('updated_at', sa.DateTime(timezone=True), server_default=MOMENT, nullable=False))

    with op.batch_alter_table('titles', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('ck_titles_status'), type_='check')
        batch_op.create_check_constraint(batch_op.f('ck_titles_status'), STATUSES)
        batch_op.add_column(sa.Column('publish_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('unpublish_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('added_by_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('locks', sa.JSON(), server_default='[]', nullable=False))
        batch_op.create_index(batch_op.f('ix_titles_added_by_id'), ['added_by_id'], unique=False)
        batch_op.create_index('ix_titles_deleted_at_id', ['deleted_at', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_titles_publish_at'), ['publish_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_titles_unpublish_at'), ['unpublish_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_titles_year'), ['year'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_titles_added_by_id_users'), 'users', ['added_by_id'], ['id'], ondelete='SET NULL')


def downgrade() -> None:
    op.execute("update titles set status = 'draft' where status not in ('draft', 'published')")
    with op.batch_alter_table('titles', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('ck_titles_status'), type_='check')
        batch_op.create_check_constraint(batch_op.f('ck_titles_status'), OLD_STATUSES)
        batch_op.drop_constraint(batch_op.f('fk_titles_added_by_id_users'), type_='foreignkey')
        batch_op.drop_index(batch_op.f('ix_titles_year'))
        batch_op.drop_index(batch_op.f('ix_titles_unpublish_at'))
        batch_op.drop_index(batch_op.f('ix_titles_publish_at'))
        batch_op.drop_index('ix_titles_deleted_at_id')
        batch_op.drop_index(batch_op.f('ix_titles_added_by_id'))
        batch_op.drop_column('locks')
        batch_op.drop_column('added_by_id')
        batch_op.drop_column('deleted_at')
        batch_op.drop_column('unpublish_at')
        batch_op.drop_column('publish_at')

    with op.batch_alter_table('title_texts', schema=None) as batch_op:
        batch_op.drop_column('updated_at')

    with op.batch_alter_table('season_texts', schema=None) as batch_op:
        batch_op.drop_column('updated_at')

    with op.batch_alter_table('person_texts', schema=None) as batch_op:
        batch_op.drop_column('updated_at')

    with op.batch_alter_table('people', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_people_deleted_at'))
        batch_op.drop_column('version')
        batch_op.drop_column('deleted_at')

    with op.batch_alter_table('images', schema=None) as batch_op:
        batch_op.drop_column('focal_y')
        batch_op.drop_column('focal_x')

    with op.batch_alter_table('genre_texts', schema=None) as batch_op:
        batch_op.drop_column('updated_at')

    with op.batch_alter_table('episodes', schema=None) as batch_op:
        batch_op.drop_column('airs_before_episode')
        batch_op.drop_column('airs_before_season')
        batch_op.drop_column('absolute_number')

    with op.batch_alter_table('episode_texts', schema=None) as batch_op:
        batch_op.drop_column('updated_at')

    with op.batch_alter_table('credits', schema=None) as batch_op:
        batch_op.drop_column('guest')

    with op.batch_alter_table('title_keywords', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_title_keywords_keyword_id'))

    op.drop_table('title_keywords')
    with op.batch_alter_table('title_companies', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_title_companies_title_id'))
        batch_op.drop_index(batch_op.f('ix_title_companies_company_id'))

    op.drop_table('title_companies')
    with op.batch_alter_table('releases', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_releases_title_id'))

    op.drop_table('releases')
    with op.batch_alter_table('extras', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_extras_title_id'))

    op.drop_table('extras')
    with op.batch_alter_table('external_ids', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_external_ids_title_id'))
        batch_op.drop_index('ix_external_ids_scheme_value')
        batch_op.drop_index(batch_op.f('ix_external_ids_person_id'))

    op.drop_table('external_ids')
    with op.batch_alter_table('collection_items', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_collection_items_title_id'))
        batch_op.drop_index('ix_collection_items_collection_id_position')

    op.drop_table('collection_items')
    with op.batch_alter_table('alternative_titles', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_alternative_titles_title_id'))

    op.drop_table('alternative_titles')
    op.drop_table('keyword_texts')
    op.drop_table('company_texts')
    op.drop_table('collection_texts')
    op.drop_table('keywords')
    op.drop_table('companies')
    op.drop_table('collections')
