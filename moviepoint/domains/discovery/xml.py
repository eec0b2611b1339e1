"""Sitemaps as XML (sitemaps.org 0.9) with Google's extensions for pictures and videos, and alternates by language.

Addresses are written one after the other, so that a hundred thousand titles need no more memory than one part does.
"""
from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from xml.sax.saxutils import escape

from moviepoint.hooks.types import SitemapPage, SitemapVideo

MOST_ADDRESSES = 50_000
MOST_BYTES = 50 * 2**20
MOST_PICTURES = 1_000
MOST_SECONDS = 28_800  # of a video
NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
HEAD = (f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="{NAMESPACE}" '
        'xmlns:xhtml="http://www.w3.org/1999/xhtml" '
        'xmlns:image="http://www.google.com/schemas/sitemap-image/1.1" '
        'xmlns:video="http://www.google.com/schemas/sitemap-video/1.1">\n')
FOOT = "</urlset>\n"
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def text(value: str) -> str:
    """Return a text as XML has it: escaped, and without the characters that XML 1.0 cannot hold."""
    return escape(_FORBIDDEN.sub("", value), {'"': "&quot;"})


def element(name: str, value: object) -> str:
    """Return an element with a text in it."""
    return f"<{name}>{text(str(value))}</{name}>"


def urls(base: str, page: SitemapPage, main: str) -> Iterator[str]:
    """Return a page's entries, one for each language; `main` is the language for those whose own is not there."""
    alternates = "".join(_link(locale, base + path) for locale, path in page.paths.items())
    if len(page.paths) > 1:
        alternates += _link("x-default", base + page.paths.get(main, next(iter(page.paths.values()))))
    else:
        alternates = ""
    changed = element("lastmod", page.changed.isoformat(timespec="seconds")) if page.changed else ""
    pictures = "".join(f"<image:image>{element('image:loc', base + path)}</image:image>"
                       for path in page.pictures[:MOST_PICTURES])
    for locale, path in page.paths.items():
        video = page.videos.get(locale)
        yield (f"<url>{element('loc', base + path)}{changed}{alternates}{pictures}"
               f"{_video(base, video) if video else ''}</url>\n")


def _link(locale: str, address: str) -> str:
    return f'<xhtml:link rel="alternate" hreflang="{text(locale)}" href="{text(address)}"/>'


def _video(base: str, video: SitemapVideo) -> str:
    parts = [element("video:thumbnail_loc", base + video.thumbnail), element("video:title", video.title),
             element("video:description", (video.description or video.title)[:2048]),
             element("video:content_loc", base + video.content)]
    if video.player:
        parts.append(element("video:player_loc", base + video.player))
    if video.seconds and 0 < video.seconds <= MOST_SECONDS:
        parts.append(element("video:duration", video.seconds))
    if video.published:
        parts.append(element("video:publication_date", video.published.isoformat(timespec="seconds")))
    return f"<video:video>{''.join(parts)}</video:video>"


def parts(entries: Iterable[str], *, most: int = MOST_ADDRESSES, size: int = MOST_BYTES) -> Iterator[bytes]:
    """Return whole sitemaps of at most so many addresses and bytes; none for no entries."""
    room = size - len(HEAD) - len(FOOT)
    kept: list[bytes] = []
    used = 0
    for entry in entries:
        data = entry.encode()
        if kept and (len(kept) >= most or used + len(data) > room):
            yield _whole(kept)
            kept, used = [], 0
        kept.append(data)
        used += len(data)
    if kept:
        yield _whole(kept)


def _whole(entries: list[bytes]) -> bytes:
    return b"".join((HEAD.encode(), *entries, FOOT.encode()))


def index(addresses: Mapping[str, datetime]) -> bytes:
    """Return the index of sitemaps, each with the moment at which it was written."""
    lines = "".join(f"<sitemap>{element('loc', address)}{element('lastmod', moment.isoformat(timespec='seconds'))}"
                    "</sitemap>\n" for address, moment in addresses.items())
    return (f'<?xml version="1.0" encoding="UTF-8"?>\n<sitemapindex xmlns="{NAMESPACE}">\n{lines}'
            "</sitemapindex>\n").encode()
