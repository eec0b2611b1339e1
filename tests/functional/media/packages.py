"""A published film with a small package on storage, and how a viewer comes to its addresses."""
from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from moviepoint.app import MoviePoint
from moviepoint.domains.catalog.models import Title
from moviepoint.domains.media.models import AudioTrack, Edition, Storyboard, SubtitleTrack, VideoRendition
from moviepoint.kernel.db import unit_of_work


def audio(path: str, language: str, **values: object) -> AudioTrack:
    return AudioTrack(path=path, language=language, codec="mp4a.40.2", channels=2, average_bandwidth=128_000,
                      peak_bandwidth=140_000, **values)


@pytest.fixture(name="film")
def published_film(app: MoviePoint, session: Session) -> Edition:
    """A published film with a small package on storage."""
    app.extensions.pop("moviepoint.playback_facts", None)
    with unit_of_work() as work:
        title = Title(kind="film", slug="film", original_title="Film", status="published")
        work.add(title)
        work.flush()
        edition = Edition(title_id=title.id, package="packages/abc", duration_ms=12_000)
        edition.video = [VideoRendition(path="stream_0", width=1280, height=720, codec="avc1.64001f", frame_rate=24.0,
                                        average_bandwidth=2_000_000, peak_bandwidth=2_500_000)]
        edition.audio = [audio("audio_en", "en", default=True, position=0), audio("audio_ru", "ru", position=1)]
        edition.subtitles = [SubtitleTrack(path="subs_ru", language="ru", position=0),
                             SubtitleTrack(path=None, language="de", position=1, note="needs a text version")]
        edition.storyboard = Storyboard(interval_ms=2000, width=160, height=90)
        work.add(edition)
    folder: Path = app.extensions["moviepoint.storage"].path("packages/abc")
    (folder / "stream_0").mkdir(parents=True, exist_ok=True)
    (folder / "stream_0" / "data0000.ts").write_bytes(bytes(range(200)))
    (folder / ".staging").mkdir(exist_ok=True)
    (folder / ".staging" / "data0000.ts").write_bytes(b"half")
    (folder.parent / "secret.ts").write_bytes(b"secret")
    return edition


def playback(client: FlaskClient, edition: Edition) -> dict[str, object]:
    response = client.get(f"/api/v1/editions/{edition.public_id}/playback")
    assert response.status_code == 200, response.text
    return dict(response.json)


def prefix(client: FlaskClient, edition: Edition) -> str:
    return str(playback(client, edition)["master"]).rsplit("/", 1)[0]
