"""Media: tracks added later, their fields, plays"""
from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

TRACKS = ('audio_tracks', 'subtitle_tracks')


def upgrade() -> None:
    op.create_table('edition_plays',
    sa.Column('edition_id', sa.Integer(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('plays', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['edition_id'], ['editions.id'], name=op.f('fk_edition_plays_edition_id_editions'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('edition_id', 'day', name=op.f('pk_edition_plays'))
    )
    with op.batch_alter_table('edition_plays') as batch_op:
        batch_op.create_index(batch_op.f('ix_edition_plays_day'), ['day'], unique=False)
    with op.batch_alter_table('editions') as batch_op:
        batch_op.add_column(sa.Column('package_bytes', sa.BigInteger(), server_default='0', nullable=False))
    with op.batch_alter_table('uploads') as batch_op:
        batch_op.add_column(sa.Column('intent', sa.JSON(), nullable=True))
    with op.batch_alter_table('source_assets') as batch_op:
        batch_op.add_column(sa.Column('intent', sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column('pinned', sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column('created_by_id', sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_source_assets_created_by_id_users'), 'users', ['created_by_id'], ['id'], ondelete='SET NULL')
    for table in TRACKS:
        with op.batch_alter_table(table) as batch_op:
            if table == 'audio_tracks':
                batch_op.add_column(sa.Column('note', sa.Text(), server_default='', nullable=False))
            batch_op.add_column(sa.Column('labels', sa.JSON(), server_default='{}', nullable=False))
            batch_op.add_column(sa.Column('studio', sa.String(length=120), server_default='', nullable=False))
            batch_op.add_column(sa.Column('offset_ms', sa.Integer(), server_default='0', nullable=False))
            batch_op.add_column(sa.Column('made_offset_ms', sa.Integer(), server_default='0', nullable=False))
            batch_op.add_column(sa.Column('source_id', sa.Integer(), nullable=True))
            batch_op.add_column(sa.Column('origin', sa.JSON(), nullable=True))
            batch_op.create_foreign_key(batch_op.f(f'fk_{table}_source_id_source_assets'), 'source_assets', ['source_id'], ['id'], ondelete='SET NULL')
    with op.batch_alter_table('marks') as batch_op:
        batch_op.add_column(sa.Column('found', sa.Boolean(), server_default=sa.false(), nullable=False))
    with op.batch_alter_table('encoding_jobs') as batch_op:
        batch_op.add_column(sa.Column('kind', sa.String(length=12), server_default='film', nullable=False))
    _tell_origins()


def _tell_origins() -> None:
    """Write down where the tracks there are came from, as their jobs' plans say, and how large packages are."""
    connection = op.get_bind()
    jobs = connection.execute(sa.text(
        "select j.edition_id, j.source_id, j.created_by_id, j.plan, s.result from encoding_jobs j "
        "join editions e on e.package = j.package "
        "join encoding_steps s on s.job_id = j.id and s.kind = 'check' where j.state = 'done'")).all()
    for edition, source, user, plan, result in jobs:
        plan, result = (json.loads(value) if isinstance(value, str) else value or {} for value in (plan, result))
        for table, targets in (('audio_tracks', plan.get('audio', ())), ('subtitle_tracks', plan.get('subtitles', ()))):
            for position, target in enumerate(targets):
                origin = {'stream': target.get('stream'), 'language': target.get('language'),
                          'kind': target.get('kind', target.get('role'))}
                where, values = ('path = :path', {'path': target['name']}) if target.get('name') else (
                    'path is null and position = :position', {'position': position})
                connection.execute(
                    sa.text(f"update {table} set source_id = :source, origin = :origin "
                            f"where edition_id = :edition and {where}").bindparams(sa.bindparam('origin', type_=sa.JSON)),
                    {'source': source, 'origin': origin, 'edition': edition, **values})
        connection.execute(sa.text("update editions set package_bytes = :size where id = :edition"),
                           {'size': ((result or {}).get('facts') or {}).get('size', 0), 'edition': edition})
        connection.execute(sa.text("update source_assets set created_by_id = :user where id = :source"),
                           {'user': user, 'source': source})
    # chapters of before this release may be an editor's: they stay as if they were


def downgrade() -> None:
    with op.batch_alter_table('encoding_jobs') as batch_op:
        batch_op.drop_column('kind')
    with op.batch_alter_table('marks') as batch_op:
        batch_op.drop_column('found')
    for table in reversed(TRACKS):
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_constraint(batch_op.f(f'fk_{table}_source_id_source_assets'), type_='foreignkey')
            for column in ('origin', 'source_id', 'made_offset_ms', 'offset_ms', 'studio', 'labels'):
                batch_op.drop_column(column)
            if table == 'audio_tracks':
                batch_op.drop_column('note')
    with op.batch_alter_table('source_assets') as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_source_assets_created_by_id_users'), type_='foreignkey')
        for column in ('created_by_id', 'pinned', 'intent'):
            batch_op.drop_column(column)
    with op.batch_alter_table('uploads') as batch_op:
        batch_op.drop_column('intent')
    with op.batch_alter_table('editions') as batch_op:
        batch_op.drop_column('package_bytes')
    with op.batch_alter_table('edition_plays') as batch_op:
        batch_op.drop_index(batch_op.f('ix_edition_plays_day'))
    op.drop_table('edition_plays')
