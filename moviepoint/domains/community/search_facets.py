"""What the results of a search are narrowed by of what viewers think: how well they rate it, at least."""
from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.domains.catalog.models import TitleScore
from moviepoint.hooks.types import SearchFacet
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.i18n import lazy_gettext

STEPS = (6, 7, 8, 9)


def at_least(session: Session, ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
    """Return the steps that titles reach with their weighted mean to one place, as search keeps it."""
    rows = session.execute(select(TitleScore.title_id, TitleScore.score).where(
        TitleScore.title_id.in_(ids), TitleScore.votes > 0))
    return {row.title_id: [str(step) for step in STEPS if round(row.score, 1) >= step] for row in rows}


def step_words(_session: Session, values: Sequence[str]) -> Mapping[str, str]:
    """Return what the steps are called."""
    return {value: _("%(rating)s and more", rating=value) for value in values}


FACETS = (SearchFacet("rating", lazy_gettext("Rating"), step_words, at_least, by_value=True, order=50),)
