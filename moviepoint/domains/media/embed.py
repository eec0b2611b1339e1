"""The player on other sites: a page that may be framed, and oEmbed, by which sites learn of it.

Both are for films that are for everybody and whose editors allow it; no other page of ours may stand in a frame.
"""
from __future__ import annotations

from html import escape
from urllib.parse import urlsplit

import msgspec
from flask import Blueprint, Response, current_app, request, url_for
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException
from werkzeug.exceptions import NotImplemented as NotOffered
from werkzeug.routing import MapAdapter

from moviepoint.domains.catalog.contexts import Picture, Words
from moviepoint.domains.catalog.models import Episode, Title
from moviepoint.domains.catalog.pages import best_picture
from moviepoint.domains.catalog.seo import full
from moviepoint.domains.catalog.words import Reader, episode_words, reader, site_settings, title_name
from moviepoint.domains.media import playback, player, watching
from moviepoint.domains.media.contexts import EmbedPage
from moviepoint.domains.media.models import Edition
from moviepoint.kernel.db import db
from moviepoint.kernel.errors import Invalid, NotFound, Unauthenticated
from moviepoint.kernel.i18n import gettext as _
from moviepoint.shells.site import render_page
from moviepoint.shells.web import allow_framing

pages = Blueprint("embed", __name__)
WIDTH, HEIGHT = 960, 540  # CSS pixels, where a site asks for no less
SMALLEST = 200
CACHE = 3600  # seconds


class OEmbed(msgspec.Struct, omit_defaults=True):
    """An answer of the type `video`, as oembed.com describes it."""

    title: str
    provider_name: str
    provider_url: str
    html: str
    width: int
    height: int
    thumbnail_url: str = ""
    thumbnail_width: int = 0
    thumbnail_height: int = 0
    cache_age: int = CACHE


@pages.get("/embed/<edition>")
def embed(edition: str) -> Response:
    """Show the player alone, in a frame on any site; where that is not allowed, say so there."""
    session, to = db.session(), reader()
    found = watching.facts(session, edition)
    if found is None:
        raise NotFound()
    allow_framing()
    watch_url = full(url_for("watch.watch", edition=edition))
    if not found.may_be_embedded:
        return render_page("site/embed.html", EmbedPage(None, watch_url), 403)
    row = playback.load_edition(session, edition)
    heading, picture = described(session, row, to)
    addresses = playback.addresses(current_app.extensions["moviepoint.hooks"], site_settings().secret_key, session,
                                   row, None)
    cues = url_for("api_editions.list_shown_cues", public_id=edition, track_id=0).replace("/0/", "/TRACK/")
    settings = player.player_settings(
        row, master=addresses.master, storyboard=addresses.storyboard, locale=to.locale,
        audio=player.tracks_heard(row, to.locale), subtitles=player.tracks_read(row, to.locale),
        plays=url_for("api_plays.count", edition=edition),
        around=player.Around(poster=picture.src if picture else "", cues=cues, share=watch_url))
    return render_page("site/embed.html", EmbedPage(heading, watch_url, picture, settings))


@pages.get("/oembed")
def oembed() -> Response:
    """Describe a watch page for a site that wants to show its player (oEmbed 1.0, JSON)."""
    if request.args.get("format", "json") != "json":
        raise NotOffered()
    public_id = edition_at(request.args.get("url", ""))
    session, to = db.session(), reader()
    found = watching.facts(session, public_id)
    if found is None:
        raise NotFound()
    if not found.may_be_embedded:
        raise Unauthenticated(_("This film may not be shown on other sites."), code="not-embeddable")
    heading, picture = described(session, playback.load_edition(session, public_id), to)
    width, height = size(request.args.get("maxwidth", ""), request.args.get("maxheight", ""))
    answer = OEmbed(str(heading), site_settings().site_name, full(url_for("pages.home")),
                    code(public_id, str(heading), width, height), width, height)
    if picture is not None and picture.width and picture.height:
        answer.thumbnail_url, answer.thumbnail_width = full(picture.src), picture.width
        answer.thumbnail_height = picture.height
    body = msgspec.json.encode({"version": "1.0", "type": "video", **msgspec.to_builtins(answer)})
    return Response(body, mimetype="application/json", headers={
        "Access-Control-Allow-Origin": "*", "Cache-Control": f"public, max-age={CACHE}"})


def allowed(session: Session, public_id: str) -> bool:
    """Say whether an edition may be shown on other sites."""
    found = watching.facts(session, public_id)
    return found is not None and found.may_be_embedded


def code(public_id: str, name: str, width: int = WIDTH, height: int = HEIGHT) -> str:
    """Return what a site puts in its page to show the player."""
    address = full(url_for("embed.embed", edition=public_id))
    return (f'<iframe src="{escape(address)}" title="{escape(name)}" width="{width}" height="{height}" '
            'allow="fullscreen; picture-in-picture; autoplay; clipboard-write" allowfullscreen loading="lazy" '
            'frameborder="0"></iframe>')


def edition_at(address: str) -> str:
    """Return the edition whose watch page or embedded player an address is. Raises NotFound."""
    home = urlsplit(site_settings().base_url)
    try:
        parts = urlsplit(address[:2000])
    except ValueError:  # brackets of an IPv6 address that do not match
        raise NotFound() from None
    if parts.scheme not in ("http", "https") or parts.netloc not in (home.netloc, request.host):
        raise NotFound()
    ours: MapAdapter = current_app.create_url_adapter(request)  # type: ignore[assignment]
    root = home.path.rstrip("/")
    try:
        endpoint, values = ours.match(parts.path.removeprefix(root), method="GET")
    except HTTPException:
        raise NotFound() from None
    if endpoint not in ("watch.watch", "embed.embed"):
        raise NotFound()
    return str(values["edition"])


def size(widest: str, highest: str) -> tuple[int, int]:
    """Return a frame's width and height that fit a site's limits, of the shape 16:9. Raises Invalid."""
    limits = []
    for name, text in (("maxwidth", widest), ("maxheight", highest)):
        if text and not (text.isascii() and text.isdigit() and len(text) < 6):
            raise Invalid(_("Give a number of pixels."), fields={name: [_("Give a number of pixels.")]})
        limits.append(max(SMALLEST, int(text)) if text else None)
    width = min(WIDTH, limits[0] or WIDTH, round((limits[1] or HEIGHT) * WIDTH / HEIGHT))
    return width, round(width * HEIGHT / WIDTH)


def described(session: Session, edition: Edition, to: Reader) -> tuple[Words, Picture | None]:
    """Return the name and the picture of the film or episode that an edition is of."""
    if edition.title_id is not None:
        title = session.get_one(Title, edition.title_id)
        return title_name(to, title), best_picture(to, title, "backdrop")
    episode = session.get_one(Episode, edition.episode_id)
    title = episode.season.title
    return episode_words(to, episode, title.original_language), best_picture(to, title, "backdrop")
