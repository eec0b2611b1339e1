#!/usr/bin/env python3
"""Speak the demo film's narration with espeak-ng, from the subtitles that belong to it.

Usage: scripts/make_dubs.py      (needs espeak-ng and ffmpeg; writes narration.<language>.opus beside the subtitles)

Each cue is spoken at its own time, a little faster where it would not fit, so that dub and subtitle agree.
The results are committed: a machine that runs the demo needs no speech synthesis.
"""
from __future__ import annotations

import subprocess
import sys
import tempfile
import wave
from pathlib import Path

import pysubs2

CONTENT = Path(__file__).resolve().parent.parent / "moviepoint" / "demo" / "content" / "bunny"
VOICES = {"en": "en-gb", "ru": "ru"}
WORDS_A_MINUTE = (140, 155, 170, 190)
SECONDS = 55


def seconds(file: Path) -> float:
    """Return how long a WAV file lasts."""
    with wave.open(str(file)) as sound:
        return sound.getnframes() / sound.getframerate()


def speak(voice: str, text: str, room: float, file: Path) -> None:
    """Write `text` as speech, at the slowest pace that fits into `room` seconds."""
    for pace in WORDS_A_MINUTE:
        subprocess.run(["espeak-ng", "-v", voice, "-s", str(pace), "-p", "45", "-w", str(file), text], check=True)
        if seconds(file) <= room:
            return
    raise SystemExit(f"{text!r} does not fit into {room:.1f} s")


def narrate(language: str, folder: Path) -> Path:
    """Write the narration in one language and return its file."""
    cues = pysubs2.load(str(CONTENT / f"{language}.srt"))
    inputs, filters = [], []
    for number, cue in enumerate(cues):
        spoken = folder / f"{language}{number}.wav"
        speak(VOICES[language], cue.plaintext, cue.duration / 1000, spoken)
        inputs += ["-i", str(spoken)]
        filters.append(f"[{number}:a]aresample=48000,adelay={cue.start}:all=1[c{number}]")
    mixed = "".join(f"[c{n}]" for n in range(len(filters)))
    graph = ";".join([*filters, f"{mixed}amix=inputs={len(filters)}:normalize=0,apad=whole_dur={SECONDS}[out]"])
    target = CONTENT / f"narration.{language}.opus"
    subprocess.run(["ffmpeg", "-v", "error", "-y", *inputs, "-filter_complex", graph, "-map", "[out]", "-ac", "1",
                    "-c:a", "libopus", "-b:a", "28k", "-map_metadata", "-1", "-bitexact", str(target)], check=True)
    return target


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        for name in VOICES:
            written = narrate(name, Path(place))
            print(f"{written.name}: {written.stat().st_size} bytes", file=sys.stderr)
