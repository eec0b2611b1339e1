"""Every hook, implemented once. What is told is kept in `heard`."""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click
from flask import Blueprint
from flask_admin import expose
from sqlalchemy.orm import Session

from moviepoint.plugin_api import (
    AdminPanel,
    AdminView,
    ApiResource,
    Command,
    ContentType,
    EncodingProfile,
    Found,
    HomeRowKind,
    MenuLink,
    NavItem,
    NoticeKind,
    NoticeMail,
    Pages,
    Permission,
    SearchDocument,
    SearchEngine,
    SearchFacet,
    SearchSource,
    Settings,
    SitemapPage,
    SitemapSource,
    SlotFill,
    Task,
    Title,
    TitleFilter,
    TitleMatches,
    View,
    hookimpl,
    path_of,
)

heard: list[tuple[str, int]] = []
pages = Blueprint("everything", __name__)
resource = Blueprint("api_everything", __name__, url_prefix="/api/v1")


@pages.get("/everything")
def page() -> str:
    return "everything"


@resource.get("/everything")
def answer() -> dict[str, bool]:
    return {"everything": True}


class EverythingView(View):
    @expose("/")
    def index(self) -> str:
        return "everything"


@click.command("everything")
def command() -> None:
    click.echo("everything")


@hookimpl
def register_permissions() -> Sequence[Permission]:
    return [Permission("everything.do", "Do everything")]


@hookimpl
def register_pages() -> Sequence[Pages]:
    return [Pages(pages)]


@hookimpl
def register_api_resources() -> Sequence[ApiResource]:
    return [ApiResource("everything", resource)]


@hookimpl
def register_admin_views() -> Sequence[AdminView]:
    return [AdminView(lambda: EverythingView(name="Everything", endpoint="everything_admin"))]


@hookimpl
def register_admin_panels() -> Sequence[AdminPanel]:
    return [AdminPanel("everything/panel.html", lambda _session: {"count": 1})]


@hookimpl
def register_content_types() -> Sequence[ContentType]:
    return [ContentType(
        "everything", "Everything", "admin.access", dict, address=lambda _id: "/admin/everything/",
        find=lambda _session, _viewer, text, _limit: [Found(1, "Everything")] if text == "everything" else [],
        ids=lambda _session: [1], document=lambda _session, _id: {"name": "everything"},
        save=lambda _session, _actor, _document, _id: 1, match=lambda _session, _document: 1)]


@hookimpl
def register_nav_items() -> Sequence[NavItem]:
    return [NavItem("everything.page", "Everything")]


@hookimpl
def register_slot_fills() -> Sequence[SlotFill]:
    return [SlotFill("page.end", "everything/panel.html", lambda: {"count": 2})]


@hookimpl
def register_tasks() -> Sequence[Task]:
    return [Task("everything.task", lambda: None)]


@hookimpl
def register_commands() -> Sequence[Command]:
    return [Command(command)]


@hookimpl
def register_search_documents() -> Sequence[SearchSource]:
    def load(_session: Any, ids: Sequence[int]) -> Iterable[SearchDocument]:
        return [SearchDocument("everything", row, ("Everything",)) for row in ids]

    return [SearchSource("everything", ("everything",), lambda _session: [1], load)]


@hookimpl
def register_notices() -> Sequence[NoticeKind]:
    return [NoticeKind("everything.notice", "Everything", "accounts/mail/notice",
                       lambda _session, _user, data: NoticeMail(f"Everything {data['number']}"))]


@hookimpl
def register_sitemaps() -> Sequence[SitemapSource]:
    return [SitemapSource("everything", lambda _session, locales: [
        SitemapPage({locale: path_of("everything.page", locale=locale) for locale in locales})])]


@hookimpl
def register_search_engines() -> Sequence[SearchEngine]:
    def unfit(_settings: Settings, _private: bool) -> Any:
        raise ValueError("everything cannot keep an index")

    return [SearchEngine("everything", unfit)]


@hookimpl
def register_search_facets() -> Sequence[SearchFacet]:
    return [SearchFacet("everything", "Everything", lambda _session, values: {value: value.title() for value in values},
                        lambda _session, ids: {row: ["odd" if row % 2 else "even"] for row in ids})]


@hookimpl
def register_title_filters() -> Sequence[TitleFilter]:
    return [TitleFilter("everything", "Everything", [("odd", "Odd"), ("even", "Even")],
                        lambda value: Title.id % 2 == (value == "odd"))]


@hookimpl
def register_encoding_profiles() -> Sequence[EncodingProfile]:
    return [EncodingProfile("everything", "Everything at once", {"preset": "ultrafast", "segment_seconds": 4})]


@hookimpl
def filter_page_context(value: Mapping[str, Any], template: str) -> Mapping[str, Any]:
    return {**value, "filtered_by": template}


@hookimpl
def resolve_playback(edition_id: int, viewer_id: int | None) -> bool | None:
    return False if edition_id == -1 else None


@hookimpl
def resolve_title_search(session: Session, text: str, limit: int) -> TitleMatches | None:
    return TitleMatches((), 7) if text == "everything" else None


@hookimpl
def on_title_saved(title_id: int) -> None:
    heard.append(("on_title_saved", title_id))


@hookimpl
def on_title_published(title_id: int) -> None:
    heard.append(("on_title_published", title_id))


@hookimpl
def on_title_unpublished(title_id: int) -> None:
    heard.append(("on_title_unpublished", title_id))


@hookimpl
def on_title_deleted(title_id: int) -> None:
    heard.append(("on_title_deleted", title_id))


@hookimpl
def on_title_rated(title_id: int) -> None:
    heard.append(("on_title_rated", title_id))


@hookimpl
def on_person_saved(person_id: int) -> None:
    heard.append(("on_person_saved", person_id))


@hookimpl
def on_upload_stored(upload_id: int) -> None:
    heard.append(("on_upload_stored", upload_id))


@hookimpl
def on_encoding_finished(job_id: int, edition_id: int) -> None:
    heard.append(("on_encoding_finished", job_id))


@hookimpl
def on_edition_changed(edition_id: int) -> None:
    heard.append(("on_edition_changed", edition_id))


@hookimpl
def on_encoding_failed(job_id: int, edition_id: int) -> None:
    heard.append(("on_encoding_failed", job_id))


@hookimpl
def on_user_registered(user_id: int) -> None:
    heard.append(("on_user_registered", user_id))


@hookimpl
def register_home_row_kinds() -> Sequence[HomeRowKind]:
    return [HomeRowKind("everything", "Everything", lambda _viewer, _options, _limit: None)]


@hookimpl
def filter_menu(value: Sequence[MenuLink], place: str) -> Sequence[MenuLink]:
    return [*value, MenuLink("Everything", "/everything")]
