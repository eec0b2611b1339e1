"""Films of visitors' own: entered, uploaded, sent, taken or sent back; and what they may not touch."""
from __future__ import annotations

import base64
import io
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.app import MoviePoint
from moviepoint.domains.accounts.models import User
from moviepoint.domains.catalog.models import Title
from moviepoint.domains.community.models import Contribution
from moviepoint.domains.community.services import contributions
from moviepoint.domains.history.models import Revision
from moviepoint.domains.media import allowance
from moviepoint.domains.media.models import Edition, EncodingJob, Upload
from moviepoint.kernel.db import unit_of_work
from moviepoint.kernel.errors import Conflict, Forbidden
from moviepoint.settings import Settings

SignIn = Callable[..., User]
FORM = {"name": "My Street", "overview": "A street and a <b>dog</b>.", "locale": "en", "language": "en",
        "year": "2025", "rights": "own", "note": "Shot on a phone."}
TUS = {"Tus-Resumable": "1.0.0"}
DATA = b"not yet a film" * 100

pytestmark = pytest.mark.usefixtures("queue")


def entered(client: FlaskClient) -> int:
    """Enter a film by its form; returns the contribution's id."""
    answer = client.post("/en/account/films/new", data=FORM)
    assert answer.status_code == 303, answer.text
    return int(answer.location.rsplit("/", 1)[1])


def announce(client: FlaskClient, edition: str, size: int = len(DATA)) -> object:
    metadata = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in (
        ("filename", "street.mp4"), ("edition", edition), ("use", "film")))
    return client.post("/api/v1/uploads", headers=TUS | {"Upload-Length": str(size), "Upload-Metadata": metadata})


def upload(client: FlaskClient, edition: str) -> str:
    """Send a file in two chunks; returns the upload's address."""
    created = announce(client, edition)
    assert created.status_code == 201, created.text  # type: ignore[attr-defined]
    address = created.location  # type: ignore[attr-defined]
    for start, end in ((0, 500), (500, len(DATA))):
        answer = client.patch(address, input_stream=io.BytesIO(DATA[start:end]), content_length=end - start, headers=TUS
                              | {"Upload-Offset": str(start), "Content-Type": "application/offset+octet-stream"})
        assert answer.status_code == 204, answer.text
    return str(address)


def edition_of(session: Session, contribution_id: int) -> Edition:
    return session.scalars(select(Edition).join(Contribution, Contribution.title_id == Edition.title_id)
                           .where(Contribution.id == contribution_id)).one()


def test_a_film_goes_the_whole_way(client: FlaskClient, session: Session, sign_in: SignIn, sign_in_as: SignIn) -> None:
    owner = sign_in("member")
    number = entered(client)
    title = session.scalars(select(Title)).one()
    assert (title.status, title.added_by_id, title.original_title, title.year) == ("draft", owner.id, "My Street", 2025)
    page = client.get(f"/en/account/films/{number}").text
    assert "data-upload" in page
    assert "&lt;b&gt;dog" in page
    client.post(f"/en/account/films/{number}/submit")
    assert "Upload the film first." in client.get("/en/account/films/").text
    address = upload(client, edition_of(session, number).public_id)
    job = session.scalars(select(EncodingJob)).one()
    assert client.get(address).json["job_id"] == job.id
    seen = client.get(f"/api/v1/jobs/{job.id}").json
    assert (seen["state"], [step["log"] for step in seen["steps"]]) == ("queued", [""])
    client.post(f"/en/account/films/{number}/submit")
    session.expire_all()
    assert title.status == "in_review"
    assert "with the editors" in client.get("/en/account/films/").text
    assert client.get("/en/films/my-street-2025").status_code == 404
    sign_in("editor")
    assert "My Street" in client.get("/admin/sent-films/").text
    client.post(f"/admin/sent-films/{number}/decide", data={"decision": "reject"})
    assert title.status == "in_review"  # no reason, no decision
    client.post(f"/admin/sent-films/{number}/decide", data={"decision": "reject", "reason": "The sound is missing."})
    sign_in_as(owner)
    assert "The sound is missing." in client.get(f"/en/account/films/{number}").text
    client.post(f"/en/account/films/{number}", data=FORM | {"name": "Our Street"})
    client.post(f"/en/account/films/{number}/submit")
    sign_in("editor")
    client.post(f"/admin/sent-films/{number}/decide", data={"decision": "approve"})
    session.expire_all()
    assert title.status == "published"
    assert "Our Street" in client.get("/en/films/my-street-2025").text
    actions = session.scalars(select(Revision.action).where(Revision.entity == "title").order_by(Revision.id)).all()
    assert [action for action in actions if "contribution" in action] == [
        "contribution_rejected", "contribution_approved"]


def test_what_is_published_is_out_of_its_owners_hands(client: FlaskClient, session: Session, sign_in: SignIn,
                                                      make_user: SignIn) -> None:
    owner = sign_in("member")
    number = entered(client)
    edition = edition_of(session, number).public_id
    address = upload(client, edition)
    client.post(f"/en/account/films/{number}/submit")
    with unit_of_work() as work:
        contributions.decide(work, make_user("editor"), number, "approve")
        with pytest.raises(Conflict):
            contributions.withdraw(work, owner, number)
    assert announce(client, edition).status_code == 403  # type: ignore[attr-defined]
    assert client.post(f"/en/account/films/{number}", data=FORM).status_code == 409
    assert client.post(f"/en/account/films/{number}/submit").status_code == 409
    assert client.get(address).status_code == 200  # their own upload's state, and no more


def test_a_member_uploads_to_nothing_else(client: FlaskClient, session: Session, metropolis: int,
                                          sign_in: SignIn) -> None:
    with unit_of_work() as work:
        other = Edition(title_id=metropolis)
        work.add(other)
    sign_in("member")
    mine = edition_of(session, entered(client)).public_id
    assert announce(client, other.public_id).status_code == 403  # type: ignore[attr-defined]
    assert client.post("/api/v1/uploads", headers=TUS | {"Upload-Length": "5"}).status_code == 403
    assert client.post("/api/v1/editions", json={"title_id": metropolis}).status_code == 403
    assert client.get("/api/v1/jobs").status_code == 403
    sign_in("member", "translator")
    assert announce(client, mine).status_code == 403  # type: ignore[attr-defined]
    assert client.get(f"/api/v1/uploads?edition={mine}").status_code == 403


def test_nobody_sees_or_changes_anothers(client: FlaskClient, sign_in: SignIn) -> None:
    sign_in("member")
    number = entered(client)
    sign_in("contributor")
    for call in (lambda: client.get(f"/en/account/films/{number}"),
                 lambda: client.post(f"/en/account/films/{number}/submit"),
                 lambda: client.post(f"/en/account/films/{number}/withdraw"),
                 lambda: client.delete(f"/api/v1/contributions/{number}"),
                 lambda: client.put(f"/api/v1/contributions/{number}", json={"name": "x", "rights": "own"})):
        assert call().status_code == 404
    assert client.get("/api/v1/moderation/contributions").status_code == 403
    assert client.post(f"/api/v1/moderation/contributions/{number}", json={"decision": "approve"}).status_code == 403
    assert client.get("/admin/sent-films/").status_code == 403


@pytest.mark.parametrize("wrong", [{"name": ""}, {"name": "x" * 301}, {"year": "12"}, {"year": "soon"}, {"rights": ""},
                                   {"rights": "stolen"}, {"locale": "xx-nowhere"}, {"overview": "x" * 20_001}])
def test_a_form_that_cannot_be_says_so_and_keeps_what_was_typed(client: FlaskClient, session: Session,
                                                                sign_in: SignIn, wrong: dict[str, str]) -> None:
    sign_in("member")
    answer = client.post("/en/account/films/new", data=FORM | wrong)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert "Shot on a phone." in answer.text
    assert session.scalars(select(Title)).all() == []


def test_quotas(client: FlaskClient, session: Session, app: MoviePoint, sign_in: SignIn,
                monkeypatch: pytest.MonkeyPatch) -> None:
    user = sign_in("member")
    edition = edition_of(session, entered(client)).public_id
    monkeypatch.setattr(contributions, "MOST_OPEN", 1)
    assert "1 film is not decided yet" in client.post("/en/account/films/new", data=FORM).text
    monkeypatch.setattr(allowance, "OWN_LIMITS", (2_000, 3_000))
    beyond = announce(client, edition, 2_001)
    assert beyond.status_code == 413  # type: ignore[attr-defined]
    assert "up to 2 kB" in beyond.json["detail"].replace("\xa0", " ")  # type: ignore[attr-defined]
    assert announce(client, edition, 1_500).status_code == 201  # type: ignore[attr-defined]
    full = announce(client, edition, 1_501)
    assert (full.status_code, full.json["code"]) == (413, "upload-quota")  # type: ignore[attr-defined]
    assert allowance.used(session, user.id) == 1_500
    settings = Settings(upload_limits=("member=1K/0", "editor=5G/7G"))
    assert allowance.allowance(session, user, settings) == allowance.Allowance(1_024, 0, 0)
    assert len(session.scalars(select(Upload)).all()) == 1


def test_who_leaves_takes_what_nobody_has_taken(client: FlaskClient, session: Session, sign_in: SignIn) -> None:
    user = sign_in("member")
    entered(client)
    with unit_of_work():
        user.password = None
    assert client.post("/api/v1/my-data/leave", json={"email": user.email}).status_code == 204
    assert session.scalars(select(Title.deleted_at)).one() is not None


def test_the_api_brings_a_film(client: FlaskClient, session: Session, sign_in: SignIn, make_user: SignIn) -> None:
    body = {"name": "Улица", "locale": "ru", "rights": "licence"}
    assert client.post("/api/v1/contributions", json=body).status_code == 401
    sign_in("member")
    made = client.post("/api/v1/contributions", json=body).json
    assert (made["state"], made["has_film"]) == ("draft", False)
    assert client.post(f"/api/v1/contributions/{made['id']}/submit", json={}).status_code == 422
    upload(client, made["edition"])
    assert client.post(f"/api/v1/contributions/{made['id']}/submit", json={}).json["state"] == "waiting"
    assert client.get("/api/v1/contributions").json["results"][0]["has_film"]
    with unit_of_work() as work, pytest.raises(Forbidden):
        contributions.decide(work, make_user("member"), made["id"], "approve")
    sign_in("editor")
    path = f"/api/v1/moderation/contributions/{made['id']}"
    assert client.post(path, json={"decision": "reject"}).status_code == 422
    assert client.post(path, json={"decision": "approve"}).json["state"] == "approved"
    assert client.post(path, json={"decision": "approve"}).status_code == 409


def test_parts_are_joined_for_nothing_but_ones_own(client: FlaskClient, session: Session, metropolis: int,
                                                   sign_in: SignIn) -> None:
    with unit_of_work() as work:
        other = Edition(title_id=metropolis)
        work.add(other)
    sign_in("member")
    mine = edition_of(session, entered(client)).public_id
    part = client.post("/api/v1/uploads", headers=TUS | {"Upload-Length": "5", "Upload-Concat": "partial"})
    assert part.status_code == 201, part.text
    client.patch(part.location, data=b"12345", headers=TUS | {
        "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"})
    for edition, status in ((other.public_id, 403), (mine, 201)):
        name = base64.b64encode(edition.encode()).decode()
        answer = client.post("/api/v1/uploads", headers=TUS | {
            "Upload-Concat": f"final;{part.location}", "Upload-Metadata": f"edition {name}"})
        assert answer.status_code == status, answer.text
