"""What members are told by mail: what became of a review, of a film they sent, and new episodes of what they follow."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, joinedload, selectinload

from moviepoint.domains.catalog.models import Episode, Season, Title
from moviepoint.domains.catalog.policies import visible
from moviepoint.domains.catalog.words import Reader, episode_words, reader, season_words, title_name
from moviepoint.domains.community.models import Contribution, Follow, Review
from moviepoint.domains.community.services import announcements
from moviepoint.domains.community.services.contributions import DECIDED
from moviepoint.domains.community.services.moderation import JUDGED
from moviepoint.hooks.types import NoticeKind, NoticeMail
from moviepoint.kernel.i18n import current_locale, lazy_gettext
from moviepoint.kernel.i18n import gettext as _
from moviepoint.shells.site.addresses import address_of

MOST_LINES = 30


def review_judged(session: Session, user: Any, data: Mapping[str, Any]) -> NoticeMail | None:
    """Tell an author what a moderator has decided, as it stands now; nothing of a review that is gone."""
    review = session.get(Review, data["review_id"])
    if review is None or review.user_id != user.id or review.state == "held":
        return None
    name = _name(session, review.title_id)
    subjects = {"removed": _("Your review of “%(name)s” was taken down", name=name),
                "published": _("Your review of “%(name)s” is public", name=name)}
    return NoticeMail(subjects[review.state], {
        "title": name, "state": review.state, "spoiler": review.spoiler, "reason": review.reason,
        "url": address_of("reviews.show", locale=current_locale(), review_id=review.id)})


def contribution_decided(session: Session, user: Any, data: Mapping[str, Any]) -> NoticeMail | None:
    """Tell somebody what the editors have decided on a film of theirs."""
    row = session.get(Contribution, data["contribution_id"])
    if row is None or row.user_id != user.id or row.state not in ("approved", "rejected"):
        return None
    title = session.get_one(Title, row.title_id)
    name, locale = _name(session, row.title_id), current_locale()
    if row.state == "approved":
        subject, url = _("“%(name)s” is published", name=name), _film(title, locale)
    else:
        subject = _("“%(name)s” comes back to you", name=name)
        url = address_of("contributions.edit", locale=locale, contribution_id=row.id)
    return NoticeMail(subject, {"title": name, "state": row.state, "reason": row.reason, "url": url})


def new_episodes(session: Session, user: Any, data: Mapping[str, Any]) -> NoticeMail | None:
    """Tell of the episodes of a series that are new, those that the reader may see now and still wants to hear of."""
    title = session.scalar(select(Title).where(
        Title.id == data["title_id"], Title.kind == "series", Title.status == "published", visible(user),
        exists().where(Follow.user_id == user.id, Follow.title_id == Title.id))
        .options(selectinload(Title.texts)))
    if title is None:
        return None
    rows = session.scalars(
        select(Episode).join(Season, Season.id == Episode.season_id)
        .where(Episode.id.in_(data["items"]), Season.title_id == title.id, announcements.aired())
        .order_by(Season.number, Episode.number)
        .options(selectinload(Episode.texts), joinedload(Episode.season).selectinload(Season.texts))).all()
    if not rows:
        return None
    to = reader()
    name = title_name(to, title)
    seasons = {row.season.number for row in rows if row.number == 1 and row.season.number > 1}
    subject = _("A new season of “%(name)s”", name=name) if seasons else _("New episodes of “%(name)s”", name=name)
    return NoticeMail(subject, {
        "title": str(name), "lines": [_line(to, title, row) for row in rows[:MOST_LINES]],
        "more": max(0, len(rows) - MOST_LINES), "url": address_of("catalog.series", locale=to.locale, slug=title.slug)})


def _line(to: Reader, title: Title, episode: Episode) -> dict[str, str]:
    return {"season": str(season_words(to, episode.season)), "number": str(episode.number),
            "name": str(episode_words(to, episode, title.original_language)),
            "url": address_of("catalog.episode", locale=to.locale, slug=title.slug, number=episode.season.number,
                              episode=episode.number)}


def _name(session: Session, title_id: int) -> str:
    title = session.scalars(select(Title).where(Title.id == title_id).options(selectinload(Title.texts))).one()
    return str(title_name(reader(), title))


def _film(title: Title, locale: str) -> str:
    return address_of("catalog.series" if title.kind == "series" else "catalog.film", locale=locale, slug=title.slug)


KINDS: Sequence[NoticeKind] = (
    NoticeKind(JUDGED, lazy_gettext("What moderators decide on my reviews"), "community/mail/review_judged",
               review_judged),
    NoticeKind(DECIDED, lazy_gettext("What editors decide on films that I send"), "community/mail/contribution_decided",
               contribution_decided),
    NoticeKind(announcements.EPISODES, lazy_gettext("New episodes of series that I follow"),
               "community/mail/new_episodes", new_episodes))
