"""Lists of members, the watchlist among them."""
from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import UNSET
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from moviepoint.domains.community.models import ListItem, UserList
from moviepoint.domains.community.models.lists import WATCHLIST
from moviepoint.domains.community.policies import member_id
from moviepoint.domains.community.schemas.lists import ListInput
from moviepoint.domains.community.services.profiles import ensure_profile
from moviepoint.domains.community.services.ratings import require_public
from moviepoint.kernel.db import insert_into, utcnow
from moviepoint.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.policies import Actor
from moviepoint.kernel.text import one_line, prose, slugify

MOST_LISTS = 200
MOST_ITEMS = 5_000
NOTE_LENGTH = 2_000


def watchlist(session: Session, actor: Actor | None) -> UserList:
    """Return a member's watchlist, made when it is first needed; others do not see it unless they are let."""
    user_id = member_id(actor)
    ensure_profile(session, actor)
    session.execute(insert_into(session, UserList).values(
        user_id=user_id, slug=WATCHLIST, name="", about="", public=False, ranked=False, created_at=utcnow(),
        updated_at=utcnow()).on_conflict_do_nothing(index_elements=["user_id", "slug"]))
    return session.scalars(select(UserList).where(UserList.user_id == user_id, UserList.slug == WATCHLIST)).one()


def save_list(session: Session, actor: Actor | None, data: ListInput, list_id: int | None = None) -> UserList:
    """Make a list, or change the one named. Raises Invalid without a name, NotFound for another member's."""
    user_id = member_id(actor)
    if list_id is not None:
        found = own_list(session, actor, list_id)
    else:
        ensure_profile(session, actor)
        count = session.scalar(select(func.count(UserList.id)).where(UserList.user_id == user_id)) or 0
        if count >= MOST_LISTS:
            raise Invalid(_("One can keep at most %(most)s lists.", most=MOST_LISTS), code="limit")
        found = UserList(user_id=user_id, slug="", name="", about="", public=False, ranked=False)
    name = one_line(data.name) if data.name is not UNSET else found.name
    if not name and not found.is_watchlist:
        raise Invalid(_("This must not be empty."), fields={"name": [_("This must not be empty.")]})
    found.name = "" if found.is_watchlist else name
    if data.about is not UNSET:
        found.about = prose(data.about)
    for field in ("public", "ranked"):
        if (value := getattr(data, field)) is not UNSET:
            setattr(found, field, value)
    if list_id is None:
        found.slug = _free_slug(session, user_id, name)
        session.add(found)
    session.flush()
    return found


def delete_list(session: Session, actor: Actor | None, list_id: int) -> None:
    """Delete a list of one's own; the watchlist stays, and can be emptied. Raises NotFound, Conflict."""
    found = own_list(session, actor, list_id)
    if found.is_watchlist:
        raise Conflict(_("The watchlist belongs to every member; take the titles out of it instead."))
    session.delete(found)
    session.flush()


def add(session: Session, actor: Actor | None, list_id: int, title_id: int, note: str = "") -> None:
    """Put a public title at a list's end; one that is there stays where it is. Raises NotFound, Invalid when full."""
    found = own_list(session, actor, list_id)
    require_public(session, title_id)
    count, last = session.execute(select(func.count(ListItem.id), func.max(ListItem.position)).where(
        ListItem.list_id == list_id)).one()
    if count >= MOST_ITEMS:
        raise Invalid(_("A list holds at most %(most)s titles.", most=MOST_ITEMS), code="limit")
    session.execute(insert_into(session, ListItem).values(
        list_id=list_id, title_id=title_id, position=(last or 0) + 1, note=_note(note), added_at=utcnow())
        .on_conflict_do_nothing(index_elements=["list_id", "title_id"]))
    _touch(session, found)


def remove(session: Session, actor: Actor | None, list_id: int, title_id: int) -> None:
    """Take a title out of a list; one that is not there is no fault."""
    found = own_list(session, actor, list_id)
    session.execute(delete(ListItem).where(ListItem.list_id == list_id, ListItem.title_id == title_id))
    _touch(session, found)


def arrange(session: Session, actor: Actor | None, list_id: int, order: Sequence[int],
            notes: Mapping[int, str] | None = None) -> UserList:
    """Set the order of a list's titles by their ids, and notes by title; titles not named stand behind, as before."""
    found = own_list(session, actor, list_id)
    items = session.scalars(select(ListItem).where(ListItem.list_id == list_id)
                            .order_by(ListItem.position, ListItem.id)).all()
    places = {title_id: place for place, title_id in enumerate(order)}
    for position, item in enumerate(sorted(items, key=lambda item: places.get(item.title_id, len(places))), 1):
        item.position = position
        if notes and item.title_id in notes:
            item.note = _note(notes[item.title_id])
    _touch(session, found)
    return found


def keep_in(session: Session, actor: Actor | None, title_id: int, list_ids: Sequence[int]) -> None:
    """Let a title be in these lists of one's own and in no other; the watchlist is left as it is."""
    user_id = member_id(actor)
    rows = session.execute(select(UserList.id, ListItem.id).outerjoin(
        ListItem, (ListItem.list_id == UserList.id) & (ListItem.title_id == title_id)).where(
        UserList.user_id == user_id, UserList.slug != WATCHLIST)).all()
    if strange := set(list_ids) - {row[0] for row in rows}:
        raise NotFound(_("There is nothing called %(slug)s.", slug=", ".join(map(str, sorted(strange)))[:200]))
    for list_id, present in rows:
        if list_id in list_ids and not present:
            add(session, actor, list_id, title_id)
        elif present and list_id not in list_ids:
            remove(session, actor, list_id, title_id)


def own_list(session: Session, actor: Actor | None, list_id: int) -> UserList:
    """Return a list of the actor's own. Raises NotFound for one they may not see, Forbidden for a public one."""
    user_id = member_id(actor)
    found = session.get(UserList, list_id)
    if found is None or (found.user_id != user_id and not found.public):
        raise NotFound()
    if found.user_id != user_id:
        raise Forbidden()
    return found


def _free_slug(session: Session, user_id: int, name: str) -> str:
    base = slugify(name, 70)
    base = f"{base}-list" if base == WATCHLIST else base
    taken = set(session.scalars(select(UserList.slug).where(
        UserList.user_id == user_id, UserList.slug.startswith(base, autoescape=True))))
    return next(slug for n in range(len(taken) + 1) if (slug := f"{base}-{n + 1}" if n else base) not in taken)


def _note(text: str) -> str:
    note = prose(text)
    if len(note) > NOTE_LENGTH:
        sentence = _("At most %(most)s characters.", most=NOTE_LENGTH)
        raise Invalid(sentence, fields={"note": [sentence]})
    return note


def _touch(session: Session, found: UserList) -> None:
    found.updated_at = utcnow()
    session.flush()
