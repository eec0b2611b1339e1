"""What the Kodi library adds: a page of the back office, and the task behind it."""
from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from moviepoint.plugin_api import AdminView, ApiResource, Task, hookimpl, lazy_gettext

from . import models  # noqa: F401 -- the tables
from .admin import LibraryView
from .api import resource
from .work import TASK, resume, run


@hookimpl
def register_admin_views() -> Sequence[AdminView]:
    return [AdminView(LibraryView, lazy_gettext("Catalogue"), order=31)]


@hookimpl
def register_api_resources() -> Sequence[ApiResource]:
    return [ApiResource("kodi-library", resource)]


@hookimpl
def register_tasks() -> Sequence[Task]:
    return [Task(TASK, run), Task("kodi_library.resume", resume, every=timedelta(minutes=1))]
