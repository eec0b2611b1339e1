"""Parts of pages that are the same for every visitor and cost much: kept for a while, in each process.

A template puts `{% call fragment("name", key, seconds=60) %}…{% endcall %}` around such a part. What it shows should be
a `Later`, so that nothing is read from the database while the part is kept. What tells a change apart belongs into the
key, so that other processes see it too: then the seconds may be many.
"""
from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar, overload

from flask import current_app, g, has_request_context, request
from markupsafe import Markup

from moviepoint.kernel.i18n import current_locale
from moviepoint.theming.themes import EXTENSION as THEMING

T = TypeVar("T")
KEPT = "moviepoint.fragments"
MOST = 2_000  # about twenty megabytes a process


class Later(Sequence[T]):
    """A sequence that is loaded when somebody looks at it."""

    def __init__(self, load: Callable[[], Sequence[T]]) -> None:
        self._load = load
        self._rows: Sequence[T] | None = None

    def _loaded(self) -> Sequence[T]:
        if self._rows is None:
            self._rows = self._load()
        return self._rows

    @overload
    def __getitem__(self, place: int) -> T: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[T]: ...

    def __getitem__(self, place: int | slice) -> T | Sequence[T]:
        return self._loaded()[place]

    def __len__(self) -> int:
        return len(self._loaded())


def fragment(name: str, *key: Hashable, seconds: float, caller: Callable[[], Markup]) -> Markup:
    """Return a part of a page as it was rendered at most `seconds` ago in this language and theme.

    Nothing in it may depend on the visitor, and `key` says all else that it depends on. A preview keeps nothing.
    """
    if "preview" in g:
        return caller()
    kept: dict[Hashable, tuple[Markup, float]] = current_app.extensions.setdefault(KEPT, {})
    root = request.script_root if has_request_context() else ""
    whole = (name, key, current_locale(), root, current_app.extensions[THEMING].active())
    found, now = kept.get(whole), time.monotonic()
    if found is not None and now < found[1]:
        return found[0]
    rendered = caller()
    kept.pop(whole, None)
    while len(kept) >= MOST:
        kept.pop(next(iter(kept)), None)
    kept[whole] = rendered, now + seconds
    return rendered


def forget_fragments() -> None:
    """Render all parts anew: this process has just changed what they show."""
    current_app.extensions.pop(KEPT, None)
