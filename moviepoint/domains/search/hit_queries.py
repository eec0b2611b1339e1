"""What is read of titles to show why they were found: texts, other names, people."""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import bindparam, literal, select, union_all
from sqlalchemy.orm import Session

from moviepoint.domains.catalog.models import AlternativeTitle, Credit, Person, PersonText, TitleText
from moviepoint.kernel.db import read

IDS: Any = bindparam("ids", expanding=True)
FIRST_CREDITS = 40  # of a title that are looked at


class TextRow(NamedTuple):
    """A title's text in one locale; an alternative name is one without an overview."""

    locale: str
    name: str
    overview: str


def title_texts(session: Session, ids: Sequence[int]) -> Mapping[int, list[TextRow]]:
    """Return the texts of titles in all locales, and their other names, in one query."""
    found: dict[int, list[TextRow]] = defaultdict(list)
    if ids:
        for row in read(session, _texts(), {"ids": ids}):
            found[row[0]].append(TextRow._make(row[1:]))
    return found


@cache
def _texts() -> Any:
    return union_all(
        select(TitleText.title_id, TitleText.locale, TitleText.name, TitleText.overview).where(
            TitleText.title_id.in_(IDS)),
        select(AlternativeTitle.title_id, AlternativeTitle.locale, AlternativeTitle.name, literal("")).where(
            AlternativeTitle.title_id.in_(IDS)))


def credited(session: Session, ids: Sequence[int]) -> Mapping[int, Mapping[int, dict[str, str]]]:
    """Return, by title and person, the names of those who are credited first: by locale, and under "" the original."""
    found: dict[int, dict[int, dict[str, str]]] = defaultdict(dict)
    if ids:
        for title_id, person_id, name, locale, translated in read(session, _credited(), {"ids": ids}):
            names = found[title_id].setdefault(person_id, {"": name})
            if translated:
                names[locale] = translated
    return found


@cache
def _credited() -> Any:
    return (select(Credit.title_id, Person.id, Person.name, PersonText.locale, PersonText.name)
            .join(Person, Person.id == Credit.person_id).outerjoin(PersonText, PersonText.person_id == Person.id)
            .where(Credit.title_id.in_(IDS), Credit.position < FIRST_CREDITS)
            .order_by(Credit.title_id, Credit.position))
