"""Films of visitors' own: prepared, sent to the editors, taken or sent back."""
from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from moviepoint.domains.accounts import notices
from moviepoint.domains.catalog import services as catalog
from moviepoint.domains.catalog.models import Title
from moviepoint.domains.catalog.policies import PUBLISH
from moviepoint.domains.catalog.schemas import TitleInput, TitleTextInput
from moviepoint.domains.community.models import Contribution
from moviepoint.domains.community.policies import CONTRIBUTE, OnBehalf, member_id
from moviepoint.domains.community.schemas.contributions import ContributionInput
from moviepoint.domains.community.services.profiles import ensure_profile
from moviepoint.domains.history.services import record
from moviepoint.domains.media import uploads
from moviepoint.domains.media.models import Edition, SourceAsset, Upload
from moviepoint.kernel.db import utcnow
from moviepoint.kernel.errors import Conflict, Invalid, NotFound
from moviepoint.kernel.i18n import current_locale, ngettext
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.policies import Actor, require
from moviepoint.kernel.text import one_line, prose

DECIDED = "community.contribution_decided"  # the kind of notice to the owner
MOST_OPEN = 5  # films that wait for their owner or for an editor
IN_HAND = ("draft", "rejected")  # the owner may change and send it


def begin(session: Session, actor: Actor, data: ContributionInput) -> Contribution:
    """Enter a film of one's own, as a draft that only its owner and the editors see.

    Raises Invalid for too many that are not decided yet, or for what the catalogue does not take.
    """
    user_id = member_id(actor, CONTRIBUTE)
    ensure_profile(session, actor)
    count = session.scalar(select(func.count(Contribution.id)).join(Title, Title.id == Contribution.title_id).where(
        Contribution.user_id == user_id, Contribution.state != "approved", Title.deleted_at.is_(None))) or 0
    if count >= MOST_OPEN:
        raise Invalid(ngettext("%(num)s film is not decided yet; that is as many as one may have.",
                               "%(num)s films are not decided yet; that is as many as one may have.", count),
                      code="quota")
    title = catalog.save_title(session, OnBehalf(actor), _title(data))
    uploads.ensure_edition(session, OnBehalf(actor), title_id=title.id)
    row = Contribution(user_id=user_id, title_id=title.id, rights=data.rights, note=prose(data.note))
    session.add(row)
    session.flush()
    return row


def change(session: Session, actor: Actor, contribution_id: int, data: ContributionInput) -> Contribution:
    """Change what a film of one's own is called and is about, until it is sent. Raises NotFound, Conflict."""
    row = _in_hand(session, actor, contribution_id)
    catalog.save_title(session, OnBehalf(actor), _title(data), row.title_id)
    row.rights, row.note = data.rights, prose(data.note)
    session.flush()
    return row


def submit(session: Session, actor: Actor, contribution_id: int) -> Contribution:
    """Send a film of one's own to the editors. Raises NotFound, Conflict, Invalid without a whole file."""
    row = _in_hand(session, actor, contribution_id)
    if not has_film(session, row.title_id):
        raise Invalid(_("Upload the film first."), fields={"file": [_("Upload the film first.")]})
    catalog.change_status(session, OnBehalf(actor), row.title_id, "submit")
    row.state, row.sent_at, row.reason = "waiting", utcnow(), ""
    session.flush()
    return row


def withdraw(session: Session, actor: Actor, contribution_id: int) -> None:
    """Take a film of one's own away again, before an editor has taken it. Raises NotFound, Conflict."""
    row = own_contribution(session, actor, contribution_id)
    if row.state == "approved":
        raise Conflict(_("It is published. Ask an editor to take it down."))
    catalog.delete_title(session, OnBehalf(actor), row.title_id)
    session.delete(row)
    session.flush()


def decide(session: Session, actor: Actor, contribution_id: int, decision: str, reason: str = "") -> Contribution:
    """Publish a film that somebody has sent (`approve`), or send it back with a reason (`reject`).

    Raises Forbidden, NotFound, Conflict when it does not wait, Invalid without a reason.
    """
    require(actor, PUBLISH)
    row = session.get(Contribution, contribution_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound()
    if row.state != "waiting":
        raise Conflict(_("It does not wait for a decision any more. Reload the page."))
    reason = one_line(reason)[:1_000]
    if decision == "reject" and not reason:
        sentence = _("Say why, for its author.")
        raise Invalid(sentence, fields={"reason": [sentence]})
    if decision not in ("approve", "reject"):
        raise Invalid(_("%(value)s is none of the possible values.", value=decision[:40]))
    title = catalog.change_status(session, actor, row.title_id, "publish" if decision == "approve" else "return")
    row.state, row.reason = ("approved", "") if decision == "approve" else ("rejected", reason)
    row.decided_by_id, row.decided_at = actor.id, utcnow()
    session.flush()
    if actor.id != row.user_id:
        notices.post(session, row.user_id, DECIDED, {"contribution_id": row.id})
    record(session, actor, "contribution_" + row.state, "title", title.id, str(title),
           before={"reason": "", "contribution": "waiting"}, after={"reason": reason, "contribution": row.state})
    return row


def own_contribution(session: Session, actor: Actor, contribution_id: int) -> Contribution:
    """Return a film of the actor's own. Raises NotFound."""
    row = session.get(Contribution, contribution_id)
    if row is None or row.user_id != member_id(actor, CONTRIBUTE):
        raise NotFound()
    return row


def has_film(session: Session, title_id: int) -> bool:
    """Say whether the whole file of a film has arrived."""
    editions = select(Edition.id).where(Edition.title_id == title_id)
    return bool(session.scalar(select(SourceAsset.id).where(SourceAsset.edition_id.in_(editions)).limit(1))
                or session.scalar(select(Upload.id).where(
                    Upload.edition_id.in_(editions), Upload.state.in_(("stored", "used"))).limit(1)))


def _in_hand(session: Session, actor: Actor, contribution_id: int) -> Contribution:
    row = own_contribution(session, actor, contribution_id)
    if row.state not in IN_HAND:
        raise Conflict(_("It is with the editors, and cannot be changed now."))
    return row


def _title(data: ContributionInput) -> TitleInput:
    locale = data.locale or current_locale()
    return TitleInput(kind="film", original_title=one_line(data.name), original_language=data.language or locale,
                      year=data.year, texts={locale: TitleTextInput(name=data.name, overview=data.overview)})
