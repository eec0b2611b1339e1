"""Progress and imports as the API takes and shows them."""
from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from moviepoint.domains.community.models import Import, ImportRow, WatchPosition


class ProgressInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How far one has watched, in whole seconds."""

    position: Annotated[int, Meta(ge=0)]
    duration: Annotated[int, Meta(ge=1)]


class ProgressInfo(msgspec.Struct, kw_only=True):
    """How far one has watched an edition; of an episode with its numbers."""

    edition: str
    position: int
    duration: int
    watched_at: datetime
    title_id: int | None = None
    season: int | None = None
    episode: int | None = None


class ImportInfo(msgspec.Struct, kw_only=True):
    """A file brought in: `verdicts` counts what its rows would do or did."""

    id: int
    source: str
    file_name: str
    state: str
    error: str
    verdicts: dict[str, int]
    created_at: datetime


class ImportRowInfo(msgspec.Struct, kw_only=True):
    """A row as it came, what it means here, and what taking it in does."""

    number: int
    kind: str
    file: str
    document: dict[str, str]
    title_id: int | None
    verdict: str
    fault: str
    applied: bool


class LeaveInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One's own address, once more, and the password where there is one."""

    email: str
    password: str = ""


def progress_info(row: WatchPosition, edition: str, title_id: int | None = None, season: int | None = None,
                  episode: int | None = None) -> ProgressInfo:
    """Show how far one has watched."""
    return ProgressInfo(edition=edition, position=row.position, duration=row.duration, watched_at=row.watched_at,
                        title_id=title_id, season=season, episode=episode)


def import_info(found: Import, verdicts: Mapping[str, int]) -> ImportInfo:
    """Show an import."""
    return ImportInfo(id=found.id, source=found.source, file_name=found.file_name, state=found.state,
                      error=found.error, verdicts=dict(verdicts), created_at=found.created_at)


def row_info(row: ImportRow) -> ImportRowInfo:
    """Show a row of an import."""
    return ImportRowInfo(
        number=row.number, kind=row.kind, file=row.file, title_id=row.title_id, verdict=row.verdict, fault=row.fault,
        applied=row.applied, document={name: str(value) for name, value in row.document.items()
                                       if not name.startswith("\t")})
