"""What the results of a search are narrowed by of films themselves: their languages, and whether one can watch them."""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import func, or_, select, union_all
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql import ColumnElement

from moviepoint.domains.catalog.models import Episode, Season
from moviepoint.domains.media.models import AudioTrack, Edition, SubtitleTrack
from moviepoint.domains.media.watch_models import WatchRule
from moviepoint.hooks.types import SearchFacet
from moviepoint.kernel.i18n import current_locale, lazy_gettext
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.text import language_name

NOW = "now"
OPEN = ("public", "registered")  # audiences that anybody may join
UNSAID = ("und", "zxx", "mul", "mis")  # of no language, or nobody knows which


def audio_of(session: Session, ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
    """Return the languages that titles, or episodes of theirs, can be heard in."""
    heard = select(AudioTrack.edition_id, AudioTrack.language).where(
        AudioTrack.hidden.is_(False), AudioTrack.language.not_in(UNSAID))
    return _by_title(session, ids, heard)


def subtitles_of(session: Session, ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
    """Return the languages that titles, or episodes of theirs, have subtitles in."""
    read = select(SubtitleTrack.edition_id, SubtitleTrack.language).where(
        SubtitleTrack.hidden.is_(False), SubtitleTrack.path.is_not(None), SubtitleTrack.language.not_in(UNSAID))
    return _by_title(session, ids, read)


def watchable(session: Session, ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
    """Return, of titles that can be watched by whoever comes or signs in, that they can."""
    owner = _owners(ids)
    own, whole = aliased(WatchRule), aliased(WatchRule)
    audience: ColumnElement[Any] = func.coalesce(own.audience, whole.audience)
    rows = session.scalars(
        select(owner.c.title_id).join(Edition, Edition.id == owner.c.edition_id)
        .outerjoin(own, own.edition_id == Edition.id).outerjoin(whole, whole.title_id == owner.c.title_id)
        .where(Edition.package.is_not(None), or_(audience.is_(None), audience.in_(OPEN))).distinct())
    return dict.fromkeys(rows, (NOW,))


def _owners(ids: Sequence[int]) -> Any:
    """Return (title_id, edition_id) of titles' own editions and of their episodes'."""
    own = select(Edition.title_id.label("title_id"), Edition.id.label("edition_id")).where(Edition.title_id.in_(ids))
    through = select(Season.title_id, Edition.id).join(Episode, Episode.season_id == Season.id).join(
        Edition, Edition.episode_id == Episode.id).where(Season.title_id.in_(ids))
    return union_all(own, through).subquery()


def _by_title(session: Session, ids: Sequence[int], tracks: Any) -> Mapping[int, Sequence[str]]:
    """Return languages by title, of what is live: one query. A dialect is found under its language, too."""
    owner, track = _owners(ids), tracks.subquery()
    rows: Iterable[Any] = session.execute(
        select(owner.c.title_id, track.c.language).join(Edition, Edition.id == owner.c.edition_id)
        .join(track, track.c.edition_id == Edition.id).where(Edition.package.is_not(None)).distinct())
    found: dict[int, set[str]] = defaultdict(set)
    for title_id, language in rows:
        found[title_id].update((language, language.split("-")[0]))
    return {title_id: sorted(languages) for title_id, languages in found.items()}


def language_words(_session: Session, values: Sequence[str]) -> Mapping[str, str]:
    """Return what languages are called."""
    return {value: language_name(value, current_locale()) for value in values}


def watch_words(_session: Session, values: Sequence[str]) -> Mapping[str, str]:
    """Return what it is called that one can watch."""
    return {value: _("Can be watched now") for value in values if value == NOW}


FACETS = (SearchFacet("watch", lazy_gettext("Watch"), watch_words, watchable, order=5),
          SearchFacet("audio", lazy_gettext("Spoken language"), language_words, audio_of, order=60),
          SearchFacet("subtitles", lazy_gettext("Subtitles"), language_words, subtitles_of, order=70))
