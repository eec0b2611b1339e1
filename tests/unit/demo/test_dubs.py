"""The dubs as one hears them, and the package as pip really takes it: nothing here is stood in for."""
from __future__ import annotations

import hashlib
import io
import math
import re
import subprocess
import tarfile
from array import array
from pathlib import Path

import pysubs2
import pytest

from moviepoint.demo import film
from moviepoint.demo.film import CONTENT, DemoError, fetch_film, make_film
from moviepoint.domains.media.encoding.binaries import ToolsMissing, find_tools

FILM = b"a film by the pinned hash"
PITCH = 14_000  # hertz: above anything that the narrator says, so that film and voice can be told apart
RATE = 8000  # samples a second, enough to measure loudness
PAUSE, SPEECH = (0.2, 0.9), (1.4, 3.0)  # seconds: before the first cue, and inside it
BACKEND = '''
import pathlib
def prepare_metadata_for_build_wheel(folder, settings=None):
    pathlib.Path({marker!r}).touch()
    info = pathlib.Path(folder, "moviepy-2.2.1.dist-info")
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\\nName: moviepy\\nVersion: 2.2.1\\n")
    return info.name
'''


@pytest.fixture(scope="module")
def ffmpeg() -> Path:
    try:
        return find_tools().ffmpeg
    except ToolsMissing as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def dubbed(ffmpeg: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return five seconds of film whose own sound is one high tone, with our dubs over it."""
    folder = tmp_path_factory.mktemp("dubbed")
    source = folder / "source.mp4"
    subprocess.run([ffmpeg, "-v", "error", "-f", "lavfi", "-i", "testsrc=s=160x90:r=24:d=5", "-f", "lavfi", "-i",
                    f"sine=f={PITCH}:r=48000:d=5", "-c:v", "mpeg4", "-c:a", "aac", "-b:a", "192k", source], check=True)
    return make_film(source, ffmpeg, folder / "film.mkv")


def loudness(ffmpeg: Path, film: Path, dub: int, sound: str, span: tuple[float, float]) -> float:
    """Return the mean volume, in dB, of what a filter leaves of a dub between two moments."""
    said = subprocess.run([ffmpeg, "-hide_banner", "-ss", str(span[0]), "-to", str(span[1]), "-i", film, "-map",
                           f"0:a:{dub}", "-af", f"{sound},volumedetect", "-f", "null", "-"],
                          check=True, capture_output=True, text=True).stderr
    found = re.search(r"mean_volume: (-?[\d.]+) dB", said)
    assert found, said
    return float(found[1])


@pytest.mark.parametrize("dub", [0, 1])
def test_the_narrator_is_heard_and_the_film_goes_down_meanwhile(ffmpeg: Path, dubbed: Path, dub: int) -> None:
    voice, tone = "lowpass=f=4000:p=2,lowpass=f=4000:p=2", f"bandpass=f={PITCH}:width_type=h:w=500"
    silent, spoken = (loudness(ffmpeg, dubbed, dub, voice, span) for span in (PAUSE, SPEECH))
    loud, ducked = (loudness(ffmpeg, dubbed, dub, tone, span) for span in (PAUSE, SPEECH))
    assert spoken > silent + 10
    assert ducked < loud - 3


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_narration_speaks_at_its_cues_and_is_silent_around_them(ffmpeg: Path, language: str) -> None:
    samples = array("h", subprocess.run(
        [ffmpeg, "-v", "error", "-i", CONTENT / f"narration.{language}.opus", "-f", "s16le", "-ac", "1", "-ar",
         str(RATE), "-"], check=True, capture_output=True).stdout)

    def level(begin: float, end: float) -> float:
        part = samples[int(begin * RATE):int(end * RATE)]
        return math.sqrt(sum(sample * sample for sample in part) / len(part))

    cues = pysubs2.load(str(CONTENT / f"{language}.srt"))
    assert len(samples) / RATE == pytest.approx(55, abs=0.5)
    for cue in cues:
        assert level(cue.start / 1000, cue.start / 1000 + 1) > 500, cue.plaintext
    assert level(0, cues[0].start / 1000 - 0.1) < 30
    assert level(cues[-1].end / 1000 + 0.2, 55) < 30


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let pip find packages in one folder only; a package there leaves `built` when pip runs code of it."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    files = {film.MEMBER: FILM, "moviepy-2.2.1/PKG-INFO": b"Metadata-Version: 2.1\nName: moviepy\nVersion: 2.2.1\n",
             "moviepy-2.2.1/backend.py": BACKEND.format(marker=str(tmp_path / "built")).encode(),
             "moviepy-2.2.1/pyproject.toml":
                 b'[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'}
    with tarfile.open(folder / "moviepy-2.2.1.tar.gz", "w:gz") as package:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            package.addfile(member, io.BytesIO(content))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setattr(film, "FILM_SHA256", hashlib.sha256(FILM).hexdigest())
    return folder


def test_pip_takes_the_pinned_package(shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = shelf / "moviepy-2.2.1.tar.gz"
    monkeypatch.setattr(film, "PACKAGE_SHA256", hashlib.sha256(archive.read_bytes()).hexdigest())
    assert fetch_film(tmp_path / "cache").read_bytes() == FILM
    assert (tmp_path / "built").exists()  # so that the test below would see it


@pytest.mark.usefixtures("shelf")
def test_no_code_runs_of_a_package_with_another_hash(tmp_path: Path) -> None:
    with pytest.raises(DemoError, match="hash differs"):
        fetch_film(tmp_path / "cache")
    assert not (tmp_path / "built").exists()
    assert not list((tmp_path / "cache").iterdir())


def test_a_package_that_is_nowhere_is_said(shelf: Path, tmp_path: Path) -> None:
    (shelf / "moviepy-2.2.1.tar.gz").unlink()
    with pytest.raises(DemoError, match=r"registry from here\?(.|\n)*moviepy"):
        fetch_film(tmp_path / "cache")


def test_what_an_interrupted_run_left_is_not_trusted(
        shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive, cache = shelf / "moviepy-2.2.1.tar.gz", tmp_path / "cache"
    monkeypatch.setattr(film, "PACKAGE_SHA256", hashlib.sha256(archive.read_bytes()).hexdigest())
    cache.mkdir()
    (cache / archive.name).write_bytes(archive.read_bytes()[:100])
    assert fetch_film(cache).read_bytes() == FILM
