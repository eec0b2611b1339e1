"""Files of content: CSV and JSON, read with all their faults and written without loss.

A fault of the whole file (an unknown column, no text at all) raises Invalid; a fault of one row belongs to the row.
"""
from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import msgspec
from charset_normalizer import from_bytes

from moviepoint.domains.transfer.columns import Cells, Columns, Header, flatten, read_header
from moviepoint.hooks.types import ContentType
from moviepoint.kernel.errors import Invalid
from moviepoint.kernel.i18n import gettext as _

FORMATS = ("csv", "json")
#: What an editor may say that a file is written in; "" lets us find out.
ENCODINGS = ("", "utf-8", "windows-1251", "koi8-r", "windows-1252", "iso-8859-2", "utf-16")
MAX_ROWS = 200_000
MAX_CELL = 1_000_000  # characters
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_QUOTED_FORMULA = re.compile(r"'+[=+\-@\t\r]")
_SAMPLE = 64 * 1024
csv.field_size_limit(MAX_CELL)


@dataclass(frozen=True)
class Row:
    """One row as it was read: its number in the file (from 1, without the header), and what is wrong with it."""

    number: int
    document: Mapping[str, Any] = field(default_factory=dict)
    fault: str = ""


@dataclass(frozen=True)
class Book:
    """A file that can be read again and again: `encoding` is what it turned out to be in."""

    path: Path
    format: str
    kind: ContentType
    encoding: str = ""

    def count(self) -> int:
        """Return the number of rows. Raises Invalid for a file that cannot be read."""
        if self.format == "json":
            return len(self._documents())
        with self._text() as stream:
            lines = self._lines(stream)
            read_header(self.kind.input, next(lines, []))
            count = sum(1 for line in lines if _has_text(line))
        return _checked(count)

    def rows(self) -> Iterator[Row]:
        """Iterate over the rows."""
        return self._json_rows() if self.format == "json" else self._csv_rows()

    def _csv_rows(self) -> Iterator[Row]:
        with self._text() as stream:
            lines = self._lines(stream)
            columns = read_header(self.kind.input, next(lines, []))
            for number, line in enumerate(filter(_has_text, lines), start=1):
                yield _row(number, columns, line)

    def _json_rows(self) -> Iterator[Row]:
        for number, raw in enumerate(self._documents(), start=1):
            if b"\\u0000" in bytes(raw):
                yield Row(number, fault=_("There is a character in it that is no text (NUL)."))
                continue
            try:
                document = msgspec.json.decode(raw)
            except RecursionError:
                yield Row(number, fault=_("This is nested too deeply."))
                continue
            if isinstance(document, dict):
                yield Row(number, document)
            else:
                yield Row(number, fault=_("This must be an object with named fields."))

    def _documents(self) -> list[msgspec.Raw]:
        """Return the documents of a JSON file undecoded: a list, or a list in `documents` as exports write it."""
        data = self.path.read_bytes().removeprefix(b"\xef\xbb\xbf")
        try:
            if data.lstrip()[:1] == b"[":
                found = msgspec.json.decode(data, type=list[msgspec.Raw])
            else:
                whole = msgspec.json.decode(data, type=_Export)
                if whole.content_type and whole.content_type != self.kind.name:
                    raise Invalid(_("The file holds %(found)s, and not %(wanted)s.", found=whole.content_type,
                                    wanted=self.kind.name), code="other-type")
                found = whole.documents
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            raise Invalid(_("This is no JSON that can be read: %(error)s", error=error), code="unreadable") from None
        _checked(len(found))
        return found

    def _text(self) -> IO[str]:
        return self.path.open(encoding=self.encoding, newline="", errors="strict")

    def _lines(self, stream: IO[str]) -> Iterator[list[str]]:
        """Iterate over a CSV's lines, whatever stands between its cells. Raises Invalid where it cannot be read."""
        sample = stream.read(_SAMPLE)
        first = sample.split("\n", 1)[0]
        stream.seek(0)
        delimiter = max(",;\t", key=first.count)
        try:
            yield from csv.reader(stream, delimiter=delimiter, strict=True)
        except (csv.Error, UnicodeError) as error:
            raise Invalid(_("The file cannot be read to its end as a table: %(error)s", error=error),
                          code="unreadable") from None


class _Export(msgspec.Struct):
    documents: list[msgspec.Raw]
    content_type: str = ""


def open_book(path: Path, format: str, kind: ContentType, encoding: str = "") -> Book:
    """Return a file ready to be read. Raises Invalid for an empty one or one in no encoding that can be told."""
    if format not in FORMATS:
        raise Invalid(_("Only CSV and JSON can be brought in."), code="format")
    with path.open("rb") as stream:
        sample = stream.read(_SAMPLE)
    if not sample.strip():
        raise Invalid(_("The file is empty."), code="empty")
    if format == "json":
        return Book(path, format, kind, "utf-8")
    encoding = encoding or find_encoding(sample)
    try:
        with path.open(encoding=encoding) as text:
            for _part in iter(lambda: text.read(1 << 20), ""):
                pass
    except (UnicodeError, LookupError):
        raise Invalid(_("The file is not written in %(encoding)s throughout. Save it as UTF-8, or say what it is "
                        "written in.", encoding=encoding), code="encoding") from None
    return Book(path, format, kind, encoding)


def find_encoding(sample: bytes) -> str:
    """Return what a file is written in: by its mark, UTF-8 where that fits, else the best guess."""
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        sample[:-4].decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(sample) - 8:
            guess = from_bytes(sample, cp_isolation=list(filter(None, ENCODINGS))).best()
            return guess.encoding if guess is not None else "windows-1252"
    return "utf-8-sig"


def _has_text(line: list[str]) -> bool:
    return any(cell.strip() for cell in line)


def _row(number: int, columns: Columns, line: list[str]) -> Row:
    if any("\0" in cell for cell in line):
        return Row(number, fault=_("There is a character in it that is no text (NUL)."))
    try:
        return Row(number, columns.document([_unguarded(cell) for cell in line]))
    except Invalid as error:
        return Row(number, fault=str(error.message))


def _checked(count: int) -> int:
    if not count:
        raise Invalid(_("The file has no rows."), code="empty")
    if count > MAX_ROWS:
        raise Invalid(_("The file has %(count)s rows; at most %(most)s can be brought in at once.", count=count,
                        most=MAX_ROWS), code="too-long")
    return count


def _guarded(text: str) -> str:
    """Return a cell that no spreadsheet runs as a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def _unguarded(text: str) -> str:
    return text[1:] if _QUOTED_FORMULA.match(text) else text


def write_json(stream: IO[bytes], kind: ContentType, documents: Iterable[Mapping[str, Any]]) -> int:
    """Write documents as one JSON file, one a line; returns how many."""
    stream.write(b'{"content_type": ' + msgspec.json.encode(kind.name) + b', "documents": [')
    count = 0
    for count, document in enumerate(documents, start=1):
        stream.write((b"\n" if count == 1 else b",\n") + msgspec.json.encode(document))
    stream.write(b"\n]}\n")
    return count


def write_csv(stream: IO[bytes], kind: ContentType, documents: Iterable[Mapping[str, Any]], spool: IO[bytes]) -> int:
    """Write documents as CSV in UTF-8 with its mark, which spreadsheets ask for; returns how many.

    Which columns there are is known only at the end, so all documents wait in `spool`, a file to write and read.
    """
    header, count = Header(kind.input), 0
    for document in documents:
        cells = flatten(kind.input, msgspec.to_builtins(document))
        header.add(cells)
        spool.write(msgspec.json.encode(cells) + b"\n")
        count += 1
    spool.seek(0)
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(header.titles())
    for line in itertools.islice(spool, count):
        cells_read: Cells = msgspec.json.decode(line)
        writer.writerow([_guarded(cell) for cell in header.line(cells_read)])
    text.flush()
    text.detach()
    return count
