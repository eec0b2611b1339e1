"""Taking part: ratings, reviews, lists, diary, following, imports, progress, contributions"""
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0020'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('member_imports',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('user_id', sa.Integer(), nullable=False),
        sa.Column('source', sa.String(length=12), nullable=False),
        sa.Column('file_name', sa.String(length=200), nullable=False),
        sa.Column('key', sa.String(length=120), nullable=False),
        sa.Column('locale', sa.String(length=35), nullable=False),
        sa.Column('state', sa.String(length=10), nullable=False),
        sa.Column('error', sa.String(length=500), nullable=False),
        sa.Column('beat_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("source in ('letterboxd', 'imdb')", name=op.f('ck_member_imports_source')),
        sa.CheckConstraint("state in ('waiting', 'reading', 'ready', 'applying', 'done', 'failed')",
                name=op.f('ck_member_imports_state')),
        sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_member_imports_user_id_users'),
                ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_member_imports')),
    )
    op.create_index(op.f('ix_member_imports_state'), 'member_imports', ['state'])
    op.create_index('ix_member_imports_user_id_id', 'member_imports', ['user_id', 'id'])
    op.create_table('profiles',
        sa.Column('user_id', sa.Integer(), nullable=False),
        sa.Column('handle', sa.String(length=40), nullable=False),
        sa.Column('name', sa.String(length=80), nullable=False),
        sa.Column('about', sa.Text(), nullable=False),
        sa.Column('visibility', sa.String(length=8), nullable=False),
        sa.Column('shows_ratings', sa.Boolean(), nullable=False),
        sa.Column('shows_diary', sa.Boolean(), nullable=False),
        sa.Column('joined_at', sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("visibility in ('public', 'members', 'private')", name=op.f('ck_profiles_visibility')),
        sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_profiles_user_id_users'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('user_id', name=op.f('pk_profiles')),
        sa.UniqueConstraint('handle', name=op.f('uq_profiles_handle')),
    )
    op.create_table('user_lists',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('user_id', sa.Integer(), nullable=False),
        sa.Column('slug', sa.String(length=80), nullable=False),
        sa.Column('name', sa.String(length=120), nullable=False),
        sa.Column('about', sa.Text(), nullable=False),
        sa.Column('public', sa.Boolean(), nullable=False),
        sa.Column('ranked', sa.Boolean(), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_user_lists_user_id_users'),
                ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_user_lists')),
        sa.UniqueConstraint('user_id', 'slug', name=op.f('uq_user_lists_user_id_slug')),
    )
    op.create_index(op.f('ix_user_lists_updated_at'), 'user_lists', ['updated_at'])
    op.create_table('contributions',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('user_id', sa.Integer(), nullable=False),
        sa.Column('title_id', sa.Integer(), nullable=False),
        sa.Column('state', sa.String(length=10), nullable=False),
        sa.Column('rights', sa.String(length=12), nullable=False),
        sa.Column('note', sa.Text(), nullable=False),
        sa.Column('reason', sa.String(length=1000), nullable=False),
        sa.Column('decided_by_id', sa.Integer(), nullable=True),
        sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state in ('draft', 'waiting', 'approved', 'rejected')",
                name=op.f('ck_contributions_state')),
        sa.ForeignKeyConstraint(['decided_by_id'], ['users.id'], name=op.f('fk_contributions_decided_by_id_users'),
                ondelete='SET NULL'),
        sa.ForeignKeyConstraint(['title_id'], ['titles.id'], name=op.f('fk_contributions_title_id_titles'),
                ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_contributions_user_id_users'),
                ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_contributions')),
        sa.UniqueConstraint('title_id', name=op.f('uq_contributions_title_id')),
    )
    op.create_index(op.f('ix_contributions_state'), 'contributions', ['state'])
    op.create_index(op.f('ix_contributions_user_id'), 'contributions', ['user_id'])
    op.create_table('diary_entries',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('user_id', sa.Integer(), nullable=False),
        sa.Column('title_id', sa.Integer(), nullable=False),
        sa.Column('watched_on', sa.Date(), nullable=True),
        sa.Column('rewatch', sa.Boolean(), nullable=False),
        sa.Column('rating', sa.Integer(), nullable=True),
        sa.Column('tags', sa.JSON(), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint('rating is null or rating between 1 and 10', name=op.f('ck_diary_entries_rating')),
        sa.ForeignKeyConstraint(['title_id'], ['titles.id'], name=op.f('fk_diary_entries_title_id_titles'),
                ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_diary_entries_user_id_users'),
                ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_diary_entries')),
    )
    op.create_index(op.f('ix_diary_entries_title_id'), 'diary_entries', ['title_id'])
    op.create_index('ix_diary_entries_user_id_watched_on', 'diary_entries', ['user_id', 'watched_on'])
    op.create_table('follows',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('user_id', sa.Integer(), nullable=False),
        sa.Column('followed_id', sa.Integer(), nullable=True),
        sa.Column('title_id', sa.Integer(), nullable=True),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint('(followed_id is null) <> (title_id is null)', name=op.f('ck_follows_one')),
        sa.CheckConstraint('followed_id is null or followed_id <> user_id', name=op.f('ck_follows_not_oneself')),
        sa.ForeignKeyConstraint(['followed_id'], ['users.id'], name=op.f('fk_follows_followed_id_users'),
                ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['title_id'], ['titles.id'], name=op.f('fk_follows_title_id_titles'),
                ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_follows_user_id_users'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_follows')),
        sa.UniqueConstraint('user_id', 'followed_id', name=op.f('uq_follows_user_id_followed_id')),
        sa.UniqueConstraint('user_id', 'title_id', name=op.f('uq_follows_user_id_title_id')),
    )
    op.create_index(op.f('ix_follows_followed_id'), 'follows', ['followed_id'])
    op.create_index(op.f('ix_follows_title_id'), 'follows', ['title_id'])
    op.create_table('member_import_rows',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('import_id', sa.Integer(), nullable=False),
        sa.Column('user_id', sa.Integer(), nullable=False),
        sa.Column('source', sa.String(length=12), nullable=False),
        sa.Column('number', sa.Integer(), nullable=False),
        sa.Column('kind', sa.String(length=12), nullable=False),
        sa.Column('file', sa.String(length=200), nullable=False),
        sa.Column('list_slug', sa.String(length=80), nullable=False),
        sa.Column('document', sa.JSON(), nullable=False),
        sa.Column('title_id', sa.Integer(), nullable=True),
        sa.Column('verdict', sa.String(length=10), nullable=False),
        sa.Column('fault', sa.Text(), nullable=False),
        sa.Column('applied', sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(['import_id'], ['member_imports.id'],
                name=op.f('fk_member_import_rows_import_id_member_imports'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['title_id'], ['titles.id'], name=op.f('fk_member_import_rows_title_id_titles'),
                ondelete='SET NULL'),
        sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_member_import_rows_user_id_users'),
                ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_member_import_rows')),
    )
    op.create_index('ix_member_import_rows_import_id_number', 'member_import_rows', ['import_id', 'number'])
    op.create_index(op.f('ix_member_import_rows_title_id'), 'member_import_rows', ['title_id'])
    op.create_index('ix_member_import_rows_user_id_source_kind', 'member_import_rows', ['user_id', 'source', 'kind'])
    op.create_table('ratings',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('user_id', sa.Integer(), nullable=False),
        sa.Column('title_id', sa.Integer(), nullable=False),
        sa.Column('value', sa.Integer(), nullable=False),
        sa.Column('rated_at', sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint('value between 1 and 10', name=op.f('ck_ratings_value')),
        sa.ForeignKeyConstraint(['title_id'], ['titles.id'], name=op.f('fk_ratings_title_id_titles'),
                ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_ratings_user_id_users'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_ratings')),
        sa.UniqueConstraint('user_id', 'title_id', name=op.f('uq_ratings_user_id_title_id')),
    )
    op.create_index('ix_ratings_title_id_value', 'ratings', ['title_id', 'value'])
    op.create_index('ix_ratings_user_id_rated_at', 'ratings', ['user_id', 'rated_at'])
    op.create_table('reviews',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('user_id', sa.Integer(), nullable=False),
        sa.Column('title_id', sa.Integer(), nullable=False),
        sa.Column('locale', sa.String(length=35), nullable=False),
        sa.Column('text', sa.Text(), nullable=False),
        sa.Column('html', sa.Text(), nullable=False),
        sa.Column('spoiler', sa.Boolean(), nullable=False),
        sa.Column('state', sa.String(length=10), nullable=False),
        sa.Column('reason', sa.String(length=500), nullable=False),
        sa.Column('helpful', sa.Integer(), nullable=False),
        sa.Column('unhelpful', sa.Integer(), nullable=False),
        sa.Column('rank', sa.Float(), nullable=False),
        sa.Column('reports', sa.Integer(), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('edited_at', sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state in ('published', 'held', 'removed')", name=op.f('ck_reviews_state')),
        sa.ForeignKeyConstraint(['title_id'], ['titles.id'], name=op.f('fk_reviews_title_id_titles'),
                ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_reviews_user_id_users'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_reviews')),
        sa.UniqueConstraint('user_id', 'title_id', name=op.f('uq_reviews_user_id_title_id')),
    )
    op.create_index('ix_reviews_state_reports', 'reviews', ['state', 'reports'])
    op.create_index('ix_reviews_title_id_state_rank', 'reviews', ['title_id', 'state', 'rank'])
    op.create_table('title_scores',
        sa.Column('title_id', sa.Integer(), nullable=False),
        sa.Column('votes', sa.Integer(), nullable=False),
        sa.Column('total', sa.Integer(), nullable=False),
        sa.Column('counts', sa.JSON(), nullable=False),
        sa.Column('score', sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(['title_id'], ['titles.id'], name=op.f('fk_title_scores_title_id_titles'),
                ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('title_id', name=op.f('pk_title_scores')),
    )
    op.create_index('ix_title_scores_score_title_id', 'title_scores', ['score', 'title_id'])
    op.create_table('user_list_items',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('list_id', sa.Integer(), nullable=False),
        sa.Column('title_id', sa.Integer(), nullable=False),
        sa.Column('position', sa.Integer(), nullable=False),
        sa.Column('note', sa.Text(), nullable=False),
        sa.Column('added_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['list_id'], ['user_lists.id'], name=op.f('fk_user_list_items_list_id_user_lists'),
                ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['title_id'], ['titles.id'], name=op.f('fk_user_list_items_title_id_titles'),
                ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_user_list_items')),
        sa.UniqueConstraint('list_id', 'title_id', name=op.f('uq_user_list_items_list_id_title_id')),
    )
    op.create_index('ix_user_list_items_list_id_position', 'user_list_items', ['list_id', 'position'])
    op.create_index(op.f('ix_user_list_items_title_id'), 'user_list_items', ['title_id'])
    op.create_table('review_reports',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('review_id', sa.Integer(), nullable=False),
        sa.Column('user_id', sa.Integer(), nullable=False),
        sa.Column('reason', sa.String(length=12), nullable=False),
        sa.Column('note', sa.String(length=500), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("reason in ('spoiler', 'abuse', 'spam', 'off_topic', 'other')",
                name=op.f('ck_review_reports_reason')),
        sa.ForeignKeyConstraint(['review_id'], ['reviews.id'], name=op.f('fk_review_reports_review_id_reviews'),
                ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_review_reports_user_id_users'),
                ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_review_reports')),
        sa.UniqueConstraint('review_id', 'user_id', name=op.f('uq_review_reports_review_id_user_id')),
    )
    op.create_index(op.f('ix_review_reports_user_id'), 'review_reports', ['user_id'])
    op.create_table('review_texts',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('review_id', sa.Integer(), nullable=False),
        sa.Column('locale', sa.String(length=35), nullable=False),
        sa.Column('text', sa.Text(), nullable=False),
        sa.Column('spoiler', sa.Boolean(), nullable=False),
        sa.Column('replaced_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['review_id'], ['reviews.id'], name=op.f('fk_review_texts_review_id_reviews'),
                ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_review_texts')),
    )
    op.create_index(op.f('ix_review_texts_review_id'), 'review_texts', ['review_id'])
    op.create_table('review_votes',
        sa.Column('review_id', sa.Integer(), nullable=False),
        sa.Column('user_id', sa.Integer(), nullable=False),
        sa.Column('helpful', sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(['review_id'], ['reviews.id'], name=op.f('fk_review_votes_review_id_reviews'),
                ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_review_votes_user_id_users'),
                ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('review_id', 'user_id', name=op.f('pk_review_votes')),
    )
    op.create_index(op.f('ix_review_votes_user_id'), 'review_votes', ['user_id'])
    op.create_table('watch_positions',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('user_id', sa.Integer(), nullable=False),
        sa.Column('edition_id', sa.Integer(), nullable=False),
        sa.Column('position', sa.Integer(), nullable=False),
        sa.Column('duration', sa.Integer(), nullable=False),
        sa.Column('watched_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['edition_id'], ['editions.id'],
                name=op.f('fk_watch_positions_edition_id_editions'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_watch_positions_user_id_users'),
                ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_watch_positions')),
        sa.UniqueConstraint('user_id', 'edition_id', name=op.f('uq_watch_positions_user_id_edition_id')),
    )
    op.create_index(op.f('ix_watch_positions_edition_id'), 'watch_positions', ['edition_id'])
    op.create_index('ix_watch_positions_user_id_watched_at', 'watch_positions', ['user_id', 'watched_at'])


def downgrade() -> None:
    op.drop_index('ix_watch_positions_user_id_watched_at', table_name='watch_positions')
    op.drop_index(op.f('ix_watch_positions_edition_id'), table_name='watch_positions')
    op.drop_table('watch_positions')
    op.drop_index(op.f('ix_review_votes_user_id'), table_name='review_votes')
    op.drop_table('review_votes')
    op.drop_index(op.f('ix_review_texts_review_id'), table_name='review_texts')
    op.drop_table('review_texts')
    op.drop_index(op.f('ix_review_reports_user_id'), table_name='review_reports')
    op.drop_table('review_reports')
    op.drop_index(op.f('ix_user_list_items_title_id'), table_name='user_list_items')
    op.drop_index('ix_user_list_items_list_id_position', table_name='user_list_items')
    op.drop_table('user_list_items')
    op.drop_index('ix_title_scores_score_title_id', table_name='title_scores')
    op.drop_table('title_scores')
    op.drop_index('ix_reviews_title_id_state_rank', table_name='reviews')
    op.drop_index('ix_reviews_state_reports', table_name='reviews')
    op.drop_table('reviews')
    op.drop_index('ix_ratings_user_id_rated_at', table_name='ratings')
    op.drop_index('ix_ratings_title_id_value', table_name='ratings')
    op.drop_table('ratings')
    op.drop_index('ix_member_import_rows_user_id_source_kind', table_name='member_import_rows')
    op.drop_index(op.f('ix_member_import_rows_title_id'), table_name='member_import_rows')
    op.drop_index('ix_member_import_rows_import_id_number', table_name='member_import_rows')
    op.drop_table('member_import_rows')
    op.drop_index(op.f('ix_follows_title_id'), table_name='follows')
    op.drop_index(op.f('ix_follows_followed_id'), table_name='follows')
    op.drop_table('follows')
    op.drop_index('ix_diary_entries_user_id_watched_on', table_name='diary_entries')
    op.drop_index(op.f('ix_diary_entries_title_id'), table_name='diary_entries')
    op.drop_table('diary_entries')
    op.drop_index(op.f('ix_contributions_user_id'), table_name='contributions')
    op.drop_index(op.f('ix_contributions_state'), table_name='contributions')
    op.drop_table('contributions')
    op.drop_index(op.f('ix_user_lists_updated_at'), table_name='user_lists')
    op.drop_table('user_lists')
    op.drop_table('profiles')
    op.drop_index('ix_member_imports_user_id_id', table_name='member_imports')
    op.drop_index(op.f('ix_member_imports_state'), table_name='member_imports')
    op.drop_table('member_imports')
