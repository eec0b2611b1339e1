"""Encoding profiles in the back office and the API: who may change them, what cannot be, what a change means."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.domains.accounts.models import User
from moviepoint.domains.history.models import Revision
from moviepoint.domains.media import profiles
from moviepoint.domains.media.encoding.profiles import Profile, default_profiles
from moviepoint.domains.media.models import EncodingProfile

FORM = {"slug": "phone", "name": "For phones", "codec": "h264", "preset": "fast", "segments": "fmp4",
        "segment_seconds": "4", "keyframe_seconds": "2", "range_segments": "30", "audio_kbps": "96",
        "surround_kbps": "", "loudness": "−23", "rungs-0-lines": "360", "rungs-0-max_kbps": "700",
        "rungs-0-crf": "24", "rungs-1-lines": "480", "rungs-1-max_kbps": "1200", "rungs-1-crf": "24",
        "rungs-2-lines": "", "rungs-2-max_kbps": "", "rungs-2-crf": ""}
JSON: dict[str, Any] = {"slug": "phone", "name": "For phones", "rungs": [{"lines": 360, "max_kbps": 700, "crf": 24}]}


@pytest.fixture
def seeded(session: Session) -> None:
    """The profiles that a site begins with; tests have tables without rows."""
    if session.scalar(select(EncodingProfile.id).limit(1)) is None:
        for position, ready in enumerate(default_profiles()):
            session.add(EncodingProfile(slug=ready.slug, name=ready.name, position=position, data=profiles.values_of(
                ready.profile)))
        session.commit()


@pytest.mark.usefixtures("seeded")
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("part", ["", "new", "standard"])
def test_profiles_are_for_administrators(client: FlaskClient, sign_in: Callable[..., User], method: str,
                                         part: str) -> None:
    sign_in("editor")
    assert client.open(f"/admin/profiles/{part}", method=method).status_code in (403, 405)
    assert client.post("/api/v1/encoding-profiles", json=JSON).status_code == 403
    assert client.get("/api/v1/encoding-profiles").status_code == 200  # they choose one when they encode again


@pytest.mark.usefixtures("seeded")
def test_a_profile_is_made_changed_and_deleted_in_the_back_office(client: FlaskClient, session: Session,
                                                                  sign_in: Callable[..., User]) -> None:
    sign_in("administrator")
    assert client.post("/admin/profiles/new", data=FORM).status_code == 302
    row = profiles.find(session, sign_in("administrator"), "phone")
    profile = profiles.offers(session, client.application.extensions["moviepoint.hooks"])[-1].profile
    assert [rung.lines for rung in profile.rungs] == [480, 360]
    assert (profile.loudness, profile.surround_kbps, profile.segments, row.position) == (-23.0, 0, "fmp4", 4)
    page = client.get("/admin/profiles/phone").text
    assert 'value="480"' in page
    assert 'value="-23"' in page
    assert client.post("/admin/profiles/phone", data=FORM | {"name": "Small", "slug": "small"}).status_code == 302
    assert client.post("/admin/profiles/small/default").status_code == 302
    listed = client.get("/api/v1/encoding-profiles").json
    assert (listed[0]["slug"], listed[0]["default"], listed[1]["default"]) == ("small", True, False)
    assert client.post("/admin/profiles/small/delete").status_code == 302
    assert client.get("/admin/profiles/small").status_code == 404
    actions = session.scalars(select(Revision.action).where(Revision.entity == "encoding-profile").order_by(
        Revision.id)).all()
    assert actions == ["created", "changed", "changed", "deleted"]


@pytest.mark.usefixtures("seeded")
@pytest.mark.parametrize(("changed", "sentence"), [
    ({"codec": "hevc", "segments": "ts"}, "HEVC and AV1 need segments of fMP4."),
    ({"codec": "av1", "segments": "fmp4", "preset": "fast"}, "This codec has the presets 13, 12"),
    ({"keyframe_seconds": "3"}, "a whole number of keyframe distances"),
    ({"rungs-1-lines": "360"}, "Each rung has a number of lines of its own"),
    ({"rungs-1-lines": "10"}, "At least 64."),
    ({"rungs-1-crf": "x"}, "This must be a number."),
    ({"slug": "Über uns"}, "This is not in the form that is asked for."),
    ({"slug": "standard"}, "There is a profile of this name already."),
    ({"loudness": "loud"}, "This must be a number."),
    ({"loudness": "0"}, "At most -5"),
    ({"preset": "-vf movie=/etc/passwd"}, "This codec has the presets"),
    ({"codec": "../../x"}, "none of the possible values"),
    ({"audio_kbps": "9" * 40}, "At most 512."),
    ({"name": " \n "}, "This must not be empty.")])
def test_what_cannot_be_is_said_at_its_field_and_nothing_is_lost(client: FlaskClient, session: Session,
                                                                 sign_in: Callable[..., User],
                                                                 changed: dict[str, str], sentence: str) -> None:
    sign_in("administrator")
    response = client.post("/admin/profiles/new", data=FORM | changed)
    assert response.status_code in (409, 422)
    assert sentence in response.text
    assert 'value="1200"' in response.text  # what was typed stays
    assert session.scalar(select(EncodingProfile).where(EncodingProfile.slug == "phone")) is None


@pytest.mark.usefixtures("seeded")
def test_the_api_does_the_same(client: FlaskClient, session: Session, sign_in: Callable[..., User]) -> None:
    sign_in("administrator")
    assert client.post("/api/v1/encoding-profiles", json=JSON).json["profile"]["rungs"] == JSON["rungs"]
    assert client.post("/api/v1/encoding-profiles", json=JSON).status_code == 409
    assert client.put("/api/v1/encoding-profiles/nobody", json=JSON).status_code == 404
    bad = client.put("/api/v1/encoding-profiles/phone", json=JSON | {"rungs": []})
    assert bad.status_code == 422
    card = {"slug": "card", "hardware": {"encoder": "h264_vaapi"}}
    assert client.post("/api/v1/encoding-profiles", json=JSON | card).status_code == 422  # only plugins name one
    assert session.scalar(select(EncodingProfile).where(EncodingProfile.slug == "card")) is None
    for slug in ("phone", "cmaf", "hevc", "av1"):
        assert client.delete(f"/api/v1/encoding-profiles/{slug}").status_code == 200
    assert client.delete("/api/v1/encoding-profiles/standard").status_code == 409  # the last one stays


@pytest.mark.usefixtures("seeded")
def test_a_plugins_profile_is_offered_and_a_broken_one_is_not(client: FlaskClient, session: Session,
                                                              monkeypatch: pytest.MonkeyPatch) -> None:
    hooks = client.application.extensions["moviepoint.hooks"]
    card = profiles.types.EncodingProfile("card", "On the card", {"hardware": {"encoder": "h264_vaapi"}})
    broken = profiles.types.EncodingProfile("broken", "Broken", {"segment_seconds": "long"})
    monkeypatch.setattr(hooks, "collect", lambda _name: [card, broken])
    found = {offer.slug: offer for offer in profiles.offers(session, hooks)}
    assert "broken" not in found
    assert found["card"].own is False
    assert found["card"].profile.hardware is not None
    assert profiles.choose(session, hooks, "card").profile == found["card"].profile
    with pytest.raises(profiles.Invalid):
        profiles.choose(session, hooks, "nobody")
    assert profiles.choose(session, hooks).profile == Profile()
