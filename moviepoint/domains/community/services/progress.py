"""Where members stopped watching."""
from __future__ import annotations

from sqlalchemy import delete
from sqlalchemy.orm import Session

from moviepoint.domains.community.models import WatchPosition
from moviepoint.domains.community.policies import member_id
from moviepoint.domains.media import watching
from moviepoint.hooks.manager import HookManager
from moviepoint.kernel.db import insert_into, utcnow
from moviepoint.kernel.errors import Invalid, NotFound
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.policies import Actor

LONGEST = 7 * 86_400  # seconds


def keep(session: Session, hooks: HookManager, actor: Actor | None, edition: str, position: int,
         duration: int) -> None:
    """Keep how far a member has watched an edition, in seconds; the last word is kept.

    Raises NotFound, Forbidden for a film that is not open to them, Invalid for a position outside of it.
    """
    user_id = member_id(actor)
    if not 0 <= position <= duration or not 0 < duration <= LONGEST:
        sentence = _("This position is not within the film.")
        raise Invalid(sentence, fields={"position": [sentence]})
    found = watching.facts(session, edition)
    if found is None or not found.package:
        raise NotFound()
    watching.decide(session, hooks, found, actor)
    values = {"position": position, "duration": duration, "watched_at": utcnow()}
    session.execute(insert_into(session, WatchPosition).values(user_id=user_id, edition_id=found.id, **values)
                    .on_conflict_do_update(index_elements=["user_id", "edition_id"], set_=values))


def forget(session: Session, actor: Actor | None, edition: str) -> None:
    """Forget how far a member has watched an edition. Raises NotFound."""
    user_id = member_id(actor)
    found = watching.facts(session, edition)
    if found is None:
        raise NotFound()
    session.execute(delete(WatchPosition).where(
        WatchPosition.user_id == user_id, WatchPosition.edition_id == found.id))
