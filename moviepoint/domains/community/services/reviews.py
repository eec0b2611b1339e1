"""Reviews: written and changed by their authors, judged by readers."""
from __future__ import annotations

from math import sqrt

from msgspec import UNSET
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from moviepoint.domains.community.markup import rendered
from moviepoint.domains.community.models import REPORT_REASONS, Review, ReviewReport, ReviewText, ReviewVote
from moviepoint.domains.community.policies import is_moderator, member_id
from moviepoint.domains.community.schemas.reviews import MOST_CHARACTERS, ReportInput, ReviewInput
from moviepoint.domains.community.services.profiles import ensure_profile
from moviepoint.domains.community.services.ratings import require_public
from moviepoint.kernel.db import insert_into, utcnow
from moviepoint.kernel.errors import Forbidden, Invalid, NotFound
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.policies import Actor
from moviepoint.kernel.text import normalise_language, one_line, prose

SURE = 1.96  # z of 95 %
HELD_AT = 3  # open reports of different readers, from which on a review waits for a moderator unseen


def save_review(session: Session, actor: Actor | None, title_id: int, data: ReviewInput, locale: str) -> Review:
    """Write one's review of a public title, or change it; what it said before is kept.

    `locale` is the language where the input names none. A review that was taken down waits for a moderator after a
    change. Raises NotFound, Invalid for an empty or too long text or an unknown language.
    """
    user_id = member_id(actor)
    require_public(session, title_id)
    text, language = checked_text(data.text), _language(locale if data.locale is UNSET else data.locale)
    ensure_profile(session, actor)
    written = session.scalar(insert_into(session, Review).values(
        user_id=user_id, title_id=title_id, locale=language, text=text, html=rendered(text), spoiler=data.spoiler,
        state="published", reason="", helpful=0, unhelpful=0, rank=0.0, reports=0, created_at=utcnow())
        .on_conflict_do_nothing(index_elements=["user_id", "title_id"]).returning(Review.id))
    review = session.scalars(select(Review).where(Review.user_id == user_id, Review.title_id == title_id)
                             .with_for_update().execution_options(populate_existing=True)).one()
    if written is not None or (review.text, review.locale, review.spoiler) == (text, language, data.spoiler):
        return review
    session.add(ReviewText(review_id=review.id, locale=review.locale, text=review.text, spoiler=review.spoiler))
    review.text, review.html, review.locale, review.spoiler = text, rendered(text), language, data.spoiler
    review.edited_at = utcnow()
    if review.state == "removed":
        review.state = "held"
    session.flush()
    return review


def delete_review(session: Session, actor: Actor | None, review_id: int) -> None:
    """Delete one's own review with all that belongs to it. Raises NotFound, Forbidden for another's."""
    review = _seen(session, actor, review_id)
    if review.user_id != member_id(actor):
        raise Forbidden()
    session.delete(review)
    session.flush()


def vote(session: Session, actor: Actor | None, review_id: int, helpful: bool | None) -> Review:
    """Say whether a review has helped, or take that back with None. Raises NotFound, Invalid for one's own."""
    user_id = member_id(actor)
    review = _seen(session, actor, review_id, turn=True)
    if review.user_id == user_id:
        raise Invalid(_("Others say whether your review helps."))
    if helpful is None:
        session.execute(delete(ReviewVote).where(ReviewVote.review_id == review_id, ReviewVote.user_id == user_id))
    else:
        session.execute(insert_into(session, ReviewVote).values(review_id=review_id, user_id=user_id, helpful=helpful)
                        .on_conflict_do_update(index_elements=["review_id", "user_id"], set_={"helpful": helpful}))
    count_votes(session, review)
    return review


def count_votes(session: Session, review: Review) -> None:
    """Count a review's votes anew, and rank it by them."""
    found: dict[bool, int] = {row[0]: row[1] for row in session.execute(
        select(ReviewVote.helpful, func.count()).where(ReviewVote.review_id == review.id)
        .group_by(ReviewVote.helpful))}
    review.helpful, review.unhelpful = found.get(True, 0), found.get(False, 0)
    review.rank = wilson(review.helpful, review.helpful + review.unhelpful)
    session.flush()


def wilson(good: int, votes: int, z: float = SURE) -> float:
    """Return the lower bound of Wilson's score interval for a share of good votes; 0 without any.

    Source: E. B. Wilson, Probable Inference, the Law of Succession, and Statistical Inference, JASA 22 (1927).
    """
    if not votes:
        return 0.0
    share, square = good / votes, z * z
    spread = z * sqrt(share * (1 - share) / votes + square / (4 * votes * votes))
    return (share + square / (2 * votes) - spread) / (1 + square / votes)


def report(session: Session, actor: Actor | None, review_id: int, data: ReportInput) -> Review:
    """Ask moderators to look at a review; once a reader. With some such requests it is put away until they have.

    Raises NotFound, Invalid for one's own review.
    """
    user_id = member_id(actor)
    review = _seen(session, actor, review_id, turn=True)
    if review.user_id == user_id:
        raise Invalid(_("This is your own review: change or delete it."))
    if data.reason not in REPORT_REASONS:
        raise Invalid(_("%(value)s is none of the possible values.", value=data.reason))
    values = {"reason": data.reason, "note": one_line(data.note)[:500]}
    session.execute(insert_into(session, ReviewReport).values(
        review_id=review_id, user_id=user_id, created_at=utcnow(), **values)
        .on_conflict_do_update(index_elements=["review_id", "user_id"], set_=values))
    review.reports = session.scalar(select(func.count(ReviewReport.id)).where(
        ReviewReport.review_id == review_id, ReviewReport.answered_at.is_(None))) or 0
    if review.reports >= HELD_AT and review.state == "published":
        review.state = "held"
    session.flush()
    return review


def checked_text(text: str) -> str:
    """Return a review's text without what no reader sees. Raises Invalid when nothing is left, or too much."""
    kept = prose(text)
    if not kept:
        raise Invalid(_("This must not be empty."), fields={"text": [_("This must not be empty.")]})
    if len(kept) > MOST_CHARACTERS:
        sentence = _("At most %(most)s characters.", most=MOST_CHARACTERS)
        raise Invalid(sentence, fields={"text": [sentence]})
    return kept


def _language(tag: str) -> str:
    try:
        return normalise_language(tag)
    except ValueError:
        sentence = _("%(tag)s is no language that we know.", tag=tag[:40])
        raise Invalid(sentence, fields={"locale": [sentence]}) from None


def _seen(session: Session, actor: Actor | None, review_id: int, turn: bool = False) -> Review:
    """Return a review that the actor sees; with `turn` held until the end of the unit of work."""
    review = session.get(Review, review_id, with_for_update=turn, populate_existing=turn)
    hidden = review is not None and review.state != "published" and not is_moderator(actor) and (
        actor is None or actor.id != review.user_id)
    if review is None or hidden:
        raise NotFound()
    return review
