"""Editions as a kind of content: history leads to them, and takes their tracks and marks back."""
from __future__ import annotations

from collections.abc import Sequence

import msgspec
from flask import url_for
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from moviepoint.domains.catalog.models import Episode, Season, Title, TitleText
from moviepoint.domains.media import documents, editing
from moviepoint.domains.media.documents import Document, EditionDocument, TrackState, edition_names, track_id
from moviepoint.domains.media.edition_forms import milliseconds
from moviepoint.domains.media.models import Edition
from moviepoint.domains.media.schemas import MarkInput, MarksInput, TrackInput, TracksInput
from moviepoint.domains.media.storing import locked_edition
from moviepoint.hooks.types import ContentType, Found
from moviepoint.kernel.errors import Invalid, NotFound
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.i18n import lazy_gettext as _l
from moviepoint.kernel.policies import Actor, require


def find(session: Session, viewer: Actor, text: str, limit: int) -> Sequence[Found]:
    """Return editions whose title, or own label, has the text in it."""
    if not viewer.may("media.manage"):
        return ()
    titles = select(Title.id).where(Title.deleted_at.is_(None), or_(
        Title.original_title.icontains(text, autoescape=True),
        Title.texts.any(TitleText.name.icontains(text, autoescape=True))))
    rows = session.scalars(
        select(Edition).outerjoin(Episode, Episode.id == Edition.episode_id)
        .outerjoin(Season, Season.id == Episode.season_id)
        .where(or_(Edition.title_id.in_(titles), Season.title_id.in_(titles),
                   Edition.label.icontains(text, autoescape=True)))
        .order_by(func.length(Edition.label), Edition.id).limit(limit)).all()
    names = edition_names(session, list(rows))
    return [Found(row.id, names[row.id], "" if row.package else _("not ready")) for row in rows]


def document(session: Session, edition_id: int) -> Document:
    """Return an edition's tracks and marks. Raises NotFound."""
    edition = session.get(Edition, edition_id)
    if edition is None:
        raise NotFound()
    return documents.edition_document(edition)


def save(session: Session, actor: Actor, data: Document, edition_id: int | None) -> int:
    """Give an edition's tracks and marks the state of a document; tracks that came since stay, at the end.

    Raises NotFound, Forbidden, and Invalid for a document that cannot be read or an edition that is yet to be made.
    """
    if edition_id is None:
        raise Invalid(_("An edition is made by uploading a film, and not from a document."))
    require(actor, "media.manage")
    edition = locked_edition(session, edition_id)
    try:
        wanted = msgspec.convert(data, EditionDocument, strict=False)
    except msgspec.ValidationError as error:
        raise Invalid(str(error)) from None
    present = editing.tracks_document(edition)
    editing.save_tracks(session, actor, edition.id, TracksInput(
        _tracks(present["audio"], wanted.audio), _tracks(present["subtitles"], wanted.subtitles)))
    editing.save_marks(session, actor, edition.id, MarksInput([
        MarkInput(mark.kind, milliseconds(mark.start) or 0, milliseconds(mark.end), mark.label)
        for mark in wanted.marks]))
    return edition.id


def _tracks(present: list[dict[str, object]], wanted: dict[str, TrackState]) -> list[TrackInput]:
    states = {track_id(name): state for name, state in wanted.items()}
    places = {row["id"]: states[row["id"]].place if row["id"] in states else len(states) + place
              for place, row in enumerate(present, start=1)}  # type: ignore[index]
    rows = [msgspec.convert(row | ({} if row["id"] not in states else _values(states[row["id"]])), TrackInput)  # type: ignore[index]
            for row in present]
    return sorted(rows, key=lambda row: places[row.id])


def _values(state: TrackState) -> dict[str, object]:
    values: dict[str, object] = msgspec.to_builtins(state)
    del values["place"]
    return values


def _nothing(_session: Session) -> Sequence[int]:
    """An edition's tracks are of no use without its files, so an export of content leaves editions out."""
    return ()


EDITIONS = ContentType(
    documents.ENTITY, _l("Editions"), "media.manage", EditionDocument,
    address=lambda edition_id: url_for("media_editions.detail", edition_id=edition_id), find=find, ids=_nothing,
    document=document, save=save, match=lambda _session, _document: None, exchanged=False)
