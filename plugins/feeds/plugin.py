"""What feeds adds: two addresses for each language, and links to them in every page's head."""
from __future__ import annotations

from collections.abc import Sequence

from moviepoint.plugin_api import Pages, SlotFill, hookimpl

from .views import links, pages


@hookimpl
def register_pages() -> Sequence[Pages]:
    return [Pages(pages)]


@hookimpl
def register_slot_fills() -> Sequence[SlotFill]:
    return [SlotFill("page.head", "feeds/links.html", links)]
