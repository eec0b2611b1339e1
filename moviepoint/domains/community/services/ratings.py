"""Rating titles from 1 to 10, and the sums that pages and lists show."""
from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from moviepoint.domains.catalog.models import Title, TitleScore
from moviepoint.domains.community.models import Rating
from moviepoint.domains.community.policies import member_id
from moviepoint.kernel import events
from moviepoint.kernel.db import insert_into, utcnow
from moviepoint.kernel.errors import Invalid, NotFound
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.policies import Actor

LOWEST, HIGHEST = 1, 10
PRIOR_VOTES = 5  # the formula's m: as many votes at the site's mean stand beside the real ones


def rate(session: Session, actor: Actor | None, title_id: int, value: int) -> TitleScore:
    """Rate a public title, or change one's rating of it; returns the title's new sum.

    Votes for one title take turns, so that two at once (of two people, or of one who clicks twice) are both right.
    Raises Invalid for what is not between 1 and 10, NotFound for a title that is not public.
    """
    user_id = member_id(actor)
    check_rating(value)
    require_public(session, title_id)
    score = _taken_turn(session, title_id)
    session.execute(insert_into(session, Rating).values(user_id=user_id, title_id=title_id, value=value,
                                                        rated_at=utcnow())
                    .on_conflict_do_update(index_elements=["user_id", "title_id"],
                                           set_={"value": value, "rated_at": utcnow()}))
    _sum_up(session, score)
    events.record(session, "on_title_rated", title_id=title_id)
    return score


def unrate(session: Session, actor: Actor | None, title_id: int) -> TitleScore | None:
    """Take one's rating of a title back; returns the title's new sum, or None where nobody has ever rated it."""
    user_id = member_id(actor)
    if session.get(TitleScore, title_id) is None:
        return None
    score = _taken_turn(session, title_id)
    session.execute(delete(Rating).where(Rating.user_id == user_id, Rating.title_id == title_id))
    _sum_up(session, score)
    events.record(session, "on_title_rated", title_id=title_id)
    return score


def recount(session: Session, title_ids: Collection[int] | None = None) -> int:
    """Sum up titles anew, all without ids: after members are gone, and now and then for the site's mean.

    Returns how many sums have changed.
    """
    statement = select(TitleScore.title_id).order_by(TitleScore.title_id)  # always in this order: no two wait crosswise
    if title_ids is not None:
        statement = statement.where(TitleScore.title_id.in_(title_ids))
    site = site_mean(session)
    changed = 0
    for title_id in session.scalars(statement).all():
        score = _taken_turn(session, title_id)
        before = (score.votes, score.total, round(score.score, 6))
        _sum_up(session, score, site)
        changed += before != (score.votes, score.total, round(score.score, 6))
    return changed


def weighted(mean: float, votes: int, site: float, prior: int = PRIOR_VOTES) -> float:
    """Return IMDb's weighted rating, (v ÷ (v+m)) × R + (m ÷ (v+m)) × C; 0 without votes.

    Source: https://help.imdb.com/article/imdb/track-movies-tv/ratings-faq/G67Y87TFYYP6TWAV
    """
    if not votes:
        return 0.0
    return votes / (votes + prior) * mean + prior / (votes + prior) * site


def site_mean(session: Session) -> float:
    """Return the mean of all ratings of the site, from the titles' sums; 0 without any."""
    total, votes = session.execute(select(func.sum(TitleScore.total), func.sum(TitleScore.votes)).where(
        TitleScore.votes > 0)).one()
    return int(total) / int(votes) if votes else 0.0


def check_rating(value: int) -> None:
    """Raise Invalid for what is no rating."""
    if not LOWEST <= value <= HIGHEST:
        sentence = _("A rating is a whole number from %(least)s to %(most)s.", least=LOWEST, most=HIGHEST)
        raise Invalid(sentence, fields={"value": [sentence]}, code="rating")


def require_public(session: Session, title_id: int) -> Title:
    """Return a title that everybody may see. Raises NotFound."""
    title = session.get(Title, title_id)
    if title is None or title.deleted_at is not None or title.status != "published":
        raise NotFound()
    return title


def _taken_turn(session: Session, title_id: int) -> TitleScore:
    """Return a title's sum, held until the end of the unit of work."""
    session.flush()
    session.execute(insert_into(session, TitleScore).values(
        title_id=title_id, votes=0, total=0, counts=[0] * HIGHEST, score=0.0)
        .on_conflict_do_nothing(index_elements=["title_id"]))
    return session.get_one(TitleScore, title_id, with_for_update=True, populate_existing=True)


def _sum_up(session: Session, score: TitleScore, site: float | None = None) -> None:
    found: dict[int, int] = {row[0]: row[1] for row in session.execute(
        select(Rating.value, func.count()).where(Rating.title_id == score.title_id).group_by(Rating.value))}
    score.counts = [found.get(value, 0) for value in range(LOWEST, HIGHEST + 1)]
    score.votes = sum(found.values())
    score.total = sum(value * count for value, count in found.items())
    session.flush()
    score.score = weighted(score.mean, score.votes, site_mean(session) if site is None else site)
    session.flush()
