"""The catalogue on the back office's first page: what waits, how much there is, and what is missing."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import current_app
from flask_login import current_user
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from moviepoint.domains.catalog.backoffice_filters import Filters
from moviepoint.domains.catalog.backoffice_queries import count_titles
from moviepoint.domains.catalog.labels import STATUS_NAMES
from moviepoint.domains.catalog.models import Title
from moviepoint.kernel.policies import SYSTEM


def catalogue_figures(session: Session) -> Mapping[str, Any]:
    """Return the counts of titles by status, by what they lack, and of the viewer's own that are not public yet.

    Each is what the list shows for the same filters.
    """
    statuses: dict[str, int] = {row[0]: row[1] for row in session.execute(
        select(Title.status, func.count(Title.id)).where(Title.deleted_at.is_(None)).group_by(Title.status))}
    locales = current_app.extensions["moviepoint.settings"].locales
    lacking = {missing: count_titles(session, SYSTEM, Filters(missing=missing))
               for missing in ("poster", *(f"texts@{locale}" for locale in locales))}
    mine = {status: count_titles(session, SYSTEM, Filters(status=status, added_by=current_user.id))
            for status in ("draft", "in_review")}
    return {"mine": mine, "statuses": {name: statuses.get(name, 0) for name in STATUS_NAMES}, "names": STATUS_NAMES,
            "lacking": lacking}
