"""The contract between the core and whoever extends it: every hook there is, typed, with an example.

Four verbs. `register_*` is called once at start, is pure, and returns what to add. `filter_*` passes a value
through all implementations. `resolve_*` asks until one answers. `on_*` tells, after the commit, by id.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pluggy
from sqlalchemy.orm import Session

from moviepoint.hooks.types import (
    AdminPanel,
    AdminView,
    ApiResource,
    Command,
    ContentType,
    EncodingProfile,
    HomeRowKind,
    MenuLink,
    NavItem,
    NoticeKind,
    Pages,
    Permission,
    SearchEngine,
    SearchFacet,
    SearchSource,
    SitemapSource,
    SlotFill,
    Task,
    TitleFilter,
    TitleMatches,
)

PROJECT = "moviepoint"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def register_permissions() -> Sequence[Permission]:
    """Name what roles may be allowed: `return [Permission("feeds.edit", "Edit feeds")]`."""


@hookspec
def register_pages() -> Sequence[Pages]:
    """Add pages to the public site: `return [Pages(blueprint)]`."""


@hookspec
def register_api_resources() -> Sequence[ApiResource]:
    """Add resources under /api/v1: `return [ApiResource("people", blueprint)]`."""


@hookspec
def register_admin_views() -> Sequence[AdminView]:
    """Add views to the back office: `return [AdminView(lambda: JobsView(name="Jobs"), category="Media")]`."""


@hookspec
def register_admin_panels() -> Sequence[AdminPanel]:
    """Add panels to the back office's first page: `return [AdminPanel("feeds/panel.html", count_feeds)]`."""


@hookspec
def register_content_types() -> Sequence[ContentType]:
    """Add kinds of content that editors find, import, export and restore: `return [ContentType("prize", …)]`."""


@hookspec
def register_nav_items() -> Sequence[NavItem]:
    """Add entries to the site's menus: `return [NavItem("catalog.films", lazy_gettext("Films"))]`."""


@hookspec
def register_slot_fills() -> Sequence[SlotFill]:
    """Fill named places of pages: `return [SlotFill("page.head", "feeds/links.html")]`."""


@hookspec
def register_tasks() -> Sequence[Task]:
    """Add background tasks: `return [Task("feeds.ping", ping, every=timedelta(hours=1))]`."""


@hookspec
def register_commands() -> Sequence[Command]:
    """Add commands to `./manage.py`: `return [Command(feeds_group)]`."""


@hookspec
def register_search_documents() -> Sequence[SearchSource]:
    """Say what can be found: `return [SearchSource("title", ("film",), all_ids, load_documents)]`."""


@hookspec
def register_search_engines() -> Sequence[SearchEngine]:
    """Keep the search index by something else: `return [SearchEngine("tantivy", open_index)]`."""


@hookspec
def register_search_facets() -> Sequence[SearchFacet]:
    """Narrow what search finds: `return [SearchFacet("festival", lazy_gettext("Festival"), words, values)]`."""


@hookspec
def register_title_filters() -> Sequence[TitleFilter]:
    """Narrow the back office's list of titles: `return [TitleFilter("media", "Film", choices, condition)]`."""


@hookspec
def register_encoding_profiles() -> Sequence[EncodingProfile]:
    """Offer ways to encode films: `return [EncodingProfile("vaapi", "H.264 on the graphics card", {...})]`."""


@hookspec
def register_home_row_kinds() -> Sequence[HomeRowKind]:
    """Add kinds of rows for the home page: `return [HomeRowKind("festival", lazy_gettext("In Cannes"), in_cannes)]`."""


@hookspec
def register_notices() -> Sequence[NoticeKind]:
    """Add kinds of mail to users: `return [NoticeKind("prizes.won", "Prizes", "prizes/mail/won", say)]`."""


@hookspec
def register_sitemaps() -> Sequence[SitemapSource]:
    """Tell search engines of pages: `return [SitemapSource("prizes", prize_pages)]`, a stream of `SitemapPage`."""


@hookspec
def filter_menu(value: Sequence[MenuLink], place: str) -> Sequence[MenuLink]:
    """Change the menu "header" or "footer": `return [*value, MenuLink("Blog", "https://blog.example.org")]`."""


@hookspec
def filter_page_context(value: Mapping[str, Any], template: str) -> Mapping[str, Any]:
    """Change or extend a page's variables: `return {**value, "banner": banner}`; never change `value` itself."""


@hookspec(firstresult=True)
def resolve_playback(edition_id: int, viewer_id: int | None) -> bool | None:
    """Say whether a viewer may watch an edition: True, False, or None to leave it to the next."""


@hookspec(firstresult=True)
def resolve_title_search(session: Session, text: str, limit: int) -> TitleMatches | None:
    """Find titles for the back office, drafts too, at most `limit`: an answer, or None to leave it to the next."""


@hookspec
def on_title_saved(title_id: int) -> None:
    """A film or series, or anything that belongs to it, was written."""


@hookspec
def on_title_published(title_id: int) -> None:
    """A film or series became public."""


@hookspec
def on_title_unpublished(title_id: int) -> None:
    """A film or series is no longer public."""


@hookspec
def on_title_deleted(title_id: int) -> None:
    """A film or series is gone."""


@hookspec
def on_title_rated(title_id: int) -> None:
    """A member has rated a film or series, or taken a rating back."""


@hookspec
def on_person_saved(person_id: int) -> None:
    """A person was written."""


@hookspec
def on_upload_stored(upload_id: int) -> None:
    """All bytes of an upload have arrived and are safe."""


@hookspec
def on_encoding_finished(job_id: int, edition_id: int) -> None:
    """An edition's package is complete, checked and published."""


@hookspec
def on_edition_changed(edition_id: int) -> None:
    """An edition's package, tracks or marks were replaced or changed."""


@hookspec
def on_encoding_failed(job_id: int, edition_id: int) -> None:
    """A job has failed for good; its row says why."""


@hookspec
def on_user_registered(user_id: int) -> None:
    """Somebody has registered."""
