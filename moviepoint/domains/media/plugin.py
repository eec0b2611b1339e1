"""What media adds."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from moviepoint.domains.media import (
    admin,
    api,
    backoffice,
    cli,
    content,
    delivery,
    edition_admin,
    embed,
    joining,
    pictures,
    profile_admin,
    sitemaps,
    stills,
    tasks,
    watch,
    watch_action,
)
from moviepoint.domains.media.remote import work
from moviepoint.domains.media.search_facets import FACETS
from moviepoint.domains.media.title_filters import MEDIA
from moviepoint.hooks import hookimpl
from moviepoint.hooks.types import (
    AdminPanel,
    AdminView,
    ApiResource,
    Command,
    ContentType,
    Pages,
    Permission,
    SearchFacet,
    SitemapSource,
    SlotFill,
    Task,
    TitleFilter,
)
from moviepoint.kernel.i18n import lazy_gettext

#: Before whatever else waits, like mail and rows to be indexed: somebody looks at the progress of their upload.
SOON = 10


@hookimpl
def register_permissions() -> Sequence[Permission]:
    return [Permission("media.upload", lazy_gettext("Upload files and start encoding"),
                       ("administrator", "editor", "contributor:own", "member:own"), own=True),
            Permission("media.manage", lazy_gettext("Cancel, retry and change media"), ("administrator", "editor")),
            Permission("media.profiles", lazy_gettext("Change how films are encoded"), ("administrator",))]


@hookimpl
def register_tasks() -> Sequence[Task]:
    return [Task("media.work", tasks.work, priority=SOON), Task(joining.JOIN, tasks.join_upload),
            Task("media.sweep", tasks.sweep, every=timedelta(seconds=10)),
            Task(work.STORE, tasks.store, every=timedelta(minutes=1)),
            Task(work.TIDY, tasks.tidy_bucket, every=timedelta(days=1)),
            Task("media.expire_uploads", tasks.expire_uploads, every=timedelta(hours=1)),
            Task("media.leftovers", tasks.leftovers, every=timedelta(hours=1))]


@hookimpl
def register_commands() -> Sequence[Command]:
    return [Command(cli.media_group)]


@hookimpl
def register_api_resources() -> Sequence[ApiResource]:
    return [ApiResource(name, resource) for name, resource in api.RESOURCES.items()]


@hookimpl
def register_pages() -> Sequence[Pages]:
    return [Pages(delivery.pages, localised=False), Pages(stills.pages, localised=False),
            Pages(watch.pages), Pages(embed.pages, localised=False)]


@hookimpl
def register_slot_fills() -> Sequence[SlotFill]:
    return [SlotFill("title.player", "media/watch_buttons.html", watch.title_buttons),
            SlotFill("episode.player", "media/watch_buttons.html", watch.episode_buttons),
            SlotFill("admin.title.media", "media/admin/panel.html", backoffice.title_media),
            SlotFill("admin.episode.media", "media/admin/panel.html", backoffice.episode_media)]


@hookimpl
def register_admin_views() -> Sequence[AdminView]:
    media_group = lazy_gettext("Media")
    return [AdminView(admin.JobsView, media_group, order=50),
            AdminView(edition_admin.EditionsView, media_group, order=51),
            AdminView(profile_admin.ProfilesView, media_group, order=52)]


@hookimpl
def register_admin_panels() -> Sequence[AdminPanel]:
    return [AdminPanel("media/admin/figures.html", backoffice.encoding_figures, "media.manage"),
            AdminPanel("media/admin/disk.html", backoffice.disk_figures, "media.manage"),
            AdminPanel("media/admin/watched.html", backoffice.watched_figures, "media.manage")]


@hookimpl
def register_content_types() -> Sequence[ContentType]:
    return [content.EDITIONS]


@hookimpl
def register_search_facets() -> Sequence[SearchFacet]:
    return FACETS


@hookimpl
def register_title_filters() -> Sequence[TitleFilter]:
    return [MEDIA]


@hookimpl
def filter_page_context(value: Mapping[str, Any], template: str) -> Mapping[str, Any]:
    return watch_action.with_watching(value, template)


@hookimpl
def on_encoding_finished(job_id: int, edition_id: int) -> None:
    pictures.offer_picture(edition_id)


@hookimpl
def register_sitemaps() -> Sequence[SitemapSource]:
    return [sitemaps.SOURCE]
