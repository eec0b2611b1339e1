"""What a worker has to say is read in the language of whoever looks: in the back office and in the API."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from moviepoint.app import MoviePoint
from moviepoint.domains.accounts.models import User
from moviepoint.domains.catalog.models import Title
from moviepoint.domains.media import services, tasks, worker
from moviepoint.domains.media.encoding.naming import Intent
from moviepoint.domains.media.models import Edition, EncodingJob, SourceAsset, SubtitleTrack
from moviepoint.kernel.db import unit_of_work
from moviepoint.kernel.policies import SYSTEM
from moviepoint.kernel.sentences import Sentence, sentence, stored

RUSSIAN = {"Accept-Language": "ru"}
ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
def start(app: MoviePoint, session: Session, queue: list[object]) -> Callable[..., int]:
    """Return a function that makes a file a source and starts its job; returns the job's id."""
    def begin(name: str, data: bytes, intent: Intent | None = None) -> int:
        with unit_of_work() as work:
            title = Title(kind="film", original_title="Film", slug="sentences-film")
            work.add(title)
            work.flush()
            edition = Edition(title_id=title.id)
            work.add(edition)
            work.flush()
            source = SourceAsset(edition_id=edition.id, key=f"uploads/{edition.public_id}", filename=name,
                                 size=len(data), intent=msgspec.to_builtins(intent) if intent else None)
            work.add(source)
            work.flush()
            path: Path = app.extensions["moviepoint.storage"].path(source.key)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            return services.start_job(work, SYSTEM, source.id).id

    return begin


@pytest.mark.parametrize(("name", "data", "intent", "english", "russian"), [
    ("empty.mp4", b"", None, "The file is empty. Upload it again.", "Файл пуст. Загрузите его ещё раз."),
    ("cut.mp4", b"\0\0\0\x18ftypisom\0\0\2\0isomiso2\0\0\0\x08free", None,
     "The file is cut off: its table of contents, which stands at the end, is missing. Upload it again.",
     "Файл обрывается: нет оглавления, которое стоит в конце. Загрузите его ещё раз."),
    ("%s <b>.srt", b"1\n00:00:01,000 --> 00:00:02,000\nA\n", Intent("subtitles", encoding="%(x)s<i>"),
     "There is no text encoding called %(x)s<i>.", "Кодировки с именем %(x)s<i> нет.")])
def test_a_refused_job_is_told_of_in_the_readers_language(
        client: FlaskClient, session: Session, sign_in: Callable[..., User], start: Callable[..., int], name: str,
        data: bytes, intent: Intent | None, english: str, russian: str) -> None:
    job_id = start(name, data, intent)
    worker.work(tasks.bench(), "light")
    session.expire_all()
    job = session.get_one(EncodingJob, job_id)
    assert (job.state, job.message) == ("failed", english)
    sign_in("editor")
    for headers, wanted, other in ((RUSSIAN, russian, english), (ENGLISH, english, russian)):
        listed = client.get("/api/v1/jobs", headers=headers).json["results"]
        assert [entry["message"] for entry in listed] == [wanted]
        assert client.get(f"/api/v1/jobs/{job_id}", headers=headers).json["message"] == wanted
        escaped, not_wanted = (text.replace("<", "&lt;").replace(">", "&gt;") for text in (wanted, other))
        for page in ("/admin/jobs/", f"/admin/jobs/{job_id}"):
            text = client.get(page, headers=headers).text
            assert escaped in text, page
            assert f"<strong>{not_wanted}" not in text
            assert f"<small>{not_wanted}" not in text


def test_notes_of_a_plan_and_of_a_track_are_in_the_readers_language_and_old_ones_still_show(
        client: FlaskClient, session: Session, sign_in: Callable[..., User], start: Callable[..., int]) -> None:
    job_id = start("film.mkv", b"x")
    with unit_of_work() as work:
        job = work.get_one(EncodingJob, job_id)
        job.plan = {"notes": ["Written long ago: 5 %.", *stored([sentence("The film has no sound.")])],
                    "bytes_needed": 0}
        job.state, job.message = "failed", "An old sentence, 100 % English."
        job.edition.subtitles = [SubtitleTrack(language="de", note=sentence("Not text: needs a text version.")),
                                 SubtitleTrack(language="fr", note="An old note.")]
        edition = job.edition_id
    session.expire_all()
    assert isinstance(session.get_one(Edition, edition).subtitles[0].note, Sentence)
    sign_in("editor")
    found = client.get(f"/api/v1/jobs/{job_id}", headers=RUSSIAN).json
    assert found["notes"] == ["Written long ago: 5 %.", "В фильме нет звука."]
    assert found["message"] == "An old sentence, 100 % English."
    page = client.get(f"/admin/jobs/{job_id}", headers=RUSSIAN).text
    assert "<li>В фильме нет звука.</li>" in page
    assert "An old sentence, 100 % English." in page
    tracks = client.get(f"/admin/editions/{edition}", headers=RUSSIAN).text
    assert "Это не текст: нужна текстовая версия." in tracks
    assert "An old note." in tracks
    assert "Not text: needs a text version." in client.get(f"/admin/editions/{edition}", headers=ENGLISH).text
