#!/usr/bin/env python3
"""Take pictures of a running site, at phone and desktop width, light and dark, in both languages.

Usage: scripts/screenshots.py BASE OUT [--readme] [--sign-in EMAIL:PASSWORD]
       BASE is where `manage.py demo` serves, for instance http://127.0.0.1:8000

With --readme only docs/images/site.png is made, the picture that the README shows.
"""
from __future__ import annotations

import argparse
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]
PAGES = {"home": "/{}/", "films": "/{}/films", "film": "/{}/films/big-buck-bunny-2008",
         "old-film": "/{}/films/metropolis-1927", "series": "/{}/series/les-vampires-1915",
         "season": "/{}/series/les-vampires-1915/season/1", "person": "/{}/people/sergei-eisenstein",
         "search": "/{}/search?q=кролик", "nothing": "/{}/search?q=qqqqqq", "lost": "/{}/nowhere"}
BACK_OFFICE = {"dashboard": "/admin/", "titles": "/admin/titles/", "title": "/admin/titles/48",
               "season": "/admin/titles/50/seasons/1", "genres": "/admin/genres/", "jobs": "/admin/jobs/"}
WIDTHS = {"phone": (390, 844), "desk": (1440, 900)}


def shoot(browser: Browser, base: str, out: Path, sign_in: str) -> None:
    """Take all pictures; each way of looking has a context of its own."""
    for locale, scheme, (device, size) in ((locale, scheme, width) for locale in ("en", "ru")
                                           for scheme in ("light", "dark") for width in WIDTHS.items()):
        viewport = {"width": size[0], "height": size[1]}
        context = browser.new_context(viewport=viewport, color_scheme=scheme, locale=locale)
        page = context.new_page()
        for name, path in PAGES.items():
            page.goto(base + path.format(locale), wait_until="networkidle")
            page.screenshot(path=out / f"{name}-{locale}-{scheme}-{device}.png")
        if sign_in:
            page.goto(f"{base}/{locale}/account/login")
            email, _, password = sign_in.partition(":")
            page.fill("[name=email]", email)
            page.fill("[name=password]", password)
            page.press("[name=password]", "Enter")
            page.wait_for_load_state("networkidle")
            for name, path in BACK_OFFICE.items():
                page.goto(base + path, wait_until="networkidle")
                page.screenshot(path=out / f"admin-{name}-{locale}-{scheme}-{device}.png")
        context.close()


def main() -> None:
    """Read the arguments and take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base")
    parser.add_argument("out", type=Path)
    parser.add_argument("--readme", action="store_true")
    parser.add_argument("--sign-in", default="")
    wanted = parser.parse_args()
    wanted.out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        if wanted.readme:
            page = browser.new_page(viewport={"width": 1280, "height": 800}, color_scheme="dark")
            page.goto(f"{wanted.base}/en/", wait_until="networkidle")
            page.screenshot(path=wanted.out / "site.png")
        else:
            shoot(browser, wanted.base, wanted.out, wanted.sign_in)
        browser.close()


if __name__ == "__main__":
    main()
