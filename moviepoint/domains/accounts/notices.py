"""Writes of notices: asked for inside the unit of work that they tell of, and sent by a task after its commit.

A notice leaves once. Just before it is handed over it is marked `sending`, in a commit of its own; a worker that dies
after that leaves it so, and nobody sends it again, because nobody can know. A server that does not answer, or says "not
now", is asked again later; one that says "never" is believed.
"""
from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from moviepoint.domains.accounts.notice_models import Notice, NoticeChoice
from moviepoint.kernel.db import insert_into, utcnow
from moviepoint.kernel.errors import NotFound
from moviepoint.kernel.tasks import enqueue_after_commit

SEND = "accounts.notice"  # the task
SETTLE = timedelta(minutes=30)  # so long more of the same is waited for
APART = timedelta(hours=24)  # between two mails on one topic
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=5), timedelta(hours=6)
MAX_TRIES = 16  # over three days
LOST = timedelta(hours=1)  # longer than a mail server may take
KEPT = timedelta(days=90)
MOST_ITEMS = 500
AT_A_TIME = 500  # users


def post(session: Session, user_id: int, kind: str, data: Mapping[str, Any]) -> Notice:
    """Send a user a notice of a kind, once this has committed."""
    row = Notice(user_id=user_id, kind=kind, data=dict(data), due_at=utcnow())
    session.add(row)
    session.flush()
    enqueue_after_commit(session, SEND, notice_id=row.id)
    return row


def gather(session: Session, user_ids: Sequence[int], kind: str, topic: str, data: Mapping[str, Any],
           items: Sequence[int], now: datetime) -> None:
    """Add items to the next mail on a topic to each of these users: one mail tells of all, at most one in a day."""
    for start in range(0, len(user_ids), AT_A_TIME):
        part = user_ids[start:start + AT_A_TIME]
        of_topic = Notice.user_id.in_(part) & (Notice.kind == kind) & (Notice.topic == topic)
        waiting = {row.user_id: row for row in session.scalars(select(Notice).where(
            of_topic, Notice.state == "waiting").with_for_update())}
        last: dict[int, datetime] = {user_id: moment for user_id, moment in session.execute(
            select(Notice.user_id, func.max(Notice.tried_at)).where(
                of_topic, Notice.state.in_(("sending", "sent", "unclear"))).group_by(Notice.user_id)) if moment}
        for row in waiting.values():
            row.data = {**row.data, "items": list(dict.fromkeys([*row.data["items"], *items]))[:MOST_ITEMS]}
        session.add_all(Notice(
            user_id=user_id, kind=kind, topic=topic, data={**data, "items": list(items)[:MOST_ITEMS]},
            due_at=max(now + SETTLE, last[user_id] + APART) if user_id in last else now + SETTLE)
            for user_id in part if user_id not in waiting)
        session.flush()


def due(session: Session, now: datetime, limit: int = 500) -> Sequence[int]:
    """Return the ids of notices that may leave now, the oldest first."""
    return session.scalars(select(Notice.id).where(Notice.state == "waiting", Notice.due_at <= now)
                           .order_by(Notice.due_at, Notice.id).limit(limit)).all()


def waiting(session: Session, notice_id: int, now: datetime) -> Notice | None:
    """Return a notice that may leave now."""
    row = session.get(Notice, notice_id, populate_existing=True)
    return row if row is not None and row.state == "waiting" and row.due_at <= now else None


def claim(session: Session, notice_id: int, now: datetime) -> bool:
    """Take the right to hand a notice over; of several workers one gets it."""
    taken: Any = session.execute(
        update(Notice).where(Notice.id == notice_id, Notice.state == "waiting")
        .values(state="sending", tried_at=now, tries=Notice.tries + 1))
    return bool(taken.rowcount)


def finish(session: Session, notice_id: int, state: str, now: datetime) -> None:
    """Note what has become of a notice: sent, refused or dropped."""
    session.execute(update(Notice).where(Notice.id == notice_id).values(
        state=state, **({"sent_at": now} if state == "sent" else {})))


def postpone(session: Session, notice_id: int, now: datetime) -> None:
    """Try again later, each time after a longer while; give up after MAX_TRIES."""
    row = session.get_one(Notice, notice_id, populate_existing=True)
    row.tries += row.state == "waiting"  # the server was not reached: nobody has claimed it
    row.state = "waiting" if row.tries < MAX_TRIES else "refused"
    row.due_at = now + min(FIRST_WAIT * 2 ** min(row.tries - 1, 12), LONGEST_WAIT)


def tidy(session: Session, now: datetime) -> int:
    """Mark what a dead worker had in hand, and forget what is long over; returns how many were in hand."""
    lost: Any = session.execute(update(Notice).where(Notice.state == "sending", Notice.tried_at < now - LOST)
                                .values(state="unclear"))
    session.execute(delete(Notice).where(Notice.state.in_(("sent", "refused", "dropped", "unclear")),
                                         Notice.created_at < now - KEPT))
    return int(lost.rowcount)


def figures(session: Session, now: datetime) -> dict[str, int]:
    """Return how many notices of the last week stand how: those that tell an operator of trouble, and those sent."""
    rows = session.execute(select(Notice.state, func.count()).where(Notice.created_at > now - timedelta(days=7))
                           .group_by(Notice.state))
    found = {str(state): int(count) for state, count in rows}
    return {state: found.get(state, 0) for state in ("sent", "waiting", "refused", "unclear")}


def wants(session: Session, user_id: int, kind: str) -> bool:
    """Say whether a user wants mail of a kind."""
    row = session.get(NoticeChoice, (user_id, kind))
    return row is None or row.wanted


def choices(session: Session, user_id: int) -> dict[str, bool]:
    """Return what a user has chosen, by kind."""
    return {row.kind: row.wanted for row in session.scalars(select(NoticeChoice).where(
        NoticeChoice.user_id == user_id))}


def choose(session: Session, user_id: int, kinds: Collection[str], wanted: Mapping[str, bool]) -> None:
    """Set what a user wants; `kinds` are those that can be chosen. Raises NotFound for another."""
    if set(wanted) - set(kinds):
        raise NotFound()
    for kind, value in wanted.items():
        session.execute(insert_into(session, NoticeChoice).values(user_id=user_id, kind=kind, wanted=value)
                        .on_conflict_do_update(index_elements=["user_id", "kind"], set_={"wanted": value}))
    session.expire_all()
