#!/usr/bin/env python3
"""Take third-party browser assets from npm, at pinned versions, into the source tree.

    scripts/vendor.py            fetch everything anew and rewrite the manifest
    scripts/vendor.py --check    compare the files with the manifest; needs no network

Each package is fetched by `npm pack`, and its tarball must have the integrity that is pinned here. A test runs
the same comparison as `--check`, so that nobody edits a vendored file by hand. To upgrade, change version and
integrity (`npm view NAME@VERSION dist.integrity`) and run the script.
"""
from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "moviepoint/shells/site/static/vendor"
TESTS = ROOT / "tests/browser/vendor"
MANIFEST = "manifest.json"


def without_outside_fonts(text: str) -> str:
    """Drop `@font-face` rules: what a page shows may come from this site only."""
    return re.sub(r"@font-face\s*\{[^}]*\}", "", text)


def without_source_map(text: str) -> str:
    """Drop the pointer to a source map that is not kept, so that developer tools do not ask for it."""
    return re.sub(r"\n?(//# sourceMappingURL=\S+|/\*# sourceMappingURL=\S+ \*/)\s*", "\n", text)


@dataclass(frozen=True)
class Package:
    """An npm package; `files` maps its paths to the names kept, `edits` a kept name to a change of its text."""

    name: str
    version: str
    integrity: str
    licence: str
    files: Mapping[str, str]
    folder: str = ""
    root: Path = SITE
    edits: Mapping[str, Callable[[str], str]] = field(default_factory=dict)

    @property
    def target(self) -> Path:
        return self.root / f"{self.folder or self.name}-{self.version}"


def _font(slug: str, version: str, integrity: str, subsets: tuple[str, ...]) -> Package:
    files = {f"files/{slug}-{subset}-wght-normal.woff2": f"{slug}-{subset}.woff2" for subset in subsets}
    return Package(f"@fontsource-variable/{slug}", version, integrity, "OFL-1.1", {**files, "LICENSE": "LICENSE"},
                   folder=slug)


PACKAGES = (
    Package(
        "shaka-player", "5.2.12",
        "sha512-vEsuVDI3+oLh+yqpjXexQZlg2XMUBI0VrqatDuKWacPaxAud6Uph5uCowUPLhUgNG5XKWCpoM4l1r8qYzWH+zg==", "Apache-2.0",
        {"dist/shaka-player.ui-es2021.js": "shaka-player.ui.js", "dist/controls.css": "controls.css",
         "LICENSE": "LICENSE"},
        edits={"controls.css": lambda text: without_source_map(without_outside_fonts(text)),
               "shaka-player.ui.js": without_source_map}),
    Package("htmx.org", "4.0.1",
        "sha512-oF7JgXhDW9UXCy/k1ZYFUQgzu/rm19ORWPSPNL91vPluB2PB9+MV55tyQdH/w7o2EAbTYUG5SDW1R60mdkdqGg==", "0BSD",
        {"dist/htmx.min.js": "htmx.min.js", "LICENSE": "LICENSE"}, folder="htmx",
        edits={"htmx.min.js": without_source_map}),
    _font("onest", "5.3.1",
          "sha512-xaaw6G4HDB2/RczsWLD/2bnib4ykmQlTlBUN3GOEOiyErilZukQWVJG95h9zwAy0i8KY+QzDa+COPfqhI72Acw==",
          ("latin", "latin-ext", "cyrillic", "cyrillic-ext")),
    _font("sofia-sans-extra-condensed", "5.3.0",
          "sha512-WYzOY6O+GXeQ5j7mYP44yDMbAJlL7uJ9YucBgENcxKGuC2pOimhFDbX318W8ydtv6kUle40rrCXaAPsYFrJINg==",
          ("latin", "latin-ext", "cyrillic", "cyrillic-ext")),
    _font("unbounded", "5.3.0",
          "sha512-ea565Ncn4r7gPdBEHcmaF31V11hDfkL7b/JCklLobQbMfbu2ZZQrVWNgdeEFWFLqNh36yhieZWOgxdAnMTzrLg==",
          ("latin", "cyrillic")),
    Package("axe-core", "4.14.1",
        "sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==", "MPL-2.0",
        {"axe.min.js": "axe.min.js", "LICENSE": "LICENSE"}, root=TESTS),
    Package("hls.js", "1.7.4",
        "sha512-3GlxGdPvT2YHvQYOt+yOzT/DEior/qJVNIylHA77kgeoBTdQQqi70GwefNEUmHQeNGyjC8U62+bruqW/Tpm+tg==", "Apache-2.0",
        {"dist/hls.min.js": "hls.min.js", "LICENSE": "LICENSE"},
        folder="hls", root=TESTS, edits={"hls.min.js": without_source_map}),
)


class VendorError(Exception):
    """Something that cannot be vendored; the message says what and why."""


def fetch(package: Package, folder: Path) -> Path:
    """Download a package's tarball, check its integrity, return its path."""
    spec = f"{package.name}@{package.version}"
    try:
        done = subprocess.run(["npm", "pack", "--silent", "--pack-destination", str(folder), spec],
                              check=True, capture_output=True, text=True, timeout=300)
    except FileNotFoundError:
        raise VendorError("npm is not installed; it is needed to renew vendored assets, not to run the site.") from None
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise VendorError(f"npm could not fetch {spec}: {error.stderr or error}") from None
    tarball = folder / done.stdout.split()[-1]
    digest = "sha512-" + base64.b64encode(hashlib.sha512(tarball.read_bytes()).digest()).decode()
    if digest != package.integrity:
        raise VendorError(f"{spec} has integrity {digest}, and not the pinned {package.integrity}.")
    return tarball


def unpack(package: Package, tarball: Path) -> None:
    """Write the kept files of a package to its folder, edited."""
    shutil.rmtree(package.target, ignore_errors=True)
    package.target.mkdir(parents=True)
    with tarfile.open(tarball) as archive:
        for path, name in package.files.items():
            member = archive.extractfile(f"package/{path}")
            if member is None:
                raise VendorError(f"{package.name} has no file {path}.")
            content = member.read()
            if name in package.edits:
                content = package.edits[name](content.decode("utf-8")).encode("utf-8")
            (package.target / name).write_bytes(content)


def describe(root: Path) -> dict[str, object]:
    """Return the manifest of what the pinned packages keep below a root."""
    return {package.target.name: {
        "package": package.name, "version": package.version, "licence": package.licence,
        "integrity": package.integrity,
        "files": {name: sha256(package.target / name) for name in sorted(package.files.values())},
    } for package in PACKAGES if package.root == root}


def sha256(path: Path) -> str:
    """Return a file's hash; empty when it is missing."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def check(root: Path) -> list[str]:
    """Return what is wrong below a root: files changed, missing, or not in the manifest."""
    recorded = json.loads((root / MANIFEST).read_text(encoding="utf-8"))
    found = describe(root)
    faults = [f"{name}: the manifest and the pinned packages differ" for name in sorted(recorded.keys() ^ found.keys())]
    for name in sorted(recorded.keys() & found.keys()):
        if recorded[name] != found[name]:
            faults.append(f"{name}: its files are not those of the manifest")
    known = {root / name / file for name, entry in recorded.items() for file in entry["files"]} | {root / MANIFEST}
    faults += [f"{path.relative_to(root)}: nobody vouches for it"
               for path in sorted(root.rglob("*")) if path.is_file() and path not in known]
    return faults


def renew() -> None:
    """Fetch every package and rewrite the manifests."""
    with tempfile.TemporaryDirectory() as folder:
        # All are fetched before anything is removed: a failing network leaves the tree as it was.
        tarballs = [fetch(package, Path(folder)) for package in PACKAGES]
        for root in (SITE, TESTS):
            shutil.rmtree(root, ignore_errors=True)
            root.mkdir(parents=True)
        for package, tarball in zip(PACKAGES, tarballs, strict=True):
            unpack(package, tarball)
    for root in (SITE, TESTS):
        (root / MANIFEST).write_text(json.dumps(describe(root), indent=2) + "\n", encoding="utf-8")


def main() -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with the manifest and change nothing")
    try:
        if not parser.parse_args().check:
            renew()
    except VendorError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    faults = [fault for root in (SITE, TESTS) for fault in check(root)]
    sys.stderr.writelines(f"{fault}\n" for fault in faults)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
