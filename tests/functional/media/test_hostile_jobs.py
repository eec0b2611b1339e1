"""A hostile upload fails its own job, or is tamed in it; nothing else on the storage or in the tables changes."""
from __future__ import annotations

import hashlib
from pathlib import Path

from sqlalchemy import select

from moviepoint.domains.media.encoding.binaries import Tools
from moviepoint.domains.media.models import AudioTrack, SubtitleTrack
from moviepoint.kernel.db import db
from tests.functional.media.house import House, drain
from tests.unit.media import awkward
from tests.unit.media.awkward import film as made
from tests.unit.media.films import X264


def hostile_files(tools: Tools, folder: Path, neighbour: Path) -> dict[str, tuple[Path, str]]:
    """Hostile files with the code that each job ends with; an empty one where it is encoded."""
    lists = {"hls.mp4": f"#EXTM3U\n#EXTINF:6,\n{neighbour}\n",
             "list.mkv": f"ffconcat version 1.0\nfile '{neighbour}'\n"}
    for name, text in lists.items():
        (folder / name).write_text(text)
    (folder / "trap.mkv").write_bytes(b"\x1a\x45\xdf\xa3" + f"\nffconcat version 1.0\nfile {neighbour}\n".encode() * 50)
    titles = made("titles.mkv", *X264, "-c:a", "aac", "-metadata:s:a:0", 'title=x",URI="../../../db"\n#EXTM3U',
                  "-metadata:s:a:0", "language=../../up", sounds=1)
    return {**{name: (folder / name, "playlist") for name in lists}, "trap": (folder / "trap.mkv", "unreadable"),
            "attachment": (awkward.with_attachment(tools, folder), ""), "titles": (titles(tools, folder), ""),
            "bomb": (awkward.lying(b"stco", 8, ">I", 2**31)(tools, folder), "undecodable")}


def contents(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in folder.rglob("*") if path.is_file() and ".sqlite" not in path.name and ".db" not in path.name}


def test_hostile_files_change_nothing_outside_their_own_job(house: House, film: Path, tools: Tools,
                                                            tmp_path: Path) -> None:
    good = house.start(film)
    drain(house)
    neighbour = house.storage.path(house.job(good).source.key)
    folder = tmp_path / "hostile"
    folder.mkdir()
    files = hostile_files(tools, folder, neighbour)
    jobs = {name: house.start(path) for name, (path, _code) in files.items()}
    before = contents(tmp_path)
    drain(house)
    for name, (_path, code) in files.items():
        job = house.job(jobs[name])
        assert (job.state, job.code) == ("failed" if code else "done", code), name
    own = tuple(str(house.package(job).relative_to(tmp_path)) for job in jobs.values())
    after = {name: digest for name, digest in contents(tmp_path).items() if not name.startswith(own)}
    pictures = {name for name in after if name not in before}
    assert all("/images/" in f"/{name}" for name in pictures), pictures  # posters that the catalogue was given
    assert {name: digest for name, digest in after.items() if name in before} == before
    refused = [house.package(jobs[name]) for name, (_path, code) in files.items() if code]
    assert not [path for package in refused for path in package.rglob("*") if path.is_file()]
    db.session.rollback()
    tracks = [*db.session.scalars(select(AudioTrack)), *db.session.scalars(select(SubtitleTrack))]
    assert {track.path for track in tracks} == {"audio_ru", "audio_en", "subs_ru", "audio_und"}
    assert house.job(good).state == "done"
