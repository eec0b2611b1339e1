"""The difference of two documents, by field and locale."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Document = Mapping[str, Any]
Change = dict[str, Any]


def differences(before: Document | None, after: Document | None) -> list[Change]:
    """Return what changed, as `{"path": ["texts", "ru", "name"], "before": …, "after": …}` in the documents' order.

    Mappings are entered, lists are compared whole; empty text, an empty list and a missing field are the same.
    """
    return list(_differences((), before or {}, after or {}))


def items(change: Change) -> tuple[list[Any], list[Any]]:
    """Return what a change of a list took away and what it added, in the lists' order."""
    before, after = change["before"] or [], change["after"] or []
    return [item for item in before if item not in after], [item for item in after if item not in before]


def _differences(path: tuple[str, ...], before: Document, after: Document) -> Iterator[Change]:
    for name in dict.fromkeys((*before, *after)):
        old, new, here = before.get(name), after.get(name), (*path, str(name))
        if isinstance(old, Mapping) or isinstance(new, Mapping):
            yield from _differences(here, old or {}, new or {})
        elif old != new and not (_is_empty(old) and _is_empty(new)):
            yield {"path": list(here), "before": old, "after": new}


def _is_empty(value: Any) -> bool:
    return value is None or value in ("", [], {})
