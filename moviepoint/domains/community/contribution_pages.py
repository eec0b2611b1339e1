"""Films of visitors' own put together for pages and the API."""
from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from moviepoint.domains.community.models import Contribution
from moviepoint.domains.community.queries import contributions as reads
from moviepoint.domains.community.queries import members
from moviepoint.domains.community.schemas.contributions import ContributionInfo, contribution_info


def shown(session: Session, rows: Sequence[Contribution]) -> list[ContributionInfo]:
    """Return films of visitors' own with their names and editions, in a fixed number of queries."""
    ids = [row.title_id for row in rows]
    names, editions = reads.names(session, ids), reads.editions(session, ids)
    owners = members.names(session, [row.user_id for row in rows])
    return [contribution_info(row, names.get(row.title_id, ""), *editions.get(row.title_id, ("", False)),
                              by=owners[row.user_id].name if row.user_id in owners else "") for row in rows]
