"""Films with subtitles on storage, for tests of the search in what is said."""
from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import pytest
from flask import current_app
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.app import MoviePoint
from moviepoint.domains.catalog.models import Title
from moviepoint.domains.media.encoding.subtitles import Cue, write_track
from moviepoint.domains.media.models import AudioTrack, Edition, Storyboard, SubtitleTrack, VideoRendition
from moviepoint.domains.search.spoken import engine, services, tasks
from moviepoint.domains.search.spoken.whoosh import WhooshSpoken
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.files import Storage

MINUTES = 75
INTERVAL, WIDTH, HEIGHT = 10, 160, 90  # of a storyboard
Queue = list[tuple[str, dict[str, object]]]

#: What is said: seconds, and the text of a cue.
METROPOLIS = {
    "en": [(10, "The mediator between head and hands must be the heart!"), (12, "Deep below the earth's surface"),
           (3723, "Who told them to attack the machines,"), (3726, "you idiots? Without them you will all die!"),
           (3800, "Death descends upon the city"), (4000, "Maria!"), (4010, "Maria, where are you?")],
    "ru": [(10, "Посредником между головой и руками должно быть сердце!"), (3723, "Кто велел вам разрушать машины,"),
           (3726, "безумцы? Без них вы все погибнете!"), (4000, "Мария!"), (4010, "Ёлки горят, Мария")]}
NOSFERATU = {"en": [(60, "Your wife has a lovely throat"), (90, "The master is dead"), (100, "Maria never came here")]}


def cues(lines: Sequence[tuple[int, str]]) -> list[Cue]:
    return [Cue(second * 1000, second * 1000 + 1900, text) for second, text in lines]


def write_text(package: str, path: str, lines: Sequence[tuple[int, str]], offset_ms: int = 0) -> None:
    storage: Storage = current_app.extensions["moviepoint.storage"]
    folder: Path = storage.path(package)
    folder.mkdir(parents=True, exist_ok=True)
    write_track(cues(lines), folder, path, Fraction(600), Fraction(MINUTES * 60), offset_ms)


def write_storyboard(package: str) -> None:
    """Write sheets of 5 by 5 pictures, each of its own shade of red."""
    folder = current_app.extensions["moviepoint.storage"].path(package)
    (folder / "storyboard").mkdir(parents=True, exist_ok=True)
    count, blocks = MINUTES * 60 // INTERVAL, ["WEBVTT\n"]
    for sheet in range(-(-count // 25)):
        picture = Image.new("RGB", (WIDTH * 5, HEIGHT * 5))
        for place in range(25):
            row, column = divmod(place, 5)
            picture.paste((shade(sheet * 25 + place), 40, 40), (
                column * WIDTH, row * HEIGHT, (column + 1) * WIDTH, (row + 1) * HEIGHT))
            blocks.append(f"00:00:00.000 --> 00:00:10.000\nstoryboard/{sheet:04d}.jpg#xywh="
                          f"{column * WIDTH},{row * HEIGHT},{WIDTH},{HEIGHT}\n")
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=95)
        (folder / f"storyboard/{sheet:04d}.jpg").write_bytes(out.getvalue())
    (folder / "storyboard.vtt").write_text("\n".join(blocks[:count + 1]), encoding="utf-8")


def shade(number: int) -> int:
    return 20 + number * 7 % 200


def add_film(session: Session, slug: str, texts: dict[str, list[tuple[int, str]]], *, package: str = "",
             episode_id: int | None = None, **values: object) -> Edition:
    """Give a title of the sample catalogue whose slug begins so, or an episode, an edition with subtitles."""
    package = package or f"packages/{slug}"
    title_id = None if episode_id else session.scalars(select(Title.id).where(Title.slug.startswith(slug))).one()
    edition = Edition(title_id=title_id, episode_id=episode_id, package=package, duration_ms=MINUTES * 60_000, **values)
    edition.video = [VideoRendition(path="stream_0", width=1280, height=720, codec="avc1.64001f", frame_rate=24.0,
                                    average_bandwidth=2_000_000, peak_bandwidth=2_500_000)]
    edition.audio = [AudioTrack(path="audio_en", language="en", codec="mp4a.40.2", channels=2, default=True,
                                average_bandwidth=128_000, peak_bandwidth=140_000)]
    edition.subtitles = [SubtitleTrack(path=f"subs_{language}", language=language, position=n)
                         for n, language in enumerate(texts)]
    edition.storyboard = Storyboard(interval_ms=INTERVAL * 1000, width=WIDTH, height=HEIGHT)
    session.add(edition)
    session.flush()
    for language, lines in texts.items():
        write_text(package, f"subs_{language}", lines)
    return edition


@pytest.fixture
def no_spoken(app: MoviePoint, tmp_path: Path) -> Iterator[WhooshSpoken]:
    """Give the app a folder for its index of what is said in which there is none."""
    before = app.extensions.get(engine.INDEX)
    app.extensions[engine.INDEX] = index = WhooshSpoken(tmp_path / engine.FOLDER)
    app.extensions.pop("moviepoint.playback_facts", None)
    yield index
    app.extensions[engine.INDEX] = before
    if before is None:
        del app.extensions[engine.INDEX]


@pytest.fixture
def films(app: MoviePoint, catalogue: Session, no_spoken: WhooshSpoken, queue: Queue) -> dict[str, Edition]:
    """Give two films of the sample catalogue their subtitles; nothing is indexed yet."""
    with unit_of_work() as work:
        found = {"metropolis": add_film(work, "metropolis", METROPOLIS),
                 "nosferatu": add_film(work, "nosferatu", NOSFERATU)}
        write_storyboard("packages/metropolis")
    queue.clear()
    return found


@pytest.fixture
def said(films: dict[str, Edition], no_spoken: WhooshSpoken, session: Session) -> WhooshSpoken:
    """Index what is said."""
    services.rebuild(session, current_app.extensions["moviepoint.storage"], no_spoken)
    return no_spoken


def deliver(queue: Queue) -> None:
    """Do what the worker would do, and look at the index again."""
    while queue:
        name, arguments = queue.pop(0)
        if name == "search.index":
            tasks.index_rows(**arguments)  # type: ignore[arg-type]
        elif name.endswith("_spoken"):
            getattr(tasks, name.removeprefix("search.").removesuffix("_spoken"))(**arguments)
    db.session().expire_all()
    index = engine.current_spoken()
    assert isinstance(index, WhooshSpoken)
    index._checked = 0.0
