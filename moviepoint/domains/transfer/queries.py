"""Reads of transfers."""
from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from moviepoint.domains.transfer.models import VERDICTS, Transfer, TransferRow
from moviepoint.kernel.errors import NotFound
from moviepoint.kernel.policies import Actor, require

FAULTS_SHOWN = 8


def transfers(content_types: Collection[str]) -> Select[Transfer]:
    """Return a select of transfers of these content types, the newest first."""
    return select(Transfer).where(Transfer.content_type.in_(content_types)).order_by(Transfer.id.desc())


def transfer(session: Session, viewer: Actor, permissions: Mapping[str, str], transfer_id: int) -> Transfer:
    """Return a transfer. Raises NotFound, and Forbidden for who lacks its content type's permission."""
    found = session.get(Transfer, transfer_id)
    if found is None or found.content_type not in permissions:
        raise NotFound()
    require(viewer, permissions[found.content_type])
    return found


def rows(transfer_id: int, *, verdict: str = "", outcome: str = "") -> Select[TransferRow]:
    """Return a select of an import's rows in the file's order."""
    statement = select(TransferRow).where(TransferRow.transfer_id == transfer_id).order_by(TransferRow.number)
    if verdict:
        statement = statement.where(TransferRow.verdict == verdict)
    return statement.where(TransferRow.outcome == outcome) if outcome else statement


def counts(session: Session, transfer_id: int) -> dict[str, int]:
    """Return how many rows an import has by verdict, by outcome, and chosen for applying."""
    found = dict.fromkeys((*VERDICTS, "applied", "failed", "chosen"), 0)
    for verdict, outcome, chosen, count in session.execute(
            select(TransferRow.verdict, TransferRow.outcome, TransferRow.chosen, func.count())
            .where(TransferRow.transfer_id == transfer_id)
            .group_by(TransferRow.verdict, TransferRow.outcome, TransferRow.chosen)):
        found[verdict] += count
        if outcome:
            found[outcome] += count
        elif chosen and verdict in ("new", "changed"):
            found["chosen"] += count
    return found


def frequent_faults(session: Session, transfer_id: int) -> Sequence[tuple[str, int]]:
    """Return the faults that most rows have, each with how many: one wrong column is one line, not ten thousand."""
    found: dict[str, int] = {}
    statement = select(TransferRow.faults).where(TransferRow.transfer_id == transfer_id,
                                                 TransferRow.verdict == "faulty").execution_options(yield_per=1000)
    for faults in session.scalars(statement):
        for fault in faults[:1]:
            found[fault] = found.get(fault, 0) + 1
    return sorted(found.items(), key=lambda item: (-item[1], item[0]))[:FAULTS_SHOWN]
