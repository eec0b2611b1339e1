"""The library as a resource: walks, what they found, and the import of what is chosen."""
from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from spectree import Response
from sqlalchemy import select

from moviepoint.plugin_api import (
    NotFound,
    Page,
    PageQuery,
    User,
    api_blueprint,
    api_spec,
    db,
    in_language,
    in_person,
    paged,
    require,
    unit_of_work,
)

from . import work
from .models import LibraryItem, LibraryScan

resource = api_blueprint("kodi_library", __name__)


class LibraryScanInfo(msgspec.Struct, kw_only=True):
    """A walk through a folder; `seen` of `total` films and series are through the present stage."""

    id: int
    folder: str
    locale: str
    state: str
    error: str
    total: int
    seen: int
    actor_name: str
    created_at: datetime


class LibraryItemInfo(msgspec.Struct, kw_only=True):
    """A film or series that was found, and what importing it would do."""

    id: int
    path: str
    label: str
    verdict: str
    changes: list[dict[str, Any]]
    files: list[str]
    notes: list[str]
    faults: list[str]
    chosen: bool
    outcome: str
    title_id: int | None


class LibraryScanInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A folder of the server, and the language of the texts in it."""

    folder: str
    locale: str


class LibraryImportInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The items to import; without it, all that would be new or changed."""

    items: Annotated[list[int], msgspec.Meta(max_length=10_000)] | None = None


@resource.get("/kodi-library/scans")
@in_language
@api_spec.validate(resp=Response(HTTP_200=Page[LibraryScanInfo]), tags=["kodi-library"])
def list_scans(query: PageQuery) -> Page[LibraryScanInfo]:
    """List walks, the newest first."""
    _allow()
    return paged(db.session(), select(LibraryScan).order_by(LibraryScan.id.desc()), query,
                 lambda rows: [_shown(LibraryScanInfo, row) for row in rows])


@resource.post("/kodi-library/scans")
@in_language
@api_spec.validate(resp=Response(HTTP_202=LibraryScanInfo), tags=["kodi-library"])
def start_scan(json: LibraryScanInput) -> Any:
    """Have a folder walked through; nothing is written."""
    user = _allow()
    with unit_of_work() as session:
        scan = work.start(session, user, json.folder, json.locale)
    return _shown(LibraryScanInfo, scan), 202


@resource.get("/kodi-library/scans/<int:scan_id>")
@in_language
@api_spec.validate(resp=Response(HTTP_200=LibraryScanInfo), tags=["kodi-library"])
def get_scan(scan_id: int) -> LibraryScanInfo:
    """Show how far a walk or an import is."""
    return _shown(LibraryScanInfo, _scan(scan_id))


@resource.get("/kodi-library/scans/<int:scan_id>/items")
@in_language
@api_spec.validate(resp=Response(HTTP_200=Page[LibraryItemInfo]), tags=["kodi-library"])
def list_items(scan_id: int, query: PageQuery) -> Page[LibraryItemInfo]:
    """List what a walk found."""
    statement = select(LibraryItem).where(LibraryItem.scan_id == _scan(scan_id).id).order_by(LibraryItem.id)
    return paged(db.session(), statement, query, lambda rows: [_shown(LibraryItemInfo, row) for row in rows])


@resource.post("/kodi-library/scans/<int:scan_id>/import")
@in_language
@api_spec.validate(resp=Response(HTTP_202=LibraryScanInfo), tags=["kodi-library"])
def import_items(scan_id: int, json: LibraryImportInput) -> Any:
    """Import what is chosen."""
    user = _allow()
    with unit_of_work() as session:
        scan = _scan(scan_id)
        if json.items is not None and scan.state == "ready":
            everything = set(session.scalars(select(LibraryItem.id).where(LibraryItem.scan_id == scan_id)))
            work.choose(session, user, scan, everything, set(json.items))
        work.import_chosen(session, user, scan)
    return _shown(LibraryScanInfo, scan), 202


@resource.post("/kodi-library/scans/<int:scan_id>/stop")
@in_language
@api_spec.validate(resp=Response(HTTP_200=LibraryScanInfo), tags=["kodi-library"])
def stop_scan(scan_id: int) -> LibraryScanInfo:
    """Call a walk or an import off; what is imported stays."""
    user = _allow()
    with unit_of_work() as session:
        scan = _scan(scan_id)
        work.stop(session, user, scan)
    return _shown(LibraryScanInfo, scan)


def _allow() -> User:
    """Return who asks: somebody who may write the whole catalogue and take in media, and no token of theirs."""
    user = in_person()
    require(user, work.PERMISSION)
    require(user, "media.upload")
    return user


def _scan(scan_id: int) -> LibraryScan:
    _allow()
    found = db.session().get(LibraryScan, scan_id)
    if found is None:
        raise NotFound()
    return found


def _shown(kind: type[Any], row: LibraryScan | LibraryItem) -> Any:
    return kind(**{name: getattr(row, name) for name in kind.__struct_fields__})
