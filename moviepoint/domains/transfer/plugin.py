"""What import and export add."""
from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from moviepoint.domains.transfer import models, tasks  # noqa: F401 -- the tables
from moviepoint.domains.transfer.admin import TransfersView
from moviepoint.domains.transfer.api import resource
from moviepoint.domains.transfer.cli import export_command, import_command
from moviepoint.domains.transfer.services import WORK
from moviepoint.hooks import hookimpl
from moviepoint.hooks.types import AdminView, ApiResource, Command, Task
from moviepoint.kernel.i18n import lazy_gettext


@hookimpl
def register_admin_views() -> Sequence[AdminView]:
    return [AdminView(TransfersView, lazy_gettext("Catalogue"), order=30)]


@hookimpl
def register_api_resources() -> Sequence[ApiResource]:
    return [ApiResource("transfers", resource)]


@hookimpl
def register_tasks() -> Sequence[Task]:
    return [Task(WORK, tasks.work), Task("transfer.resume", tasks.resume, every=timedelta(minutes=1))]


@hookimpl
def register_commands() -> Sequence[Command]:
    return [Command(export_command), Command(import_command)]
