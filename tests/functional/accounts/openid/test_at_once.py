"""Two requests of one person at the same moment, on PostgreSQL: SQLite lets one writer in after the other."""
from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import delete, select

from moviepoint.app import MoviePoint
from moviepoint.domains.accounts import identities
from moviepoint.domains.accounts.identity_model import Identity
from moviepoint.domains.accounts.models import User
from moviepoint.domains.accounts.services import create_user
from moviepoint.domains.history.models import Revision
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.errors import Conflict
from moviepoint.settings import Settings
from tests.functional.accounts.locks import second_waits

ISSUER = "https://accounts.example.com"


@pytest.fixture
def user_id(app: MoviePoint, settings: Settings) -> Iterator[int]:
    """Commit somebody with two identities and no password; nothing of them stays."""
    if not settings.database_url.startswith("postgresql"):
        pytest.skip("SQLite lets one writer in after the other")
    with app.app_context():
        with unit_of_work() as work:
            user_id = create_user(work, "both@example.org", None, ["member"]).id
            work.add_all(Identity(user_id=user_id, provider="example", issuer=ISSUER, subject=subject)
                         for subject in ("one", "two"))
        db.session.remove()
        yield user_id
        db.session.remove()
        with unit_of_work() as work:
            work.execute(delete(User).where(User.id == user_id))
            work.execute(delete(Revision).where(Revision.entity == "user", Revision.entity_id == user_id))
        db.session.remove()


def unlink(app: MoviePoint, user_id: int, subject: str, outcome: list[str],
           before_commit: Callable[[], object]) -> None:
    with app.app_context():
        try:
            actor = db.session().get_one(User, user_id)
            row = db.session().scalars(select(Identity).where(
                Identity.user_id == user_id, Identity.subject == subject)).one()
            with unit_of_work() as work:
                identities.remove(work, actor, user_id, row.id, issuers={ISSUER})
                before_commit()
            outcome.append("done")
        except Conflict as error:
            outcome.append(type(error).__name__)
        finally:
            db.session.remove()


def test_unlinking_both_at_once_leaves_one(app: MoviePoint, settings: Settings, user_id: int) -> None:
    """The first holds its transaction open until the second waits for its lock, or has gone past it."""
    outcome: list[str] = []
    inside, go_on = threading.Event(), threading.Event()
    first = threading.Thread(target=unlink, args=(app, user_id, "one", outcome, lambda: inside.set() or go_on.wait(30)))
    second = threading.Thread(target=unlink, args=(app, user_id, "two", outcome, lambda: None))
    second_waits(settings.database_url, first, inside, second, go_on)
    assert sorted(outcome) == ["Conflict", "done"]
    assert db.session().scalars(select(Identity.subject).where(Identity.user_id == user_id)).all() == ["two"]
