"""The site's home, title, list and search pages with 10,000 titles, against Wagtail's on the same data.

    python benchmarks/pages.py [--titles 10000] [--seconds 4] [--rounds 3] [--keep FOLDER]

Both run under gunicorn with the same workers and threads, on SQLite, with the same rows: a head and seven rows of 18
posters on the home page, 36 posters a list, 18 related titles, 20 results. Four visitors ask for pages one after the
other over connections that stay open, title pages and searches of many titles and words; the sides take turns, and the
medians of pages a second are compared. Queries of ours are counted in this process. Wagtail is installed into an
environment of its own, which goes with the folder; `--keep` keeps both, so that the next run begins at once.
"""
from __future__ import annotations

import argparse
import itertools
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from catalogue_data import fill
from serving import (
    ROOT,
    THREADS,
    WORKERS,
    counting,
    cpu_seconds,
    environment_of_its_own,
    expect,
    folder_of,
    gunicorn,
    our_environment,
    our_settings,
    say,
    served,
    their_environment,
)

from moviepoint.app import create_app
from moviepoint.domains.search import services
from moviepoint.domains.search.engine import current_index, current_sources
from moviepoint.domains.system.cli import upgrade_all
from moviepoint.kernel.db import db

WAGTAIL = ("wagtail>=8.0,<8.1", "Django>=5.2,<5.3")
PAGES = ("home", "title", "list", "search")
VISITORS, SAMPLE = 4, 400


@dataclass
class Side:
    """One site: where it listens, and the addresses of each kind of page, asked for in turn."""

    name: str
    port: int
    addresses: dict[str, list[str]]
    pid: int = 0
    rates: dict[str, list[float]] = field(default_factory=dict)  # pages a second
    cpu: dict[str, list[float]] = field(default_factory=dict)  # milliseconds a page
    weight: dict[str, float] = field(default_factory=dict)  # KiB


def main() -> None:
    """Print the table, and the ratios of the rates as JSON on the last line."""
    options = arguments()
    with folder_of(options.keep) as work:
        films, words = make_data(work, options.titles)
        ours = Side("MoviePoint", 8793, {
            "home": ["/en/"], "title": [f"/en/films/{slug}" for slug in films],
            "list": [f"/en/films?page={n}" for n in range(1, 21)],
            "search": [f"/en/search?q={word}" for word in words]})
        theirs = Side("Wagtail", 8794, {
            "home": ["/"], "title": [f"/films/{slug}/" for slug in films],
            "list": [f"/films/?page={n}" for n in range(1, 21)], "search": [f"/search/?q={word}" for word in words]})
        queries = count_queries(work, ours)
        with served(ours.port, gunicorn(ours.port, "moviepoint.app:create_app()"), our_environment(work)) as ours.pid, \
                served(theirs.port, gunicorn(theirs.port, "wagtail_site.wsgi", work / "venv/bin/python"),
                       their_environment(work)) as theirs.pid:
            for side, page in itertools.product((ours, theirs), PAGES):
                ask(side, page, options.seconds / 2)  # caches, connections, compiled templates
            for turn in range(options.rounds):
                for page in PAGES:
                    for side in (ours, theirs) if turn % 2 else (theirs, ours):
                        measure(side, page, options.seconds)
    report(options, ours, theirs, queries)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--titles", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=4.0, help="for each kind of page, side and round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--keep", type=Path, help="a folder for the data, the index and Wagtail, to be used again")
    return parser.parse_args()


def make_data(work: Path, titles: int) -> tuple[list[str], list[str]]:
    """Make both databases and Wagtail's environment where they are not there; return films' slugs and words to seek."""
    python = environment_of_its_own(work, *WAGTAIL)
    done = work / f"ready-{titles}"
    if not done.exists():
        app = create_app(our_settings(work))
        with app.app_context():
            upgrade_all()
            say(f"entering {titles} titles")
            fill(db.session(), titles)
            say("indexing them")
            services.rebuild(db.session(), current_index(), current_sources())
            db.session.remove()
            db.engine.dispose()
        say("entering them in Wagtail")
        subprocess.run([str(python), "-m", "wagtail_site.prepare", str(work / "instance/moviepoint.sqlite3")],
                       cwd=ROOT / "benchmarks", env=their_environment(work), check=True)
        done.touch()
    with sqlite3.connect(work / "instance/moviepoint.sqlite3") as rows:
        films = rows.execute("select t.slug, x.name from titles t join title_texts x on x.title_id = t.id and "
                             "x.locale = 'en' where t.kind = 'film' and t.status = 'published' order by t.id limit ?",
                             (SAMPLE,)).fetchall()
    return [slug for slug, _name in films], sorted({name.split()[0].lower() for _slug, name in films})


def count_queries(work: Path, ours: Side) -> dict[str, int]:
    """Return how many queries each page costs us, in a process that has shown such a page before."""
    counts = {}
    app = create_app(our_settings(work))
    client = app.test_client()
    for page in PAGES:
        before, address = ours.addresses[page][-1], ours.addresses[page][0]
        expect((client.get(before).status_code, ""), 200, page)
        with counting() as statements:
            status = client.get(address).status_code
        expect((status, ""), 200, page)
        counts[page] = len(statements)
    with app.app_context():
        db.engine.dispose()
    return counts


def measure(side: Side, page: str, seconds: float) -> None:
    cpu, began = cpu_seconds(side.pid), time.perf_counter()
    answered = ask(side, page, seconds)
    took = time.perf_counter() - began
    side.rates.setdefault(page, []).append(answered / took)
    side.cpu.setdefault(page, []).append((cpu_seconds(side.pid) - cpu) * 1000 / answered)


def ask(side: Side, page: str, seconds: float) -> int:
    """Have four visitors ask for pages of a kind for some seconds; return how many they got."""
    until, counts = time.perf_counter() + seconds, [0] * VISITORS
    faults: list[str] = []

    def visit(number: int) -> None:
        connection = HTTPConnection("127.0.0.1", side.port, timeout=60)
        addresses = side.addresses[page]
        for place in itertools.count(number * len(addresses) // VISITORS):
            if time.perf_counter() > until:
                break
            connection.request("GET", addresses[place % len(addresses)])
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != 200:
                faults.append(f"{side.name}, {addresses[place % len(addresses)]}: {answer.status}")
                break
            side.weight[page] = len(text) / 1024
            counts[number] += 1
        connection.close()

    visitors = [threading.Thread(target=visit, args=(number,)) for number in range(VISITORS)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    if faults:
        raise SystemExit(faults[0])
    return sum(counts)


def report(options: argparse.Namespace, ours: Side, theirs: Side, queries: dict[str, int]) -> None:
    """A table of medians, and the ratios."""
    print(f"{options.titles} titles, {options.rounds} rounds of {options.seconds:g} s, {WORKERS} gunicorn workers with "
          f"{THREADS} threads each, {os.cpu_count()} cores, {VISITORS} visitors; pages a second, CPU ms a page")
    print(f"{'page':<8}{'ours':>9}{'Wagtail':>9}{'ratio':>7}{'our CPU':>9}{'its CPU':>9}{'queries':>9}{'KiB':>7}"
          f"{'its KiB':>9}")
    ratios = {}
    for page in PAGES:
        rates = [statistics.median(side.rates[page]) for side in (ours, theirs)]
        cpu = [statistics.median(side.cpu[page]) for side in (ours, theirs)]
        ratios[page] = rates[0] / rates[1]
        print(f"{page:<8}{rates[0]:>9.1f}{rates[1]:>9.1f}{ratios[page]:>7.2f}{cpu[0]:>9.1f}{cpu[1]:>9.1f}"
              f"{queries[page]:>9}{ours.weight[page]:>7.1f}{theirs.weight[page]:>9.1f}")
    print(json.dumps({f"{page}_vs_wagtail": round(ratios[page], 2) for page in PAGES}
                     | {f"{page}_queries": queries[page] for page in PAGES}))


if __name__ == "__main__":
    main()
