"""The service worker: made of the offline pages and of the files that they name, under a version of their own.

A new look, a new word on the page or a new file is a new version: browsers fetch it all again and drop the old.
"""
from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from html import unescape

from flask import Flask, render_template, url_for

from moviepoint.domains.catalog.words import site_settings
from moviepoint.domains.discovery.contexts import OfflinePage
from moviepoint.kernel.i18n import use_locale
from moviepoint.shells.site import render_page

_FILES = re.compile(r'(?:href|src)="(/assets/[^"]+)"')


def worker(app: Flask) -> str:
    """Return the service worker's script as it has to be now."""
    settings = site_settings()
    if not settings.offline_page:
        return render_template("discovery/sw_off.js")
    shown: dict[str, str] = {}
    for locale in settings.locales:
        with use_locale(locale):
            shown[locale] = render_page("site/offline.html", OfflinePage(url_for("pages.home"))).get_data(as_text=True)
    pages = {locale: url_for("app_shell.offline_page", locale=locale) for locale in settings.locales}
    files = files_of(shown)
    return render_template("discovery/sw.js", pages=pages, files=files, main=settings.default_locale,
                           version=version_of(shown))


def files_of(shown: Mapping[str, str]) -> list[str]:
    """Return the static files that pages name, each once."""
    return sorted({unescape(address) for text in shown.values() for address in _FILES.findall(text)})


def version_of(shown: Mapping[str, str]) -> str:
    """Return what tells one state of the pages from another; a nonce is none of it."""
    text = "".join(re.sub(r'nonce="[^"]*"', "", shown[locale]) for locale in sorted(shown))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
