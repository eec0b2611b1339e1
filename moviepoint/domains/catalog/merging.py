"""Two editors, one title: what each has changed since both began, and where they disagree."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moviepoint.domains.history.differences import differences

Document = dict[str, Any]


@dataclass(frozen=True)
class Disagreement:
    """A field that both have changed, each in another way."""

    path: tuple[str, ...]
    mine: Any
    theirs: Any

    @property
    def key(self) -> str:
        """Return the field's name in the form that settles it."""
        return "/".join(self.path)


def merge(base: Mapping[str, Any], mine: Mapping[str, Any], theirs: Mapping[str, Any],
          ) -> tuple[Document, list[Disagreement]]:
    """Return theirs with what only I have changed, and the fields that both have changed.

    Where both disagree the merged document holds theirs, until somebody settles it. Lists are whole.
    """
    by_them = {tuple(change["path"]): change["after"] for change in differences(base, theirs)}
    merged, disagreements = _copy(theirs), []
    for change in differences(base, mine):
        path, value = tuple(change["path"]), change["after"]
        if path in by_them and by_them[path] != value:
            disagreements.append(Disagreement(path, value, by_them[path]))
        else:
            put(merged, path, value)
    return merged, disagreements


def put(document: Document, path: tuple[str, ...], value: Any) -> None:
    """Set a field of a document by its path; what an input would not take as nothing becomes empty text."""
    *parents, name = path
    for parent in parents:
        document = document.setdefault(parent, {})
    document[name] = "" if value is None and parents else value


def _copy(document: Mapping[str, Any]) -> Document:
    return {name: _copy(value) if isinstance(value, Mapping) else value for name, value in document.items()}
