"""Bringing in what a member has elsewhere: taken in, rehearsed by a task, applied, and never lost."""
from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from moviepoint.domains.community import matching
from moviepoint.domains.community.exchange import MOST_BYTES, MOST_ROWS, Row, day, stars
from moviepoint.domains.community.models import (
    SOURCES,
    WORKING,
    DiaryEntry,
    Import,
    ImportRow,
    ListItem,
    Rating,
    Review,
    UserList,
)
from moviepoint.domains.community.policies import member_id
from moviepoint.domains.community.schemas.lists import DiaryInput, ListInput
from moviepoint.domains.community.schemas.reviews import ReviewInput
from moviepoint.domains.community.services import diary, lists, ratings, reviews
from moviepoint.kernel.errors import Conflict, Invalid, MoviePointError, NotFound
from moviepoint.kernel.files import Storage
from moviepoint.kernel.i18n import current_locale
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.policies import Actor
from moviepoint.kernel.tasks import enqueue_after_commit
from moviepoint.kernel.text import one_line, slugify

WORK = "community.import"
FOLDER = "member-imports"
MOST_IMPORTS = 50
APPLICABLE = ("new", "changed")


def start(session: Session, actor: Actor | None, storage: Storage, source: str, name: str, data: bytes) -> Import:
    """Take a file in and have it rehearsed by a task; nothing of the member's changes.

    Raises Invalid for an unknown source, an empty or too large file, or too many imports.
    """
    user_id = member_id(actor)
    if source not in SOURCES:
        raise Invalid(_("%(value)s is none of the possible values.", value=source[:40]), fields={"source": []})
    if not data.strip():
        raise Invalid(_("The file is empty."), fields={"file": [_("The file is empty.")]}, code="empty")
    if len(data) > MOST_BYTES:
        sentence = _("The file is too large: %(most)s MB at most.", most=MOST_BYTES // 2**20)
        raise Invalid(sentence, fields={"file": [sentence]}, code="size")
    count = session.scalar(select(func.count(Import.id)).where(Import.user_id == user_id)) or 0
    if count >= MOST_IMPORTS:
        raise Invalid(_("These are too many imports: remove old ones first."), code="limit")
    key = f"{FOLDER}/{secrets.token_hex(12)}"
    storage.put(key, data)
    made = Import(user_id=user_id, source=source, key=key, locale=current_locale(),
                  file_name=one_line(PurePath(name.replace("\\", "/")).name)[:200] or "file.csv")
    session.add(made)
    session.flush()
    enqueue_after_commit(session, WORK, import_id=made.id)
    return made


def apply(session: Session, actor: Actor | None, import_id: int) -> Import:
    """Have what was rehearsed taken in by a task. Raises NotFound, Conflict unless it is ready."""
    found = own_import(session, actor, import_id)
    if found.state != "ready":
        raise Conflict(_("There is nothing to take in."))
    found.state, found.beat_at, found.locale = "applying", None, current_locale()
    session.flush()
    enqueue_after_commit(session, WORK, import_id=found.id)
    return found


def remove(session: Session, actor: Actor | None, storage: Storage, import_id: int) -> None:
    """Forget an import with its rows, the unmatched too; what was taken in stays. Raises NotFound, Conflict."""
    found = own_import(session, actor, import_id)
    if found.state in WORKING and found.state != "waiting":
        raise Conflict(_("It is being worked on."))
    if found.key:
        storage.delete(found.key)
    session.delete(found)
    session.flush()


def own_import(session: Session, actor: Actor | None, import_id: int) -> Import:
    """Return an import of the actor's own. Raises NotFound."""
    found = session.get(Import, import_id)
    if found is None or found.user_id != member_id(actor):
        raise NotFound()
    return found


def keep_rows(session: Session, actor: Actor, found: Import, rows: Sequence[Row], before: int) -> int:
    """Write rows down with what taking them in would do; returns how many there are now. Raises Invalid for too many.
    """
    if before + len(rows) > MOST_ROWS:
        raise Invalid(_("The file has more than %(most)s rows.", most=MOST_ROWS), code="limit")
    present = Present(session, found.user_id)
    reviewed = set(session.scalars(select(ImportRow.title_id).where(
        ImportRow.import_id == found.id, ImportRow.kind == "review", ImportRow.verdict == "new")))
    for number, (row, title_id) in enumerate(zip(rows, matching.match(session, rows), strict=True), before + 1):
        verdict, fault = _judge(present, row, title_id)
        if row.kind == "review" and verdict == "new":  # we have place for one of a title: the others stay as they came
            verdict = "kept" if title_id in reviewed else "new"
            reviewed.add(title_id)
        head = row.head.get("Name", "") or PurePath(row.file).stem
        session.add(ImportRow(
            import_id=found.id, user_id=found.user_id, source=found.source, number=number, kind=row.kind,
            file=row.file[-200:], list_slug=slugify(head, 70) if row.kind == "list" else "",
            document=row.document | ({"\theader": dict(row.head)} if row.head else {}), title_id=title_id,
            verdict=verdict, fault=fault))
    session.flush()
    return before + len(rows)


class Present:
    """What a member has already, by title: so that the same file brought in twice changes nothing."""

    def __init__(self, session: Session, user_id: int) -> None:
        self.ratings: dict[int, int] = {row[0]: row[1] for row in session.execute(
            select(Rating.title_id, Rating.value).where(Rating.user_id == user_id))}
        self.diary = {(row[0], row[1]) for row in session.execute(
            select(DiaryEntry.title_id, DiaryEntry.watched_on).where(DiaryEntry.user_id == user_id))}
        self.reviews: dict[int, str] = {row[0]: row[1] for row in session.execute(
            select(Review.title_id, Review.text).where(Review.user_id == user_id))}
        self.lists = {(row[0], row[1]) for row in session.execute(
            select(UserList.slug, ListItem.title_id).join(ListItem, ListItem.list_id == UserList.id)
            .where(UserList.user_id == user_id))}


def _judge(present: Present, row: Row, title_id: int | None) -> tuple[str, str]:
    """Return what taking a row in would do, and what is wrong with it."""
    if row.kind == "other":
        return "kept", ""
    try:
        said = said_in(row.kind, row.document)
    except ValueError:
        return "faulty", _("A rating or a date in it cannot be understood.")
    if title_id is None:
        return "unmatched", ""
    if row.kind == "rating":
        known = present.ratings.get(title_id)
        return ("same" if known == said["rating"] else "new" if known is None else "changed"), ""
    if row.kind in ("diary", "watched"):
        watched = (title_id, said["day"]) if row.kind == "diary" else None
        there = watched in present.diary if watched else any(title == title_id for title, _day in present.diary)
        return ("same" if there else "new"), ""
    if row.kind == "review":
        known_text = present.reviews.get(title_id)
        return ("new" if known_text is None else "same" if known_text == said["text"] else "kept"), ""
    slug = "watchlist" if row.kind == "watchlist" else slugify(row.head.get("Name", "") or PurePath(row.file).stem, 70)
    return ("same" if (slug, title_id) in present.lists else "new"), ""


def said_in(kind: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a row says, in our terms. Raises ValueError for a rating or a day that cannot be."""
    if "Const" in document:
        own = str(document.get("Your Rating", "")).strip()
        rating = int(own) if own else None
        if rating is not None and not 1 <= rating <= 10:
            raise ValueError(own)
    else:
        ten = str(document.get("Rating10", "")).strip()
        rating = int(ten) if ten else stars(str(document.get("Rating", "")))
    if kind == "rating" and rating is None:
        raise ValueError("no rating")
    return {"rating": rating, "day": day(str(document.get("Watched Date", document.get("WatchedDate", "")))),
            "rewatch": str(document.get("Rewatch", "")).strip().lower() in ("yes", "true"),
            "tags": [tag.strip()[:60] for tag in str(document.get("Tags", "")).split(",") if tag.strip()][:30],
            "text": reviews.prose(str(document.get("Review", "")).replace("<br>", "\n")),
            "note": str(document.get("Description", ""))}


def apply_rows(session: Session, actor: Actor, rows: Sequence[ImportRow]) -> None:
    """Take rows in; what a service refuses is said at its row, and the others go on."""
    for row in rows:
        savepoint = session.begin_nested()
        try:
            TAKERS[row.kind](session, actor, row, said_in(row.kind, row.document))
            savepoint.commit()
        except (MoviePointError, ValueError) as error:
            savepoint.rollback()
            sentence = str(error.message) if isinstance(error, MoviePointError) else str(error)
            session.execute(update(ImportRow).where(ImportRow.id == row.id).values(verdict="faulty", fault=sentence))
        else:
            row.applied = True
    session.flush()


def _rate(session: Session, actor: Actor, row: ImportRow, said: Mapping[str, Any]) -> None:
    ratings.rate(session, actor, row.title_id or 0, said["rating"])


def _watched(session: Session, actor: Actor, row: ImportRow, said: Mapping[str, Any]) -> None:
    present = session.scalar(select(DiaryEntry.id).where(
        DiaryEntry.user_id == row.user_id, DiaryEntry.title_id == row.title_id).limit(1))
    if row.kind == "watched" and present is not None:
        return  # the diary, brought in with it, says it better
    entry = diary.log(session, actor, DiaryInput(title_id=row.title_id or 0, watched_on=said["day"],
                                                 rewatch=said["rewatch"], tags=said["tags"]))
    entry.rating = said["rating"]  # a rating of that day; the title's own stands in another file


def _review(session: Session, actor: Actor, row: ImportRow, said: Mapping[str, Any]) -> None:
    if said["text"]:
        reviews.save_review(session, actor, row.title_id or 0, ReviewInput(text=said["text"]), current_locale())


def _listed(session: Session, actor: Actor, row: ImportRow, said: Mapping[str, Any]) -> None:
    if row.kind == "watchlist":
        found = lists.watchlist(session, actor)
    else:
        known = session.scalar(select(UserList).where(
            UserList.user_id == row.user_id, UserList.slug == row.list_slug))
        head = row.document.get("\theader") or {}
        found = known or lists.save_list(session, actor, ListInput(
            name=one_line(str(head.get("Name", "")) or PurePath(row.file).stem)[:120] or "List",
            about=str(head.get("Description", ""))[:5_000], ranked=False))
        row.list_slug = found.slug
    lists.add(session, actor, found.id, row.title_id or 0, said["note"][:lists.NOTE_LENGTH])


TAKERS: Mapping[str, Callable[[Session, Actor, ImportRow, Mapping[str, Any]], None]] = {
    "rating": _rate, "watched": _watched, "diary": _watched, "review": _review, "watchlist": _listed, "list": _listed}


def delete_rows(session: Session, import_id: int) -> None:
    """Forget the rows of an import that is read anew."""
    session.execute(delete(ImportRow).where(ImportRow.import_id == import_id))
