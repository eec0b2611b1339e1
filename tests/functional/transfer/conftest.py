"""A catalogue with one of everything, and an editor."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from moviepoint.domains.accounts.models import User
from moviepoint.domains.catalog import services as catalog
from moviepoint.domains.catalog.models import Company, Genre, Keyword
from moviepoint.domains.catalog.schemas import (
    CollectionInput,
    CompanyInput,
    PersonInput,
    SeasonInput,
    TermInput,
    TitleInput,
)
from moviepoint.kernel.db import unit_of_work
from moviepoint.kernel.policies import SYSTEM
from moviepoint.kernel.validation import convert

AELITA: dict[str, Any] = {
    "kind": "film", "slug": "aelita", "original_title": "Аэлита", "original_language": "ru", "year": 1924,
    "runtime": 111, "countries": ["SU"], "genres": ["drama"], "keywords": ["mars"],
    "texts": {"en": {"name": "Aelita | Queen of Mars", "overview": "A dream\n\nof \"Mars\"."},
              "ru": {"name": "Аэлита", "tagline": "=Анта, Одели, Ута"}},
    "credits": [{"person": "solntseva", "department": "acting", "character": "Aelita \\ the queen", "guest": True}],
    "companies": [{"company": "mezhrabpom", "role": "production"}],
    "releases": [{"country": "SU", "kind": "premiere", "date": "1924-09-25", "minimum_age": 12}],
    "alternative_titles": [{"name": "Queen of Mars", "locale": "en", "country": "US"}],
    "extras": [{"url": "https://example.org/a?b=1|2", "name": "Trailer"}],
    "external_ids": {"imdb": "tt0014646", "wikidata": "Q389413"}, "locks": ["tagline@ru"]}


@pytest.fixture
def catalogue(session: Session, queue: list[object]) -> None:
    """One of everything."""
    with unit_of_work() as work_session:
        catalog.save_term(work_session, SYSTEM, Genre, TermInput(names={"en": "Drama", "ru": "Драма"}))
        catalog.save_term(work_session, SYSTEM, Keyword, TermInput(names={"ru": "Марс"}, slug="mars"))
        catalog.save_term(work_session, SYSTEM, Company, CompanyInput(names={"ru": "Межрабпом"}, slug="mezhrabpom",
                                                                      country="SU"))
        catalog.save_person(work_session, SYSTEM, convert(PersonInput, {
            "name": "Yuliya Solntseva", "slug": "solntseva", "birth_year": 1901, "external_ids": {"imdb": "nm0"},
            "texts": {"ru": {"name": "Юлия Солнцева", "biography": "Актриса.\nРежиссёр."}}}))
        catalog.save_title(work_session, SYSTEM, convert(TitleInput, AELITA))
        series = catalog.save_title(work_session, SYSTEM, TitleInput(kind="series", original_title="Les Vampires",
                                                                     slug="les-vampires"))
        catalog.save_season(work_session, SYSTEM, series.id, convert(SeasonInput, {
            "number": 0, "texts": {"en": {"name": "Specials"}}, "episodes": [
                {"number": 1, "air_date": "1915-11-13",
                 "texts": {"fr": {"name": "La tête | coupée", "overview": "a\nb"}}},
                {"number": 2, "airs_before_season": 1}]}))
        catalog.save_collection(work_session, SYSTEM, convert(CollectionInput, {
            "slug": "silents", "texts": {"en": {"name": "Silents"}}, "titles": ["les-vampires", "aelita"]}))


@pytest.fixture
def editor(sign_in: Callable[..., User], queue: list[object]) -> User:
    return sign_in("editor")
