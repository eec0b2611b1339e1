"""All that is kept of a member: to take along, and to have deleted."""
from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from moviepoint.domains.accounts.identity_model import Identity
from moviepoint.domains.accounts.models import Role, User
from moviepoint.domains.accounts.notice_models import Notice, NoticeChoice
from moviepoint.domains.accounts.services import ADMINISTRATOR
from moviepoint.domains.accounts.signin_models import SignIn
from moviepoint.domains.accounts.token_model import ApiToken
from moviepoint.domains.catalog.models import Title
from moviepoint.domains.community.models import (
    Contribution,
    DiaryEntry,
    Follow,
    Import,
    ImportRow,
    ListItem,
    Profile,
    Rating,
    Review,
    ReviewReport,
    ReviewText,
    ReviewVote,
    UserList,
    WatchPosition,
)
from moviepoint.domains.community.services import ratings, reviews
from moviepoint.domains.community.services.contributions import withdraw
from moviepoint.domains.history.models import Revision
from moviepoint.domains.history.services import record
from moviepoint.domains.media.models import Upload
from moviepoint.domains.media.services import hold_jobs
from moviepoint.kernel import events
from moviepoint.kernel.errors import Conflict, Forbidden
from moviepoint.kernel.files import Storage
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.policies import Actor

#: Tables that hold a member's own rows, by what the download calls them.
OWN: dict[str, Any] = {
    "profile": Profile, "ratings": Rating, "diary": DiaryEntry, "lists": UserList, "reviews": Review,
    "review_votes": ReviewVote, "review_reports": ReviewReport, "follows": Follow, "watch_positions": WatchPosition,
    "imports": Import, "import_rows": ImportRow, "contributions": Contribution, "uploads": Upload,
    "sign_ins": SignIn, "identities": Identity, "api_tokens": ApiToken, "notices": Notice,
    "notice_choices": NoticeChoice}
#: What would help somebody to act in their name, or is only ours.
NEVER = frozenset({"token_hash", "stamp", "html", "secret_hash", "hash", "key"})


def everything(session: Session, actor: Actor) -> dict[str, Any]:
    """Return all that is kept of a member as plain data, without passwords and other secrets."""
    user = _user(session, actor)
    found: dict[str, Any] = {"account": {
        "id": user.id, "email": user.email, "name": user.name, "locale": user.locale, "created_at": user.created_at,
        "last_login_at": user.last_login_at, "current_login_ip": user.current_login_ip,
        "roles": sorted(role.name for role in user.roles)}}
    for name, model in OWN.items():
        found[name] = _plain(session.scalars(select(model).where(model.user_id == user.id)))
    found["list_items"] = _plain(session.scalars(select(ListItem).join(UserList, UserList.id == ListItem.list_id)
                                                 .where(UserList.user_id == user.id)))
    found["earlier_reviews"] = _plain(session.scalars(select(ReviewText).join(
        Review, Review.id == ReviewText.review_id).where(Review.user_id == user.id)))
    ids = {row["title_id"] for rows in found.values() if isinstance(rows, list) for row in rows if row.get("title_id")}
    found["titles"] = {str(title.id): {"name": title.original_title, "year": title.year}
                       for title in session.scalars(select(Title).where(Title.id.in_(ids)))} if ids else {}
    return found


def leave(session: Session, actor: Actor, storage: Storage) -> None:
    """Delete a member with all that is theirs; what they did in the catalogue stays, without their name.

    Raises Forbidden for a token, Conflict for the last administrator.
    """
    user = _user(session, actor)
    _require_others(session, user)
    rated = session.scalars(select(Rating.title_id).where(Rating.user_id == user.id)).all()
    voted = session.scalars(select(ReviewVote.review_id).where(ReviewVote.user_id == user.id)).all()
    files = session.scalars(select(Import.key).where(Import.user_id == user.id, Import.key != "")).all()
    nobody = _("somebody who has left")
    session.execute(update(Revision).where(Revision.actor_id == user.id).values(actor_name=nobody))
    session.execute(update(Revision).where(Revision.entity == "user", Revision.entity_id == user.id).values(
        label=nobody, changes=[], document=None))
    for row in session.scalars(select(Contribution).where(
            Contribution.user_id == user.id, Contribution.state != "approved")).all():
        withdraw(session, actor, row.id)
    hold_jobs(session, user)
    user_id = user.id
    session.delete(user)
    session.flush()
    ratings.recount(session, rated)
    for review in session.scalars(select(Review).where(Review.id.in_(voted))):
        reviews.count_votes(session, review)
    revision = record(session, actor, "deleted", "user", user_id, nobody)
    if revision is not None:
        revision.actor_id, revision.actor_name = None, nobody
    for key in files:
        events.after_commit(session, lambda key=key: storage.delete(key))  # type: ignore[misc]


def _user(session: Session, actor: Actor) -> User:
    user = session.get(User, actor.id) if isinstance(actor, User) else None
    if user is None:
        raise Forbidden(_("A token cannot do this: sign in."))
    return user


def _require_others(session: Session, user: User) -> None:
    """Raise Conflict when nobody would be left to manage the house; two who leave at once take turns."""
    session.execute(select(Role.id).where(Role.name == ADMINISTRATOR).with_for_update(key_share=True))
    if ADMINISTRATOR not in {role.name for role in user.roles}:
        return
    others = session.scalar(select(func.count()).select_from(User).where(
        User.active, User.id != user.id, User.roles.any(Role.name == ADMINISTRATOR)))
    if not others:
        raise Conflict(_("Nobody would be left to manage the house."))


def _plain(rows: Iterable[Any]) -> list[dict[str, Any]]:
    return [{column.key: getattr(row, column.key) for column in row.__mapper__.column_attrs
             if column.key not in NEVER} for row in rows]
