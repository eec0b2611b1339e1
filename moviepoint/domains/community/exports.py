"""What a member has, as Letterboxd's archive or IMDb's files, together with every row that found no place here."""
from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.domains.catalog.models import ExternalId, Title
from moviepoint.domains.community.exchange import COLUMNS, write_csv
from moviepoint.domains.community.models import DiaryEntry, ImportRow, ListItem, Rating, Review, UserList
from moviepoint.domains.community.policies import member_id
from moviepoint.kernel.errors import Invalid
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.policies import Actor

Document = dict[str, str]
NO_PLACE = ("kept", "faulty")  # rows that stand for themselves, whatever title they mean
NAMES = {"rating": "ratings.csv", "watched": "watched.csv", "diary": "diary.csv", "review": "reviews.csv",
         "watchlist": "watchlist.csv"}


class Shelf:
    """All of a member's, with the names and ids of its titles, and the rows kept from a source."""

    def __init__(self, session: Session, user_id: int, source: str) -> None:
        self.source = source
        self.kept = list(session.scalars(select(ImportRow).where(
            ImportRow.user_id == user_id, ImportRow.source == source).order_by(ImportRow.import_id, ImportRow.number)))
        self.ratings = session.scalars(select(Rating).where(Rating.user_id == user_id).order_by(Rating.rated_at)).all()
        self.diary = session.scalars(select(DiaryEntry).where(DiaryEntry.user_id == user_id).order_by(
            DiaryEntry.watched_on, DiaryEntry.id)).all()
        self.reviews = session.scalars(select(Review).where(Review.user_id == user_id).order_by(Review.id)).all()
        self.lists = session.scalars(select(UserList).where(UserList.user_id == user_id).order_by(UserList.id)).all()
        self.items = session.scalars(select(ListItem).join(UserList, UserList.id == ListItem.list_id).where(
            UserList.user_id == user_id).order_by(ListItem.list_id, ListItem.position)).all()
        ids = {row.title_id for rows in (self.ratings, self.diary, self.reviews, self.items)
               for row in rows}  # type: ignore[attr-defined]
        self.titles = {row.id: row for part in _parts(ids) for row in session.scalars(
            select(Title).where(Title.id.in_(part)))}
        self.external = {(row.title_id, row.scheme): row.value for part in _parts(ids) for row in session.scalars(
            select(ExternalId).where(ExternalId.title_id.in_(part)))}
        #: As they came, the last one that says the same thing of the same title.
        self.originals = {(row.kind, row.list_slug, row.title_id, _mark(row.kind, row.document)): row.document
                          for row in self.kept if row.title_id and row.verdict not in NO_PLACE}

    def document(self, kind: str, title_id: int, values: Mapping[str, Any], list_slug: str = "") -> Document:
        """Return a row: the original's columns where it came from this source, with what is true now."""
        title = self.titles[title_id]
        year = str(title.year or "")
        if self.source == "imdb":
            named = {"Const": self.external.get((title_id, "imdb"), ""), "Title": title.original_title,
                     "Original Title": title.original_title, "Year": year,
                     "Title Type": "Movie" if title.kind == "film" else "TV Series"}
            if named["Const"]:
                named["URL"] = f"https://www.imdb.com/title/{named['Const']}/"
        else:
            named = {"Name": title.original_title, "Year": year,
                     "URL" if kind == "list" else "Letterboxd URI": self.external.get((title_id, "letterboxd"), "")}
            if imdb := self.external.get((title_id, "imdb")):
                named["imdbID"] = imdb
        original = self.originals.get((kind, list_slug, title_id, _mark(kind, values)), {})
        kept = {name: str(value) for name, value in original.items() if not name.startswith("\t")}
        return named | kept | {name: "" if value is None else str(value) for name, value in values.items()}

    def without_place(self, kind: str, list_slug: str = "") -> list[Document]:
        """Return the rows of a kind that are not among what the member has here, each once."""
        seen: dict[tuple[tuple[str, str], ...], Document] = {}
        for row in self.kept:
            if row.kind == kind and row.list_slug == list_slug and (
                    row.title_id is None or row.verdict in NO_PLACE):
                plain = {name: str(value) for name, value in row.document.items() if not name.startswith("\t")}
                seen.setdefault(tuple(sorted(plain.items())), plain)
        return list(seen.values())


def _mark(kind: str, document: Mapping[str, Any]) -> str:
    """Return what tells rows of one kind and title apart: the day of an entry in a diary."""
    return str(document.get("Watched Date") or "") if kind == "diary" else ""


def letterboxd(session: Session, actor: Actor | None) -> bytes:
    """Return all that a member has as an archive in Letterboxd's form."""
    shelf = Shelf(session, member_id(actor), "letterboxd")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for kind, rows in _letterboxd_rows(shelf).items():
            archive.writestr(NAMES[kind], write_csv(COLUMNS["letterboxd", kind], rows))
        for slug, head, rows in _lists(shelf):
            archive.writestr(f"lists/{slug}.csv", "Letterboxd list export v7\r\n" + write_csv(
                ("Date", "Name", "Tags", "URL", "Description"), [head]) + "\r\n"
                + write_csv(COLUMNS["letterboxd", "list"], rows))
        for file in dict.fromkeys(row.file for row in shelf.kept if row.kind == "other"):
            rows = [{name: str(value) for name, value in row.document.items()} for row in shelf.kept
                    if row.kind == "other" and row.file == file]
            archive.writestr(file, write_csv(tuple(rows[0]), rows))
    return out.getvalue()


def imdb(session: Session, actor: Actor | None, what: str) -> str:
    """Return a member's ratings or watchlist as IMDb's CSV. Raises Invalid for anything else."""
    shelf = Shelf(session, member_id(actor), "imdb")
    if what == "ratings":
        rows = [shelf.document("rating", row.title_id, {
            "Your Rating": row.value, "Date Rated": row.rated_at.date()}) for row in shelf.ratings]
        return write_csv(COLUMNS["imdb", "rating"], rows + shelf.without_place("rating"))
    if what != "watchlist":
        raise Invalid(_("%(value)s is none of the possible values.", value=what[:40]))
    watch = next((row.id for row in shelf.lists if row.is_watchlist), None)
    rows = [shelf.document("watchlist", item.title_id, {"Position": place, "Description": item.note})
            for place, item in enumerate([item for item in shelf.items if item.list_id == watch], 1)]
    return write_csv(COLUMNS["imdb", "watchlist"], rows + shelf.without_place("watchlist"))


def _letterboxd_rows(shelf: Shelf) -> dict[str, list[Document]]:
    rated = {row.title_id: row for row in shelf.ratings}
    watch = next((row.id for row in shelf.lists if row.is_watchlist), None)
    found = {
        "rating": [shelf.document("rating", row.title_id, {"Date": row.rated_at.date(), "Rating": stars(row.value)})
                   for row in shelf.ratings],
        "watched": [shelf.document("watched", row.title_id, {"Date": row.created_at.date()})
                    for row in {row.title_id: row for row in shelf.diary}.values()],
        "diary": [shelf.document("diary", row.title_id, _viewing(row)) for row in shelf.diary if row.watched_on],
        "review": [shelf.document("review", row.title_id, {
            "Date": row.created_at.date(), "Review": row.text,
            "Rating": stars(rated[row.title_id].value) if row.title_id in rated else ""}) for row in shelf.reviews],
        "watchlist": [shelf.document("watchlist", item.title_id, {"Date": item.added_at.date()})
                      for item in shelf.items if item.list_id == watch]}
    return {kind: rows + shelf.without_place(kind) for kind, rows in found.items()}


def _viewing(row: DiaryEntry) -> dict[str, Any]:
    return {"Date": row.created_at.date(), "Rating": stars(row.rating), "Rewatch": "Yes" if row.rewatch else "",
            "Tags": ", ".join(row.tags), "Watched Date": row.watched_on}


def _lists(shelf: Shelf) -> Iterable[tuple[str, Document, list[Document]]]:
    """Yield each list with its head and its rows: the member's own, then those of which no title was found here."""
    own = [row for row in shelf.lists if not row.is_watchlist]
    for found in own:
        items = [item for item in shelf.items if item.list_id == found.id]
        rows = [shelf.document("list", item.title_id, {"Position": place, "Description": item.note}, found.slug)
                for place, item in enumerate(items, 1)]
        head = {"Date": str(found.created_at.date()), "Name": found.name, "Description": found.about}
        yield found.slug, head, rows + shelf.without_place("list", found.slug)
    for slug in dict.fromkeys(row.list_slug for row in shelf.kept if row.kind == "list"):
        rows = shelf.without_place("list", slug)
        if rows and slug not in {row.slug for row in own}:
            head = next((row.document.get("\theader") or {} for row in shelf.kept if row.list_slug == slug), {})
            yield slug, {name: str(value) for name, value in head.items()}, rows


def stars(value: int | None) -> str:
    """Return our rating (1 to 10) as Letterboxd's: "0.5" to "5"."""
    return f"{value / 2:g}" if value else ""


def _parts(ids: Iterable[int], size: int = 500) -> Iterable[Sequence[int]]:
    rows = sorted(ids)
    return (rows[start:start + size] for start in range(0, len(rows), size))
