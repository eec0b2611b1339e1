#!/usr/bin/env python3
"""MoviePoint's one command. Started by any Python 3.11 or newer, it sets up what it needs and runs itself there.

    ./manage.py demo     try it: content, encoding, site and worker
    ./manage.py test     test it: everything, with what the tests need
    ./manage.py -h       all commands
"""
from __future__ import annotations

import gc
import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "moviepoint.lock"
READY = "MOVIEPOINT_BOOTSTRAPPED"
MINIMUM = (3, 11)


def main() -> None:
    """Make the environment if it is missing or out of date, then hand over to the real command line."""
    if sys.version_info < MINIMUM:
        sys.exit(f"MoviePoint needs Python 3.11 or newer; this is {sys.version.split()[0]}.")
    if os.environ.get(READY) != str(ROOT):
        set_up(wanted_locks(sys.argv[1:]))
        os.environ[READY] = str(ROOT)
        os.execv(PYTHON, [str(PYTHON), str(ROOT / "manage.py"), *sys.argv[1:]])
    os.environ.pop(READY)
    sys.path.insert(0, str(ROOT))
    gc.disable()  # of two thousand modules nothing is garbage, and looking for it takes a fifth of their import
    from moviepoint.cli import main as run  # only the environment that was just made has what it imports

    gc.freeze()
    gc.enable()
    run()


def wanted_locks(arguments: list[str]) -> list[Path]:
    """Return the lock files to install: the test suite's where it is asked for, ffmpeg's where none is found."""
    testing = arguments[:1] == ["test"] or (STAMP.exists() and "dev.txt" in STAMP.read_text())
    locks = [ROOT / "requirements" / ("dev.txt" if testing else "base.txt")]
    if not (shutil.which("ffmpeg") and shutil.which("ffprobe")) or "ffmpeg.txt" in (
            STAMP.read_text() if STAMP.exists() else ""):
        locks.append(ROOT / "requirements" / "ffmpeg.txt")
    return locks


def set_up(locks: list[Path]) -> None:
    """Install the locked dependencies into .venv; does nothing when they are there."""
    stamp = "".join(f"{lock.name} {hashlib.sha256(lock.read_bytes()).hexdigest()}\n" for lock in locks)
    if PYTHON.exists() and STAMP.exists() and STAMP.read_text() == stamp:
        return
    if not PYTHON.exists():
        say("making a virtual environment in .venv")
        make_environment()
    for lock in locks:
        say(f"installing {lock.relative_to(ROOT)} (a minute or so, once)")
        command = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input",
                   "--require-hashes", "-r", str(lock)]
        if subprocess.run(command, check=False).returncode:
            sys.exit("The dependencies could not be installed; the lines above say why. Is the network there? "
                     "Running the same command again goes on from here.")
    STAMP.write_text(stamp)


def make_environment() -> None:
    """Make .venv; Debian keeps the module for it in a package of its own."""
    try:
        venv.EnvBuilder(with_pip=True, clear=True).create(VENV)
    except (subprocess.CalledProcessError, SystemExit, ImportError):
        shutil.rmtree(VENV, ignore_errors=True)
        package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
        if not (os.geteuid() == 0 and shutil.which("apt-get")):
            sys.exit(f"Python's venv module is not complete. Install it (on Debian: apt-get install {package}).")
        say(f"installing Debian's {package}")
        subprocess.run(["apt-get", "update", "-qq"], check=False)
        subprocess.run(["apt-get", "install", "-y", "-qq", package], check=True, stdout=subprocess.DEVNULL)
        venv.EnvBuilder(with_pip=True, clear=True).create(VENV)


def say(text: str) -> None:
    print(f"moviepoint: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
