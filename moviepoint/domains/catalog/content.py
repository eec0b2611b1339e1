"""The catalogue's kinds of content, as history, quick search, import and export know them."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from flask import url_for
from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from moviepoint.domains.catalog import documents, policies, services
from moviepoint.domains.catalog.models import (
    Collection,
    Company,
    ExternalId,
    Genre,
    Keyword,
    Person,
    PersonText,
    Season,
    Title,
    TitleText,
)
from moviepoint.domains.catalog.schemas import (
    CollectionInput,
    CompanyInput,
    PersonInput,
    SeasonInput,
    TermInput,
    TitleInput,
)
from moviepoint.domains.catalog.services import common, people, seasons, terms, titles
from moviepoint.hooks.types import ContentType, Found
from moviepoint.kernel.errors import Invalid
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.i18n import lazy_gettext as _l
from moviepoint.kernel.policies import Actor
from moviepoint.kernel.text import one_line
from moviepoint.kernel.validation import convert

Document = Mapping[str, Any]


def _find_titles(session: Session, viewer: Actor, text: str, limit: int) -> Sequence[Found]:
    rows = session.execute(
        select(Title.id, Title.original_title, Title.year, Title.kind).where(policies.visible(viewer), or_(
            Title.original_title.icontains(text, autoescape=True),
            Title.texts.any(TitleText.name.icontains(text, autoescape=True))))
        .order_by(func.length(Title.original_title), Title.id).limit(limit))
    return [Found(row.id, row.original_title, str(row.year or "")) for row in rows]


def _find_people(session: Session, _viewer: Actor, text: str, limit: int) -> Sequence[Found]:
    rows = session.execute(
        select(Person.id, Person.name, Person.birth_year).where(Person.deleted_at.is_(None), or_(
            Person.name.icontains(text, autoescape=True),
            Person.texts.any(PersonText.name.icontains(text, autoescape=True))))
        .order_by(func.length(Person.name), Person.id).limit(limit))
    return [Found(row.id, row.name, str(row.birth_year or "")) for row in rows]


def _find_seasons(_session: Session, _viewer: Actor, _text: str, _limit: int) -> Sequence[Found]:
    return ()  # one looks for the series


def _find_terms(model: Any) -> Callable[[Session, Actor, str, int], Sequence[Found]]:
    def find(session: Session, _viewer: Actor, text: str, limit: int) -> Sequence[Found]:
        name = model.texts.property.mapper.class_.name
        rows = session.scalars(select(model).where(or_(
            model.slug.icontains(text, autoescape=True), model.texts.any(name.icontains(text, autoescape=True))))
            .order_by(func.length(model.slug), model.id).limit(limit))
        return [Found(row.id, terms.label_of(row), row.slug) for row in rows]

    return find


def _ids(column: Any, *where: Any) -> Callable[[Session], Iterable[int]]:
    def ids(session: Session) -> Iterable[int]:
        return session.scalars(select(column).where(*where).order_by(column)).all()

    return ids


def _by_slug(model: Any, session: Session, document: Document) -> int | None:
    """Match a document to the row with its slug; rows in the bin count, for their slug is theirs."""
    found: int | None = session.scalar(select(model.id).where(model.slug == document.get("slug", "")))
    return found


def _by_name(session: Session, statement: Select[int]) -> int | None:
    """Match to the only row that a select finds; with several of one name nobody knows which is meant."""
    found = session.scalars(statement.limit(2)).all()
    return found[0] if len(found) == 1 else None


def _match_title(session: Session, document: Document) -> int | None:
    """Match by an id elsewhere, by slug, or without one by kind, original title and year."""
    found = _by_external_id(session, ExternalId.title_id, document) or _by_slug(Title, session, document)
    if found is not None or document.get("slug") or not document.get("original_title"):
        return found
    return _by_name(session, select(Title.id).where(
        Title.deleted_at.is_(None), Title.kind == document.get("kind", "film"),
        Title.original_title == one_line(document["original_title"]), Title.year == document.get("year")))


def _match_person(session: Session, document: Document) -> int | None:
    """Match by an id elsewhere, by slug, or without one by name and year of birth, as far as that is known."""
    found = _by_external_id(session, ExternalId.person_id, document) or _by_slug(Person, session, document)
    if found is not None or document.get("slug") or not document.get("name"):
        return found
    named = select(Person.id).where(Person.deleted_at.is_(None), Person.name == one_line(document["name"]))
    if born := document.get("birth_year"):
        named = named.where(or_(Person.birth_year == born, Person.birth_year.is_(None)))
    return _by_name(session, named)


def _by_external_id(session: Session, owner: Any, document: Document) -> int | None:
    for scheme, value in (document.get("external_ids") or {}).items():
        found: int | None = session.scalar(select(owner).where(
            ExternalId.scheme == scheme, ExternalId.value == value, owner.is_not(None)).limit(1))
        if found is not None:
            return found
    return None


def _match_term(model: Any) -> Callable[[Session, Document], int | None]:
    """Return how a genre, keyword, company is matched: by slug, or without one by a name in its language."""
    def match(session: Session, document: Document) -> int | None:
        found = _by_slug(model, session, document)
        if found is not None or document.get("slug"):
            return found
        text = model.texts.property.mapper.class_
        named = [model.texts.any(and_(text.locale == locale, text.name == one_line(name)))
                 for locale, name in (document.get("names") or {}).items()]
        return _by_name(session, select(model.id).where(or_(*named))) if named else None

    return match


def _match_season(session: Session, document: Document) -> int | None:
    return session.scalar(select(Season.id).join(Title).where(
        Title.slug == document.get("series"), Season.number == document.get("number")))


def _save_season(session: Session, actor: Actor, document: Document, season_id: int | None) -> int:
    data: SeasonInput = convert(SeasonInput, document)
    if season_id is not None:
        title_id = common.find(session, Season, season_id).title_id
    else:
        title_id = session.scalar(select(Title.id).where(Title.slug == document.get("series"))) or 0
        if not title_id:
            raise Invalid(_("There is no series %(slug)s.", slug=document.get("series", "")))
    return services.save_season(session, actor, title_id, data, season_id).id


def _save_collection(session: Session, actor: Actor, document: Document, row_id: int | None) -> int:
    return services.save_collection(session, actor, convert(CollectionInput, document), row_id).id


def _collection(session: Session, row_id: int) -> Document:
    row = common.find(session, Collection, row_id)
    return documents.collection_document(row, terms.slugs_of(session, row))


def _bring_back_collection(session: Session, actor: Actor, document: Document, _row_id: int) -> int:
    """Make a collection again; titles that are gone since, or have another address, are left out."""
    slugs = list(document.get("titles") or ())
    there = set(session.scalars(select(Title.slug).where(Title.slug.in_(slugs), Title.deleted_at.is_(None))))
    return _save_collection(session, actor, {**document, "titles": [slug for slug in slugs if slug in there]}, None)


def _bring_back_person(session: Session, actor: Actor, _document: Document, person_id: int) -> int:
    return services.take_back_person(session, actor, person_id).id


def _term(model: Any, label: Any, kind: type[Any], endpoint: str) -> ContentType:
    return ContentType(
        terms.entity_of(model), label, policies.EDIT, kind, address=lambda row_id: url_for(endpoint, term_id=row_id),
        find=_find_terms(model), ids=_ids(model.id), match=_match_term(model),
        document=lambda session, row_id: documents.term_document(common.find(session, model, row_id)),
        save=lambda session, actor, document, row_id: int(
            services.save_term(session, actor, model, convert(kind, document), row_id).id),
        bring_back=lambda session, actor, document, _row_id: int(
            services.save_term(session, actor, model, convert(kind, document)).id))


#: In the order in which an import must read them: what is referred to comes first.
CONTENT_TYPES = (
    _term(Genre, _l("Genres"), TermInput, "genres.edit"),
    _term(Keyword, _l("Keywords"), TermInput, "keywords.edit"),
    _term(Company, _l("Companies"), CompanyInput, "companies.edit"),
    ContentType(
        people.ENTITY, _l("People"), policies.EDIT, PersonInput,
        address=lambda row_id: url_for("people.edit", person_id=row_id), find=_find_people,
        ids=_ids(Person.id, Person.deleted_at.is_(None)), match=_match_person,
        document=lambda session, row_id: documents.person_document(people.find_whole(session, row_id)),
        save=lambda session, actor, document, row_id: services.save_person(
            session, actor, convert(PersonInput, document), row_id).id, bring_back=_bring_back_person,
        many=lambda session, ids: {
            row.id: documents.person_document(row) for row in people.find_all_whole(session, ids)}),
    ContentType(
        titles.ENTITY, _l("Titles"), policies.EDIT, TitleInput,
        address=lambda row_id: url_for("titles.edit", title_id=row_id), find=_find_titles,
        ids=_ids(Title.id, Title.deleted_at.is_(None)), match=_match_title,
        document=lambda session, row_id: documents.title_document(titles.find_whole(session, row_id)),
        save=lambda session, actor, document, row_id: services.save_title(
            session, actor, convert(TitleInput, document), row_id).id,
        take_in=lambda session, actor, document, row_id: services.save_title(
            session, actor, convert(TitleInput, document), row_id, by_import=True).id,
        bring_back=lambda session, actor, _document, title_id: services.take_back(session, actor, title_id).id,
        many=lambda session, ids: {
            row.id: documents.title_document(row) for row in titles.find_all_whole(session, ids)}),
    ContentType(
        seasons.ENTITY, _l("Seasons"), policies.EDIT, SeasonInput,
        address=lambda row_id: url_for("titles.season_by_id", season_id=row_id), find=_find_seasons,
        ids=_ids(Season.id), match=_match_season,
        document=lambda session, row_id: documents.season_document(seasons.find_whole(session, row_id)),
        save=_save_season,
        many=lambda session, ids: {
            row.id: documents.season_document(row) for row in seasons.find_all_whole(session, ids)}),
    ContentType(
        "collection", _l("Collections"), policies.EDIT, CollectionInput,
        address=lambda row_id: url_for("collections.edit", collection_id=row_id), find=_find_terms(Collection),
        ids=_ids(Collection.id), match=partial(_by_slug, Collection),
        document=_collection, save=_save_collection, bring_back=_bring_back_collection),
)
