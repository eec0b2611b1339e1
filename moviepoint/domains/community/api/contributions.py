"""Films of visitors' own as resources; their files are uploaded by `/uploads`, to the edition named here."""
from __future__ import annotations

from flask import Response as FlaskResponse
from spectree import Response

from moviepoint.domains.accounts.viewer import signed_in
from moviepoint.domains.community.contribution_pages import shown
from moviepoint.domains.community.policies import CONTRIBUTE, member_id
from moviepoint.domains.community.queries import contributions as reads
from moviepoint.domains.community.schemas.contributions import ContributionInfo, ContributionInput, VerdictInput
from moviepoint.domains.community.services import contributions
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.limits import limiter
from moviepoint.shells.api import Page, PageQuery, blueprint, paged, spec
from moviepoint.shells.api.language import in_language

resource = blueprint("contributions", __name__)
SELDOM = "30 per hour"


@resource.get("/contributions")
@in_language
@spec.validate(resp=Response(HTTP_200=Page[ContributionInfo]), tags=["contributions"])
def list_contributions(query: PageQuery) -> Page[ContributionInfo]:
    """List films of one's own."""
    session = db.session()
    return paged(session, reads.contributions(member_id(signed_in(), CONTRIBUTE)), query,
                 lambda rows: shown(session, rows))


@resource.post("/contributions")
@limiter.limit(SELDOM)
@in_language
@spec.validate(resp=Response(HTTP_200=ContributionInfo), tags=["contributions"])
def begin(json: ContributionInput) -> ContributionInfo:
    """Enter a film of one's own."""
    with unit_of_work() as session:
        return shown(session, [contributions.begin(session, signed_in(), json)])[0]


@resource.put("/contributions/<int:contribution_id>")
@limiter.limit(SELDOM)
@in_language
@spec.validate(resp=Response(HTTP_200=ContributionInfo), tags=["contributions"])
def change(contribution_id: int, json: ContributionInput) -> ContributionInfo:
    """Change a film of one's own."""
    with unit_of_work() as session:
        return shown(session, [contributions.change(session, signed_in(), contribution_id, json)])[0]


@resource.post("/contributions/<int:contribution_id>/submit")
@in_language
@spec.validate(resp=Response(HTTP_200=ContributionInfo), tags=["contributions"])
def submit(contribution_id: int) -> ContributionInfo:
    """Send a film of one's own to the editors."""
    with unit_of_work() as session:
        return shown(session, [contributions.submit(session, signed_in(), contribution_id)])[0]


@resource.delete("/contributions/<int:contribution_id>")
def withdraw(contribution_id: int) -> FlaskResponse:
    """Take a film of one's own away."""
    with unit_of_work() as session:
        contributions.withdraw(session, signed_in(), contribution_id)
    return FlaskResponse(status=204)


@resource.get("/moderation/contributions")
@in_language
@spec.validate(resp=Response(HTTP_200=Page[ContributionInfo]), tags=["moderation"])
def list_queue(query: PageQuery) -> Page[ContributionInfo]:
    """List the films that wait for an editor."""
    session = db.session()
    return paged(session, reads.queue(signed_in()), query, lambda rows: shown(session, rows))


@resource.post("/moderation/contributions/<int:contribution_id>")
@in_language
@spec.validate(resp=Response(HTTP_200=ContributionInfo), tags=["moderation"])
def decide(contribution_id: int, json: VerdictInput) -> ContributionInfo:
    """Publish a film that was sent, or send it back with a reason."""
    with unit_of_work() as session:
        return shown(session, [contributions.decide(session, signed_in(), contribution_id, json.decision,
                                                    json.reason)])[0]
