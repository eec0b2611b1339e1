"""A browser's name for itself, in plain words."""
from __future__ import annotations

import re

from moviepoint.kernel.i18n import gettext as _

#: The first that fits: most browsers name their ancestors too.
BROWSERS = (("Edg(?:e|A|iOS)?/", "Edge"), ("OPR/|Opera", "Opera"), ("YaBrowser/", "Yandex Browser"),
            ("SamsungBrowser/", "Samsung Internet"), ("Vivaldi/", "Vivaldi"), ("Firefox/|FxiOS/", "Firefox"),
            ("Chrome/|CriOS/|Chromium/", "Chrome"), ("Safari/", "Safari"), ("curl/", "curl"),
            ("python-requests/|Python-urllib|python-httpx", "Python"))
SYSTEMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"),
           ("CrOS", "ChromeOS"), ("Mac OS X|Macintosh", "macOS"), ("Tizen|Web0S|SMART-TV", "TV"),
           ("Linux|X11", "Linux"))


def device_name(user_agent: str) -> str:
    """Return "Firefox on Windows" for a User-Agent header; what is not known is left out."""
    browser = _first(BROWSERS, user_agent)
    system = _first(SYSTEMS, user_agent)
    if browser and system:
        return _("%(browser)s on %(system)s", browser=browser, system=system)
    return browser or system or _("Unknown device")


def _first(names: tuple[tuple[str, str], ...], user_agent: str) -> str:
    return next((name for pattern, name in names if re.search(pattern, user_agent)), "")
