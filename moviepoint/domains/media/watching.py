"""Who may watch an edition: one decision, for pages, players, the API, each segment, and whatever serves the files.

What is not published is for those who see drafts, and for who has added it. What is published is for the audience of
its edition's rule, else of its title's, else for everybody; a link that an editor has handed out opens it as well.
"""
from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from moviepoint.domains.accounts.models import Role, User, user_roles
from moviepoint.domains.catalog.models import Episode, Season, Title
from moviepoint.domains.catalog.policies import EDIT, sees_drafts
from moviepoint.domains.media import access
from moviepoint.domains.media.models import Edition
from moviepoint.domains.media.watch_models import WatchLink, WatchRule
from moviepoint.hooks.manager import HookManager
from moviepoint.kernel.errors import Forbidden, MoviePointError, Unauthenticated
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.policies import Actor


@dataclass(frozen=True)
class EditionFacts:
    """What the decision needs to know of an edition; `owner_id` is who has added its title."""

    id: int
    package: str | None
    published: bool
    audience: str = "public"
    roles: frozenset[str] = frozenset()
    owner_id: int | None = None
    embeddable: bool = False

    @property
    def may_be_embedded(self) -> bool:
        """Say whether other sites may show it: what is not for everybody is watched at home only."""
        return self.published and self.audience == "public" and self.embeddable


def facts(session: Session, public_id: str) -> EditionFacts | None:
    """Return an edition's facts in one query, or None where there is no such edition."""
    own, whole = aliased(WatchRule), aliased(WatchRule)
    row = session.execute(
        select(Edition.id, Edition.package, Title.status, Title.deleted_at, Title.added_by_id, own, whole)
        .outerjoin(Episode, Edition.episode_id == Episode.id).outerjoin(Season, Episode.season_id == Season.id)
        .join(Title, (Title.id == Edition.title_id) | (Title.id == Season.title_id))
        .outerjoin(own, own.edition_id == Edition.id).outerjoin(whole, whole.title_id == Title.id)
        .where(Edition.public_id == public_id)).first()
    if row is None:
        return None
    rule = row[5] or row[6]
    return EditionFacts(row.id, row.package, row.status == "published" and row.deleted_at is None,
                        rule.audience if rule else "public", frozenset(rule.roles if rule else ()), row.added_by_id,
                        rule.embeddable if rule else False)


def decide(session: Session, hooks: HookManager, found: EditionFacts, viewer: Actor | None,
           link: WatchLink | None = None, roles: AbstractSet[str] | None = None) -> str:
    """Return the audience that a viewer watches as, which a token is made for.

    A plugin may decide by `resolve_playback`. `roles` are the viewer's where they are known already. Raises
    Unauthenticated for who would have to sign in, Forbidden.
    """
    own = _audience(viewer)
    decided = hooks.resolve("resolve_playback", edition_id=found.id, viewer_id=viewer.id if viewer else None)
    if decided is not None:
        return own if decided else _refuse(_("This film is not open to you."), "closed")
    if found.published and found.audience == "public":
        return access.PUBLIC
    if sees_drafts(viewer) or _added(found, viewer):
        return own
    if not found.published:
        return _refuse(_("This film is not public."), "draft")
    if link is not None and link.edition_id == found.id and link.open:
        return access.link(link.id)
    if found.audience == "link":
        return _refuse(_("This film is open by a link only, which its editors hand out."), "link")
    if viewer is None:
        raise Unauthenticated(_("Sign in to watch this film."), code="sign-in")
    held = _roles(session, viewer) if roles is None else roles
    if found.audience == "registered" or held & found.roles:
        return own
    return _refuse(_("This film is not open to your account."), "role")


def open_to(session: Session, hooks: HookManager, viewer: Actor | None,
            editions: Iterable[EditionFacts]) -> dict[int, str]:
    """Return the editions that a viewer may watch, by id, with the audience that each is watched as; in one query."""
    roles = _roles(session, viewer) if viewer is not None and viewer.id is not None else set()
    found = {}
    for edition in editions:
        try:
            found[edition.id] = decide(session, hooks, edition, viewer, roles=roles)
        except MoviePointError:
            continue
    return found


def open_to_all(session: Session, hooks: HookManager, found: EditionFacts) -> bool:
    """Say whether anybody may watch, without an account or a link."""
    if not found.published or not found.package:
        return False
    try:
        return decide(session, hooks, found, None) in (access.PUBLIC, access.ANYBODY)
    except MoviePointError:
        return False


def holds(session: Session, hooks: HookManager, edition: str, grant: access.Grant) -> bool:
    """Say whether what a token was made for may still watch: its user, its link, or the public."""
    found = facts(session, edition)
    if found is None or grant.audience == access.SYSTEM:
        return found is not None
    viewer: User | None = None
    link: WatchLink | None = None
    if grant.audience.startswith(access.USER):
        viewer = session.get(User, grant.number, populate_existing=True)
        if viewer is None or not viewer.active:
            return False
    elif grant.audience.startswith(access.LINK):
        link = session.get(WatchLink, grant.number, populate_existing=True)
    try:
        return decide(session, hooks, found, viewer, link) in (grant.audience, access.PUBLIC)
    except MoviePointError:
        return False


def _audience(viewer: Actor | None) -> str:
    if viewer is None:
        return access.ANYBODY
    return access.SYSTEM if viewer.id is None else access.user(viewer.id)


def _added(found: EditionFacts, viewer: Actor | None) -> bool:
    return viewer is not None and viewer.id is not None and viewer.id == found.owner_id and viewer.may(EDIT, own=True)


def _roles(session: Session, viewer: Actor) -> set[str]:
    return set(session.scalars(select(Role.name).join(user_roles, user_roles.c.role_id == Role.id)
                               .where(user_roles.c.user_id == viewer.id)))


def _refuse(sentence: str, code: str) -> str:
    raise Forbidden(sentence, code=code)
