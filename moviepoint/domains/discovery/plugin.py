"""What being found adds."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from flask import url_for

from moviepoint.domains.catalog.words import site_settings
from moviepoint.domains.discovery import sitemaps, tasks, views
from moviepoint.hooks import hookimpl
from moviepoint.hooks.types import Pages, SlotFill, Task


@hookimpl
def register_pages() -> Sequence[Pages]:
    return [Pages(views.pages, localised=False), Pages(views.localised)]


@hookimpl
def register_tasks() -> Sequence[Task]:
    return [Task(sitemaps.WRITE, tasks.write_sitemaps, every=timedelta(hours=1))]


@hookimpl
def register_slot_fills() -> Sequence[SlotFill]:
    return [SlotFill("page.head", "discovery/head.html", head, order=10)]


def head() -> Mapping[str, str]:
    """Return where the manifest and the service worker are; the latter is empty where it is switched off."""
    return {"manifest": url_for("app_shell.web_manifest"),
            "worker": url_for("discovery.service_worker") if site_settings().offline_page else ""}
