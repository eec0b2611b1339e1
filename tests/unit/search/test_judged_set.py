"""Success over the judged set: what is meant comes first, or among the first three."""
from __future__ import annotations

import pytest

from moviepoint.domains.search.whoosh_index import WhooshIndex

from .conftest import Shelf
from .judged import Verdict, film_documents, judge, judged_queries


@pytest.fixture(scope="module")
def verdict(shelf: Shelf, tmp_path_factory: pytest.TempPathFactory) -> Verdict:
    documents = film_documents()
    names = {("title", n): work.en for n, work in enumerate(shelf.works)}
    names |= {("person", n): person.name for n, person in enumerate(shelf.people)}
    names |= {(source, document.id): name for source, rows in documents.items() for name, document in rows}
    index = WhooshIndex(tmp_path_factory.mktemp("judged"))
    index.rebuild({"title": [*shelf.titles, *(document for _, document in documents["title"])],
                   "person": [*shelf.persons, *(document for _, document in documents["person"])]})
    queries = judged_queries()
    assert {query.meant for query in queries} <= set(names.values())
    return judge(index, names, queries)


def test_there_are_enough_queries_and_titles(shelf: Shelf) -> None:
    queries = judged_queries()
    assert len({(query.text, query.meant) for query in queries}) >= 200
    assert len(shelf.works) + len(film_documents()["title"]) >= 300


def test_what_is_meant_comes_first(verdict: Verdict) -> None:
    assert verdict.success_at_1 >= 0.95, verdict.missed


def test_what_is_meant_is_among_the_first_three(verdict: Verdict) -> None:
    assert verdict.success_at_3 >= 0.99, verdict.missed
