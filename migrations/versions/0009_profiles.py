"""Encoding profiles, fMP4 packages, sound with more channels"""
from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def _rungs(*rungs: tuple[int, int, int]) -> list[dict[str, int]]:
    return [{"lines": lines, "max_kbps": kbps, "crf": crf} for lines, kbps, crf in rungs]


#: What every site begins with, as it was when this migration was written.
H264 = _rungs((1080, 6000, 22), (720, 3200, 22), (480, 1500, 22), (360, 800, 23))
HEVC = _rungs((2160, 12_000, 26), (1080, 4500, 26), (720, 2400, 26), (480, 1100, 26))
AV1 = _rungs((1080, 4000, 35), (720, 2200, 35), (480, 1000, 36), (360, 550, 38))
PROFILES = (
    ("standard", "H.264, MPEG-TS", {"rungs": H264}),
    ("cmaf", "H.264, fMP4", {"rungs": H264, "segments": "fmp4", "surround_kbps": 384}),
    ("hevc", "HEVC, fMP4", {"rungs": HEVC, "codec": "hevc", "preset": "fast", "segments": "fmp4",
                            "surround_kbps": 384}),
    ("av1", "AV1, fMP4", {"rungs": AV1, "codec": "av1", "preset": "8", "segments": "fmp4", "surround_kbps": 384}),
)


def upgrade() -> None:
    profiles = op.create_table(
        'encoding_profiles',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('slug', sa.String(length=40), nullable=False),
        sa.Column('name', sa.String(length=80), nullable=False),
        sa.Column('data', sa.JSON(), nullable=False),
        sa.Column('position', sa.Integer(), nullable=False),
        sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_encoding_profiles')),
        sa.UniqueConstraint('slug', name=op.f('uq_encoding_profiles_slug')),
    )
    op.bulk_insert(profiles, [
        {"slug": slug, "name": name, "data": data, "position": position, "changed_at": datetime.now(UTC)}
        for position, (slug, name, data) in enumerate(PROFILES)])
    op.create_table(
        'audio_renditions',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('track_id', sa.Integer(), nullable=False),
        sa.Column('path', sa.String(length=80), nullable=False),
        sa.Column('codec', sa.String(length=40), nullable=False),
        sa.Column('channels', sa.Integer(), nullable=False),
        sa.Column('average_bandwidth', sa.Integer(), nullable=False),
        sa.Column('peak_bandwidth', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(['track_id'], ['audio_tracks.id'],
                                name=op.f('fk_audio_renditions_track_id_audio_tracks'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_audio_renditions')),
    )
    op.create_index(op.f('ix_audio_renditions_track_id'), 'audio_renditions', ['track_id'])
    with op.batch_alter_table('editions', schema=None) as batch_op:
        batch_op.add_column(sa.Column('segment_format', sa.String(length=8), server_default='ts', nullable=False))
    with op.batch_alter_table('encoding_steps', schema=None) as batch_op:
        batch_op.add_column(sa.Column('served', sa.Integer(), server_default='0', nullable=False))
        batch_op.create_index(batch_op.f('ix_encoding_steps_served'), ['served'], unique=False)
    with op.batch_alter_table('encoding_jobs', schema=None) as batch_op:
        batch_op.add_column(sa.Column('profile', sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column('profile_name', sa.String(length=80), server_default='', nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('encoding_steps', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_encoding_steps_served'))
        batch_op.drop_column('served')
    with op.batch_alter_table('encoding_jobs', schema=None) as batch_op:
        batch_op.drop_column('profile_name')
        batch_op.drop_column('profile')
    with op.batch_alter_table('editions', schema=None) as batch_op:
        batch_op.drop_column('segment_format')
    op.drop_table('audio_renditions')
    op.drop_table('encoding_profiles')
