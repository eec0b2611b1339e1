"""Structured data as it stands in a page: nodes of schema.org in one JSON-LD script."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

CONTEXT = "https://schema.org"
Node = Mapping[str, Any]


def node(kind: str, **values: Any) -> dict[str, Any]:
    """Return a node of a type without what is empty; `id` becomes `@id`, and a trailing underscore is dropped."""
    names = {"id": "@id"}
    return {"@type": kind} | {names.get(name, name.rstrip("_")): value for name, value in values.items()
                              if value not in (None, "", [], (), {})}


def serialise(nodes: Sequence[Node]) -> str:
    """Return nodes as one JSON-LD document that cannot close the script element that it stands in; empty for none."""
    if not nodes:
        return ""
    text = msgspec.json.encode({"@context": CONTEXT, "@graph": list(nodes)}).decode()
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def length(minutes: int | None = None, *, milliseconds: int | None = None) -> str:
    """Return a duration as ISO 8601 writes it ("PT1H33M", "PT12S"); empty for none."""
    seconds = round(milliseconds / 1000) if milliseconds else (minutes or 0) * 60
    if seconds <= 0:
        return ""
    hours, rest = divmod(seconds, 3600)
    parts = zip((hours, *divmod(rest, 60)), "HMS", strict=True)
    return "PT" + "".join(f"{count}{unit}" for count, unit in parts if count)
