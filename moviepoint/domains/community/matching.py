"""Which title here a row from elsewhere means: by an id in somebody's catalogue, else by name and year."""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from moviepoint.domains.catalog.models import AlternativeTitle, ExternalId, Title, TitleText
from moviepoint.domains.community.exchange import Row

IDS = {"imdb": ("Const", "imdbID"), "tmdb": ("tmdbID",), "letterboxd": ("Letterboxd URI", "LetterboxdURI", "URL")}
NAMES = ("Name", "Title", "Original Title")
BATCH = 400


def match(session: Session, rows: Sequence[Row]) -> list[int | None]:
    """Return for each row the public title that it means, or None; in a few queries for all.

    A name alone is never enough: without a year, or where two titles have the same, nobody is guessed.
    """
    by_id = _by_id(session, rows)
    by_name = _by_name(session, {name for row in rows for name in names_of(row.document)})
    return [_found(row.document, by_id, by_name) for row in rows]


def names_of(document: Mapping[str, str]) -> list[str]:
    """Return under which names a row's title may be known, in small letters."""
    return [name for column in NAMES if (name := document.get(column, "").strip().lower())]


def _found(document: Mapping[str, str], by_id: Mapping[tuple[str, str], int],
           by_name: Mapping[str, Mapping[int, int | None]]) -> int | None:
    for scheme, columns in IDS.items():
        for column in columns:
            if (value := document.get(column, "").strip()) and (scheme, value) in by_id:
                return by_id[scheme, value]
    year = document.get("Year", "").strip()
    if not (year.isascii() and year.isdigit()):
        return None
    for name in names_of(document):
        found = [title_id for title_id, its in by_name.get(name, {}).items() if its == int(year)]
        if len(found) == 1:
            return found[0]
    return None


def _by_id(session: Session, rows: Sequence[Row]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for scheme, columns in IDS.items():
        values = {value for row in rows for column in columns if (value := row.document.get(column, "").strip())}
        for part in _parts(values):
            for value, title_id in session.execute(
                    select(ExternalId.value, Title.id).join(Title, Title.id == ExternalId.title_id)
                    .where(ExternalId.scheme == scheme, ExternalId.value.in_(part), Title.status == "published",
                           Title.deleted_at.is_(None))):
                found[scheme, value] = title_id
    return found


def _by_name(session: Session, names: Iterable[str]) -> dict[str, dict[int, int | None]]:
    """Return by name in small letters the titles that are called so, each with its year."""
    found: dict[str, dict[int, int | None]] = defaultdict(dict)
    public = (Title.status == "published", Title.deleted_at.is_(None))
    for part in _parts(set(names)):
        statements = [select(func.lower(Title.original_title), Title.id, Title.year).where(
            func.lower(Title.original_title).in_(part), *public)]
        statements += [select(func.lower(model.name), Title.id, Title.year).join(Title, Title.id == model.title_id)
                       .where(func.lower(model.name).in_(part), *public) for model in (TitleText, AlternativeTitle)]
        for statement in statements:
            for name, title_id, year in session.execute(statement):
                found[name][title_id] = year
    return found


def _parts(values: Iterable[str]) -> Iterable[list[str]]:
    rows = sorted(values)
    return (rows[start:start + BATCH] for start in range(0, len(rows), BATCH))
