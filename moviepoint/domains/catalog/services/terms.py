"""Writes of what titles are sorted by: genres, keywords, companies, collections."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import UNSET
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from moviepoint.domains.catalog import policies
from moviepoint.domains.catalog.documents import collection_document, term_document
from moviepoint.domains.catalog.models import (
    Collection,
    CollectionItem,
    CollectionText,
    Company,
    CompanyText,
    Genre,
    GenreText,
    Keyword,
    KeywordText,
    Title,
    TitleCompany,
    TitleGenre,
    TitleKeyword,
)
from moviepoint.domains.catalog.schemas import CollectionInput, TermInput, TitleInput
from moviepoint.domains.catalog.services import common
from moviepoint.domains.catalog.services.titles import save_title
from moviepoint.domains.history.services import record
from moviepoint.kernel.errors import Conflict, Invalid
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.i18n import ngettext
from moviepoint.kernel.policies import Actor, require

Term = Genre | Keyword | Company
TEXTS: Mapping[type[Any], type[Any]] = {Genre: GenreText, Keyword: KeywordText, Company: CompanyText}
#: Where a term is used: the column that names it, beside the one that names the title.
USES: Mapping[type[Any], tuple[Any, Any]] = {
    Genre: (TitleGenre.genre_id, TitleGenre.title_id), Keyword: (TitleKeyword.keyword_id, TitleKeyword.title_id),
    Company: (TitleCompany.company_id, TitleCompany.title_id)}


class TermName(msgspec.Struct):
    """A term's only text."""

    name: str


def save_term(session: Session, actor: Actor, model: type[Any], data: TermInput, term_id: int | None = None) -> Any:
    """Create a genre, keyword or company (`model`), or change one."""
    require(actor, policies.EDIT)
    names = {} if data.names is UNSET else data.names
    if term_id is None:
        if not names:
            raise Invalid(_("A name is missing."), fields={"names": [_("A name is missing.")]})
        term, before = model(slug=""), None
    else:
        term = common.find(session, model, term_id)
        before = term_document(term)
    common.set_slug(session, term, data.slug, next(iter(names.values()), term.slug))
    if model is Company:
        term.country = term.country or ""
        common.assign(term, data, ("country",) if hasattr(data, "country") else ())
    if term_id is None:
        session.add(term)
    if data.names is not UNSET:
        common.set_texts(term.texts, TEXTS[model], {locale: TermName(name) for locale, name in names.items()})
        term.texts[:] = [text for text in term.texts if text.locale in {
            common.language("names", locale) for locale in names}]
    session.flush()
    record(session, actor, "changed" if before else "created", entity_of(model), term.id, label_of(term),
           before=before, after=term_document(term))
    return term


def save_genre(session: Session, actor: Actor, data: TermInput, genre_id: int | None = None) -> Genre:
    """Create a genre, or change one."""
    genre: Genre = save_term(session, actor, Genre, data, genre_id)
    return genre


def delete_term(session: Session, actor: Actor, model: type[Any], term_id: int) -> None:
    """Delete a genre, keyword or company; one that titles use is kept, with a Conflict that says how many."""
    require(actor, policies.EDIT)
    term = common.find(session, model, term_id)
    column, _title = USES[model]
    if uses := session.scalar(select(func.count()).where(column == term_id)):
        raise Conflict(ngettext("%(num)d title still uses this. Take it from it first.",
                                "%(num)d titles still use this. Take it from them first.", uses))
    record(session, actor, "deleted", entity_of(model), term.id, label_of(term), before=term_document(term), after={})
    session.delete(term)
    session.flush()


def save_collection(session: Session, actor: Actor, data: CollectionInput,
                    collection_id: int | None = None) -> Collection:
    """Create a collection, or change one."""
    require(actor, policies.EDIT)
    if collection_id is None:
        collection, before = Collection(slug=""), None
    else:
        collection = common.find(session, Collection, collection_id)
        before = collection_document(collection, slugs_of(session, collection))
    if data.texts is not UNSET:
        common.set_texts(collection.texts, CollectionText, data.texts)
    if not collection.texts:
        raise Invalid(_("A name is missing."), fields={"texts": [_("A name is missing.")]})
    common.set_slug(session, collection, data.slug, collection.texts[0].name)
    session.add(collection)
    session.flush()
    if data.titles is not UNSET:
        titles = common.by_slug(session, Title, data.titles, "titles")
        _set_items(session, collection, [title.id for title in titles])
    record(session, actor, "changed" if before else "created", "collection", collection.id, label_of(collection),
           before=before, after=collection_document(collection, slugs_of(session, collection)))
    return collection


def delete_collection(session: Session, actor: Actor, collection_id: int) -> None:
    """Delete a collection; its titles stay."""
    require(actor, policies.EDIT)
    collection = common.find(session, Collection, collection_id)
    record(session, actor, "deleted", "collection", collection.id, label_of(collection),
           before=collection_document(collection, slugs_of(session, collection)), after={})
    session.delete(collection)
    session.flush()


def add_to_collection(session: Session, actor: Actor, collection_id: int, title_ids: Sequence[int]) -> int:
    """Put titles at the end of a collection; returns how many were not in it yet."""
    require(actor, policies.EDIT)
    collection = common.find(session, Collection, collection_id)
    before = collection_document(collection, slugs_of(session, collection))
    present = [item.title_id for item in collection.items]
    added = [title_id for title_id in dict.fromkeys(title_ids) if title_id not in present]
    _set_items(session, collection, present + added)
    record(session, actor, "changed", "collection", collection.id, label_of(collection),
           before=before, after=collection_document(collection, slugs_of(session, collection)))
    return len(added)


def add_genre(session: Session, actor: Actor, genre_slug: str, title_ids: Sequence[int]) -> int:
    """Give a genre to titles; returns how many did not have it yet."""
    require(actor, policies.EDIT)
    genre = common.by_slug(session, Genre, [genre_slug], "genre")[0]
    having = set(session.scalars(select(TitleGenre.title_id).where(
        TitleGenre.genre_id == genre.id, TitleGenre.title_id.in_(title_ids))))
    added = [common.find(session, Title, title_id) for title_id in dict.fromkeys(title_ids) if title_id not in having]
    for title in added:
        save_title(session, actor, TitleInput(genres=[*(had.slug for had in title.genres), genre.slug]), title.id)
    return len(added)


def slugs_of(session: Session, collection: Collection) -> list[str]:
    """Return the slugs of a collection's titles, in order."""
    return list(session.scalars(select(Title.slug).join(CollectionItem, CollectionItem.title_id == Title.id).where(
        CollectionItem.collection_id == collection.id).order_by(CollectionItem.position)))


def entity_of(model: type[Any]) -> str:
    """Return what history calls a model: "genre"."""
    return model.__name__.lower()


def label_of(term: Term | Collection) -> str:
    """Return a term's first name, or its slug."""
    return next((text.name for text in term.texts if text.name), term.slug)


def _set_items(session: Session, collection: Collection, title_ids: Sequence[int]) -> None:
    existing = {item.title_id: item for item in collection.items}
    collection.items[:] = [existing.get(title_id) or CollectionItem(title_id=title_id) for title_id in title_ids]
    for position, item in enumerate(collection.items):
        item.position = position
    session.flush()
