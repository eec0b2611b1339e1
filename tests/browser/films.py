"""A film for browser tests: half a minute, two rungs, and dubs that are tones, so that one can tell them apart."""
from __future__ import annotations

import subprocess
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.domains.catalog.models import Episode, Season, Title
from moviepoint.domains.media.models import AudioTrack, Edition, Mark, SubtitleTrack, VideoRendition
from moviepoint.kernel.db import utcnow

SECONDS, SEGMENT = 30, 6
TONES = {"en": 440, "ru": 880}  # hertz
RUNGS = ((854, 480), (640, 360))
START = 10  # the film's zero on the transport stream's clock, in seconds
PACKAGE = "packages/test"


def make_package(ffmpeg: str, folder: Path) -> None:
    """Write a package, laid out as the encoder does."""
    folder.mkdir(parents=True)
    inputs = ["-f", "lavfi", "-i", f"testsrc2=size=854x480:rate=24:duration={SECONDS}"]
    for tone in TONES.values():
        inputs += ["-f", "lavfi", "-i", f"sine=frequency={tone}:duration={SECONDS}"]
    outputs: list[str] = []
    for number, (width, height) in enumerate(RUNGS):
        outputs += ["-map", "0:v", "-vf", f"scale={width}:{height}", "-c:v", "libx264", "-preset", "ultrafast",
                    "-pix_fmt", "yuv420p", "-g", "48", "-keyint_min", "48", "-sc_threshold", "0",
                    *_hls(folder, f"stream_{number}")]
    for number, language in enumerate(TONES, 1):
        outputs += ["-map", f"{number}:a", "-c:a", "aac", *_hls(folder, f"audio_{language}")]
    subprocess.run([ffmpeg, "-v", "error", "-y", *inputs, *outputs], check=True, timeout=120)
    for language in TONES:
        _subtitles(folder, language)


def _hls(folder: Path, name: str) -> list[str]:
    (folder / name).mkdir()
    return ["-muxdelay", "0", "-muxpreload", "0", "-output_ts_offset", str(START), "-f", "hls",
            "-hls_time", str(SEGMENT), "-hls_playlist_type", "vod",
            "-hls_segment_filename", str(folder / name / "data%04d.ts"), "-hls_base_url", f"{name}/",
            str(folder / f"{name}.m3u8")]


def _subtitles(folder: Path, language: str) -> None:
    name = f"subs_{language}"
    (folder / name).mkdir()
    lines = ["#EXTM3U", "#EXT-X-VERSION:4", f"#EXT-X-TARGETDURATION:{SEGMENT}", "#EXT-X-PLAYLIST-TYPE:VOD"]
    for number in range(SECONDS // SEGMENT):
        start = number * SEGMENT
        (folder / name / f"data{number:04d}.vtt").write_text(
            f"WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:{START * 90000},LOCAL:00:00:00.000\n\n"
            f"00:00:{start:02d}.000 --> 00:00:{start + 5:02d}.900\n{language} cue {number}\n", encoding="utf-8")
        lines += [f"#EXTINF:{SEGMENT}.0,", f"{name}/data{number:04d}.vtt"]
    (folder / f"{name}.m3u8").write_text("\n".join([*lines, "#EXT-X-ENDLIST", ""]), encoding="utf-8")


def add_storyboard(ffmpeg: str, folder: Path) -> None:
    """Write a storyboard of six pictures on one sheet beside a package."""
    (folder / "storyboard").mkdir()
    picture = f"testsrc2=size=160x90:rate=24:duration={SECONDS}"
    subprocess.run([ffmpeg, "-v", "error", "-y", "-f", "lavfi", "-i", picture, "-vf", f"fps=1/{SEGMENT - 1},tile=3x2",
                    "-frames:v", "1", str(folder / "storyboard/0000.jpg")], check=True, timeout=60)
    step = SEGMENT - 1
    cues = [f"00:00:{n * step:02d}.000 --> 00:00:{(n + 1) * step:02d}.000\n"
            f"storyboard/0000.jpg#xywh={n % 3 * 160},{n // 3 * 90},160,90\n" for n in range(SECONDS // step)]
    (folder / "storyboard.vtt").write_text("\n".join(["WEBVTT\n", *cues]), encoding="utf-8")


def add_edition(session: Session, *, slug: str = "", series: str = "", package: str = PACKAGE,
                number: int = 1) -> Edition:
    """Write an edition of a film, or of the episode of a series' first season with a number, over a package."""
    edition = Edition(package=package, duration_ms=SECONDS * 1000, published_at=utcnow())
    if slug:
        edition.title_id = session.scalars(select(Title.id).where(Title.slug == slug)).one()
    else:
        edition.episode_id = session.scalars(
            select(Episode.id).join(Season).join(Title).where(Title.slug == series)
            .where(Episode.number == number).order_by(Season.number)).first()
    edition.video = [VideoRendition(position=n, path=f"stream_{n}", width=width, height=height, codec="avc1.42c01e",
                                    frame_rate=24.0, average_bandwidth=3_000_000 // (n * 4 + 1),
                                    peak_bandwidth=4_000_000 // (n * 4 + 1)) for n, (width, height) in enumerate(RUNGS)]
    edition.audio = [AudioTrack(position=n, path=f"audio_{language}", language=language, codec="mp4a.40.2", channels=1,
                                kind="dub" if n else "original", default=not n, average_bandwidth=96_000,
                                peak_bandwidth=100_000) for n, language in enumerate(TONES)]
    edition.subtitles = [SubtitleTrack(position=n, path=f"subs_{language}", language=language, role="full")
                         for n, language in enumerate(TONES)]
    edition.marks = [Mark(kind="chapter", label="The beginning", start_ms=0), Mark(
        kind="chapter", label="The <end>", start_ms=15_000)]
    session.add(edition)
    session.flush()
    return edition
