"""The demo's film: taken by hash, its words fitted to its sound, and what is said when it cannot be had."""
from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import tarfile
from itertools import pairwise
from pathlib import Path

import pysubs2
import pytest

from moviepoint.demo import film
from moviepoint.demo.film import CONTENT, DemoError, fetch_film, make_film

FILM = b"not much of a film, but its hash is known"


def package(folder: Path, content: bytes = FILM) -> Path:
    """Make a package as the registry would send it."""
    archive = folder / "moviepy-2.2.1.tar.gz"
    with tarfile.open(archive, "w:gz") as out:
        member = tarfile.TarInfo(film.MEMBER)
        member.size = len(content)
        out.addfile(member, io.BytesIO(content))
    return archive


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Answer pip's calls by a small package; returns the commands that were run."""
    calls: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        calls.append(command)
        archive = package(Path(command[command.index("--dest") + 1]))
        monkeypatch.setattr(film, "PACKAGE_SHA256", hashlib.sha256(archive.read_bytes()).hexdigest())
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(film.subprocess, "run", run)
    monkeypatch.setattr(film, "FILM_SHA256", hashlib.sha256(FILM).hexdigest())
    return calls


def test_the_film_is_fetched_once(registry: list[list[str]], tmp_path: Path) -> None:
    found = fetch_film(tmp_path / "cache")
    assert found.read_bytes() == FILM
    assert fetch_film(tmp_path / "cache") == found
    assert len(registry) == 1
    assert [path.name for path in found.parent.iterdir()] == [found.name]


def test_a_film_that_was_damaged_in_the_cache_is_fetched_again(registry: list[list[str]], tmp_path: Path) -> None:
    found = fetch_film(tmp_path)
    found.write_bytes(FILM[:10])
    assert fetch_film(tmp_path).read_bytes() == FILM
    assert len(registry) == 2


def test_other_bytes_than_those_pinned_are_refused_and_not_kept(
        registry: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(film, "FILM_SHA256", "0" * 64)
    with pytest.raises(DemoError, match="hash"):
        fetch_film(tmp_path)
    assert not list(tmp_path.glob("trailer*"))


def test_pip_is_given_the_hash_and_its_refusal_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        assert "--require-hashes" in command
        asked.append(Path(command[command.index("-r") + 1]).read_text())
        return subprocess.CompletedProcess(command, 1, "", "THESE PACKAGES DO NOT MATCH THE HASHES FROM THE FILE")

    monkeypatch.setattr(film.subprocess, "run", run)
    with pytest.raises(DemoError, match="hash"):
        fetch_film(tmp_path)
    assert asked == [f"{film.PACKAGE} --hash=sha256:{film.PACKAGE_SHA256}\n"]
    assert not list(tmp_path.iterdir())


def test_a_registry_that_is_away_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, "", "Could not connect to the registry")

    def hang(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        raise subprocess.TimeoutExpired(command, 600)

    for run, words in ((refuse, "Could not connect"), (hang, "network")):
        monkeypatch.setattr(film.subprocess, "run", run)
        with pytest.raises(DemoError, match=words):
            fetch_film(tmp_path)


def test_both_subtitles_say_the_same_at_the_same_times() -> None:
    english, russian = (pysubs2.load(str(CONTENT / f"{language}.srt")) for language in ("en", "ru"))
    assert [(cue.start, cue.end) for cue in english] == [(cue.start, cue.end) for cue in russian]
    cues = list(english)
    assert all(cue.start < cue.end for cue in cues)
    assert all(before.end <= after.start for before, after in pairwise(cues))
    assert cues[-1].end < 55_000


def test_the_film_is_muxed_with_two_dubs_and_two_subtitles(tmp_path: Path) -> None:
    ffmpeg, ffprobe = shutil.which("ffmpeg"), shutil.which("ffprobe")
    if not ffmpeg or not ffprobe:
        pytest.skip("ffmpeg is not installed")
    source = tmp_path / "source.mp4"
    subprocess.run([ffmpeg, "-v", "error", "-f", "lavfi", "-i", "testsrc=s=160x90:r=24:d=4", "-f", "lavfi", "-i",
                    "sine=d=4", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", str(source)], check=True)
    made = make_film(source, Path(ffmpeg), tmp_path / "film.mkv")
    streams = json.loads(subprocess.run([ffprobe, "-v", "error", "-show_streams", "-of", "json", str(made)],
                                        check=True, capture_output=True, text=True).stdout)["streams"]
    assert [(stream["codec_type"], stream.get("tags", {}).get("language")) for stream in streams[1:]] == [
        ("audio", "eng"), ("audio", "rus"), ("subtitle", "eng"), ("subtitle", "rus")]
    assert streams[0]["codec_type"] == "video"
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["film.mkv", "source.mp4"]


def test_a_source_that_is_no_film_is_said(tmp_path: Path) -> None:
    ffmpeg = shutil.which("ffmpeg")
    if not ffmpeg:
        pytest.skip("ffmpeg is not installed")
    source = tmp_path / "source.mp4"
    source.write_text("a letter to the editor")
    with pytest.raises(DemoError, match="put together"):
        make_film(source, Path(ffmpeg), tmp_path / "film.mkv")
    assert not (tmp_path / "film.mkv").exists()
