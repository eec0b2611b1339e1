"""What the public pages cost a visitor with a slow phone, in Debian's Chromium: weight, layout shift, largest paint.

    python benchmarks/browser.py [--titles 10000] [--runs 3] [--keep FOLDER]

The phone is 390 by 844 pixels, four times slower than this machine, on a line of 1.6 Mbit/s with 150 ms to and fro,
which Lighthouse calls "slow 4G". Each page is opened with an empty cache by a new visitor, scrolled to its end, and
looked at for what moved. The server has answered each page before, as one that is up. Weights are bytes on the line;
posters are counted apart. The site runs under gunicorn behind nginx, which compresses texts.
"""
from __future__ import annotations

import argparse
import io
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from catalogue_data import fill
from PIL import Image as Picture
from playwright.sync_api import Browser, sync_playwright
from serving import folder_of, gunicorn, our_environment, our_settings, say, served, warm
from sqlalchemy import select

from moviepoint.app import create_app
from moviepoint.domains.catalog.images import WIDTHS
from moviepoint.domains.catalog.models import Image
from moviepoint.domains.search import services
from moviepoint.domains.search.engine import current_index, current_sources
from moviepoint.domains.system.cli import upgrade_all
from moviepoint.kernel.db import db

PAGES = {"home": "/en/", "title": "/en/films/title-1", "list": "/en/films", "search": "/en/search?q=harbour"}
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync"]
PHONE = {"width": 390, "height": 844}
SLOWER, LATENCY, KBITS = 4, 150, 1600
PORT, FRONT = 8795, 8796
WATCH = """
window.shifts = 0; window.largest = 0;
new PerformanceObserver(list => { for (const e of list.getEntries()) if (!e.hadRecentInput) window.shifts += e.value; })
  .observe({ type: "layout-shift", buffered: true });
new PerformanceObserver(list => { for (const e of list.getEntries()) window.largest = e.startTime; })
  .observe({ type: "largest-contentful-paint", buffered: true });
"""
NGINX = """daemon off; pid {folder}/pid; error_log {folder}/error.log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  gzip on; gzip_proxied any; gzip_comp_level 5; gzip_min_length 256;
  gzip_types text/css application/javascript text/javascript image/svg+xml application/manifest+json application/json;
  server {{
    listen 127.0.0.1:{front};
    location / {{ proxy_pass http://127.0.0.1:{port}; proxy_set_header Host $http_host; }}
  }}
}}
"""


@dataclass
class Visit:
    """One look at a page: bytes on the line, the layout's shift, milliseconds to the largest paint."""

    page: int
    posters: int
    shift: float
    paint: float


def main() -> None:
    """Print a table of medians, and the figures as JSON on the last line."""
    options = arguments()
    with folder_of(options.keep) as work:
        make_data(work, options.titles)
        with served(PORT, gunicorn(PORT, "moviepoint.app:create_app()"), our_environment(work)), nginx(), \
                sync_playwright() as playwright:
            warm(FRONT, PAGES.values())
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            visits = {page: [visit(browser, path) for _ in range(options.runs)] for page, path in PAGES.items()}
            browser.close()
    report(options, visits)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--titles", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--keep", type=Path, help="a folder for the data and the index, to be used again")
    return parser.parse_args()


def make_data(work: Path, titles: int) -> None:
    """Make a site with so many titles; the newest ones and those of the pages opened have posters on disk."""
    done = work / f"browser-{titles}"
    if done.exists():
        return
    app = create_app(our_settings(work))
    with app.app_context():
        upgrade_all()
        say(f"entering {titles} titles")
        fill(db.session(), titles)
        services.rebuild(db.session(), current_index(), current_sources())
        storage = app.extensions["moviepoint.storage"]
        poster = {width: webp(width) for width in WIDTHS["poster"]}
        for key in db.session.scalars(select(Image.key)):
            for width, data in poster.items():
                storage.put(f"{key}/{width}.webp", data)
        db.session.remove()
        db.engine.dispose()
    done.touch()


def webp(width: int) -> bytes:
    """Return a poster of about the weight that real ones have, one bit a pixel: noise, made smooth."""
    small = Picture.effect_noise((width // 8, width * 3 // 16), 90).convert("RGB")
    file = io.BytesIO()
    small.resize((width, width * 3 // 2), Picture.Resampling.BICUBIC).save(file, "WEBP", quality=80)
    return file.getvalue()


@contextmanager
def nginx() -> Iterator[None]:
    """Put nginx in front, as operators do."""
    with tempfile.TemporaryDirectory(prefix="moviepoint-nginx-") as folder:
        Path(folder, "conf").write_text(NGINX.format(folder=folder, port=PORT, front=FRONT))
        process = subprocess.Popen(["nginx", "-c", f"{folder}/conf", "-p", folder], stderr=subprocess.DEVNULL)
        try:
            yield
        finally:
            process.terminate()
            process.wait()


def visit(browser: Browser, path: str) -> Visit:
    """Open a page as a new visitor on a slow phone, and scroll to its end."""
    context = browser.new_context(viewport=PHONE, device_scale_factor=2, is_mobile=True, has_touch=True,
                                  service_workers="block")
    context.add_init_script(WATCH)
    page = context.new_page()
    line = context.new_cdp_session(page)
    kinds: dict[str, str] = {}
    weight = {"page": 0, "posters": 0}

    def answered(event: dict[str, Any]) -> None:
        kinds[event["requestId"]] = "posters" if "/images/" in event["response"]["url"] else "page"

    def loaded(event: dict[str, Any]) -> None:
        weight[kinds.get(event["requestId"], "page")] += int(event["encodedDataLength"])

    line.on("Network.responseReceived", answered)
    line.on("Network.loadingFinished", loaded)
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", {
        "offline": False, "latency": LATENCY, "downloadThroughput": KBITS * 125, "uploadThroughput": KBITS * 60})
    line.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.goto(f"http://127.0.0.1:{FRONT}{path}", wait_until="load", timeout=120_000)
    page.wait_for_timeout(1500)
    paint = page.evaluate("window.largest")
    height = page.evaluate("document.documentElement.scrollHeight")
    for place in range(0, height, PHONE["height"]):
        page.evaluate("place => window.scrollTo(0, place)", place)
        page.wait_for_timeout(150)
    page.wait_for_timeout(1000)
    found = Visit(weight["page"], weight["posters"], page.evaluate("window.shifts"), paint)
    context.close()
    return found


def report(options: argparse.Namespace, visits: dict[str, list[Visit]]) -> None:
    print(f"{options.titles} titles, {options.runs} visits each; {SLOWER} times slower, {KBITS / 1000:g} Mbit/s, "
          f"{LATENCY} ms")
    print(f"{'page':<8}{'kB':>8}{'posters kB':>12}{'shift':>8}{'largest paint s':>17}")
    figures = {}
    for name, looks in visits.items():
        page, posters = (statistics.median(values) / 1000 for values in (
            [look.page for look in looks], [look.posters for look in looks]))
        shift, paint = max(look.shift for look in looks), statistics.median(look.paint for look in looks) / 1000
        print(f"{name:<8}{page:>8.1f}{posters:>12.1f}{shift:>8.3f}{paint:>17.2f}")
        figures |= {f"{name}_kb": round(page, 1), f"{name}_shift": round(shift, 4), f"{name}_paint_s": round(paint, 2)}
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
