"""Reads of titles, for pages that are about one and for lists of many."""
from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from moviepoint.domains.catalog.models import Title
from moviepoint.domains.catalog.policies import visible
from moviepoint.kernel.errors import NotFound
from moviepoint.kernel.policies import Actor


def require_visible(session: Session, viewer: Actor | None, title_id: int) -> Title:
    """Return a title with its names that the viewer sees. Raises NotFound."""
    title = session.scalar(select(Title).where(Title.id == title_id, visible(viewer)).options(
        selectinload(Title.texts)))
    if title is None:
        raise NotFound()
    return title


def by_ids(session: Session, ids: Sequence[int]) -> dict[int, Title]:
    """Return titles with their names by id, whoever may see them: what members keep themselves."""
    if not ids:
        return {}
    rows = session.scalars(select(Title).where(Title.id.in_(ids), Title.deleted_at.is_(None)).options(
        selectinload(Title.texts)))
    return {title.id: title for title in rows}
