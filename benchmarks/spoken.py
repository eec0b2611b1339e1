"""How fast a search in what is said is, and how large its index, with as many cues as an archive has.

    python benchmarks/spoken.py [--cues 1000000]

Cues are made up of words as frequent as those of a language: the most common one stands in every third line.
Milliseconds are the processor's, of one warm process, so that neighbours on a busy machine do not count; who may watch
what is left out: that is asked of the database.
"""
from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from catalogue_data import CYRILLIC, LATIN, vocabulary

from moviepoint.domains.search.spoken.index import SpokenDocument, SpokenLine
from moviepoint.domains.search.spoken.whoosh import WhooshSpoken
from moviepoint.domains.search.spoken.words import terms

CUES, WORDS = 1_200, 7  # cues of a film, words of a cue
VOCABULARY = 40_000
ASKED = 40  # queries of a kind


class Talk:
    """Lines of a language that nobody speaks, the same each time."""

    def __init__(self, letters: object, seed: int) -> None:
        self.chance = random.Random(seed)
        word = vocabulary(self.chance, letters)
        self.words = list(dict.fromkeys(word(self.chance) for _ in range(VOCABULARY * 3)))[:VOCABULARY]
        self.weights = list(accumulate(1 / (rank + 3) for rank in range(len(self.words))))

    def line(self) -> str:
        return " ".join(self.chance.choices(self.words, cum_weights=self.weights, k=WORDS))


def main() -> None:
    """Print the table, and the figures as JSON on the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cues", type=int, default=1_000_000)
    cues = parser.parse_args().cues
    talks = [Talk(LATIN, 7), Talk(CYRILLIC, 11)]
    with tempfile.TemporaryDirectory(prefix="moviepoint-bench-") as folder:
        index, began = WhooshSpoken(Path(folder)), time.process_time()
        sample: list[str] = []
        tracks = index.rebuild(documents(talks, cues // CUES, sample))
        seconds = time.process_time() - began
        size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
        print(f"{tracks} tracks with {tracks * CUES:,} cues indexed in {seconds:.0f} s; {size / 1e6:.0f} MB\n")
        report(index, talks, sample, tracks, seconds, size)


def documents(talks: list[Talk], tracks: int, sample: list[str]) -> Iterator[SpokenDocument]:
    for number in range(1, tracks + 1):
        talk = talks[number % len(talks)]
        lines = tuple(SpokenLine(n * 4000, n * 4000 + 3000, talk.line()) for n in range(CUES))
        if number % max(1, tracks // ASKED) == 0:
            sample.append(f"{lines[600].text} {lines[601].text}")
        yield SpokenDocument(number, number, number, "en", f"state{number}", lines)


def report(index: WhooshSpoken, talks: list[Talk], sample: list[str], tracks: int, seconds: float, size: int) -> None:
    chance = random.Random(3)
    kinds = {
        "a sentence over two cues": [" ".join(two.split()[4:10]) for two in sample],
        "three words of a line": [" ".join(two.split()[1:4]) for two in sample],
        "one rare word": [chance.choice(talk.words[5_000:]) for talk in talks for _ in range(ASKED // 2)],
        "one usual word": [chance.choice(talk.words[50:1_000]) for talk in talks for _ in range(ASKED // 2)],
        "the most common words, one": [word for talk in talks for word in talk.words[:5]],
        "the most common words, three": [" ".join(chance.sample(talk.words[:8], 3)) for talk in talks * 5],
    }
    every: list[float] = []
    figures: dict[str, float] = {}
    print(f"{'milliseconds a query':<32}{'median':>8}{'p95':>8}{'hits':>10}")
    index.find(terms("warm up"))
    for kind, queries in kinds.items():
        times, hits = [], []
        for query in queries:
            began = time.process_time()
            found = index.find(terms(query))
            times.append((time.process_time() - began) * 1000)
            hits.append(sum(len(one.places) for one in found))
            if not found:
                raise SystemExit(f"{query!r} is said and was not found")
        every += times if "common" not in kind else []
        figures[f"{kind.replace(' ', '_').replace(',', '')}_p95_ms"] = round(p95(times), 1)
        print(f"{kind:<32}{statistics.median(times):>8.1f}{p95(times):>8.1f}{statistics.median(hits):>10,.0f}")
    figures["all_but_one_of_twelve_common_words_ms"] = round(timed_loose(index, talks[0]), 1)
    update = timed_update(index, talks[0], tracks)
    print(f"\nof all but the most common: p95 {p95(every):.1f} ms; one more track: {update * 1000:.0f} ms")
    print(json.dumps({"cues": tracks * CUES, "build_seconds": round(seconds, 1), "megabytes": round(size / 1e6, 1),
                      "p95_ms": round(p95(every), 1), "update_ms": round(update * 1000), **figures}))


def timed_loose(index: WhooshSpoken, talk: Talk) -> float:
    """Return the milliseconds of the dearest question there is: twelve of the most common words, but for any one."""
    began = time.process_time()
    index.find(terms(" ".join(talk.words[:12])), loose=True)
    return (time.process_time() - began) * 1000


def timed_update(index: WhooshSpoken, talk: Talk, tracks: int) -> float:
    """Return the seconds until a track that is added can be found, the median of five."""
    times = []
    for number in range(tracks + 1, tracks + 6):
        lines = tuple(SpokenLine(n * 4000, n * 4000 + 3000, talk.line()) for n in range(CUES))
        began = time.process_time()
        index.update([number], [SpokenDocument(number, number, number, "en", "new", lines)])
        if number not in index.known():
            raise SystemExit("a track was added and cannot be found")
        times.append(time.process_time() - began)
    return statistics.median(times)


def p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


if __name__ == "__main__":
    main()
