"""What the system domain adds."""
from __future__ import annotations

from collections.abc import Sequence

from moviepoint.domains.system.cli import COMMANDS
from moviepoint.domains.system.views import pages
from moviepoint.hooks import hookimpl
from moviepoint.hooks.types import Command, Pages, Permission
from moviepoint.kernel.i18n import lazy_gettext


@hookimpl
def register_permissions() -> Sequence[Permission]:
    return [Permission("system.manage", lazy_gettext("Change themes and settings of the running site"))]


@hookimpl
def register_pages() -> Sequence[Pages]:
    return [Pages(pages, localised=False)]


@hookimpl
def register_commands() -> Sequence[Command]:
    return [Command(command) for command in COMMANDS]
