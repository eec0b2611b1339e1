"""The watch page, and the buttons that lead to it from a title or an episode."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from flask import Blueprint, Response, current_app, g, request, url_for
from flask_wtf.csrf import generate_csrf
from sqlalchemy import Integer, bindparam, func, select, tuple_
from sqlalchemy.orm import Session, aliased, joinedload, selectinload

from moviepoint.domains.accounts.viewer import current_viewer
from moviepoint.domains.catalog import page_queries
from moviepoint.domains.catalog.contexts import Link, Picture, Seo, Words
from moviepoint.domains.catalog.models import Episode, Season, Title
from moviepoint.domains.catalog.pages import best_picture
from moviepoint.domains.catalog.schema_org import crumbs, kind_link
from moviepoint.domains.catalog.seo import full, seo, written_in
from moviepoint.domains.catalog.words import (
    Reader,
    episode_words,
    picture,
    reader,
    season_words,
    site_settings,
    title_name,
    title_url,
)
from moviepoint.domains.media import embed, playback, player, watch_rules, watching
from moviepoint.domains.media.contexts import Readable, WatchButtons, WatchLink, WatchPage
from moviepoint.domains.media.models import Edition
from moviepoint.domains.media.schema_org import open_graph, video_schema
from moviepoint.domains.media.watch_models import WatchRule
from moviepoint.domains.media.watching import EditionFacts
from moviepoint.hooks.manager import HookManager
from moviepoint.kernel.db import db, read
from moviepoint.kernel.i18n import gettext as _
from moviepoint.shells.site import render_page

MINUTE = 60_000  # milliseconds
MOST_BUTTONS = 20
#: What the page shows of the film or episode; the rest is for what it says of itself.
PLACE = ("heading", "about", "above", "poster", "previous", "next")
#: Editions with a film: a title's own, then by seasons and episodes, specials last; each with for whom it is.
#: Written once: to put an alias together takes longer than to ask.
_OWN, _WHOLE = aliased(WatchRule), aliased(WatchRule)
WATCHABLE = (
    select(Edition.public_id, Edition.label, Season.number.label("season"), Episode.number.label("episode"),
           func.coalesce(_OWN.audience, _WHOLE.audience, "public").label("audience"))
    .outerjoin(Episode, Edition.episode_id == Episode.id).outerjoin(Season, Episode.season_id == Season.id)
    .outerjoin(_OWN, _OWN.edition_id == Edition.id)
    .outerjoin(_WHOLE, _WHOLE.title_id == func.coalesce(Edition.title_id, Season.title_id))
    .where(Edition.package.is_not(None))
    .order_by(Edition.title_id.is_(None), Season.number == 0, Season.number, Episode.number, Edition.position,
              Edition.id))

pages = Blueprint("watch", __name__)


@pages.get("/watch/<edition>")
def watch(edition: str) -> Response:
    """Watch an edition; for whom that is, `playback.addresses` decides."""
    return render_page("site/watch.html", watch_page(db.session(), edition, reader()))


def watch_page(session: Session, public_id: str, to: Reader) -> WatchPage:
    """Return the watch page of an edition. Raises NotFound, Forbidden."""
    edition = playback.load_edition(session, public_id)
    secret, token = site_settings().secret_key, request.args.get("link", "")
    link = watch_rules.link_by_token(session, secret, token)
    found = playback.addresses(current_app.extensions["moviepoint.hooks"], secret, session, edition, current_viewer(),
                               link=link)
    place = of_title(session, edition, to) if edition.title_id else of_episode(session, edition, to)
    share = full(url_for("watch.watch", edition=edition.public_id))
    beside = around(edition, place, share, token if link else "")
    settings = player.player_settings(
        edition, master=found.master, storyboard=found.storyboard, locale=to.locale,
        audio=player.tracks_heard(edition, to.locale), subtitles=player.tracks_read(edition, to.locale),
        plays=url_for("api_plays.count", edition=edition.public_id, link=token if link else None),
        token=token_if_known(), around=beside)
    about = watching.facts(session, edition.public_id)
    allowed = about is not None and about.may_be_embedded
    return WatchPage(
        seo=described(session, edition, place, about), edition_label=edition.label,
        duration=round((edition.duration_ms or 0) / MINUTE), player_settings=settings,
        audio=[player.audio_name(track, to.locale) for track in playback.shown_audio(edition)],
        subtitles=[player.subtitle_name(track, to.locale) for track in playback.shown_subtitles(edition)],
        share=share, embed_code=embed.code(edition.public_id, str(place["heading"])) if allowed else "",
        oembed=full(url_for("embed.oembed", url=share, format="json")) if allowed else "",
        cues_address=beside.cues,
        texts=[Readable(track.id, track.language, player.subtitle_name(track, to.locale))
               for track in playback.shown_subtitles(edition)],
        **{name: value for name, value in place.items() if name in PLACE})


def described(session: Session, edition: Edition, place: Mapping[str, Any], about: EditionFacts | None) -> Seo:
    """Return what the page says of itself: a video where anybody may watch, else nothing that is to be found."""
    hooks: HookManager = current_app.extensions["moviepoint.hooks"]
    picture, name, overview = place["poster"] or place["other_poster"], str(place["heading"]), str(place["overview"])
    if about is None or not watching.open_to_all(session, hooks, about):
        return seo(kind="video.other", picture=picture, noindex=True)
    embeddable = about.may_be_embedded
    video = [video_schema(edition, name, overview, picture, embeddable=embeddable)] if picture else []
    way = crumbs([kind_link("series" if place["above"] else "film"), *place["above"], place["about"],
                  Link(Words(_("Watch")), url_for("watch.watch", edition=edition.public_id))])
    return seo(kind="video.other", picture=picture, description=overview, schema=[*video, way],
               languages=place["languages"], properties=open_graph(edition, embeddable=embeddable))


def around(edition: Edition, place: Mapping[str, Any], share: str, link: str) -> player.Around:
    """Return what the player knows of the page; `link` is the token of a link to watch by."""
    cues = url_for("api_editions.list_shown_cues", public_id=edition.public_id, track_id=0, link=link or None)
    return player.Around(
        series=str(place["above"][0].name) if place["above"] else "",
        poster=place["poster"].src if place["poster"] else "", cues=cues.replace("/0/", "/TRACK/"), share=share,
        **{way: player.Place(place[way].url, str(place[way].name)) for way in ("previous", "next") if place.get(way)})


def token_if_known() -> str:
    """Return a token against forgery for a viewer who has a session; who has none needs none, and gets none here."""
    return generate_csrf() if current_app.config["SESSION_COOKIE_NAME"] in request.cookies else ""


def of_title(session: Session, edition: Edition, to: Reader) -> dict[str, Any]:
    """Return what the page says of a film."""
    title = session.scalars(select(Title).where(Title.id == edition.title_id).options(
        selectinload(Title.texts), selectinload(Title.images))).one()
    name = title_name(to, title)
    return {"heading": name, "about": Link(name, title_url(title.kind, title.slug)), "above": [],
            "poster": screen_picture(to, title), "other_poster": best_picture(to, title, "poster"),
            "overview": to.pick(title.texts, "overview"), "languages": written_in(*title.texts)}


def of_episode(session: Session, edition: Edition, to: Reader) -> dict[str, Any]:
    """Return what the page says of an episode, with its neighbours that can be watched."""
    episode = session.scalars(select(Episode).where(Episode.id == edition.episode_id).options(
        selectinload(Episode.texts), joinedload(Episode.season).options(
            selectinload(Season.texts), joinedload(Season.title).options(
                selectinload(Title.texts), selectinload(Title.images))))).one()
    season = episode.season
    title = season.title
    name = episode_words(to, episode, title.original_language)
    before, after = neighbours(session, episode, to, title.original_language)
    place: dict[str, Any] = {"slug": title.slug, "number": season.number}
    still = page_queries.stills(session, [episode.id], to.chain).get(episode.id)
    return {"heading": name, "about": Link(name, url_for("catalog.episode", episode=episode.number, **place)),
            "above": [Link(title_name(to, title), title_url(title.kind, title.slug)),
                      Link(season_words(to, season), url_for("catalog.season", **place))],
            "poster": picture(still) or screen_picture(to, title), "other_poster": best_picture(to, title, "poster"),
            "overview": to.pick(episode.texts, "overview"), "languages": written_in(*(episode.texts or title.texts)),
            "previous": before, "next": after}


def neighbours(session: Session, episode: Episode, to: Reader, language: str) -> tuple[Link | None, Link | None]:
    """Return links to watch the episodes before and after this one that have a package, over the seasons' borders.

    Specials, which stand in season 0, are neighbours of each other only.
    """
    place = tuple_(Season.number, Episode.number)
    here = (episode.season.number, episode.number)
    among = Season.number == 0 if episode.season.number == 0 else Season.number > 0
    statement = (
        select(Episode, Edition.public_id).join(Edition, Edition.episode_id == Episode.id)
        .join(Season, Season.id == Episode.season_id)
        .where(Season.title_id == episode.season.title_id, Edition.package.is_not(None), among)
        .options(selectinload(Episode.texts)).limit(1))
    found = (session.execute(statement.where(place < here).order_by(
        Season.number.desc(), Episode.number.desc(), Edition.position, Edition.id)).first(),
        session.execute(statement.where(place > here).order_by(
            Season.number, Episode.number, Edition.position, Edition.id)).first())
    before, after = (row and Link(episode_words(to, row.Episode, language),
                                  url_for("watch.watch", edition=row.public_id)) for row in found)
    return before, after


def screen_picture(to: Reader, title: Title) -> Picture | None:
    """Return what the screen shows before the film begins: a wide picture; a poster would be cut."""
    return best_picture(to, title, "backdrop")


def title_buttons(title_id: int) -> Mapping[str, Any] | None:
    """Return the buttons of a title: its own editions, or a series' first episode that can be watched."""
    rows = editions_below(title_id=title_id)
    own = [row for row in rows if row.season is None]
    links = [WatchLink(url_for("watch.watch", edition=row.public_id), row.label, audience_note(row.audience))
             for row in own]
    if rows and not own:
        first = rows[0]
        label = _("season %(season)d, episode %(episode)d", season=first.season, episode=first.episode)
        links = [WatchLink(url_for("watch.watch", edition=first.public_id), label, audience_note(first.audience))]
    return {"buttons": WatchButtons(links)} if links else None


def episode_buttons(episode_id: int) -> Mapping[str, Any] | None:
    """Return the buttons of an episode."""
    links = [WatchLink(url_for("watch.watch", edition=row.public_id), row.label, audience_note(row.audience))
             for row in editions_below(episode_id=episode_id)]
    return {"buttons": WatchButtons(links)} if links else None


def editions_below(title_id: int = 0, episode_id: int = 0) -> Sequence[Any]:
    """Return what can be watched of a title or an episode; asked for twice on a page, read once."""
    kept: dict[tuple[int, int], Sequence[Any]] = g.setdefault("editions_below", {})
    key = (title_id, episode_id)
    if key not in kept:
        statement = _of_episode() if episode_id else _of_title()
        kept[key] = read(db.session(), statement, {"owner": episode_id or title_id}).all()
    return kept[key]


@cache
def _of_title() -> Any:
    owner = bindparam("owner", type_=Integer)
    return WATCHABLE.where((Edition.title_id == owner) | (Season.title_id == owner)).limit(MOST_BUTTONS)


@cache
def _of_episode() -> Any:
    return WATCHABLE.where(Edition.episode_id == bindparam("owner")).limit(MOST_BUTTONS)


def audience_note(audience: str) -> str:
    """Return for whom a film is; nothing for everybody, and for who is signed in to one that asks no more."""
    notes = {"registered": "" if current_viewer() else _("sign in to watch"), "roles": _("for some accounts"),
             "link": _("by link only")}
    return notes.get(audience, "")
