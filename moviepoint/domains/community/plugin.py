"""What taking part adds."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from moviepoint.domains.community import admin, notices, policies, schema_org, slots, tasks
from moviepoint.domains.community.api import RESOURCES
from moviepoint.domains.community.home_rows import ROWS
from moviepoint.domains.community.search_facets import FACETS
from moviepoint.domains.community.services import imports
from moviepoint.domains.community.views import PAGES
from moviepoint.hooks import hookimpl
from moviepoint.hooks.types import (
    AdminPanel,
    AdminView,
    ApiResource,
    HomeRowKind,
    NoticeKind,
    Pages,
    Permission,
    SearchFacet,
    SlotFill,
    Task,
)
from moviepoint.kernel.i18n import lazy_gettext

EVERYBODY = ("administrator", "editor", "translator", "moderator", "contributor", "member")


@hookimpl
def register_permissions() -> Sequence[Permission]:
    return [Permission(policies.TAKE_PART, lazy_gettext("Rate, review and keep lists"), EVERYBODY),
            Permission(policies.CONTRIBUTE, lazy_gettext("Upload films of their own, for editors to judge"),
                       ("administrator", "editor", "contributor", "member")),
            Permission(policies.MODERATE, lazy_gettext("Moderate what members write"),
                       ("administrator", "editor", "moderator"))]


@hookimpl
def register_pages() -> Sequence[Pages]:
    return [Pages(pages) for pages in PAGES]


@hookimpl
def register_slot_fills() -> Sequence[SlotFill]:
    return [SlotFill("title.actions", "community/title_actions.html", slots.title_actions),
            SlotFill("title.below", "community/title_below.html", slots.title_below),
            SlotFill("account.menu", "community/account_menu.html", slots.account_menu, order=50),
            SlotFill("home.continue", "community/continue.html", slots.home_continue),
            SlotFill("watch.below", "community/watch_below.html", slots.watch_below)]


@hookimpl
def register_search_facets() -> Sequence[SearchFacet]:
    return FACETS


@hookimpl
def register_home_row_kinds() -> Sequence[HomeRowKind]:
    return ROWS


@hookimpl
def register_api_resources() -> Sequence[ApiResource]:
    return [ApiResource(name, resource) for name, resource in RESOURCES.items()]


@hookimpl
def register_tasks() -> Sequence[Task]:
    return [Task("community.recount", tasks.recount, every=timedelta(hours=1)),
            Task("community.announce", tasks.announce, every=timedelta(minutes=5)),
            Task(imports.WORK, tasks.bring_in),
            Task("community.resume_imports", tasks.resume_imports, every=timedelta(minutes=1))]


@hookimpl
def register_admin_views() -> Sequence[AdminView]:
    return [AdminView(admin.ReviewsView, lazy_gettext("Community"), order=60),
            AdminView(admin.ContributionsView, lazy_gettext("Community"), order=61)]


@hookimpl
def register_admin_panels() -> Sequence[AdminPanel]:
    return [AdminPanel("community/admin/panel.html", admin.waiting_figures, policies.MODERATE)]


@hookimpl
def filter_page_context(value: Mapping[str, Any], template: str) -> Mapping[str, Any]:
    return schema_org.with_opinions(value, template)


@hookimpl
def register_notices() -> Sequence[NoticeKind]:
    return notices.KINDS
