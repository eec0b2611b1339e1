"""Whether search finds what is meant, and how fast, with real films among made-up ones.

    python benchmarks/search.py [--titles 10000]

The judged queries of the tests are asked of the same real titles among noise. Milliseconds are one warm process's.
"""
from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from catalogue_data import CYRILLIC, GENRES, LATIN, vocabulary

from moviepoint.domains.search.queries import make_query, run
from moviepoint.domains.search.whoosh_index import WhooshIndex
from moviepoint.hooks.types import SearchDocument
from tests.unit.search.conftest import Shelf
from tests.unit.search.judged import film_documents, judge, judged_queries


def main() -> None:
    """Print the tables, and the figures as JSON on the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--titles", type=int, default=10_000)
    count = parser.parse_args().titles
    with tempfile.TemporaryDirectory(prefix="moviepoint-bench-") as folder:
        index, names, seconds = build(Path(folder), count)
        report(index, names, count, seconds)


def build(folder: Path, count: int) -> tuple[WhooshIndex, dict[tuple[str, int], str], float]:
    """Index the real films and people, and `count` titles of noise."""
    shelf, films = Shelf(), film_documents()
    names = {("title", n): work.en for n, work in enumerate(shelf.works)}
    names |= {("person", n): person.name for n, person in enumerate(shelf.people)}
    names |= {(source, document.id): name for source, rows in films.items() for name, document in rows}
    index, began = WhooshIndex(folder), time.monotonic()
    index.rebuild({"title": [*shelf.titles, *(document for _, document in films["title"]), *noise(count)],
                   "person": [*shelf.persons, *(document for _, document in films["person"])]})
    return index, names, time.monotonic() - began


def noise(count: int) -> Iterator[SearchDocument]:
    """Yield titles that mean nothing, the same each time."""
    chance = random.Random(7)
    english, russian = vocabulary(chance, LATIN), vocabulary(chance, CYRILLIC)
    for number in range(count):
        yield SearchDocument(
            kind="film", id=10_000_000 + number, original_title=f"{english(chance)} {english(chance)}".title(),
            titles=(f"{russian(chance)} {russian(chance)}".title(),), genres=tuple(chance.sample(GENRES, 2)),
            people=tuple(f"{english(chance)} {english(chance)}".title() for _ in range(3)),
            text=(" ".join(english(chance) for _ in range(40)), " ".join(russian(chance) for _ in range(40))),
            year=chance.randint(1900, 2025), popularity=chance.random())


def report(index: WhooshIndex, names: dict[tuple[str, int], str], count: int, seconds: float) -> None:
    queries = judged_queries()
    verdict = judge(index, names, queries)  # warms, too
    print(f"{len(names)} real documents among {count} made up, indexed in {seconds:.0f} s\n")
    print(f"{'queries':<20}{'asked':>7}{'first':>7}{'third':>7}")
    for kind, asked in verdict.asked.items():
        print(f"{kind:<20}{asked:>7}{verdict.first[kind]:>7}{verdict.third[kind]:>7}")
    for query, found in verdict.missed.items():
        print(f"not first: {query.text!r} means {query.meant}, found {found}")
    fresh = [timed_fresh(index, query.text) for query in queries]
    results = [timed(lambda text=query.text: run(index, make_query(text))) for query in queries]
    typed = [query.text[:end] for query in queries for end in range(2, min(len(query.text), 8) + 1)]
    suggest = [timed(lambda text=text: index.suggest(text, 8)) for text in typed]
    for name, times in (("results, words not asked for before", fresh), ("results", results), ("suggestions", suggest)):
        print(f"{name}: median {statistics.median(times):.1f} ms, p95 {p95(times):.1f} ms of {len(times)}")
    print(json.dumps({"success_at_1": round(verdict.success_at_1, 4), "success_at_3": round(verdict.success_at_3, 4),
                      "results_p95_ms": round(p95(fresh), 1),
                      "results_again_p95_ms": round(p95(results), 1), "suggest_p95_ms": round(p95(suggest), 1)}))


def timed_fresh(index: WhooshIndex, text: str) -> float:
    """Return the time of a query that shares no word with an earlier one: nothing of it is remembered."""
    index.forget()
    return timed(lambda: run(index, make_query(text)))


def timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


def p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


if __name__ == "__main__":
    main()
