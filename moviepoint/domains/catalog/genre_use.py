"""Which genres public titles have: asked by the home page and by each list, counted anew twice a minute at most."""
from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from moviepoint.domains.catalog import page_queries as reads
from moviepoint.domains.catalog.page_queries import GenreUse
from moviepoint.kernel import fresh

SECONDS = 30
MOST = 60
KINDS = ("", "film", "series")


def genres_in_use(session: Session, kind: str | None = None) -> Sequence[GenreUse]:
    """Return the genres of public titles, the most used first; none while the database is away."""
    return fresh.fresh(_name(kind or ""), SECONDS, lambda: reads.genres_in_use(session, kind)[:MOST], [])


def forget(_title_id: int) -> None:
    """Count again for the next page: this process has just changed a title."""
    fresh.forget(*map(_name, KINDS))


def _name(kind: str) -> str:
    return f"catalog.genres.{kind}"
