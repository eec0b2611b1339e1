"""Three hundred real titles and what people type to find them; the benchmark asks the same, among noise."""
from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from moviepoint.domains.search.index import SearchIndex
from moviepoint.domains.search.queries import make_query, run
from moviepoint.hooks.types import SearchDocument

HERE = Path(__file__).parent
FIRST_FILM, FIRST_PERSON = 1_000_000, 2_000_000  # ids that no other document of an index has


class Judged(NamedTuple):
    """What is typed, of what kind that is, and the name that it means."""

    kind: str
    text: str
    meant: str


class Verdict(NamedTuple):
    """How many queries found what they mean first, and among the first three; what the others found."""

    asked: Counter[str]
    first: Counter[str]
    third: Counter[str]
    missed: Mapping[Judged, list[str]]

    @property
    def success_at_1(self) -> float:
        return self.first.total() / self.asked.total()

    @property
    def success_at_3(self) -> float:
        return self.third.total() / self.asked.total()


def judged_queries() -> list[Judged]:
    data: dict[str, list[list[str]]] = tomllib.loads((HERE / "judged.toml").read_text("utf-8"))
    return [Judged(kind, text, meant) for kind, pairs in data.items() for text, meant in pairs]


def film_documents() -> dict[str, list[tuple[str, SearchDocument]]]:
    """Return the films and their directors as documents by source, each with its English name."""
    russian = dict(_rows("directors.txt"))
    titles, people = list[tuple[str, SearchDocument]](), dict[str, SearchDocument]()
    for number, row in enumerate(_rows("films.txt")):
        original, english, title, year, director, about, other = [*row, "", ""][:7]
        english = original if english == "=" else english
        names = (director, russian[director]) if director in russian else (director,)
        titles.append((english, SearchDocument(
            kind="film", id=FIRST_FILM + number, original_title=original, people=names, year=int(year),
            titles=tuple(filter(None, (english, title, other))), text=(about,))))
        people.setdefault(director, SearchDocument(
            kind="person", id=FIRST_PERSON + len(people), original_title=director, titles=names[1:]))
    return {"title": titles, "person": list(people.items())}


def judge(index: SearchIndex, names: Mapping[tuple[str, int], str], queries: Iterable[Judged]) -> Verdict:
    """Ask every query; what has no name among `names` is noise."""
    verdict = Verdict(Counter(), Counter(), Counter(), missed := {})
    for query in queries:
        found = [names.get((hit.source, hit.id), "noise") for hit in run(index, make_query(query.text)).found[:3]]
        verdict.asked[query.kind] += 1
        verdict.first[query.kind] += query.meant in found[:1]
        verdict.third[query.kind] += query.meant in found
        if query.meant not in found[:1]:
            missed[query] = found
    return verdict


def _rows(name: str) -> list[list[str]]:
    lines = (HERE / name).read_text("utf-8").splitlines()
    return [line.split("|") for line in lines if not line.startswith("#")]
