"""What of the catalogue can be found: published titles and people credited in them; by editors, all titles."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload
from sqlalchemy.sql import ColumnElement

from moviepoint.domains.catalog.models import Credit, Episode, Person, Season, Title, TitleScore
from moviepoint.hooks.types import SearchDocument, SearchSource


def title_ids(session: Session) -> Iterable[int]:
    """Return the ids of all titles that everybody may see."""
    return session.scalars(select(Title.id).where(Title.status == "published").order_by(Title.id))


def title_documents(session: Session, ids: Sequence[int]) -> Iterator[SearchDocument]:
    """Yield the documents of titles, in a number of queries that does not grow with theirs."""
    yield from _title_documents(session, Title.id.in_(ids) & (Title.status == "published"))


def live_ids(session: Session) -> Iterable[int]:
    """Return the ids of all titles that are not in the bin, public or not."""
    return session.scalars(select(Title.id).where(Title.deleted_at.is_(None)).order_by(Title.id))


def live_documents(session: Session, ids: Sequence[int]) -> Iterator[SearchDocument]:
    """Yield the documents of titles that are not in the bin, public or not."""
    yield from _title_documents(session, Title.id.in_(ids) & Title.deleted_at.is_(None))


def _title_documents(session: Session, where: ColumnElement[bool]) -> Iterator[SearchDocument]:
    rows = session.scalars(select(Title).where(where).options(
        selectinload(Title.texts), selectinload(Title.genres), selectinload(Title.alternative_titles),
        selectinload(Title.credits).joinedload(Credit.person).selectinload(Person.texts),
        selectinload(Title.seasons).selectinload(Season.episodes).selectinload(Episode.texts))).all()
    scores = {row.title_id: row for row in session.scalars(select(TitleScore).where(
        TitleScore.title_id.in_([title.id for title in rows]), TitleScore.votes > 0))} if rows else {}
    for title in rows:
        score = scores.get(title.id)
        people = [credit.person for credit in title.credits]
        episodes = [episode for season in title.seasons for episode in season.episodes]
        yield SearchDocument(
            kind=title.kind, id=title.id, original_title=title.original_title,
            titles=tuple(dict.fromkeys(row.name for rows in (title.texts, title.alternative_titles)
                                       for row in rows if row.name)),  # type: ignore[attr-defined]
            people=_names(people),
            text=tuple(part for text in title.texts for part in (text.tagline, text.overview) if part)
            + tuple(name for episode in episodes for name in (
                episode.original_title, *(text.name for text in episode.texts)) if name),
            genres=tuple(genre.slug for genre in title.genres), year=title.year,
            names={title.original_language: title.original_title}
            | {text.locale: text.name for text in title.texts if text.name},
            facets={"country": tuple(title.countries.split())},
            rating=round(score.score, 1) if score else None, votes=score.votes if score else 0)


def people_of(session: Session, ids: Sequence[int]) -> Mapping[str, Sequence[int]]:
    """Return who is credited in these titles: people can be found when one of their titles is public."""
    return {"person": session.scalars(select(Credit.person_id).where(Credit.title_id.in_(ids)).distinct()).all()}


def person_ids(session: Session) -> Iterable[int]:
    """Return the ids of all people who are credited in something that everybody may see."""
    return session.scalars(select(Person.id).where(Person.credits.any(Credit.title.has(Title.status == "published")))
                           .order_by(Person.id))


def person_documents(session: Session, ids: Sequence[int]) -> Iterator[SearchDocument]:
    """Yield the documents of people."""
    rows = session.scalars(select(Person).where(
        Person.id.in_(ids), Person.credits.any(Credit.title.has(Title.status == "published"))).options(
        selectinload(Person.texts)))
    for person in rows:
        yield SearchDocument(kind="person", id=person.id, original_title=person.name,
                             titles=tuple(dict.fromkeys(text.name for text in person.texts if text.name)),
                             names={text.locale: text.name for text in person.texts if text.name},
                             text=tuple(text.biography for text in person.texts if text.biography))


def titles_of(session: Session, ids: Sequence[int]) -> Mapping[str, Sequence[int]]:
    """Return the titles that credit these people: their names are part of what a title is found by."""
    return {"title": session.scalars(select(Credit.title_id).where(Credit.person_id.in_(ids)).distinct()).all()}


def _names(people: Iterable[Person]) -> tuple[str, ...]:
    found = [name for person in people for name in (person.name, *(text.name for text in person.texts)) if name]
    return tuple(dict.fromkeys(found))


SOURCES = (SearchSource("title", ("film", "series"), title_ids, title_documents, people_of),
           SearchSource("person", ("person",), person_ids, person_documents, titles_of),
           SearchSource("title", ("film", "series"), live_ids, live_documents, private=True),
           # nothing of its own: that somebody has a new name changes the documents of their titles
           SearchSource("person", (), lambda _session: (), lambda _session, _ids: (), titles_of, private=True))
