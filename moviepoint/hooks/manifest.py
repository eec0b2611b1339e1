"""What a plugin or theme says of itself: `plugin.toml` and `theme.toml`, and the versions they ask for."""
from __future__ import annotations

import re
import tomllib
from pathlib import Path

import msgspec
from packaging.specifiers import InvalidSpecifier, SpecifierSet

SLUG = re.compile(r"[a-z][a-z0-9_]{1,39}")


class ManifestError(Exception):
    """A manifest that cannot be used; the message names the file, the fault and the remedy."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The table that `plugin.toml` and `theme.toml` hold."""

    name: str
    version: str
    requires: str  # the MoviePoint versions it works with, bounded on both sides: ">=0.1,<1"
    description: str = ""
    author: str = ""
    licence: str = ""
    extends: str = ""  # themes only: the theme it builds on
    options: dict[str, str] = {}  # themes only: what its templates ask for by `theme_option`


def read_manifest(file: Path, core_version: str) -> Manifest:
    """Read and check a manifest; raises ManifestError."""
    slug = file.parent.name
    if not SLUG.fullmatch(slug):
        raise ManifestError(f"{file.parent}: a folder's name is its slug: small letters, digits, underscores.")
    try:
        manifest = msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), Manifest)
    except FileNotFoundError:
        raise ManifestError(f"{file.parent} has no {file.name}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError, OSError) as error:
        raise ManifestError(f"{file}: {error}") from None
    _check_requires(file, manifest.requires, core_version)
    return manifest


def _check_requires(file: Path, requires: str, core_version: str) -> None:
    try:
        wanted = SpecifierSet(requires)
    except InvalidSpecifier:
        raise ManifestError(f"{file}: requires = {requires!r} is no version range; write \">=0.1,<1\".") from None
    operators = {spec.operator for spec in wanted}
    if not operators & {">=", ">", "==", "~="} or not operators & {"<", "<=", "==", "~="}:
        raise ManifestError(f"{file}: requires = {requires!r} must be bounded on both sides, as in \">=0.1,<1\".")
    if not wanted.contains(core_version, prereleases=True):
        raise ManifestError(f"{file}: it needs MoviePoint {requires}, and this is {core_version}.")
