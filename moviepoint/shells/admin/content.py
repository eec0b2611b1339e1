"""The kinds of content that domains and plugins have registered, by name."""
from __future__ import annotations

from collections.abc import Mapping

from flask import current_app

from moviepoint.hooks.manager import HookManager
from moviepoint.hooks.types import ContentType
from moviepoint.kernel.errors import NotFound

_EXTENSION = "moviepoint.content_types"


def content_types() -> Mapping[str, ContentType]:
    """Return all content types by name, in the order in which they were registered."""
    kept: dict[str, ContentType] | None = current_app.extensions.get(_EXTENSION)
    if kept is None:
        hooks: HookManager = current_app.extensions["moviepoint.hooks"]
        kept = {kind.name: kind for kind in hooks.collect("register_content_types")}
        current_app.extensions[_EXTENSION] = kept
    return kept


def content_type(name: str) -> ContentType:
    """Return the content type of that name. Raises NotFound."""
    found = content_types().get(name)
    if found is None:
        raise NotFound()
    return found
