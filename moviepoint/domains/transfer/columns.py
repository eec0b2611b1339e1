"""A document as columns of text and back, for any content type, without loss.

What a column holds follows from the type's input struct:

- a plain field is a column of its name (`year`);
- texts by locale, and other values by key, are a column each: `overview@ru`, `external_ids@imdb`;
- a list of words is one cell: `drama | silent-film`;
- a list of structs is a little table in one cell, a line a row. The header names its columns:
  `credits: person | department | job | character | guest`.

Inside such a cell `\\|` is a bar, `\\n` a new line and `\\\\` a backslash. A column that is not there leaves its field
as it is; an empty cell empties its field where that may be empty.
"""
from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec import NODEFAULT, inspect

from moviepoint.kernel.errors import Invalid
from moviepoint.kernel.i18n import gettext as _

BAR = " | "
#: Fields of an input that mean nothing outside this database.
PRIVATE = frozenset({"id", "person_id", "version"})
_ESCAPES = {"\\": "\\\\", "|": "\\|", "\n": "\\n", "\r": "\\r"}
_UNESCAPES = {"\\": "\\", "|": "|", "n": "\n", "r": "\r"}

#: Keys by which a column with a key is shown where no file is at hand; else it is a language.
_EXAMPLES = {"external_ids@": "imdb"}

#: By column: text, or for a little table the list of its rows' cells.
Cells = dict[str, Any]


def escape(text: str) -> str:
    """Return text that can stand between bars in one line."""
    return re.sub(r"[\\|\n\r]", lambda match: _ESCAPES[match[0]], text)


def split(line: str) -> list[str]:
    """Return the parts of a line between its bars, without the spaces around them."""
    parts = [""]
    for match in re.finditer(r"\\(.)|(\|)|([^\\|]+|\\$)", line, re.DOTALL):
        if match[2]:
            parts.append("")
        else:
            parts[-1] += _UNESCAPES.get(match[1], match[0]) if match[1] else match[0]
    return [part.strip(" ") for part in parts]


@dataclass(frozen=True)
class Field:
    """One field of an input struct, as far as columns care.

    `shape` is "plain", "words" (a list of text), "rows" (a list of structs), "texts" (structs by key) or "values"
    (text by key); `empty` is what an empty cell means, or UNSET where the field may not be empty.
    """

    name: str
    shape: str
    struct: Any = None  # of "rows" and "texts"
    empty: Any = msgspec.UNSET


def fields_of(struct: type[Any]) -> Mapping[str, Field]:
    """Return the fields of an input struct by name, in their order, without those that are private to a database."""
    info: Any = inspect.type_info(struct)
    return {part.name: _field(part) for part in info.fields if part.name not in PRIVATE}


def _field(part: inspect.Field) -> Field:
    kind: Any = part.type
    if isinstance(kind, inspect.ListType):
        inner = kind.item_type
        if isinstance(inner, inspect.StructType):
            return Field(part.name, "rows", inner.cls, [])
        return Field(part.name, "words", None, [])
    if isinstance(kind, inspect.DictType):
        inner = kind.value_type
        return (Field(part.name, "texts", inner.cls) if isinstance(inner, inspect.StructType)
                else Field(part.name, "values", None))
    return Field(part.name, "plain", None, _empty(kind, part))


def _empty(kind: Any, part: inspect.Field) -> Any:
    if isinstance(kind, inspect.UnionType):
        return None if any(isinstance(one, inspect.NoneType) for one in kind.types) else msgspec.UNSET
    if isinstance(kind, inspect.StrType) and not kind.min_length and (not kind.pattern or re.match(kind.pattern, "")):
        return ""
    return msgspec.UNSET if part.default is NODEFAULT else part.default


def flatten(struct: type[Any], document: Mapping[str, Any]) -> Cells:
    """Return a document's cells by column."""
    cells: Cells = {}
    for name, part in fields_of(struct).items():
        value = document.get(name)
        if part.shape == "rows":
            cells[name] = [flatten(part.struct, row) for row in value or []]
        elif part.shape == "words":
            cells[name] = BAR.join(escape(word) for word in value or [])
        elif part.shape == "values":
            cells |= {f"{name}@{key}": str(text) for key, text in (value or {}).items()}
        elif part.shape == "texts":
            cells |= {f"{inner}@{key}": _plain(text.get(inner)) for key, text in (value or {}).items()
                      for inner in fields_of(part.struct)}
        else:
            cells[name] = _plain(value)
    return cells


def _plain(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


@dataclass
class Header:
    """The columns of a file, collected from its documents: names, and for little tables their own columns."""

    struct: type[Any]
    names: set[str] = field(default_factory=set)
    tables: dict[str, Header] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, part in fields_of(self.struct).items():
            if part.shape == "rows":
                self.tables[name] = Header(part.struct)
            if part.shape not in ("texts", "values"):
                self.names.add(name)

    def add(self, cells: Cells) -> None:
        """Take in a document's columns."""
        self.names |= cells.keys()
        for name, table in self.tables.items():
            for row in cells.get(name, ()):
                table.add(row)

    def ordered(self) -> list[str]:
        """Return the columns: in the struct's order, and by key within a field."""
        places = _places(self.struct)
        return sorted(self.names, key=lambda name: (places[name.partition("@")[0] + "@" * ("@" in name)], name))

    def titles(self) -> list[str]:
        """Return the columns as a file's first line names them."""
        return [f"{name}: {BAR.join(self.tables[name].ordered())}" if name in self.tables else name
                for name in self.ordered()]

    def line(self, cells: Cells) -> list[str]:
        """Return a document's cells in the header's order."""
        return [self._cell(name, cells.get(name, "")) for name in self.ordered()]

    def _cell(self, name: str, cell: Any) -> str:
        if isinstance(cell, str):
            return cell
        table = self.tables[name]
        return "\n".join(BAR.join(escape(text) for text in table.line(row)) for row in cell)


def _places(struct: type[Any]) -> Mapping[str, int]:
    """Return where each column stands; one with a key is named `overview@`."""
    names: list[str] = []
    for name, part in fields_of(struct).items():
        if part.shape == "texts":
            names += [f"{inner}@" for inner in fields_of(part.struct)]
        else:
            names.append(f"{name}@" if part.shape == "values" else name)
    return {name: place for place, name in enumerate(names)}


@dataclass(frozen=True)
class Columns:
    """The columns of a file that is read: for each its field, its key ("ru"), and the columns of a little table."""

    struct: type[Any]
    parts: Sequence[tuple[Field, str, Columns | None, str]]  # (field, key, table, inner field of "texts")

    def document(self, cells: Sequence[str]) -> dict[str, Any]:
        """Return a line as a document; values by key whose cell is empty are None.

        Raises Invalid where there are more cells than columns.
        """
        if len(cells) > len(self.parts) and any(cell.strip() for cell in cells[len(self.parts):]):
            raise Invalid(_("There are %(count)s cells for %(columns)s columns.", count=len(cells),
                            columns=len(self.parts)))
        found: dict[str, Any] = {}
        for (part, key, table, inner), text in zip(self.parts, cells, strict=False):
            if part.shape == "texts":
                found.setdefault(part.name, {}).setdefault(key, {})[inner] = text
            elif part.shape == "values":
                found.setdefault(part.name, {})[key] = text.strip() or None
            elif table is not None:
                lines = re.split(r"\r?\n", text)
                found[part.name] = [table.document(split(line)) for line in lines if line.strip(" |")]
            elif part.shape == "words":
                found[part.name] = [word for word in split(text) if word]
            elif text.strip():
                found[part.name] = text
            elif part.empty is not msgspec.UNSET:
                found[part.name] = part.empty
        return found


def read_header(struct: type[Any], titles: Iterable[str]) -> Columns:
    """Return the columns that a file's first line names. Raises Invalid that lists those nobody knows."""
    known = fields_of(struct)
    parts, unknown, seen = [], [], set()
    for title in titles:
        name, colon, inner = title.strip().partition(":")
        found = _part(known, name.strip(), inner if colon else None)
        if found is None:
            unknown.append(title.strip()[:60] or "?")
            continue
        if name in seen:
            raise Invalid(_("The column %(name)s is there twice.", name=name))
        seen.add(name)
        parts.append(found)
    if unknown:
        raise Invalid(_("The file has columns that are not known: %(names)s. Those that can be given: %(known)s.",
                        names=", ".join(unknown), known=", ".join(offered(struct))), code="columns")
    return Columns(struct, parts)


def _part(known: Mapping[str, Field], name: str, inner: str | None) -> tuple[Field, str, Columns | None, str] | None:
    plain, at, key = name.partition("@")
    if not at:
        part = known.get(name)
        if part is None or part.shape in ("texts", "values"):
            return None
        if part.shape != "rows":
            return (part, "", None, "") if inner is None else None
        return part, "", read_header(part.struct, split(inner) if inner else Header(part.struct).ordered()), ""
    if (part := known.get(plain)) is not None and part.shape == "values" and key:
        return part, key, None, ""
    for part in known.values():
        if part.shape == "texts" and plain in fields_of(part.struct) and key:
            return part, key, None, plain
    return None


def offered(struct: type[Any]) -> list[str]:
    """Return the columns that a file may have, those with a key by an example: `overview@ru`."""
    found = []
    for name in _places(struct):
        if name.endswith("@"):
            found.append(name + _EXAMPLES.get(name, "ru"))
        elif table := Header(struct).tables.get(name):
            found.append(f"{name}: {BAR.join(offered(table.struct))}")
        else:
            found.append(name)
    return found
