"""Writes of who may watch, and the links that editors hand out."""
from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.domains.accounts.models import Role
from moviepoint.domains.media.documents import record_part, tell, title_of
from moviepoint.domains.media.models import Edition
from moviepoint.domains.media.watch_models import AUDIENCES, WatchLink, WatchRule
from moviepoint.kernel.db import utcnow
from moviepoint.kernel.errors import Invalid, NotFound
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.policies import Actor, require
from moviepoint.kernel.text import one_line

MANAGE = "media.manage"
LONGEST = 3660  # days that a link may last


def rules_of(session: Session, edition: Edition) -> tuple[WatchRule | None, WatchRule | None]:
    """Return the rule of an edition itself and that of its whole title, in one query and one more for an episode."""
    rules = session.scalars(select(WatchRule).where(
        (WatchRule.edition_id == edition.id) | (WatchRule.title_id == title_of(session, edition)))).all()
    return (next((rule for rule in rules if rule.edition_id), None),
            next((rule for rule in rules if rule.title_id), None))


def save_rule(session: Session, actor: Actor, edition: Edition, *, whole: bool, audience: str,
              roles: Sequence[str] = (), embeddable: bool = False) -> None:
    """Say who may watch an edition, or with `whole` its title with all editions and episodes that say nothing.

    An empty audience takes the rule away. `embeddable` lets other sites show the player of a film that is public.
    Raises Invalid for an audience or a role that there is not.
    """
    require(actor, MANAGE)
    checked_rule(session, audience, roles)
    rule = rules_of(session, edition)[whole]
    before = _document(rule, whole)
    if not audience:
        if rule is not None:
            session.delete(rule)
        rule = None
    else:
        if rule is None:
            rule = WatchRule(title_id=title_of(session, edition)) if whole else WatchRule(edition_id=edition.id)
            session.add(rule)
        rule.audience, rule.roles = audience, sorted(set(roles)) if audience == "roles" else []
        rule.embeddable = embeddable and audience == "public"
    session.flush()
    record_part(session, actor, "access_changed", edition, before, _document(rule, whole))
    tell(session, edition)


def checked_rule(session: Session, audience: str, roles: Sequence[str]) -> None:
    """Raise Invalid that names what is wrong with a rule."""
    if audience and audience not in AUDIENCES:
        raise Invalid(_("There is no such audience."), fields={"audience": [_("There is no such audience.")]})
    if audience == "roles":
        known = set(session.scalars(select(Role.name)))
        if not roles or set(roles) - known:
            sentence = _("Choose at least one role, and only roles that there are.")
            raise Invalid(sentence, fields={"roles": [sentence]})


def make_link(session: Session, actor: Actor, edition: Edition, *, days: int, label: str = "") -> WatchLink:
    """Make a link that lets whoever has it watch an edition for some days. Raises Invalid."""
    require(actor, MANAGE)
    if not 1 <= days <= LONGEST:
        sentence = _("A link lasts from 1 to %(days)s days.", days=LONGEST)
        raise Invalid(sentence, fields={"days": [sentence]})
    link = WatchLink(edition_id=edition.id, label=one_line(label)[:80], created_by_id=actor.id,
                     expires_at=utcnow() + timedelta(days=days))
    session.add(link)
    session.flush()
    record_part(session, actor, "link_made", edition, {}, {"links": {_name(link): {"until": _stamp(link.expires_at)}}})
    return link


def revoke_link(session: Session, actor: Actor, edition: Edition, public_id: str) -> WatchLink:
    """Close a link now; what plays by it ends within seconds. Raises NotFound."""
    require(actor, MANAGE)
    link = session.scalar(select(WatchLink).where(
        WatchLink.edition_id == edition.id, WatchLink.public_id == public_id))
    if link is None:
        raise NotFound()
    if link.revoked_at is None:
        link.revoked_at = utcnow()
        record_part(session, actor, "link_revoked", edition,
                    {"links": {_name(link): {"until": _stamp(link.expires_at)}}},
                    {"links": {_name(link): {"until": _stamp(link.revoked_at)}}})
    return link


def links_of(session: Session, actor: Actor, edition: Edition) -> Sequence[WatchLink]:
    """Return an edition's links, the newest first."""
    require(actor, MANAGE)
    return session.scalars(select(WatchLink).where(WatchLink.edition_id == edition.id)
                           .order_by(WatchLink.id.desc())).all()


def link_token(secret: str, link: WatchLink) -> str:
    """Return what stands in a link's address: its id, and a signature that binds it to its edition."""
    message = f"link\n{link.public_id}\n{link.edition_id}".encode()
    return f"{link.public_id}{hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()[:32]}"


def link_by_token(session: Session, secret: str, token: str | None) -> WatchLink | None:
    """Return the link that a token belongs to; None for one that is forged."""
    if not token or not token.isascii():
        return None
    link = session.scalar(select(WatchLink).where(WatchLink.public_id == token[:24]))
    return link if link is not None and hmac.compare_digest(token, link_token(secret, link)) else None


def _document(rule: WatchRule | None, whole: bool) -> dict[str, object]:
    """Return a rule as history shows it."""
    state: dict[str, object] = {"audience": "", "roles": [], "embeddable": False}
    if rule:
        state = {"audience": rule.audience, "roles": list(rule.roles), "embeddable": rule.embeddable}
    return {"title_access" if whole else "access": state}


def _name(link: WatchLink) -> str:
    return f"{link.label} #{link.id}".strip()


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
