"""Lines that were found, as the site and the API show them: their addresses, their pictures, their times."""
from __future__ import annotations

from flask import url_for

from moviepoint.domains.catalog.contexts import Picture
from moviepoint.domains.catalog.words import site_settings
from moviepoint.domains.media import stills
from moviepoint.domains.search.spoken.contexts import Line
from moviepoint.domains.search.spoken.queries import Hit
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.text import language_name


def line(hit: Hit, locale: str) -> Line:
    """Return a hit as a page shows it."""
    tag = hit.place.track.language
    name = _("Unknown language") if tag == "und" else language_name(tag, locale)
    return Line(watch_url(hit), clock(hit.start_ms // 1000), hit.parts, "" if tag == "und" else tag, name, episode(hit),
                picture(hit))


def watch_url(hit: Hit) -> str:
    """Return the address that opens the player at a hit's second, with the subtitles that it stands in."""
    return url_for("watch.watch", edition=hit.place.edition, t=hit.start_ms // 1000 or None,
                   subtitles=hit.place.track.language)


def episode(hit: Hit) -> str:
    """Return in which episode a hit is; nothing in a film."""
    if hit.place.season is None or hit.place.episode is None:
        return ""
    return _("season %(season)d, episode %(episode)d", season=hit.place.season, episode=hit.place.episode)


def picture(hit: Hit) -> Picture | None:
    """Return the picture of a hit's second, where the film has a storyboard. The text beside it says what it is of."""
    board = hit.place.storyboard
    if board is None:
        return None
    src = stills.address(site_settings().secret_key, hit.place.edition, hit.place.package, hit.place.audience,
                         board.name, hit.start_ms // board.interval_ms)
    return Picture(src, "", board.width, board.height)


def clock(seconds: int) -> str:
    """Return seconds as clocks show them: "2:05", "1:02:03"."""
    hours, rest = divmod(seconds, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"
