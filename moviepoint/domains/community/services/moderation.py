"""What moderators decide on reviews: each decision answers the open reports and stands in the audit trail."""
from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.orm import Session

from moviepoint.domains.accounts import notices
from moviepoint.domains.catalog.models import Title
from moviepoint.domains.community.models import Review, ReviewReport
from moviepoint.domains.community.policies import MODERATE
from moviepoint.domains.history.services import record
from moviepoint.kernel.db import utcnow
from moviepoint.kernel.errors import Invalid, NotFound
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.policies import Actor, require
from moviepoint.kernel.text import one_line

ENTITY = "review"
JUDGED = "community.review_judged"  # the kind of notice to the author
ACTIONS = {"keep": "review_kept", "mark": "review_marked", "remove": "review_removed"}


def decide(session: Session, actor: Actor, review_id: int, decision: str, reason: str = "") -> Review:
    """Let a review stay (`keep`), stay marked as a spoiler (`mark`), or take it down (`remove`), with a reason.

    Raises Forbidden, NotFound, Invalid without a reason for taking it down. The text itself never goes into the trail:
    what its author deletes shall be gone.
    """
    require(actor, MODERATE)
    review = session.get(Review, review_id, with_for_update=True, populate_existing=True)
    if review is None:
        raise NotFound()
    if decision not in ACTIONS:
        raise Invalid(_("%(value)s is none of the possible values.", value=decision[:40]), fields={"decision": []})
    reason = one_line(reason)[:500]
    if decision == "remove" and not reason:
        sentence = _("Say why, for its author.")
        raise Invalid(sentence, fields={"reason": [sentence]})
    before = _facts(review)
    shown = (review.state, review.spoiler)
    review.state = "removed" if decision == "remove" else "published"
    review.spoiler = review.spoiler or decision == "mark"
    review.reason, review.reports = reason if decision == "remove" else "", 0
    session.execute(update(ReviewReport).where(ReviewReport.review_id == review_id, ReviewReport.answered_at.is_(None))
                    .values(answered_at=utcnow()))
    session.flush()
    title = session.get_one(Title, review.title_id)
    if actor.id != review.user_id and shown != (review.state, review.spoiler):  # reports that came to nothing are none
        notices.post(session, review.user_id, JUDGED, {"review_id": review.id})
    record(session, actor, ACTIONS[decision], ENTITY, review.id, str(title), before=before, after=_facts(review))
    return review


def _facts(review: Review) -> dict[str, object]:
    return {"state": review.state, "spoiler": "yes" if review.spoiler else "no", "reports": review.reports,
            "reason": review.reason}
