"""`./manage.py test`: installs what the tests need where it may, and runs them."""
from __future__ import annotations

import os
import shutil
import subprocess
import sys

import click

from moviepoint.settings import PROJECT_ROOT

BROWSER = "chromium-headless-shell"  # Chromium without windows; Chromium itself takes half as much again of a processor
#: What the tests use beside Python packages: a program that shows it is there, and its Debian package.
PROGRAMS = {BROWSER: BROWSER, "ffmpeg": "ffmpeg", "espeak-ng": "espeak-ng", "bwrap": "bubblewrap",
            "node": "nodejs", "npm": "npm", "nginx": "nginx-light"}


@click.command("test", context_settings={"ignore_unknown_options": True, "allow_extra_args": True,
                                         "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def test(arguments: tuple[str, ...]) -> None:
    """Run the test suite; ARGUMENTS go to pytest (a file, -k NAME, -x …)."""
    missing = absent()
    if missing and may_install():
        install(sorted(missing.values()))
        missing = absent()
    if BROWSER in missing and shutil.which("chromium"):
        del missing[BROWSER]
    for name, package in missing.items():
        click.echo(f"{name} is missing: the tests that need it are skipped, by name, at the end. "
                   f"(Debian: apt-get install {package})", err=True)
    environ = {name: value for name, value in os.environ.items()
               if not name.startswith("MOVIEPOINT_") or name.startswith("MOVIEPOINT_TEST_")}
    workers = [] if "-n" in arguments or "-x" in arguments else ["-n", "2", "--dist", "loadfile"]
    command = [sys.executable, "-m", "pytest", "-rs", *workers, *arguments]
    sys.exit(subprocess.run(command, cwd=PROJECT_ROOT, env=environ, check=False).returncode)


def absent() -> dict[str, str]:
    """Return the programs that are not there, with their packages; servers may lie where only root looks."""
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))
    return {name: package for name, package in PROGRAMS.items() if shutil.which(name, path=path) is None}


def may_install() -> bool:
    """Say whether system packages may be installed: as root on Debian, or under CI."""
    return shutil.which("apt-get") is not None and (os.geteuid() == 0 or bool(os.environ.get("CI")))


def install(packages: list[str]) -> None:
    """Install Debian packages; one that cannot be had is said, and its tests are skipped."""
    click.echo(f"installing {' '.join(packages)} …", err=True)
    environ = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    each = [["install", "-y", "-qq", "--no-install-recommends", package] for package in packages]
    for arguments in (["update", "-qq"], *each):  # not at once: one that is not to be had would hold up the others
        subprocess.run([*prefix, "apt-get", *arguments], env=environ, stdout=subprocess.DEVNULL, check=False)
