"""What is said in films, for a search in it: which subtitles may be searched, their lines, and who may see them."""
from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

import structlog
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, aliased

from moviepoint.domains.catalog.models import Episode, Season, Title
from moviepoint.domains.media import watching
from moviepoint.domains.media.cues import CueView, read_cues
from moviepoint.domains.media.models import Edition, Storyboard, SubtitleTrack
from moviepoint.domains.media.watch_models import WatchRule
from moviepoint.domains.media.watching import EditionFacts
from moviepoint.hooks.manager import HookManager
from moviepoint.kernel.files import Storage
from moviepoint.kernel.policies import Actor

log = structlog.get_logger(__name__)
READING = 1  # grows when the same file would be read otherwise
MOST_NAMED = 800  # ids in one statement; SQLite takes no more than so many


class SpokenTrack(NamedTuple):
    """Subtitles that are shown, of a film that is published; `state` changes whenever their text or times may have."""

    id: int
    title_id: int
    edition_id: int
    language: str
    state: str


class Pictures(NamedTuple):
    """An edition's storyboard: milliseconds between two pictures, and a picture's size in pixels."""

    interval_ms: int
    width: int
    height: int
    name: str = "storyboard"


class TrackPlace(NamedTuple):
    """Where a track belongs, for a viewer who may watch it.

    `order` sorts editions and tracks as viewers see them; `audience` is what the viewer's addresses are signed for.
    """

    track: SpokenTrack
    edition: str
    package: str
    audience: str
    season: int | None
    episode: int | None
    episode_id: int | None
    storyboard: Pictures | None
    order: tuple[int, int, int, int]


def tracks(session: Session, *, title_ids: Collection[int] | None = None,
           edition_ids: Collection[int] | None = None) -> Iterator[SpokenTrack]:
    """Yield all subtitles that a search may know of; of some titles or editions only, where they are named."""
    statement = _shown(select(*_COLUMNS)).order_by(SubtitleTrack.id)
    if title_ids is not None:
        statement = statement.where(Title.id.in_(title_ids))
    if edition_ids is not None:
        statement = statement.where(Edition.id.in_(edition_ids))
    for row in session.execute(statement):
        yield _track(row)


def lines(session: Session, storage: Storage, track_id: int) -> Sequence[CueView]:
    """Return a track's lines at the times that they are shown at; none where its files cannot be read now."""
    found = session.execute(select(SubtitleTrack, Edition).join(Edition, Edition.id == SubtitleTrack.edition_id)
                            .where(SubtitleTrack.id == track_id)).first()
    if found is None:
        return ()
    try:
        return read_cues(storage, found.Edition, found.SubtitleTrack)
    except Exception as error:  # whatever is wrong with one file, the others are to be read
        log.warning("subtitles cannot be read", track=track_id, error=repr(error))
        return ()


def open_tracks(session: Session, hooks: HookManager, viewer: Actor | None,
                track_ids: Collection[int]) -> dict[int, TrackPlace]:
    """Return those of the tracks whose films a viewer may see and watch now, by id; in two queries.

    It is `watching.decide` that says so, for each edition once.
    """
    own, whole = aliased(WatchRule), aliased(WatchRule)
    statement = _shown(select(
        *_COLUMNS, SubtitleTrack.position, Edition.public_id, Edition.position.label("place"), Title.added_by_id,
        Season.number.label("season"), Episode.number.label("episode"), Edition.episode_id,
        Storyboard.interval_ms, Storyboard.width, Storyboard.height, Storyboard.path.label("board"),
        own.audience.label("own_audience"), own.roles.label("own_roles"), whole.audience, whole.roles)
    ).outerjoin(Storyboard, Storyboard.edition_id == Edition.id).outerjoin(
        own, own.edition_id == Edition.id).outerjoin(whole, whole.title_id == Title.id)
    wanted = set(track_ids)
    if not wanted:
        return {}
    if len(wanted) <= MOST_NAMED:
        statement = statement.where(SubtitleTrack.id.in_(wanted))
    rows = [row for row in session.execute(statement) if row.id in wanted]
    audiences = watching.open_to(session, hooks, viewer, {row.edition_id: _facts(row) for row in rows}.values())
    return {row.id: TrackPlace(
        _track(row), row.public_id, row.package.rsplit("/", 1)[-1], audiences[row.edition_id], row.season, row.episode,
        row.episode_id, _pictures(row) if row.interval_ms else None,
        (row.place, row.edition_id, row.position, row.id))
        for row in rows if row.edition_id in audiences}


_COLUMNS = (SubtitleTrack.id, SubtitleTrack.language, SubtitleTrack.path, SubtitleTrack.made_offset_ms,
            Edition.id.label("edition_id"), Edition.package, Title.id.label("title_id"))


def _shown(statement: Any) -> Any:
    """Narrow a select to subtitles that viewers may choose, of editions with a package, of published titles."""
    conditions: tuple[ColumnElement[bool], ...] = (
        SubtitleTrack.hidden.is_(False), SubtitleTrack.path.is_not(None), Edition.package.is_not(None),
        Title.status == "published", Title.deleted_at.is_(None))
    return (statement.select_from(SubtitleTrack).join(Edition, Edition.id == SubtitleTrack.edition_id)
            .outerjoin(Episode, Edition.episode_id == Episode.id).outerjoin(Season, Episode.season_id == Season.id)
            .join(Title, (Title.id == Edition.title_id) | (Title.id == Season.title_id)).where(*conditions))


def _track(row: Any) -> SpokenTrack:
    made = "\n".join(map(str, (READING, row.package, row.path, row.made_offset_ms, row.language, row.title_id)))
    return SpokenTrack(row.id, row.title_id, row.edition_id, row.language,
                       hashlib.sha256(made.encode()).hexdigest()[:16])


def _pictures(row: Any) -> Pictures:
    return Pictures(row.interval_ms, row.width, row.height, row.board.removesuffix(".vtt"))


def _facts(row: Any) -> EditionFacts:
    audience = row.own_audience or row.audience or "public"
    roles = row.own_roles if row.own_audience else row.roles
    return EditionFacts(row.edition_id, row.package, True, audience, frozenset(roles or ()), row.added_by_id)
