"""Titles by the state of their film: what the back office's list is filtered by."""
from __future__ import annotations

from typing import Any

from sqlalchemy import select, union_all
from sqlalchemy.orm import aliased
from sqlalchemy.sql import ColumnElement

from moviepoint.domains.catalog.models import Episode, Season, Title
from moviepoint.domains.media.ledger import LIVE
from moviepoint.domains.media.models import Edition, EncodingJob
from moviepoint.hooks.types import TitleFilter
from moviepoint.kernel.i18n import lazy_gettext

CHOICES = (("ready", lazy_gettext("Can be watched")), ("encoding", lazy_gettext("Being encoded")),
           ("failed", lazy_gettext("Encoding failed")), ("none", lazy_gettext("No film yet")))


def by_media(state: str) -> ColumnElement[bool]:
    """Return the condition that a title, or for a series one of its episodes, has an edition in this state.

    "failed" looks at the newest job of an edition: what was mended since does not count. "none" is what is in none
    of these states.
    """
    if state == "none":
        return Title.id.not_in(_titles(_playable() | _live() | _failed()))
    return Title.id.in_(_titles({"ready": _playable, "encoding": _live, "failed": _failed}[state]()))


def _titles(condition: ColumnElement[bool]) -> Any:
    """Return the ids of titles that own such an edition, themselves or through an episode; each at least once."""
    own = select(Edition.title_id).where(Edition.title_id.is_not(None), condition)
    through = select(Season.title_id).join(Episode, Episode.season_id == Season.id).join(
        Edition, Edition.episode_id == Episode.id).where(condition)
    return select(union_all(own, through).subquery().c.title_id)


def _playable() -> ColumnElement[bool]:
    return Edition.package.is_not(None)


def _live() -> ColumnElement[bool]:
    return Edition.jobs.any(EncodingJob.state.in_((*LIVE, "paused")))


def _failed() -> ColumnElement[bool]:
    later = aliased(EncodingJob)
    newer = select(later.id).where(later.edition_id == EncodingJob.edition_id, later.id > EncodingJob.id).exists()
    return Edition.jobs.any((EncodingJob.state == "failed") & ~newer)


MEDIA = TitleFilter("media", lazy_gettext("Film"), CHOICES, by_media)
