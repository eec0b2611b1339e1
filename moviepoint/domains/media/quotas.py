"""How much one may upload: bytes a file, and bytes altogether, by role."""
from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from moviepoint.domains.accounts.models import Role, user_roles
from moviepoint.domains.media.models import SourceAsset, Upload
from moviepoint.domains.media.policies import UPLOAD
from moviepoint.kernel.errors import Invalid
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.i18n import in_bytes
from moviepoint.kernel.policies import Actor
from moviepoint.settings import Settings, read_limit

#: For those who upload only films of their own, where the settings say nothing of their roles.
OWN_LIMITS = (20 * 2**30, 60 * 2**30)
COMING = ("receiving", "joining", "stored")


def limits_of(session: Session, actor: Actor, settings: Settings) -> tuple[int, int]:
    """Return how many bytes a file may have, and all of an actor's files; 0 for no limit. Of several roles the best."""
    if actor.id is None:
        return 0, 0
    roles = set(session.scalars(select(Role.name).join(user_roles, user_roles.c.role_id == Role.id)
                                .where(user_roles.c.user_id == actor.id)))
    found = [limit[1:] for line in settings.upload_limits if (limit := read_limit(line)) and limit[0] in roles]
    if not found:
        return (0, 0) if actor.may(UPLOAD) else OWN_LIMITS
    files, altogether = zip(*found, strict=True)
    return (0 if 0 in files else max(files)), (0 if 0 in altogether else max(altogether))


def used(session: Session, actor: Actor) -> int:
    """Return how many bytes an actor has on the server or on the way: uploads, and sources that are kept."""
    coming = session.scalar(select(func.sum(Upload.size)).where(
        Upload.user_id == actor.id, Upload.state.in_(COMING))) or 0
    kept = session.scalar(select(func.sum(SourceAsset.size)).where(
        SourceAsset.created_by_id == actor.id, SourceAsset.kept)) or 0
    return int(coming) + int(kept)


def require_room(session: Session, actor: Actor, settings: Settings, size: int) -> None:
    """Raise Invalid for a file that is beyond what an actor may upload."""
    file, altogether = limits_of(session, actor, settings)
    if file and size > file:
        raise Invalid(_("You may upload files of up to %(size)s.", size=in_bytes(file)), code="upload-size")
    if altogether and used(session, actor) + size > altogether:
        raise Invalid(_("You may have %(size)s on the server altogether, and this would be more. Remove what you do "
                        "not need, or ask an editor.", size=in_bytes(altogether)), code="quota")
