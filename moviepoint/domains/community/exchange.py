"""The files of Letterboxd and IMDb: which rows they hold, and how rows are written back.

Letterboxd gives an archive of CSV files, IMDb single ones. Every column is kept as it came, known or not.
Formats: https://letterboxd.com/about/importing-data/ and IMDb's "Export" of ratings, watchlist and lists.
"""
from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import dropwhile

from moviepoint.kernel.errors import Invalid
from moviepoint.kernel.i18n import gettext as _

MOST_BYTES = 16 * 2**20  # of a file, and of all that an archive holds
MOST_ROWS = 50_000
MOST_FILES = 400

RATINGS = ("Date", "Name", "Year", "Letterboxd URI", "Rating")
COLUMNS: dict[tuple[str, str], tuple[str, ...]] = {
    ("letterboxd", "rating"): RATINGS,
    ("letterboxd", "watched"): RATINGS[:4],
    ("letterboxd", "watchlist"): RATINGS[:4],
    ("letterboxd", "diary"): (*RATINGS, "Rewatch", "Tags", "Watched Date"),
    ("letterboxd", "review"): (*RATINGS, "Rewatch", "Review", "Tags", "Watched Date"),
    ("letterboxd", "list"): ("Position", "Name", "Year", "URL", "Description"),
    ("imdb", "rating"): ("Const", "Your Rating", "Date Rated", "Title", "Original Title", "URL", "Title Type",
                         "IMDb Rating", "Runtime (mins)", "Year", "Genres", "Num Votes", "Release Date", "Directors"),
    ("imdb", "list"): ("Position", "Const", "Created", "Modified", "Description", "Title", "Original Title", "URL",
                       "Title Type", "IMDb Rating", "Runtime (mins)", "Year", "Genres", "Num Votes", "Release Date",
                       "Directors", "Your Rating", "Date Rated"),
}
COLUMNS["imdb", "watchlist"] = COLUMNS["imdb", "list"]
#: Files of Letterboxd's archive that say something we have a place for.
LETTERBOXD = {"ratings.csv": "rating", "watched.csv": "watched", "diary.csv": "diary", "reviews.csv": "review",
              "watchlist.csv": "watchlist"}


#: Folders of the archive that hold files of the same names about something else.
ELSEWHERE = frozenset({"likes", "deleted", "orphaned"})


@dataclass(frozen=True)
class Row:
    """A row as it came: `document` by column; of a list also what its head says."""

    kind: str
    file: str
    document: dict[str, str]
    head: Mapping[str, str] = field(default_factory=dict)


def read(source: str, name: str, data: bytes) -> Iterator[Row]:
    """Yield the rows of a file or an archive. Raises Invalid for what is neither, or too much."""
    if len(data) > MOST_BYTES:
        raise Invalid(_("The file is too large: %(most)s MB at most.", most=MOST_BYTES // 2**20), code="size")
    if data[:4] == b"PK\x03\x04":
        yield from _read_archive(source, data)
    else:
        yield from _read_csv(source, name, data)


def _read_archive(source: str, data: bytes) -> Iterator[Row]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [info for info in archive.infolist() if info.filename.lower().endswith(".csv")]
            if len(members) > MOST_FILES or sum(info.file_size for info in members) > MOST_BYTES:
                raise Invalid(_("The archive holds more than we take."), code="size")
            for info in members:
                with archive.open(info) as stream:  # what the index says of the size need not be true
                    content = stream.read(MOST_BYTES + 1)
                if len(content) > MOST_BYTES:
                    raise Invalid(_("The archive holds more than we take."), code="size")
                yield from _read_csv(source, info.filename, content)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError):
        raise Invalid(_("The archive cannot be read."), code="format") from None


def _read_csv(source: str, name: str, data: bytes) -> Iterator[Row]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")  # IMDb's older files
    if "\0" in text:
        raise Invalid(_("%(name)s is no CSV file.", name=name[:80]), code="format")
    head: dict[str, str] = {}
    if text.startswith("Letterboxd list export"):
        head, text = _list_head(text)
    try:
        rows = csv.DictReader(io.StringIO(text, newline=""), restkey="", restval="")
        columns = [column.strip() for column in rows.fieldnames or ()]
        kind = _kind(source, name, columns, bool(head))
        rows.fieldnames = columns
        for document in rows:
            rest = document.pop("", None)
            kept = {column: value or "" for column, value in document.items()}
            yield Row(kind, name, kept | ({"": "\n".join(rest)} if rest else {}), head)
    except csv.Error:
        raise Invalid(_("%(name)s is no CSV file.", name=name[:80]), code="format") from None


def _list_head(text: str) -> tuple[dict[str, str], str]:
    """Return what the head of Letterboxd's list file says, and the rows below it."""
    _version, _newline, rest = text.partition("\n")
    reader = csv.reader(io.StringIO(rest, newline=""))
    names, values = next(reader, []), next(reader, [])
    out = io.StringIO(newline="")  # the head's own texts may have lines that look like the rows' first one
    csv.writer(out).writerows(dropwhile(lambda row: list(row)[:1] != ["Position"], reader))
    return dict(zip(names, values, strict=False)), out.getvalue()


def _kind(source: str, name: str, columns: Sequence[str], is_list: bool) -> str:
    """Return what the rows of a file are, by its name in an archive and by its columns."""
    base = name.replace("\\", "/").rsplit("/", 1)[-1].lower()
    if source == "imdb":
        if "Const" not in columns:
            raise Invalid(_("%(name)s is no file of IMDb's: it has no column “Const”.", name=base[:80]), code="format")
        if "Position" not in columns:
            return "rating"
        return "watchlist" if "watchlist" in base else "list"
    if is_list:
        return "list"
    folder = name.replace("\\", "/").rpartition("/")[0].rpartition("/")[2]
    if folder not in ELSEWHERE:
        if base in LETTERBOXD:
            return LETTERBOXD[base]
        if "Watched Date" in columns or "WatchedDate" in columns:
            return "review" if "Review" in columns else "diary"
        if "Rating" in columns and {"Name", "Title"} & set(columns):
            return "rating"
    return "other"


def stars(text: str) -> int | None:
    """Return Letterboxd's rating (0.5 to 5) as ours (1 to 10); None for none. Raises ValueError."""
    if not text.strip():
        return None
    value = float(text) * 2
    if value != int(value) or not 1 <= value <= 10:
        raise ValueError(text)
    return int(value)


def day(text: str) -> date | None:
    """Return an ISO date, None for none. Raises ValueError."""
    return date.fromisoformat(text.strip()) if text.strip() else None


def write_csv(columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> str:
    """Return rows as CSV with these columns, and those that some row has beyond them."""
    more = dict.fromkeys(name for row in rows for name in row if name and name not in columns)
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, [*columns, *more], restval="", extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
