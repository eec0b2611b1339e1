"""What an import costs beside the bare services: rehearsal, application, a file that changes nothing, an export.

    python benchmarks/transfers.py [--rows 1000]

The reference saves the same titles by `save_title`, a hundred to a commit, in the same process and database.
Figures are CPU seconds of this process.
"""
from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from moviepoint.app import MoviePoint, create_app
from moviepoint.domains.catalog import services as catalog
from moviepoint.domains.catalog.models import Genre
from moviepoint.domains.catalog.schemas import PersonInput, TermInput, TitleInput
from moviepoint.domains.system.cli import upgrade_all
from moviepoint.domains.transfer import queries, services, tasks, work
from moviepoint.domains.transfer.models import Transfer
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.policies import SYSTEM
from moviepoint.kernel.validation import convert
from moviepoint.settings import Settings
from moviepoint.shells.admin.content import content_type

PEOPLE = 50
OVERVIEW = " ".join(["An overview."] * 9)


def main() -> None:
    """Print the table, and the figures as JSON on the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory(prefix="moviepoint-bench-") as folder:
        app = create_app(Settings(instance=Path(folder), secret_key="s" * 48))
        with app.app_context():
            upgrade_all()
            app.extensions["moviepoint.tasks"].enqueue = lambda *_, **__: None
            fill()
            report(rows, measure(app, rows))


def fill() -> None:
    """Enter the genres and people that the titles name."""
    with unit_of_work() as session:
        for slug in ("drama", "war"):
            catalog.save_term(session, SYSTEM, Genre, TermInput(names={"en": slug}, slug=slug))
        for number in range(PEOPLE):
            catalog.save_person(session, SYSTEM, PersonInput(name=f"Person {number}"))


def document(number: int, year: int) -> dict[str, Any]:
    """Return a film with texts in two languages, two genres and two credits."""
    return {"kind": "film", "original_title": f"Film {number}", "slug": f"film-{number}", "year": year,
            "genres": ["drama", "war"], "texts": {"en": {"name": f"Film {number}", "overview": OVERVIEW},
                                                  "ru": {"name": f"Фильм {number}"}},
            "credits": [{"person": f"person-{(number + turn) % PEOPLE}", "department": "acting"} for turn in (0, 7)]}


def measure(app: MoviePoint, rows: int) -> dict[str, float]:
    """Return CPU seconds by what was done."""
    spent = {"services, new": cpu(lambda: save_all(rows))}
    with unit_of_work() as session:
        session.execute(db.metadata.tables["titles"].delete())
    for name, year in (("new", 1950), ("same", 1950), ("changed", 1951)):
        data = json.dumps([document(number, year) for number in range(rows)]).encode()
        with unit_of_work() as session:
            transfer = services.start_import(session, SYSTEM, app.extensions["moviepoint.storage"],
                                             content_type("title"), data, format="json", in_place=True)
        spent[f"rehearsal, {name}"] = cpu(lambda id=transfer.id: work.run(tasks.desk(), id, SYSTEM))
        if queries.counts(db.session(), transfer.id)[name] != rows:
            raise SystemExit(f"not all rows are {name}")
        if name == "same":
            continue
        with unit_of_work() as session:
            services.apply(session, SYSTEM, content_type("title"), session.get_one(Transfer, transfer.id),
                           in_place=True)
        spent[f"application, {name}"] = cpu(lambda id=transfer.id: work.run(tasks.desk(), id, SYSTEM))
    with unit_of_work() as session:
        transfer = services.start_export(session, SYSTEM, content_type("title"), "csv", in_place=True)
    spent["export"] = cpu(lambda: work.run(tasks.desk(), transfer.id, SYSTEM))
    return spent


def save_all(rows: int) -> None:
    """Save the titles without any import: the reference."""
    for start in range(0, rows, 100):
        with unit_of_work() as session:
            for number in range(start, min(rows, start + 100)):
                catalog.save_title(session, SYSTEM, convert(TitleInput, document(number, 1950)))


def cpu(run: Callable[[], object]) -> float:
    began = time.process_time()
    run()
    db.session.remove()
    return time.process_time() - began


def report(rows: int, spent: dict[str, float]) -> None:
    """Print the table and the ratios to the reference."""
    reference = spent["services, new"]
    print(f"{'what':<22}{'CPU s':>8}{'ms a row':>10}{'ratio':>8}")
    for name, seconds in spent.items():
        print(f"{name:<22}{seconds:>8.2f}{seconds / rows * 1000:>10.2f}{seconds / reference:>8.2f}")
    print(json.dumps({name.replace(", ", "_").replace(" ", "_") + "_vs_services": round(seconds / reference, 2)
                      for name, seconds in spent.items() if seconds is not reference}))


if __name__ == "__main__":
    main()
