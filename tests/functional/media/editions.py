"""An edition without files, and its forms, for tests of what editors change."""
from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from moviepoint.domains.catalog.models import Title
from moviepoint.domains.media import editing, playback
from moviepoint.domains.media.models import AudioTrack, Edition, Mark, SourceAsset, SubtitleTrack, VideoRendition
from moviepoint.kernel.db import unit_of_work

TOKEN = {"Authentication-Token": "x"}
HOUR = 3_600_000


def audio(path: str, language: str, **values: object) -> AudioTrack:
    return AudioTrack(path=path, language=language, codec="mp4a.40.2", channels=2, average_bandwidth=128_000,
                      peak_bandwidth=140_000, **values)


@pytest.fixture
def cut(session: Session) -> Edition:
    """An hour with two dubs, two subtitles and one chapter."""
    with unit_of_work() as work:
        title = Title(kind="film", slug="film", original_title="Аэлита", status="published")
        work.add(title)
        work.flush()
        edition = Edition(title_id=title.id, package="packages/abc", duration_ms=HOUR, label="Long")
        edition.video = [VideoRendition(path="stream_0", width=1280, height=720, codec="avc1.64001f", frame_rate=24.0,
                                        average_bandwidth=2_000_000, peak_bandwidth=2_500_000)]
        edition.audio = [audio("audio_en", "en", default=True, position=0),
                         audio("audio_ru", "ru", kind="dub", position=1)]
        edition.subtitles = [SubtitleTrack(path="subs_ru", language="ru", position=0),
                             SubtitleTrack(path=None, language="de", position=1, note="needs a text version")]
        edition.marks = [Mark(kind="chapter", label="One", start_ms=0)]
        edition.sources = [SourceAsset(key="uploads/x", filename="film.mkv", size=5_000_000)]
        work.add(edition)
    return edition


def form(edition: Edition, **changed: str) -> dict[str, str]:
    """Return the tracks' form as a browser sends it; a value of None takes a field away."""
    document = editing.tracks_document(edition)
    fields = {"version": editing.version_of(document)}
    for table in ("audio", "subtitles"):
        for place, row in enumerate(document[table]):
            fields |= {f"{table}-{place}-{name}": str(row[name]) for name in ("id", "language", "kind", "label")}
            fields |= {f"{table}-{place}-{name}": "1" for name in ("default", "hidden") if row[name]}
    fields |= {name.replace("__", "-"): value for name, value in changed.items()}
    return {name: value for name, value in fields.items() if value != "-"}


def marks_form(edition: Edition, *rows: tuple[str, str, str, str]) -> dict[str, str]:
    fields = {"version": editing.version_of(editing.marks_document(edition))}
    for place, row in enumerate(rows):
        fields |= {f"marks-{place}-{name}": value
                   for name, value in zip(("kind", "start", "end", "label"), row, strict=True)}
    return fields


def master(session: Session, edition: Edition) -> str:
    session.expire_all()
    return playback.master_playlist(playback.load_edition(session, edition.public_id))
