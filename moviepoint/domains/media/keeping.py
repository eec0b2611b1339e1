"""Which source files stay although the settings have sources deleted: those that hold what exists nowhere else."""
from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.domains.media.models import SourceAsset, SubtitleTrack

PICTURES, LETTERS = "pictures", "letters"


def reasons(source: SourceAsset) -> list[str]:
    """Return why a source is needed: subtitles in pictures without a text version, letters that nobody has confirmed.

    Reads the rows of its edition, which may be loaded already.
    """
    rows = [row for row in source.edition.subtitles if row.source_id == source.id]
    return [reason for reason, is_so in ((PICTURES, any(row.path is None for row in rows)),
                                         (LETTERS, any(row.guessed for row in rows))) if is_so]


def needed(session: Session, source_id: int) -> bool:
    """Say whether a source holds what exists nowhere else."""
    rows = session.scalars(select(SubtitleTrack).where(SubtitleTrack.source_id == source_id))
    return any(row.path is None or row.guessed for row in rows)
