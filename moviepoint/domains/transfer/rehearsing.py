"""What a document would do: rehearsed with the type's own service, and taken back."""
from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from moviepoint.domains.history.differences import differences
from moviepoint.hooks.types import ContentType
from moviepoint.kernel.db import rehearsal
from moviepoint.kernel.errors import Invalid, MoviePointError
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.policies import Actor
from moviepoint.kernel.validation import convert

log = structlog.get_logger(__name__)
Document = Mapping[str, Any]
NAMES = ("original_title", "name", "slug", "series", "number")


@dataclass(frozen=True)
class Verdict:
    """What a document would do: "new", "changed", "same" or "faulty"; `held` are fields that a lock keeps."""

    verdict: str
    document: Document = field(default_factory=dict)
    entity_id: int | None = None
    changes: list[dict[str, Any]] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    fingerprint: str = ""


def rehearse(session: Session, actor: Actor, kind: ContentType, given: Sequence[Document], *,
             by_columns: bool) -> list[Verdict]:
    """Say what documents would do to which entities, with all rules of the type's service; nothing is written.

    With `by_columns` they come from a table, which names only some keys of a field (`external_ids@imdb`).
    """
    matched = [_match(session, kind, document) for document in given]
    ids = [found.entity_id for found in matched if found.entity_id is not None]
    present = {entity_id: plain(document) for entity_id, document in kind.documents(session, ids).items()}
    return [found if found.faults else _rehearse_one(
        session, actor, kind, found, present, merged_with=document if by_columns else None)
        for found, document in zip(matched, given, strict=True)]


def _match(session: Session, kind: ContentType, given: Document) -> Verdict:
    """Return a document checked by its shape, with the id of the entity that it means."""
    document: Document = given
    try:
        document = normal(kind, given)
        return Verdict("new", document, kind.match(session, document))
    except MoviePointError as error:
        return Verdict("faulty", document, faults=sentences(error))


def _rehearse_one(session: Session, actor: Actor, kind: ContentType, found: Verdict, present: Mapping[int, Document],
                  merged_with: Document | None) -> Verdict:
    entity_id, document = found.entity_id, found.document
    before = None if entity_id is None else present.get(entity_id)
    if entity_id is not None and before is None:
        return replace(found, verdict="faulty", faults=[
            _("It lies in the bin. Take it back first, or give the row another slug.")])
    if merged_with is not None:
        document = merged(before, document, merged_with)
    if before is not None and says_nothing_new(before, document):
        return Verdict("same", document, entity_id)
    try:
        with rehearsal(session):
            saved_id = take_in(session, actor, kind, document, entity_id)
            after = document if before is None else plain(kind.document(session, saved_id))
    except MoviePointError as error:
        return Verdict("faulty", document, entity_id, faults=sentences(error))
    except DBAPIError:
        log.exception("a row that the database refused", content_type=kind.name)
        return Verdict("faulty", document, entity_id, faults=[_("The database refused this row.")])
    changes = differences(before, after)
    if before is None:
        return Verdict("new", document, None, changes)
    return Verdict("changed" if changes else "same", document, entity_id, changes, held_by_locks(before, document),
                   fingerprint=fingerprint(before))


def take_in(session: Session, actor: Actor, kind: ContentType, document: Document, entity_id: int | None) -> int:
    """Save a document as an import does; returns the entity's id."""
    return (kind.take_in or kind.save)(session, actor, document, entity_id)


def normal(kind: ContentType, given: Document) -> dict[str, Any]:
    """Return a document as its input struct gives it back: checked, numbers as numbers. Raises Invalid."""
    present = {name: {key: part for key, part in value.items() if part is not None}
               if isinstance(value, Mapping) else value for name, value in given.items()}
    found: dict[str, Any] = plain(convert(kind.input, present))
    found.pop("version", None)  # it counts the saves of another database, or of another day
    return found


def merged(before: Document | None, document: Document, given: Document) -> dict[str, Any]:
    """Return a document whose values by key are brought together with those that are there: None takes one away."""
    found = dict(document)
    for name, values in given.items():
        if isinstance(values, Mapping) and not _are_texts(values):
            present = dict((before or {}).get(name) or {}) | dict(values)
            found[name] = {key: value for key, value in present.items() if value is not None}
    return found


def says_nothing_new(before: Document, given: Document) -> bool:
    """Say whether all that is given is there already; what is left out does not count, nor does a text left out."""
    for name, value in given.items():
        present = before.get(name)
        if isinstance(value, Mapping) and _are_texts(value):
            if not all(says_nothing_new((present or {}).get(locale) or {}, text) for locale, text in value.items()):
                return False
        elif differences({name: present}, {name: value}):
            return False
    return True


def _are_texts(values: Document) -> bool:
    return all(isinstance(value, Mapping) for value in values.values())


def held_by_locks(before: Document, given: Document) -> list[str]:
    """Return the locks ("year", "overview@ru") that keep a given value out."""
    return [lock for lock in before.get("locks") or ()
            if (wanted := _locked_value(given, lock)) is not None and wanted != _locked_value(before, lock)]


def _locked_value(document: Document, lock: str) -> Any:
    name, at, locale = lock.partition("@")
    return ((document.get("texts") or {}).get(locale) or {}).get(name) if at else document.get(name)


def fingerprint(document: Document | None) -> str:
    """Return a mark of a state, by which a later change is noticed; empty for what is not there."""
    return "" if document is None else hashlib.sha256(msgspec.json.encode(document, order="sorted")).hexdigest()


def plain(document: Any) -> Any:
    """Return a document as JSON would carry it."""
    return msgspec.to_builtins(document, str_keys=True)


def sentences(error: MoviePointError) -> list[str]:
    """Return an error as sentences: its own, and those of the fields that it names."""
    fields = error.fields if isinstance(error, Invalid) else {}
    detail = [f"{name}: {', '.join(map(str, said))}" for name, said in fields.items()]
    return [str(error.message), *(text for text in detail if text != str(error.message))]


def label_of(document: Document) -> str:
    """Return what a row is called in a list: the name it gives, or where it belongs."""
    if document.get("series"):
        return f"{document['series']} · {document.get('number', '?')}"[:300]
    if isinstance(names := document.get("names"), Mapping) and any(names.values()):
        return str(next(filter(None, names.values())))[:300]
    return str(next((document[name] for name in NAMES if document.get(name)), ""))[:300]
