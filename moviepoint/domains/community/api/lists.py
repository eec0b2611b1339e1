"""Lists, the watchlist and the diary as resources."""
from __future__ import annotations

from collections.abc import Sequence

from flask import Response as FlaskResponse
from spectree import Response

from moviepoint.domains.accounts.viewer import current_viewer, signed_in
from moviepoint.domains.community.models import UserList
from moviepoint.domains.community.policies import member_id
from moviepoint.domains.community.queries import lists as reads
from moviepoint.domains.community.queries import members
from moviepoint.domains.community.schemas.lists import (
    DiaryInfo,
    DiaryInput,
    ItemInfo,
    ItemInput,
    ListInfo,
    ListInput,
    OrderInput,
    diary_info,
    item_info,
    list_info,
)
from moviepoint.domains.community.services import diary as diaries
from moviepoint.domains.community.services import lists
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.errors import NotFound
from moviepoint.kernel.limits import limiter
from moviepoint.shells.api import Page, PageQuery, blueprint, paged, spec
from moviepoint.shells.api.language import in_language

resource = blueprint("lists", __name__)
LIMIT = "120 per minute"


class ListsQuery(PageQuery, kw_only=True):
    """Whose lists, by handle; empty for all that one may see."""

    member: str = ""


@resource.get("/lists")
@in_language
@spec.validate(resp=Response(HTTP_200=Page[ListInfo]), tags=["lists"])
def list_lists(query: ListsQuery) -> Page[ListInfo]:
    """List the lists that one may see, the last changed first."""
    session, viewer = db.session(), current_viewer()
    owner = members.profile(session, viewer, query.member).user_id if query.member else None
    return paged(session, reads.lists(viewer, owner), query, _shown)


@resource.post("/lists")
@limiter.limit(LIMIT)
@in_language
@spec.validate(resp=Response(HTTP_200=ListInfo), tags=["lists"])
def create_list(json: ListInput) -> ListInfo:
    """Make a list."""
    with unit_of_work() as session:
        return _shown([lists.save_list(session, signed_in(), json)])[0]


@resource.get("/lists/<int:list_id>")
@in_language
@spec.validate(resp=Response(HTTP_200=ListInfo), tags=["lists"])
def get_list(list_id: int) -> ListInfo:
    """Show a list."""
    return _shown([reads.found_list(db.session(), current_viewer(), list_id)[0]])[0]


@resource.patch("/lists/<int:list_id>")
@limiter.limit(LIMIT)
@in_language
@spec.validate(resp=Response(HTTP_200=ListInfo), tags=["lists"])
def change_list(list_id: int, json: ListInput) -> ListInfo:
    """Change a list of one's own."""
    with unit_of_work() as session:
        return _shown([lists.save_list(session, signed_in(), json, list_id)])[0]


@resource.delete("/lists/<int:list_id>")
def delete_list(list_id: int) -> FlaskResponse:
    """Delete a list of one's own."""
    with unit_of_work() as session:
        lists.delete_list(session, signed_in(), list_id)
    return FlaskResponse(status=204)


@resource.get("/lists/<int:list_id>/items")
@in_language
@spec.validate(resp=Response(HTTP_200=Page[ItemInfo]), tags=["lists"])
def list_items(list_id: int, query: PageQuery) -> Page[ItemInfo]:
    """List a list's titles in its order."""
    session, viewer = db.session(), current_viewer()
    reads.found_list(session, viewer, list_id)
    return paged(session, reads.items(viewer, list_id), query, lambda rows: [item_info(row) for row in rows])


@resource.put("/lists/<int:list_id>/items/<int:title_id>")
@limiter.limit(LIMIT)
def add_item(list_id: int, title_id: int) -> FlaskResponse:
    """Put a title into a list."""
    with unit_of_work() as session:
        lists.add(session, signed_in(), list_id, title_id)
    return FlaskResponse(status=204)


@resource.patch("/lists/<int:list_id>/items/<int:title_id>")
@limiter.limit(LIMIT)
@spec.validate(tags=["lists"])
def note_item(list_id: int, title_id: int, json: ItemInput) -> FlaskResponse:
    """Write a note to a title in a list."""
    with unit_of_work() as session:
        lists.arrange(session, signed_in(), list_id, [], {title_id: json.note})
    return FlaskResponse(status=204)


@resource.delete("/lists/<int:list_id>/items/<int:title_id>")
def remove_item(list_id: int, title_id: int) -> FlaskResponse:
    """Take a title out of a list."""
    with unit_of_work() as session:
        lists.remove(session, signed_in(), list_id, title_id)
    return FlaskResponse(status=204)


@resource.put("/lists/<int:list_id>/order")
@limiter.limit(LIMIT)
@spec.validate(tags=["lists"])
def order_list(list_id: int, json: OrderInput) -> FlaskResponse:
    """Set the order of a list's titles."""
    with unit_of_work() as session:
        lists.arrange(session, signed_in(), list_id, json.title_ids)
    return FlaskResponse(status=204)


@resource.get("/watchlist")
@in_language
@spec.validate(resp=Response(HTTP_200=ListInfo), tags=["lists"])
def get_watchlist() -> ListInfo:
    """Show one's watchlist, which is a list like the others."""
    with unit_of_work() as session:
        return _shown([lists.watchlist(session, signed_in())])[0]


@resource.put("/watchlist/<int:title_id>")
@limiter.limit(LIMIT)
def watch_later(title_id: int) -> FlaskResponse:
    """Put a title on one's watchlist."""
    with unit_of_work() as session:
        lists.add(session, signed_in(), lists.watchlist(session, signed_in()).id, title_id)
    return FlaskResponse(status=204)


@resource.delete("/watchlist/<int:title_id>")
def watch_no_more(title_id: int) -> FlaskResponse:
    """Take a title off one's watchlist."""
    with unit_of_work() as session:
        lists.remove(session, signed_in(), lists.watchlist(session, signed_in()).id, title_id)
    return FlaskResponse(status=204)


@resource.get("/diary")
@in_language
@spec.validate(resp=Response(HTTP_200=Page[DiaryInfo]), tags=["diary"])
def list_diary(query: ListsQuery) -> Page[DiaryInfo]:
    """List one's own diary, or that of a member who shows it, the last day first."""
    session, viewer = db.session(), current_viewer()
    if query.member:
        found = members.profile(session, viewer, query.member)
        if not members.shows(viewer, found, "diary"):
            raise NotFound()
        owner = found.user_id
    else:
        owner = member_id(signed_in())
    return paged(session, reads.diary(viewer, owner), query, lambda rows: [diary_info(row) for row in rows])


@resource.post("/diary")
@limiter.limit(LIMIT)
@in_language
@spec.validate(resp=Response(HTTP_200=DiaryInfo), tags=["diary"])
def log(json: DiaryInput) -> DiaryInfo:
    """Write a viewing down."""
    with unit_of_work() as session:
        return diary_info(diaries.log(session, signed_in(), json))


@resource.put("/diary/<int:entry_id>")
@limiter.limit(LIMIT)
@in_language
@spec.validate(resp=Response(HTTP_200=DiaryInfo), tags=["diary"])
def change_entry(entry_id: int, json: DiaryInput) -> DiaryInfo:
    """Change a viewing."""
    with unit_of_work() as session:
        return diary_info(diaries.log(session, signed_in(), json, entry_id))


@resource.delete("/diary/<int:entry_id>")
def delete_entry(entry_id: int) -> FlaskResponse:
    """Take a viewing out of one's diary."""
    with unit_of_work() as session:
        diaries.delete_entry(session, signed_in(), entry_id)
    return FlaskResponse(status=204)


def _shown(rows: Sequence[UserList]) -> list[ListInfo]:
    session = db.session()
    owners = members.names(session, [row.user_id for row in rows])
    sizes = reads.sizes(session, current_viewer(), [row.id for row in rows])
    return [list_info(row, owners[row.user_id].handle if row.user_id in owners else "", sizes.get(row.id, 0))
            for row in rows]
