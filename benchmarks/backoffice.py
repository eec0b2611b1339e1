"""The back office's list, form and save with 100,000 titles, against Django's admin on the same data.

    python benchmarks/backoffice.py [--titles 100000] [--runs 15] [--keep FOLDER]

Both run under gunicorn with the same workers and threads, on copies of one SQLite file, signed in as an administrator.
Requests are interleaved, and medians of the whole answer's time compared; CPU is that of all processes of a server, as
the kernel counts it, over all runs of a page. Queries are counted in this process. Django is installed into an
environment of its own, which goes with the folder; `--keep` keeps both, so that the next run begins at once.
"""
from __future__ import annotations

import argparse
import json
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import time
import urllib.parse
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.client import HTTPConnection
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from catalogue_data import CAST, GENRES, SOUGHT, administrator, fill
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

DJANGO = "Django>=5.2,<5.3"
#: The longest field in which a form shows a credit's character, in either back office.
CHARACTER = "-character"


@dataclass
class Side:
    """One back office: where it listens, who is signed in, and the addresses of the same pages."""

    name: str
    port: int
    cookies: dict[str, str]
    pages: dict[str, str]
    edit: str
    pid: int = 0
    seconds: dict[str, list[float]] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)
    weight: dict[str, int] = field(default_factory=dict)

    def ask(self, page: str, method: str, address: str, body: str | None = None) -> tuple[int, str]:
        """Send one request, note what it cost, and return its status and text; a redirect is not followed."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=300)
        headers = {"Cookie": "; ".join(map("=".join, self.cookies.items())), "Accept-Language": "en", "Referer": f"http://127.0.0.1:{self.port}/"}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        cpu, began = cpu_seconds(self.pid), time.perf_counter()
        connection.request(method, address, body, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        self.seconds.setdefault(page, []).append(time.perf_counter() - began)
        self.cpu[page] = self.cpu.get(page, 0.0) + cpu_seconds(self.pid) - cpu
        self.weight[page] = len(text.encode())
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                self.cookies.update([value.split(";")[0].split("=", 1)])
        connection.close()
        return answer.status, text


class Form(HTMLParser):
    """Reads the fields of the form that has credits, as a browser would send them."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[list[tuple[str, str]]] = []
        self._select = self._area = ""
        self._chosen: list[str] = []
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        had = dict(attrs)
        name, value = had.get("name") or "", had.get("value") or ""
        if tag == "form":
            self.forms.append([])
        elif not self.forms or "disabled" in had:
            return
        elif tag == "input" and name and had.get("type") not in ("submit", "file", "button") and (
                had.get("type") not in ("checkbox", "radio") or "checked" in had):
            self.forms[-1].append((name, value or ("on" if had.get("type") == "checkbox" else "")))
        elif tag == "select":
            self._select, self._chosen, self._first = name, [], None
        elif tag == "option" and self._select:
            if "selected" in had:
                self.forms[-1].append((self._select, value))
        elif tag == "textarea":
            self._area, self._text = name, ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        elif tag == "textarea" and self._area:
            self.forms[-1].append((self._area, self._text))
            self._area = ""


def main() -> None:
    """Print the table, and the ratios and numbers of queries as JSON on the last line."""
    options = arguments()
    with folder_of(options.keep) as work:
        edited = make_data(work, options.titles)
        cookie, counted = count_queries(work, edited)
        ours, django = sides(work, edited, cookie)
        with served(ours.port, gunicorn(ours.port, "moviepoint.app:create_app()"), our_environment(work)) as ours.pid, \
                served(django.port, gunicorn(django.port, "django_site.wsgi", work / "venv/bin/python"),
                       their_environment(work)) as django.pid:
            for side in (ours, django):  # caches, connections, compiled templates
                for page, address in side.pages.items():
                    for _ in range(2 * WORKERS):
                        expect(side.ask("warm", "GET", address), 200, page)
            for run in range(options.runs):
                for page in ours.pages:
                    for side in (ours, django) if run % 2 else (django, ours):
                        expect(side.ask(page, "GET", side.pages[page]), 200, page)
                for side in (ours, django) if run % 2 else (django, ours):
                    save(side, run)
    report(options, ours, django, counted)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--titles", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--keep", type=Path, help="a folder for the data, the index and Django, to be used again")
    return parser.parse_args()


def make_data(work: Path, titles: int) -> int:
    """Make the database, the index of the back office, Django's environment and its copy, where they are not there."""
    done = work / f"ready-{titles}"
    if not done.exists():
        for path in ("instance", "their.sqlite3", "their.sqlite3-wal", "their.sqlite3-shm"):
            shutil.rmtree(work / path, ignore_errors=True)
            (work / path).unlink(missing_ok=True) if (work / path).is_file() else None
        app = create_app(our_settings(work))
        with app.app_context():
            upgrade_all()
            say(f"entering {titles} titles")
            fill(db.session(), titles)
            say("indexing them")
            services.rebuild(db.session(), current_index(private=True), current_sources(private=True))
            db.session.remove()
            db.engine.dispose()
        with sqlite3.connect(next((work / "instance").glob("moviepoint*.sqlite3"))) as from_, \
                sqlite3.connect(work / "their.sqlite3") as to:
            from_.backup(to)
        done.touch()
    environment_of_its_own(work, DJANGO)
    return titles // 2


def count_queries(work: Path, edited: int) -> tuple[str, dict[str, int]]:
    """Return the cookie of an administrator, and how many queries each page costs, counted in this process."""
    app = create_app(our_settings(work))
    counts: dict[str, int] = {}
    with app.app_context():
        user = administrator(db.session())
        client = app.test_client()
        with client.session_transaction() as kept:
            kept.update({"_user_id": user.fs_uniquifier, "_fresh": True, "fs_cc": "set"})
        cookie = client.get_cookie("session")
        if cookie is None:
            raise SystemExit("the administrator could not be signed in")
        db.session.remove()
    for page, (method, address) in {
            **{page: ("GET", address) for page, address in our_pages(edited).items()},
            "save": ("POST", f"/admin/titles/{edited}")}.items():
        data = None
        client.get(address)  # what is kept from then on is not counted
        if method == "POST":
            data = urllib.parse.parse_qs(changed(client.get(address).text, "counted"), keep_blank_values=True)
        with counting() as statements:
            status = client.open(address, method=method, data=data).status_code
        expect((status, ""), 302 if data else 200, page)
        counts[page] = len(statements)
    with app.app_context():
        db.engine.dispose()
    return cookie.value, counts


def last_page(edited: int) -> int:
    """Return 500, or the last page of a smaller catalogue."""
    return min(500, edited * 2 // 50)


def our_pages(edited: int) -> dict[str, str]:
    return {"list": "/admin/titles/", "genre and year": "/admin/titles/?genre=drama&year_from=1950&year_to=1950",
            "search": f"/admin/titles/?q={SOUGHT}", "page 500": f"/admin/titles/?page={last_page(edited)}",
            "edit": f"/admin/titles/{edited}"}


def sides(work: Path, edited: int, cookie: str) -> tuple[Side, Side]:
    found = subprocess.run([str(work / "venv/bin/python"), "-m", "django_site.prepare"], cwd=ROOT / "benchmarks",
                           env=their_environment(work), check=True, capture_output=True, text=True)
    admin = "/admin/django_site/title"
    return (Side("MoviePoint", 8791, {"session": cookie}, our_pages(edited), f"/admin/titles/{edited}"),
            Side("Django", 8792, {"sessionid": found.stdout.strip().splitlines()[-1]}, {
                "list": f"{admin}/",
                "genre and year": f"{admin}/?genres__id__exact={GENRES.index('drama') + 1}&year=1950",
                "search": f"{admin}/?q={SOUGHT}", "page 500": f"{admin}/?p={last_page(edited)}",
                "edit": f"{admin}/{edited}/change/"}, f"{admin}/{edited}/change/"))


def save(side: Side, run: int) -> None:
    """Save the title with all of its credits changed."""
    status, page = side.ask("read before saving", "GET", side.edit)
    expect((status, page), 200, "edit")
    body = changed(page, f"{side.name} {run}")
    expect(side.ask("save", "POST", side.edit, body), 302, "save")


def changed(page: str, word: str) -> str:
    """Return the body that saves a page's form with every character called otherwise."""
    reader = Form()
    reader.feed(page)
    form = max(reader.forms, key=lambda fields: sum(CHARACTER in name for name, _ in fields))
    renamed = [(name, f"{value} {word}"[-190:] if name.endswith(CHARACTER) and value else value)
               for name, value in form]
    if sum(before != after for before, after in zip(form, renamed, strict=True)) != CAST:
        raise SystemExit("the form does not hold the credits that it should")
    return urllib.parse.urlencode(renamed)


def report(options: argparse.Namespace, ours: Side, django: Side, counted: dict[str, int]) -> None:
    """A table of medians, and the worst ratio of the lists."""
    pages = [*ours.pages, "save"]
    ratios = {}
    print(f"{options.titles} titles, {options.runs} runs, {WORKERS} gunicorn workers with {THREADS} threads each, "
          f"{os.cpu_count()} cores; milliseconds")
    print(f"{'page':<16}{'ours':>8}{'Django':>8}{'ratio':>7}{'our CPU':>9}{'its CPU':>9}{'queries':>9}{'KiB':>7}"
          f"{'its KiB':>9}")
    for page in pages:
        mine, theirs = (statistics.median(side.seconds[page]) for side in (ours, django))
        ratios[page] = mine / theirs
        cpu = [side.cpu[page] / len(side.seconds[page]) * 1000 for side in (ours, django)]
        print(f"{page:<16}{mine * 1000:>8.1f}{theirs * 1000:>8.1f}{ratios[page]:>7.2f}{cpu[0]:>9.1f}{cpu[1]:>9.1f}"
              f"{counted[page]:>9}{ours.weight[page] / 1024:>7.1f}{django.weight[page] / 1024:>9.1f}")
    lists = [page for page in pages if page not in ("edit", "save")]
    print(json.dumps({
        "list_vs_django": round(max(ratios[page] for page in lists), 3),
        "edit_vs_django": round(ratios["edit"], 3), "save_vs_django": round(ratios["save"], 3),
        "list_queries": max(counted[page] for page in lists), "edit_queries": counted["edit"],
        "save_queries": counted["save"], "edit_page_kib": round(ours.weight["edit"] / 1024, 1),
        "list_cpu_ms": round(max(ours.cpu[page] / len(ours.seconds[page]) for page in lists) * 1000, 1),
        "edit_cpu_ms": round(ours.cpu["edit"] / len(ours.seconds["edit"]) * 1000, 1),
        "save_cpu_ms": round(ours.cpu["save"] / len(ours.seconds["save"]) * 1000, 1)}))


if __name__ == "__main__":
    main()
