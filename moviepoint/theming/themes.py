"""The themes on disk, and the chain from the active one to the core.

Lookup: active theme → its parents → plugins → core. `core:path` and `<slug>:path` name one place only, so
that a theme can extend the template it overrides.
"""
from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from moviepoint import __version__
from moviepoint.hooks.manifest import Manifest, ManifestError, read_manifest

EXTENSION = "moviepoint.theming"
#: The theme of a preview, while its page is rendered.
_shown: ContextVar[str] = ContextVar("shown_theme", default="")
BASE_THEME = "default"
#: How long a place that was found is believed: a page asks for some thirty, each in up to twenty folders.
TRUSTED_SECONDS = 1.0
MOST_LOCATED = 5_000


@dataclass(frozen=True)
class Theme:
    """A theme folder; `error` says why it cannot be used."""

    slug: str
    folder: Path
    manifest: Manifest | None = None
    error: str = ""


class Theming:
    """Finds templates and static files for whichever theme is active.

    `plugins` are (slug, folder) pairs; `core` the folders of the shells and domains; `active` returns the slug
    of the theme in force at the moment it is called.
    """

    def __init__(self, folder: Path, plugins: Sequence[tuple[str, Path]], core: Sequence[Path],
                 active: Callable[[], str]) -> None:
        self.themes = {theme.slug: theme for theme in find_themes(folder)}
        self.plugins = list(plugins)
        self.core = list(core)
        self._active = active
        self._located: dict[tuple[str, str, str], tuple[Path | None, float]] = {}

    def active(self) -> str:
        """Return the active theme's slug; the default theme stands in for one that is gone or broken."""
        slug = _shown.get() or self._active()
        return slug if self.usable(slug) else BASE_THEME

    @contextmanager
    def showing(self, slug: str) -> Iterator[None]:
        """Let another theme be the active one in this block, for this request alone; an unknown one changes nothing."""
        token = _shown.set(slug if self.usable(slug) else "")
        try:
            yield
        finally:
            _shown.reset(token)

    def public_name(self, name: str) -> str:
        """Return a static file's name as an address needs it: in a preview it says which theme's file is meant."""
        for theme in self.chain(_shown.get()):
            if (theme.folder / "static" / name).is_file():
                return f"{theme.slug}:{name}"
        return name

    def usable(self, slug: str) -> bool:
        return slug in self.themes and not self.themes[slug].error

    def chain(self, slug: str) -> list[Theme]:
        """Return the theme and its parents, nearest first."""
        found: list[Theme] = []
        while slug and self.usable(slug) and all(theme.slug != slug for theme in found):
            theme = self.themes[slug]
            found.append(theme)
            slug = theme.manifest.extends if theme.manifest else ""
        return found

    def option(self, name: str, default: str = "") -> str:
        """Return an option of the active theme, or of the nearest parent that names it."""
        for theme in self.chain(self.active()):
            if theme.manifest is not None and name in theme.manifest.options:
                return theme.manifest.options[name]
        return default

    def locate(self, kind: str, name: str) -> Path | None:
        """Return the file for a name such as `site/home.html`; `kind` is `templates` or `static`."""
        key, now = (self.active(), kind, name), time.monotonic()
        found, until = self._located.get(key, (None, 0.0))
        if now >= until:
            found = self._look_for(kind, name)
            if len(self._located) >= MOST_LOCATED:  # names in addresses are the visitors' to make up
                self._located.clear()
            self._located[key] = (found, now + TRUSTED_SECONDS)
        return found

    def forget_places(self) -> None:
        """Look for each file anew."""
        self._located.clear()

    def _look_for(self, kind: str, name: str) -> Path | None:
        if ".." in Path(name).parts or name.startswith("/"):
            return None
        for folder, path in self._places(name):
            file = folder / kind / path
            if file.is_file():
                return file
        return None

    def _places(self, name: str) -> list[tuple[Path, str]]:
        prefix, _, rest = name.partition(":")
        if rest:
            if prefix == "core":
                return [(folder, rest) for folder in self.core]
            named = dict(self.plugins) | {slug: theme.folder for slug, theme in self.themes.items()}
            return [(named[prefix], rest)] if prefix in named else []
        return ([(theme.folder, name) for theme in self.chain(self.active())]
                + [(folder, name) for _, folder in self.plugins] + [(folder, name) for folder in self.core])


def find_themes(folder: Path) -> list[Theme]:
    """Return all themes of the folder, whether they can be used or not."""
    found: dict[str, Theme] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if not (path / "theme.toml").exists():
            continue
        try:
            found[path.name] = Theme(path.name, path, read_manifest(path / "theme.toml", __version__))
        except ManifestError as error:
            found[path.name] = Theme(path.name, path, error=str(error))
    return [_with_parent_checked(theme, found) for theme in found.values()]


def _with_parent_checked(theme: Theme, found: dict[str, Theme]) -> Theme:
    if theme.manifest is None or not theme.manifest.extends:
        return theme
    seen, slug = {theme.slug}, theme.manifest.extends
    while slug:
        parent = found.get(slug)
        if parent is None or parent.manifest is None:
            return Theme(theme.slug, theme.folder, theme.manifest, f"It extends {slug!r}, which is not a usable theme.")
        if slug in seen:
            return Theme(theme.slug, theme.folder, theme.manifest, "It extends itself by way of its parents.")
        seen.add(slug)
        slug = parent.manifest.extends
    return theme
