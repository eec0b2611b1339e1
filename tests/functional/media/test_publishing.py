"""The last step of a job: what was called off does not come out, nor what nobody has reviewed."""
from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import update

from moviepoint.domains.accounts.models import Role
from moviepoint.domains.accounts.services import create_user
from moviepoint.domains.catalog.models import Title
from moviepoint.domains.community.services.leaving import leave
from moviepoint.domains.media import ledger, services, sweep, tasks, worker
from moviepoint.domains.media.encoding.naming import Intent
from moviepoint.domains.media.encoding.profiles import Profile, RungSpec
from moviepoint.domains.media.ledger import Lease
from moviepoint.domains.media.models import EncodingJob, SourceAsset
from moviepoint.domains.media.policies import HELD
from moviepoint.kernel.db import unit_of_work
from moviepoint.kernel.errors import Forbidden
from moviepoint.kernel.policies import SYSTEM
from tests.functional.media.adding import add
from tests.functional.media.house import House, drain

TINY = Profile(rungs=(RungSpec(90, 200, 30),), preset="ultrafast")
GERMAN = Intent("audio", "de", "dub")


def last_lease(house: House) -> Lease:
    """Do all that is to be done but what publishes; returns its lease."""
    while True:
        with unit_of_work() as session:
            lease = ledger.take(session, "light", "test") or ledger.take(session, "sound", "test") \
                or ledger.take(session, "heavy", "test")
        assert lease is not None
        if lease.kind.startswith("publish"):
            return lease
        worker.do_step(tasks.bench(), lease)


def second_job(house: House, first: int, words: Path, what: str) -> int:
    """Start what comes after a film that is live: the same film again, or a dub of it."""
    job = house.job(first)
    if what == "dub":
        return add(house, job.edition_id, words, GERMAN)
    with unit_of_work() as session:
        return services.start_job(session, SYSTEM, job.source_id).id


@pytest.mark.parametrize("what", ["film", "dub"])
def test_what_is_called_off_at_the_last_moment_does_not_come_out(house: House, short: Path, words: Path,
                                                                 what: str) -> None:
    first = house.publish(short, TINY)
    job_id = second_job(house, first, words, what)
    lease = last_lease(house)
    with unit_of_work() as session:
        services.cancel_job(session, SYSTEM, job_id)
    worker.do_step(tasks.bench(), lease)
    edition = house.edition(first)
    assert (house.job(job_id).state, edition.package) == ("cancelled", house.job(first).package)
    assert len(edition.audio) == 1
    assert not house.storage.exists(house.job(job_id).package)
    assert house.storage.exists(edition.package)


@pytest.mark.parametrize(("what", "role"), [("film", "editor"), ("dub", "desk")])
def test_what_nobody_has_reviewed_waits_for_an_editor(house: House, short: Path, words: Path, what: str,
                                                      role: str) -> None:
    """A member's title was approved as it was; what the same member had sent after that must not slip through."""
    first = house.publish(short, TINY)
    edition_id, title_id = house.edition(first).id, house.edition(first).title_id
    with unit_of_work() as session:
        member = create_user(session, "member@example.org", "!", ["member"], "Member")
        session.add(Role(name="desk", permissions=["media.manage"]))  # who may not upload, and need not
        session.flush()
        editor = create_user(session, "editor@example.org", "!", [role], "Editor")
        title = session.get_one(Title, title_id)
        title.added_by_id, title.status = member.id, "in_review"
    job_id = second_job(house, first, words, what)
    with unit_of_work() as session:
        session.execute(update(EncodingJob).where(EncodingJob.id == job_id).values(created_by_id=member.id))
        session.execute(update(SourceAsset).where(SourceAsset.edition_id == edition_id).values(created_by_id=member.id))
        session.get_one(Title, title_id).status = "published"
    drain(house)
    sweep.sweep(tasks.bench())
    drain(house)
    job = house.job(job_id)
    assert (job.state, job.code) == ("paused", HELD)
    assert "nobody has reviewed it" in str(job.message)
    assert (house.edition(first).package, len(house.edition(first).audio)) == (house.job(first).package, 1)
    with pytest.raises(Forbidden), unit_of_work() as session:
        services.retry_job(session, session.get_one(type(member), member.id), job_id)
    with unit_of_work() as session:
        services.retry_job(session, session.get_one(type(editor), editor.id), job_id)
    drain(house)
    assert house.job(job_id).state == "done"
    assert house.edition(job_id).package == house.job(job_id if what == "film" else first).package
    assert len(house.edition(job_id).audio) == (1 if what == "film" else 2)


def test_what_somebody_has_sent_who_leaves_waits_for_an_editor(house: House, short: Path) -> None:
    """Without them no job knows whose it was: leaving must not be the way around a review."""
    first = house.publish(short, TINY)
    job_id = second_job(house, first, short, "film")
    with unit_of_work() as session:
        member = create_user(session, "member@example.org", "!", ["member"], "Member")
        session.get_one(EncodingJob, job_id).created_by_id = member.id
    with unit_of_work() as session:
        leave(session, session.get_one(type(member), member.id), house.storage)
    drain(house)
    sweep.sweep(tasks.bench())
    drain(house)
    job = house.job(job_id)
    assert (job.state, job.code, job.created_by_id) == ("paused", HELD, None)
    assert house.edition(first).package == house.job(first).package
    with unit_of_work() as session:
        services.retry_job(session, SYSTEM, job_id)
    drain(house)
    assert house.edition(first).package == house.job(job_id).package


def test_a_film_comes_out_while_its_title_is_still_its_owners(house: House, short: Path) -> None:
    job_id = house.start(short, profile=TINY)
    title_id = house.edition(job_id).title_id
    with unit_of_work() as session:
        member = create_user(session, "member@example.org", "!", ["member"], "Member")
        session.get_one(Title, title_id).added_by_id = member.id
        session.get_one(EncodingJob, job_id).created_by_id = member.id
    drain(house)
    assert house.job(job_id).state == "done"
