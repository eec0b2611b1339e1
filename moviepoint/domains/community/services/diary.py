"""The diary: what a member has watched, and when."""
from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from moviepoint.domains.community.models import DiaryEntry
from moviepoint.domains.community.policies import member_id
from moviepoint.domains.community.schemas.lists import DiaryInput
from moviepoint.domains.community.services import ratings
from moviepoint.domains.community.services.profiles import ensure_profile
from moviepoint.kernel.db import utcnow
from moviepoint.kernel.errors import Invalid, NotFound
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.policies import Actor
from moviepoint.kernel.text import one_line

MOST_ENTRIES = 50_000
FIRST_FILM = date(1888, 10, 14)


def log(session: Session, actor: Actor | None, data: DiaryInput, entry_id: int | None = None) -> DiaryEntry:
    """Write a viewing down, or change the one named; a rating given with a new one becomes the member's of the title.

    Raises NotFound for a title or an entry that is not theirs to see, Invalid for a rating or a day that cannot be.
    """
    user_id = member_id(actor)
    if data.rating is not None:
        ratings.check_rating(data.rating)
    check_day(data.watched_on)
    if entry_id is not None:
        entry = own_entry(session, actor, entry_id)
        if data.title_id != entry.title_id:
            ratings.require_public(session, data.title_id)
    else:
        ratings.require_public(session, data.title_id)
        ensure_profile(session, actor)
        count = session.scalar(select(func.count(DiaryEntry.id)).where(DiaryEntry.user_id == user_id)) or 0
        if count >= MOST_ENTRIES:
            raise Invalid(_("A diary holds at most %(most)s entries.", most=MOST_ENTRIES), code="limit")
        entry = DiaryEntry(user_id=user_id)
        if data.rating is not None:
            ratings.rate(session, actor, data.title_id, data.rating)
    entry.title_id, entry.watched_on, entry.rewatch = data.title_id, data.watched_on, data.rewatch
    entry.rating = data.rating
    entry.tags = [tag for tag in dict.fromkeys(one_line(tag) for tag in data.tags) if tag]
    session.add(entry)
    session.flush()
    return entry


def delete_entry(session: Session, actor: Actor | None, entry_id: int) -> None:
    """Take a viewing out of one's diary. Raises NotFound."""
    session.delete(own_entry(session, actor, entry_id))
    session.flush()


def own_entry(session: Session, actor: Actor | None, entry_id: int) -> DiaryEntry:
    """Return an entry of the actor's own. Raises NotFound."""
    entry = session.get(DiaryEntry, entry_id)
    if entry is None or entry.user_id != member_id(actor):
        raise NotFound()
    return entry


def check_day(day: date | None) -> None:
    """Raise Invalid for a day before there were films, or one that has begun nowhere on Earth."""
    if day is not None and not FIRST_FILM <= day <= utcnow().date() + timedelta(days=1):
        sentence = _("Nobody can have watched it on this day.")
        raise Invalid(sentence, fields={"watched_on": [sentence]})
