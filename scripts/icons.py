"""Draw each theme's icons anew from its icon.svg: for the manifest, for home screens, and for the site's logo.

    .venv/bin/python scripts/icons.py

A maskable icon fills its square with the theme's dark ground and keeps the mark in the inner four fifths, which no
device cuts away. Needs Chromium, as the browser tests do.
"""
from __future__ import annotations

import base64
import tomllib
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

THEMES = Path(__file__).resolve().parent.parent / "themes"
CHROMIUM = "/usr/bin/chromium"
#: Name, size in pixels, share of the square that the mark takes, whether the ground is filled.
ICONS = (("icon-192", 192, 1.0, False), ("icon-512", 512, 1.0, False), ("maskable-512", 512, 0.8, True),
         ("apple-touch-icon", 180, 0.86, True))


def draw(browser: Browser, svg: bytes, size: int, share: float, ground: str) -> bytes:
    """Return a PNG of an SVG in the middle of a square; an empty ground is transparent."""
    page = browser.new_page(viewport={"width": size, "height": size})
    source = base64.b64encode(svg).decode()
    page.set_content(f'<body style="margin:0;display:grid;place-items:center;height:100vh;background:'
                     f'{ground or "transparent"}"><img width="{round(size * share)}" '
                     f'src="data:image/svg+xml;base64,{source}">')
    page.locator("img").evaluate("image => image.decode()")
    picture = page.screenshot(omit_background=not ground)
    page.close()
    return picture


def main() -> None:
    """Draw them all."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for icon in sorted(THEMES.glob("*/static/icon.svg")):
            theme = icon.parents[1]
            ground = tomllib.loads((theme / "theme.toml").read_text())["options"]["ground_dark"]
            folder = icon.parent / "icons"
            folder.mkdir(exist_ok=True)
            for name, size, share, filled in ICONS:
                picture = draw(browser, icon.read_bytes(), size, share, ground if filled else "")
                (folder / f"{name}.png").write_bytes(picture)
                print(f"{theme.name}: {name}, {len(picture):,} bytes")
        browser.close()


if __name__ == "__main__":
    main()
