"""The web app's manifest (W3C): the site as an app on a phone or a desktop."""
from __future__ import annotations

from typing import Any

import msgspec
from flask import current_app, url_for

from moviepoint.domains.catalog.words import site_settings
from moviepoint.kernel.i18n import current_locale
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.text import text_direction
from moviepoint.shells.site.pages import asset_url
from moviepoint.theming.themes import EXTENSION as THEMING
from moviepoint.theming.themes import Theming

SHORT = 12  # letters below an icon
ICONS = (("icons/icon-192.png", "192x192", "any"), ("icons/icon-512.png", "512x512", "any"),
         ("icons/maskable-512.png", "512x512", "maskable"))


def written() -> bytes:
    """Return the manifest in the current language and the colours of the active theme."""
    settings, locale = site_settings(), current_locale()
    theming: Theming = current_app.extensions[THEMING]
    home = url_for("pages.home")
    data: dict[str, Any] = {
        "id": "/", "name": settings.site_name, "lang": locale, "dir": text_direction(locale),
        "description": _("Films and series to find, to watch and to talk about."),
        "start_url": home, "scope": "/", "display": "standalone", "categories": ["entertainment"],
        "theme_color": theming.option("ground_dark", "#000000"),
        "background_color": theming.option("ground_dark", "#000000"),
        "icons": [{"src": asset_url(name), "sizes": sizes, "type": "image/png", "purpose": purpose}
                  for name, sizes, purpose in ICONS],
        "shortcuts": [{"name": name, "url": url} for name, url in (
            (_("Films"), url_for("catalog.films")), (_("Series"), url_for("catalog.all_series")),
            (_("Search"), url_for("search.search")))]}
    if len(settings.site_name) <= SHORT:
        data["short_name"] = settings.site_name
    return msgspec.json.encode(data)
