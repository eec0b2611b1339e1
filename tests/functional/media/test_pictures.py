"""Subtitles in pictures (Blu-ray, DVD, television): kept as they are, said to need a text, and no reason to fail."""
from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from moviepoint.domains.media import player, sources, tasks
from moviepoint.domains.media.encoding.binaries import Tools
from moviepoint.domains.media.encoding.naming import Intent
from moviepoint.domains.media.models import SourceAsset
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.policies import SYSTEM
from tests.functional.media.adding import add, edition_with_package, live
from tests.functional.media.house import House, drain
from tests.unit.media.films import X264, make, pattern, pgs, tone

KINDS = (("copy", "mkv", "hdmv_pgs_subtitle"), ("dvdsub", "mkv", "dvd_subtitle"), ("dvbsub", "mkv", "dvb_subtitle"),
         ("dvbsub", "ts", "dvb_subtitle"))


@pytest.fixture(scope="session", params=KINDS, ids=lambda kind: f"{kind[0]}-{kind[1]}")
def disc(request: pytest.FixtureRequest, tools: Tools, films: Path) -> tuple[Path, str]:
    """Seven seconds with subtitles in pictures, made from a picture of Blu-ray's kind, and their codec's name."""
    coder, container, codec = request.param
    made = make(tools, films / f"disc-{coder}.{container}", *pattern("320x180", "24", 7), *tone(440, 7), "-i",
                str(pgs(films / f"{coder}-{container}.sup")), "-map", "0:v", "-map", "1:a", "-map", "2:s", *X264,
                "-c:a", "aac", "-c:s", coder, "-metadata:s:s:0", "language=ger")
    return made, codec


@pytest.fixture
def deleting(house: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """A house whose settings have sources deleted after encoding."""
    bench = tasks.bench()
    settings = msgspec.structs.replace(house.settings, keep_sources=False)
    monkeypatch.setattr(tasks, "bench", lambda: type(bench)(settings, bench.storage, bench.threads))
    return house


def test_each_kind_is_kept_and_named_and_the_film_does_not_fail(deleting: House, disc: tuple[Path, str],
                                                                sidecar: Path) -> None:
    house, (path, codec) = deleting, disc
    job = house.job(house.start(path))
    drain(house)
    assert (house.job(job.id).state, house.job(job.id).message) == ("done", "")
    edition, package = live(house, job.edition_id)
    row = edition.subtitles[0]
    assert (row.path, row.language, row.source_format, row.default) == (None, "de", codec, False)
    assert player.note_words(row.note) == "Not text: needs a text version."
    assert not list(package.glob("subs_*"))
    # The pictures exist nowhere else, so that the file that holds them stays although the settings delete sources.
    source = db.session.get_one(SourceAsset, row.source_id)
    assert source.kept
    assert house.storage.path(source.key).is_file()
    views = sources.source_views(db.session(), SYSTEM, edition)
    assert [view.needed for view in views] == [["pictures"]]
    add(house, edition.id, sidecar, Intent("subtitles", replaces=row.id))
    drain(house)
    edition = live(house, edition.id)[0]
    assert [(row.source_format, row.note, row.hidden) for row in edition.subtitles] == [("srt", "", False)]
    assert [view.needed for view in sources.source_views(db.session(), SYSTEM, edition)] == [[], []]
    assert [source.kept for source in edition.sources] == [True, False]  # what was kept is an editor's to delete


def test_a_film_without_pictures_is_deleted_as_the_settings_say(deleting: House, film: Path) -> None:
    edition = live(deleting, edition_with_package(deleting, film))[0]
    assert [source.kept for source in edition.sources] == [False]


def test_deleting_the_file_by_hand_says_that_the_pictures_are_gone(house: House, disc: tuple[Path, str]) -> None:
    edition_id = edition_with_package(house, disc[0])
    row = live(house, edition_id)[0].subtitles[0]
    with unit_of_work() as session:
        sources.discard_source(session, SYSTEM, house.storage, row.source_id or 0)
    assert "pictures are gone" in player.note_words(live(house, edition_id)[0].subtitles[0].note)
