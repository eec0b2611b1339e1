"""Films that anybody may watch, for sitemaps: each watch page with the video that it is about."""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased, joinedload, selectinload

from moviepoint.domains.catalog.models import Episode, Image, Season, Title
from moviepoint.domains.catalog.seo import shorten, spoken_among, written_in
from moviepoint.domains.catalog.sitemaps import in_parts, pictures_of
from moviepoint.domains.catalog.words import Reader, episode_words, title_name
from moviepoint.domains.media.models import Edition
from moviepoint.domains.media.schema_org import MOST_CHARACTERS
from moviepoint.domains.media.watch_models import WatchRule
from moviepoint.hooks.manager import HookManager
from moviepoint.hooks.types import SitemapPage, SitemapSource, SitemapVideo
from moviepoint.kernel.i18n import fallback_chain, use_locale
from moviepoint.settings import Settings
from moviepoint.shells.site.addresses import path_of


def videos(session: Session, locales: Sequence[str]) -> Iterator[SitemapPage]:
    """Yield the watch pages of films and episodes that anybody may watch, in parts."""
    own, whole = aliased(WatchRule), aliased(WatchRule)
    statement = (
        select(Edition.id, Edition, func.coalesce(own.embeddable, whole.embeddable).label("embeddable"), Title.id)
        .outerjoin(Episode, Edition.episode_id == Episode.id).outerjoin(Season, Episode.season_id == Season.id)
        .join(Title, Title.id == func.coalesce(Edition.title_id, Season.title_id))
        .outerjoin(own, own.edition_id == Edition.id).outerjoin(whole, whole.title_id == Title.id)
        .where(Edition.package.is_not(None), Title.status == "published",
               func.coalesce(own.audience, whole.audience, "public") == "public"))
    hooks: HookManager = current_app.extensions["moviepoint.hooks"]
    for rows in in_parts(session, statement, Edition.id):
        parts = Parts(session, rows)
        for edition_id, edition, embeddable, title_id in rows:
            refused = hooks.resolve("resolve_playback", edition_id=edition_id, viewer_id=None) is False
            if not refused and (page := parts.page(edition, title_id, bool(embeddable), locales)) is not None:
                yield page


class Parts:
    """The titles, episodes and pictures of some editions, read in a fixed number of queries."""

    def __init__(self, session: Session, rows: Sequence[Any]) -> None:
        titles, episodes = [row[3] for row in rows], [row.Edition.episode_id for row in rows if row.Edition.episode_id]
        self.titles = {title.id: title for title in session.scalars(
            select(Title).where(Title.id.in_(titles)).options(selectinload(Title.texts)))}
        self.episodes = {episode.id: episode for episode in session.scalars(
            select(Episode).where(Episode.id.in_(episodes)).options(
                selectinload(Episode.texts), joinedload(Episode.season)))}
        self.images = pictures_of(session, Image.episode_id, episodes, "still") if episodes else {}
        self.backdrops = pictures_of(session, Image.title_id, titles, "backdrop")
        self.posters = pictures_of(session, Image.title_id, titles, "poster")

    def page(self, edition: Edition, title_id: int, embeddable: bool, locales: Sequence[str]) -> SitemapPage | None:
        """Return an edition's watch page; None without a picture, which a video must have."""
        title, episode = self.titles[title_id], self.episodes.get(edition.episode_id or 0)
        pictures = [*self.images.get(edition.episode_id or 0, ()), *self.backdrops.get(title_id, ()),
                    *self.posters.get(title_id, ())]
        if not pictures:
            return None
        texts = episode.texts if episode is not None and episode.texts else title.texts
        spoken = spoken_among(locales, written_in(*texts))
        return SitemapPage(
            {locale: path_of("watch.watch", locale=locale, edition=edition.public_id) for locale in spoken},
            edition.published_at or edition.created_at,
            videos={locale: video(edition, title, episode, pictures[0], embeddable, locale) for locale in spoken})


def video(edition: Edition, title: Title, episode: Episode | None, picture: str, embeddable: bool,
          locale: str) -> SitemapVideo:
    """Return an edition as a video in a language."""
    settings: Settings = current_app.extensions["moviepoint.settings"]
    to = Reader(locale, fallback_chain(locale, settings.default_locale))
    with use_locale(locale):
        name = title_name(to, title) if episode is None else episode_words(to, episode, title.original_language)
    overview = to.pick(title.texts if episode is None else episode.texts, "overview")
    return SitemapVideo(
        str(name), shorten(overview.text, MOST_CHARACTERS), picture,
        path_of("media_files.open_to_all", edition=edition.public_id),
        path_of("embed.embed", edition=edition.public_id) if embeddable else "",
        round((edition.duration_ms or 0) / 1000), edition.published_at or edition.created_at)


SOURCE = SitemapSource("videos", videos)
