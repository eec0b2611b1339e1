"""Writes of films and series."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import UNSET
from sqlalchemy import insert, select
from sqlalchemy.orm import Session, joinedload, selectinload
from sqlalchemy.orm.attributes import set_committed_value

from moviepoint.domains.catalog import policies
from moviepoint.domains.catalog.documents import title_document
from moviepoint.domains.catalog.models import (
    AlternativeTitle,
    Company,
    Credit,
    Extra,
    Genre,
    Keyword,
    Person,
    Release,
    Title,
    TitleCompany,
    TitleText,
)
from moviepoint.domains.catalog.schemas import CreditInput, TitleInput, TitleTextInput
from moviepoint.domains.catalog.services import common
from moviepoint.domains.history.services import record
from moviepoint.kernel import events
from moviepoint.kernel.db import utcnow
from moviepoint.kernel.errors import Conflict, Invalid, NotFound
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.policies import Actor, require
from moviepoint.kernel.text import one_line

ENTITY = "title"
PLAIN = ("kind", "original_title", "year", "end_year", "runtime")
LISTS = ("texts", "genres", "keywords", "credits", "companies", "releases", "alternative_titles", "extras",
         "external_ids", "seasons", "images")
WHOLE = (
    selectinload(Title.texts), selectinload(Title.genres), selectinload(Title.keywords),
    selectinload(Title.credits).joinedload(Credit.person), selectinload(Title.companies).joinedload(
        TitleCompany.company), selectinload(Title.releases), selectinload(Title.alternative_titles),
    selectinload(Title.extras), selectinload(Title.external_ids))


def find_all_whole(session: Session, ids: Sequence[int]) -> Sequence[Title]:
    """Return titles with all that their documents hold, in the order of the ids, in a fixed number of queries."""
    found = {title.id: title for title in session.scalars(select(Title).where(
        Title.id.in_(ids), Title.deleted_at.is_(None)).options(*WHOLE))}
    return [found[title_id] for title_id in ids if title_id in found]


def find_whole(session: Session, title_id: int) -> Title:
    """Return a title with all that its document holds, in a fixed number of queries. Raises NotFound."""
    found = session.scalar(select(Title).where(Title.id == title_id, Title.deleted_at.is_(None)).options(*WHOLE))
    if found is None:
        raise NotFound()
    return found


def save_title(session: Session, actor: Actor, data: TitleInput, title_id: int | None = None, *,
               by_import: bool = False) -> Title:
    """Create a title, or change the one named.

    `by_import` leaves locked fields as they are. Raises NotFound, Conflict when `data.version` is older than the
    row or the slug is taken, Invalid for a language, genre or person that does not exist.
    """
    if title_id is None:
        require(actor, policies.EDIT, owner_id=actor.id)
        title, before = _new_title(actor, data), None
    else:
        title = find_whole(session, title_id)
        policies.require_title(actor, title, data)
        common.require_version(title, data.version)
        before = title_document(title)
        if by_import:
            data = unlocked(data, title.locks)
        if data.kind is not UNSET and data.kind != title.kind and title.seasons:
            raise Conflict(_("A series with seasons cannot become a film."))
    _set_plain(session, title, data)
    if title_id is None:
        session.add(title)
    _set_lists(session, title, data)
    session.flush()
    after = title_document(title)
    if before != after:
        title.updated_at = utcnow()  # a change of texts or credits alone is a new version too
        session.flush()
        record(session, actor, "changed" if before else "created", ENTITY, title.id, str(title),
               before=before, after=after)
    events.record(session, "on_title_saved", title_id=title.id)
    return title


def unlocked(data: TitleInput, locks: Sequence[str]) -> TitleInput:
    """Return what an import may write: without the fields that are locked, whole ("year") or for a locale.

    An import may add locks; it takes none away.
    """
    changes: dict[str, Any] = {name: UNSET for name in locks if name in data.__struct_fields__}
    if data.texts is not UNSET:
        changes["texts"] = {locale: _unlocked_text(text, locale, locks) for locale, text in data.texts.items()}
    if data.locks is not UNSET:
        changes["locks"] = sorted({*locks, *data.locks})
    return msgspec.structs.replace(data, **changes)


def _unlocked_text(text: TitleTextInput, locale: str, locks: Sequence[str]) -> TitleTextInput:
    """Return a text without its locked fields."""
    held = {name: UNSET for name in text.__struct_fields__ if f"{name}@{locale}" in locks}
    return msgspec.structs.replace(text, **held)


def _new_title(actor: Actor, data: TitleInput) -> Title:
    if data.kind is UNSET or data.original_title is UNSET:
        raise Invalid(_("A new title needs a kind and an original title."))
    return Title(kind=data.kind, original_title=one_line(data.original_title), slug="", countries="",
                 added_by_id=actor.id, locks=[], original_language="und",
                 **{name: [] for name in LISTS})  # said to be empty, they are not asked for


def _set_plain(session: Session, title: Title, data: TitleInput) -> None:
    common.assign(title, data, PLAIN)
    if title.year and title.end_year and title.end_year < title.year:
        raise Invalid(_("It cannot end before it begins."), fields={"end_year": [_("It is before the first year.")]})
    if data.original_language is not UNSET:
        title.original_language = common.language("original_language", data.original_language or "und")
    if data.countries is not UNSET:
        title.countries = " ".join(dict.fromkeys(data.countries))
        if len(title.countries) > 120:
            raise Invalid(_("These are too many countries."), fields={"countries": [_("At most forty.")]})
    if data.locks is not UNSET:
        title.locks = sorted(set(data.locks))
    common.set_slug(session, title, data.slug, f"{title.original_title} {title.year or ''}")


def _set_lists(session: Session, title: Title, data: TitleInput) -> None:
    if data.texts is not UNSET:
        common.set_texts(title.texts, TitleText, data.texts)
    if data.genres is not UNSET:
        title.genres = common.by_slug(session, Genre, data.genres, "genres")
    if data.keywords is not UNSET:
        title.keywords = common.by_slug(session, Keyword, data.keywords, "keywords")
    if data.credits is not UNSET:
        _set_credits(session, title, _credits(session, data.credits))
    if data.companies is not UNSET:
        companies = {row.slug: row for row in common.by_slug(
            session, Company, [part.company for part in data.companies], "companies")}
        common.set_rows(title.companies, TitleCompany, [
            {"company": companies[part.company], "role": part.role} for part in data.companies])
    for name, model in (("releases", Release), ("alternative_titles", AlternativeTitle), ("extras", Extra)):
        if (given := getattr(data, name)) is not UNSET:
            common.set_rows(getattr(title, name), model, [_detail(name, part) for part in given])
    if data.external_ids is not UNSET:
        common.set_external_ids(title.external_ids, data.external_ids)


def _set_credits(session: Session, title: Title, wanted: Sequence[Mapping[str, Any]]) -> None:
    """Change the credits that are there row by row, and add new ones all at once.

    The unit of work would insert them one statement each on SQLite, which does not give keys back in order.
    """
    present = len(title.credits)
    common.set_rows(title.credits, Credit, wanted[:present])
    if new := wanted[present:]:
        session.flush()
        session.execute(insert(Credit), [
            {name: value for name, value in credit.items() if name != "person"} | {
                "person_id": credit["person"].id, "title_id": title.id, "position": position}
            for position, credit in enumerate(new, present)])
        set_committed_value(title, "credits", session.scalars(select(Credit).where(
            Credit.title_id == title.id).order_by(Credit.position).options(joinedload(Credit.person))).all())


def _detail(field: str, part: msgspec.Struct) -> dict[str, Any]:
    values = {name: one_line(value) if isinstance(value, str) else value
              for name, value in msgspec.structs.asdict(part).items()}
    if values.get("locale"):
        values["locale"] = common.language(field, values["locale"])
    return values


def _credits(session: Session, credits: Sequence[CreditInput]) -> list[dict[str, Any]]:
    """Return the rows of credits, their people found by id or slug."""
    ids = {credit.person_id for credit in credits if credit.person_id is not UNSET}
    slugs = {credit.person for credit in credits if credit.person is not UNSET and credit.person_id is UNSET}
    found = session.scalars(select(Person).where(
        Person.deleted_at.is_(None), Person.id.in_(ids) | Person.slug.in_(slugs))).all() if credits else []
    people: dict[object, Person] = {person.id: person for person in found} | {person.slug: person for person in found}
    keys = [credit.person_id if credit.person_id is not UNSET else credit.person for credit in credits]
    if missing := sorted({"?" if key is UNSET else str(key) for key in keys if key not in people}):
        raise Invalid(_("A credited person does not exist."), fields={"credits": missing})
    return [{"person": people[key], "department": one_line(credit.department), "job": one_line(credit.job),
             "character": one_line(credit.character), "guest": credit.guest}
            for key, credit in zip(keys, credits, strict=True)]
