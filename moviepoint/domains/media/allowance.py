"""What a user may send: bytes in one file, and altogether, as the settings say for each role.

A role that may upload and has no limit of its own has none, or a usual one where it uploads only films of its own; of
several roles the most generous counts.
"""
from __future__ import annotations

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from moviepoint.domains.accounts.models import User
from moviepoint.domains.media.models import SourceAsset, Upload
from moviepoint.domains.media.policies import UPLOAD
from moviepoint.kernel.errors import TooLarge
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.i18n import in_bytes
from moviepoint.kernel.policies import Actor, granted, granted_in_part, require
from moviepoint.settings import Settings, read_limit

#: In one file and altogether, of who uploads only films of their own, where the settings say nothing of the role.
OWN_LIMITS = (20 * 2**30, 60 * 2**30)
COUNTED = ("receiving", "joining", "stored")  # what is used already counts as a source


class Allowance(msgspec.Struct, frozen=True):
    """Bytes that a user may send in one file, and altogether (0: no limit); and how many of a limit are used."""

    file: int
    total: int
    used: int

    @property
    def left(self) -> int | None:
        """The bytes that may still be sent; None without a limit."""
        return max(0, self.total - self.used) if self.total else None


def allowance(session: Session, actor: Actor, settings: Settings) -> Allowance:
    """Return what an actor may send. Raises Unauthenticated, Forbidden."""
    if not actor.may_in_part(UPLOAD):
        require(actor, UPLOAD)
    user = session.get(User, actor.id) if actor.id is not None else None
    if user is None:
        return Allowance(settings.upload_max_bytes, 0, 0)
    known = {limit[0]: limit[1:] for line in settings.upload_limits if (limit := read_limit(line))}
    limits = [known.get(role.name, (0, 0) if granted(role.permissions, UPLOAD) else OWN_LIMITS)
              for role in user.roles if granted_in_part(role.permissions, UPLOAD)]
    file, total = (0 if any(not limit[place] for limit in limits) else max((limit[place] for limit in limits),
                                                                           default=0) for place in (0, 1))
    return Allowance(min(file or settings.upload_max_bytes, settings.upload_max_bytes), total,
                     used(session, user.id) if total else 0)


def used(session: Session, user_id: int) -> int:
    """Return the bytes of a user's uploads, announced or there, and of the source files that became of them."""
    coming = select(func.coalesce(func.sum(Upload.size), 0)).where(
        Upload.user_id == user_id, Upload.state.in_(COUNTED))
    kept = select(func.coalesce(func.sum(SourceAsset.size), 0)).where(
        SourceAsset.created_by_id == user_id, SourceAsset.kept)
    return int(session.scalar(coming) or 0) + int(session.scalar(kept) or 0)


def require_room(session: Session, actor: Actor, settings: Settings, size: int, more: int) -> None:
    """Raise TooLarge for a file of `size` bytes that an actor may not send, or whose `more` new bytes are too many."""
    if actor.id is not None:  # of two that are announced at once, the second sees the first
        session.execute(select(User.id).where(User.id == actor.id).with_for_update())
    allowed = allowance(session, actor, settings)
    if size > allowed.file:
        raise TooLarge(_("A file may have up to %(size)s.", size=in_bytes(allowed.file)), code="upload-size")
    if allowed.left is not None and more > allowed.left:
        raise TooLarge(_("You may still send %(left)s of %(total)s. Delete files that are not needed any more, or ask "
                         "whoever runs the site.", left=in_bytes(allowed.left), total=in_bytes(allowed.total)),
                       code="upload-quota")
