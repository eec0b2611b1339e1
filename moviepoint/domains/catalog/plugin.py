"""What the catalogue adds."""
from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from moviepoint.domains.catalog import (
    genre_use,
    models,  # noqa: F401 -- the tables
)
from moviepoint.domains.catalog.admin import (
    CollectionsView,
    CompaniesView,
    GenresView,
    KeywordsView,
    PeopleView,
    TitlesView,
    catalogue_figures,
)
from moviepoint.domains.catalog.api import RESOURCES
from moviepoint.domains.catalog.content import CONTENT_TYPES
from moviepoint.domains.catalog.preview import preview_bar
from moviepoint.domains.catalog.search import SOURCES
from moviepoint.domains.catalog.search_facets import FACETS
from moviepoint.domains.catalog.sitemaps import SOURCES as SITEMAPS
from moviepoint.domains.catalog.tasks import bulk, keep_times, resume_bulk
from moviepoint.domains.catalog.views import files, pages
from moviepoint.hooks import hookimpl
from moviepoint.hooks.types import (
    AdminPanel,
    AdminView,
    ApiResource,
    ContentType,
    NavItem,
    Pages,
    Permission,
    SearchFacet,
    SearchSource,
    SitemapSource,
    SlotFill,
    Task,
)
from moviepoint.kernel.i18n import lazy_gettext
from moviepoint.shells.site.fragments import forget_fragments


@hookimpl
def register_permissions() -> Sequence[Permission]:
    return [Permission("catalog.edit", lazy_gettext("Write the catalogue"),
                       ("administrator", "editor", "contributor:own"), by_locale=True, own=True),
            Permission("catalog.publish", lazy_gettext("Publish and unpublish"), ("administrator", "editor"))]


@hookimpl
def register_pages() -> Sequence[Pages]:
    return [Pages(pages), Pages(files, localised=False)]


@hookimpl
def register_nav_items() -> Sequence[NavItem]:
    return [NavItem("catalog.films", lazy_gettext("Films"), order=10),
            NavItem("catalog.all_series", lazy_gettext("Series"), order=20),
            NavItem("catalog.collections", lazy_gettext("Collections"), order=30, places=("footer",)),
            NavItem("catalog.companies", lazy_gettext("Companies"), order=40, places=("footer",))]


@hookimpl
def register_slot_fills() -> Sequence[SlotFill]:
    return [SlotFill("page.end", "catalog/preview_bar.html", preview_bar)]


@hookimpl
def register_search_documents() -> Sequence[SearchSource]:
    return SOURCES


@hookimpl
def register_search_facets() -> Sequence[SearchFacet]:
    return FACETS


@hookimpl
def register_api_resources() -> Sequence[ApiResource]:
    return [ApiResource(name, resource) for name, resource in RESOURCES.items()]


@hookimpl
def register_admin_views() -> Sequence[AdminView]:
    return [AdminView(view, lazy_gettext("Catalogue"), order=order) for order, view in enumerate((
        TitlesView, PeopleView, CollectionsView, GenresView, KeywordsView, CompaniesView), 10)]


@hookimpl
def register_tasks() -> Sequence[Task]:
    return [Task("catalog.keep_times", keep_times, every=timedelta(minutes=1)), Task("catalog.bulk", bulk),
            Task("catalog.resume_bulk", resume_bulk, every=timedelta(minutes=1))]


@hookimpl
def register_admin_panels() -> Sequence[AdminPanel]:
    return [AdminPanel("catalog/admin/panel.html", catalogue_figures, "catalog.edit")]


@hookimpl
def register_content_types() -> Sequence[ContentType]:
    return CONTENT_TYPES


@hookimpl
def register_sitemaps() -> Sequence[SitemapSource]:
    return SITEMAPS


@hookimpl
def on_title_saved(title_id: int) -> None:
    _forget(title_id)


@hookimpl
def on_title_published(title_id: int) -> None:
    _forget(title_id)


@hookimpl
def on_title_unpublished(title_id: int) -> None:
    _forget(title_id)


@hookimpl
def on_title_deleted(title_id: int) -> None:
    _forget(title_id)


def _forget(title_id: int) -> None:
    genre_use.forget(title_id)
    forget_fragments()
