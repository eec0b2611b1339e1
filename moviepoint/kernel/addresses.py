"""Addresses that pages show by the hundred: built by Flask once, and remembered."""
from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

from flask import current_app, has_request_context, request, url_for

from moviepoint.kernel.i18n import current_locale

T = TypeVar("T")
KEPT = "moviepoint.addresses"
MOST = 20_000  # about ten megabytes a process


def address(endpoint: str, **values: str | int) -> str:
    """Return what `url_for` returns, for the reader's language and the path under which the site is mounted."""
    return remembered((endpoint, current_locale(), *values.items()),
                      lambda: url_for(endpoint, **values))  # type: ignore[arg-type]


def remembered(key: Hashable, build: Callable[[], T]) -> T:
    """Return what `build` makes of addresses; it must depend on the key alone, and on where the site is mounted."""
    kept: dict[Hashable, T] = current_app.extensions.setdefault(KEPT, {})
    key = (request.script_root if has_request_context() else "", key)
    found = kept.get(key)
    if found is None:
        if len(kept) >= MOST:
            kept.clear()
        found = kept[key] = build()
    return found
