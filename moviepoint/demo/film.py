"""The film that the demo plays: fetched from the Python registry by name and hash, given our own two dubs.

Big Buck Bunny's trailer, (c) 2008 Blender Foundation, www.bigbuckbunny.org, CC BY 3.0, lies in the source
package of moviepy. The narration and the subtitles are ours (`scripts/make_dubs.py`).
"""
from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

CONTENT = Path(__file__).resolve().parent / "content" / "bunny"
PACKAGE = "moviepy==2.2.1"
PACKAGE_SHA256 = "c80cb56815ece94e5e3e2d361aa40070eeb30a09d23a24c4e684d03e16deacb1"
MEMBER = "moviepy-2.2.1/docs/_static/medias/getting_started/moviepy_10_minutes/trailer_bbb.mp4"
FILM_SHA256 = "ce0d2ba68822a89ae65ee41b53be9de621771130c2aa1d0ff02d935df75b59ae"
DUBS = (("en", "eng", "English narration"), ("ru", "rus", "Закадровый перевод"))
FETCH_SECONDS = 600


class DemoError(Exception):
    """The demo cannot go on; the message says why and what to do."""


def fetch_film(cache: Path) -> Path:
    """Return the trailer, fetched once into `cache`. Raises DemoError."""
    film = cache / "trailer_bbb.mp4"
    if film.exists() and _sha256(film) == FILM_SHA256:
        return film
    cache.mkdir(parents=True, exist_ok=True)
    archive = _download(cache)
    staged = film.with_suffix(".part")
    with tarfile.open(archive) as package:
        member = package.extractfile(MEMBER)
        if member is None:
            raise DemoError(f"{archive.name} does not hold the film that it should.")
        with staged.open("wb") as target:
            shutil.copyfileobj(member, target)
    if _sha256(staged) != FILM_SHA256:
        staged.unlink()
        raise DemoError("The film from the package is not the one that was expected (its hash differs).")
    staged.replace(film)
    archive.unlink()
    return film


def make_film(trailer: Path, ffmpeg: Path, target: Path) -> Path:
    """Return a Matroska file of the trailer with two dubs and two subtitle tracks, made once.

    The narration lies over the film's own sound, which goes down while somebody speaks.
    """
    if target.exists():
        return target
    staged = target.with_name(f"{target.stem}.part.mkv")
    inputs = ["-i", str(trailer)]
    filters, maps, tags = [], ["-map", "0:v:0"], []
    for number, (language, code, title) in enumerate(DUBS):
        inputs += ["-i", str(CONTENT / f"narration.{language}.opus")]
        filters.append(
            f"[{number + 1}:a]aformat=channel_layouts=stereo:sample_rates=48000,asplit[voice{number}][key{number}];"
            f"[0:a:0]aformat=channel_layouts=stereo:sample_rates=48000[film{number}];"
            f"[film{number}][key{number}]sidechaincompress=threshold=0.02:ratio=8:attack=40:release=400[low{number}];"
            f"[low{number}][voice{number}]amix=inputs=2:normalize=0:duration=first[dub{number}]")
        maps += ["-map", f"[dub{number}]"]
        tags += [f"-metadata:s:a:{number}", f"language={code}", f"-metadata:s:a:{number}", f"title={title}"]
    for number, (language, code, _title) in enumerate(DUBS):
        inputs += ["-i", str(CONTENT / f"{language}.srt")]
        maps += ["-map", f"{len(DUBS) + 1 + number}:s"]
        tags += [f"-metadata:s:s:{number}", f"language={code}"]
    command = [str(ffmpeg), "-v", "error", "-y", *inputs, "-filter_complex", ";".join(filters), *maps, "-c:v", "copy",
               "-c:a", "aac", "-b:a", "160k", "-c:s", "srt", *tags, "-disposition:a:0", "default",
               "-disposition:a:1", "0", "-disposition:s:0", "0", "-disposition:s:1", "0", str(staged)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DemoError(f"The demo's film could not be put together: {done.stderr.strip()[-500:]}")
    staged.replace(target)
    return target


def _download(cache: Path) -> Path:
    """Fetch the package by pip, which knows this machine's registry; only the pinned bytes are taken.

    pip asks a source package for its metadata, and so runs code of it: the hash is given to pip, which checks it first.
    """
    archive = cache / f"moviepy-{PACKAGE.partition('==')[2]}.tar.gz"
    if archive.exists() and _sha256(archive) == PACKAGE_SHA256:
        return archive
    archive.unlink(missing_ok=True)  # what another run left half done
    pinned = cache / "film-package.txt"
    pinned.write_text(f"{PACKAGE} --hash=sha256:{PACKAGE_SHA256}\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input",
               "--no-deps", "--require-hashes", "--no-binary", "moviepy", "--dest", str(cache), "-r", str(pinned)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=FETCH_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise DemoError("The Python registry did not answer in time. Is the network there? Try again.") from None
    finally:
        pinned.unlink()
    if done.returncode and "DO NOT MATCH THE HASHES" in done.stderr:
        raise DemoError(f"{PACKAGE} is not the package that was expected (its hash differs).")
    if done.returncode or not archive.exists():
        raise DemoError("The film's package could not be fetched. Does pip reach the Python registry from here? "
                        f"pip says: {done.stderr.strip()[-300:]}")
    return archive


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
