"""A picture of the film that can stand for it: the liveliest of a few, from segments that are finished.

Seeking in a source may give a broken picture; our own segments begin with a clean one, upright and in SDR.
"""
from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageStat, UnidentifiedImageError

from moviepoint.domains.media.encoding import commands
from moviepoint.domains.media.encoding.child import GIB, Limits, Watch
from moviepoint.domains.media.encoding.fence import free, held
from moviepoint.domains.media.encoding.segments import SUFFIXES, decodable
from moviepoint.domains.media.encoding.workshop import Workshop

NAME = "poster.jpg"
PLACES = (0.15, 0.3, 0.5, 0.7)  # of the film; beginnings and ends are titles


def take_poster(shop: Workshop, package: Path, watch: Watch, hold: Callable[[], object] = free) -> bool:
    """Write `poster.jpg` into the package; False when no picture could be taken, which is no fault.

    `hold` raises where the package is somebody else's to write into.
    """
    form = shop.plan.profile.segments
    segments = sorted((package / shop.plan.rungs[0].name).glob(f"data*.{SUFFIXES[form]}"))
    best: tuple[float, Path] | None = None
    for segment in dict.fromkeys(segments[int(len(segments) * place)] for place in PLACES if segments):
        folder = package / f".poster-{segment.stem}"
        folder.mkdir(exist_ok=True)
        with decodable(segment) as source:
            shop.sandbox.run(shop.tools.ffmpeg, lambda name: commands.poster(name, form), source=source, output=folder,
                             watch=watch, limits=Limits(seconds=60, memory=4 * GIB))
        score = liveliness(folder / NAME)
        if score is not None and (best is None or score > best[0]):
            best = (score, folder / NAME)
    if best is not None:
        with held(package, hold):
            best[1].replace(package / NAME)
    for folder in package.glob(".poster-*"):
        shutil.rmtree(folder, ignore_errors=True)
    return best is not None


def liveliness(path: Path) -> float | None:
    """Score a picture by its detail and a middling brightness; None if it cannot be read."""
    try:
        with Image.open(path, formats=("JPEG",)) as picture:
            small = picture.convert("RGB").resize((160, 90))
    except (OSError, UnidentifiedImageError):
        return None
    brightness = ImageStat.Stat(small.convert("L")).mean[0]
    return small.entropy() - abs(brightness - 120) / 60
