"""Films of visitors' own, as pages and the API take and show them."""
from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from moviepoint.domains.community.models import Contribution

Rights = Literal["own", "licence", "public_domain"]


class ContributionInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A film of one's own: what it is called and is about, in a language, and by what right one publishes it."""

    name: Annotated[str, Meta(min_length=1, max_length=300)]
    overview: Annotated[str, Meta(max_length=20_000)] = ""
    locale: Annotated[str, Meta(max_length=35)] = ""  # of the name and the overview
    language: Annotated[str, Meta(max_length=35)] = ""  # of the film; empty for the same
    year: Annotated[int, Meta(ge=1870, le=2200)] | None = None
    rights: Rights
    note: Annotated[str, Meta(max_length=2_000)] = ""


class VerdictInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What an editor decides; sending it back needs a reason."""

    decision: Literal["approve", "reject"]
    reason: Annotated[str, Meta(max_length=1_000)] = ""


class ContributionInfo(msgspec.Struct, kw_only=True):
    """A film of somebody's own, and how far it is; `edition` is what files are uploaded to."""

    id: int
    title_id: int
    name: str
    state: str
    rights: str
    note: str
    reason: str
    edition: str
    has_film: bool
    created_at: datetime
    sent_at: datetime | None
    by: str = ""


def contribution_info(row: Contribution, name: str, edition: str, has_film: bool, by: str = "") -> ContributionInfo:
    """Show a film of somebody's own."""
    return ContributionInfo(id=row.id, title_id=row.title_id, name=name, state=row.state, rights=row.rights,
                            note=row.note, reason=row.reason, edition=edition, has_film=has_film,
                            created_at=row.created_at, sent_at=row.sent_at, by=by)
