"""What the pages that editors arrange add."""
from __future__ import annotations

from collections.abc import Sequence

from moviepoint.domains.pages import admin, menus, sitemaps, views
from moviepoint.domains.pages.api import resource
from moviepoint.domains.pages.kinds import CORE
from moviepoint.domains.pages.policies import EDIT
from moviepoint.hooks import hookimpl
from moviepoint.hooks.types import AdminView, ApiResource, HomeRowKind, MenuLink, Pages, Permission, SitemapSource
from moviepoint.kernel.i18n import lazy_gettext


@hookimpl
def register_permissions() -> Sequence[Permission]:
    return [Permission(EDIT, lazy_gettext("Arrange the home page, static pages and menus"),
                       ("administrator", "editor"))]


@hookimpl
def register_pages() -> Sequence[Pages]:
    return [Pages(views.pages)]


@hookimpl
def register_api_resources() -> Sequence[ApiResource]:
    return [ApiResource("pages", resource)]


@hookimpl
def register_admin_views() -> Sequence[AdminView]:
    site = lazy_gettext("Site")
    return [AdminView(admin.HomeView, site, order=30), AdminView(admin.PagesView, site, order=31),
            AdminView(admin.MenusView, site, order=32)]


@hookimpl
def register_home_row_kinds() -> Sequence[HomeRowKind]:
    return CORE


@hookimpl
def filter_menu(value: Sequence[MenuLink], place: str) -> Sequence[MenuLink]:
    return menus.arranged(value, place)


@hookimpl
def register_sitemaps() -> Sequence[SitemapSource]:
    return [sitemaps.SOURCE]
