"""Reads of imports."""
from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from moviepoint.domains.community.models import Import, ImportRow


def imports(user_id: int) -> Select[Import]:
    """Return a select of a member's imports, the newest first."""
    return select(Import).where(Import.user_id == user_id).order_by(Import.id.desc())


def verdicts(session: Session, ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """Return by import how many of its rows have which verdict."""
    found: dict[int, dict[str, int]] = {}
    for import_id, verdict, count in session.execute(
            select(ImportRow.import_id, ImportRow.verdict, func.count()).where(ImportRow.import_id.in_(ids))
            .group_by(ImportRow.import_id, ImportRow.verdict)) if ids else ():
        found.setdefault(import_id, {})[verdict] = count
    return found


def rows(import_id: int, verdict: str = "") -> Select[ImportRow]:
    """Return a select of an import's rows, in order."""
    statement = select(ImportRow).where(ImportRow.import_id == import_id).order_by(ImportRow.number)
    return statement.where(ImportRow.verdict == verdict) if verdict else statement
