"""Reads of lists and of the diary."""
from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from moviepoint.domains.catalog.models import Title
from moviepoint.domains.catalog.policies import visible
from moviepoint.domains.community.models import DiaryEntry, ListItem, Profile, UserList
from moviepoint.domains.community.models.lists import WATCHLIST
from moviepoint.domains.community.policies import visible_lists
from moviepoint.kernel.errors import NotFound
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.policies import Actor


def lists(viewer: Actor | None, user_id: int | None = None) -> Select[UserList]:
    """Return a select of lists that a viewer sees, the last changed first; the watchlist before all of its owner's."""
    statement = select(UserList).join(Profile, Profile.user_id == UserList.user_id).where(visible_lists(viewer))
    if user_id is not None:
        statement = statement.where(UserList.user_id == user_id)
    return statement.order_by(UserList.slug != WATCHLIST, UserList.updated_at.desc(), UserList.id)


def found_list(session: Session, viewer: Actor | None, list_id: int) -> tuple[UserList, Profile]:
    """Return a list that the viewer sees, with its owner. Raises NotFound."""
    row = session.execute(select(UserList, Profile).join(Profile, Profile.user_id == UserList.user_id).where(
        UserList.id == list_id, visible_lists(viewer))).first()
    if row is None:
        raise NotFound(_("There is no such list, or it is not public."))
    return row[0], row[1]


def items(viewer: Actor | None, list_id: int) -> Select[ListItem]:
    """Return a select of a list's titles that the viewer sees, in its order."""
    return (select(ListItem).join(Title, Title.id == ListItem.title_id)
            .where(ListItem.list_id == list_id, visible(viewer)).order_by(ListItem.position, ListItem.id))


def sizes(session: Session, viewer: Actor | None, list_ids: Sequence[int]) -> dict[int, int]:
    """Return how many titles of each list a viewer sees."""
    if not list_ids:
        return {}
    rows = session.execute(select(ListItem.list_id, func.count()).join(Title, Title.id == ListItem.title_id)
                           .where(ListItem.list_id.in_(list_ids), visible(viewer)).group_by(ListItem.list_id))
    return {row[0]: row[1] for row in rows}


def covers(session: Session, viewer: Actor | None, list_ids: Sequence[int], each: int = 5) -> dict[int, list[int]]:
    """Return the ids of the first titles of each list, in one query."""
    if not list_ids:
        return {}
    place = func.row_number().over(partition_by=ListItem.list_id, order_by=(ListItem.position, ListItem.id))
    inner = (select(ListItem.list_id, ListItem.title_id, place.label("place"))
             .join(Title, Title.id == ListItem.title_id)
             .where(ListItem.list_id.in_(list_ids), visible(viewer)).subquery())
    found: dict[int, list[int]] = {}
    for list_id, title_id in session.execute(select(inner.c.list_id, inner.c.title_id).where(inner.c.place <= each)
                                             .order_by(inner.c.list_id, inner.c.place)):
        found.setdefault(list_id, []).append(title_id)
    return found


def holding(session: Session, user_id: int, title_id: int) -> Sequence[tuple[UserList, bool]]:
    """Return a member's lists but the watchlist, each with whether a title is in it."""
    rows = session.execute(select(UserList, ListItem.id).outerjoin(
        ListItem, (ListItem.list_id == UserList.id) & (ListItem.title_id == title_id)).where(
        UserList.user_id == user_id, UserList.slug != WATCHLIST).order_by(UserList.updated_at.desc()))
    return [(row[0], row[1] is not None) for row in rows]


def diary(viewer: Actor | None, user_id: int) -> Select[DiaryEntry]:
    """Return a select of somebody's diary, the last day first, undated entries at the end."""
    return (select(DiaryEntry).join(Title, Title.id == DiaryEntry.title_id)
            .where(DiaryEntry.user_id == user_id, visible(viewer))
            .order_by(DiaryEntry.watched_on.is_(None), DiaryEntry.watched_on.desc(), DiaryEntry.id.desc()))
