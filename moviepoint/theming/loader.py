"""A Jinja loader that follows the active theme, also when it is changed while the site runs."""
from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from jinja2 import BaseLoader, Environment

from moviepoint.theming.themes import TRUSTED_SECONDS, Theming


class ThemeLoader(BaseLoader):
    """Loads templates by Theming.locate.

    Jinja caches by name, so freshness here means: the name still leads to the same file, and that file has
    not changed. A file that was looked at is believed for a second.
    """

    def __init__(self, theming: Theming, fallback: BaseLoader) -> None:
        self.theming = theming
        self.fallback = fallback  # templates of Flask's own extensions
        self._looked: dict[Path, tuple[int, float]] = {}  # when a file was changed, and until when that is believed

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, Callable[[], bool] | None]:
        file = self.theming.locate("templates", template)
        if file is None:
            source, name, fresh = self.fallback.get_source(environment, template)
            return source, name, lambda: self._still_absent(template) and (fresh is None or fresh())
        try:
            modified, source = file.stat().st_mtime_ns, file.read_text(encoding="utf-8")
            self._looked.pop(file, None)
        except FileNotFoundError:  # taken away since it was found
            self.theming.forget_places()
            return self.get_source(environment, template)
        return source, str(file), lambda: self._still(template, file, modified)

    def _still_absent(self, template: str) -> bool:
        return self.theming.locate("templates", template) is None

    def _still(self, template: str, file: Path, modified: int) -> bool:
        try:
            return self.theming.locate("templates", template) == file and self._modified(file) == modified
        except OSError:
            return False

    def _modified(self, file: Path) -> int:
        """Return when a file was changed, in nanoseconds. Raises OSError."""
        now = time.monotonic()
        modified, until = self._looked.get(file, (0, 0.0))
        if now >= until:
            modified = file.stat().st_mtime_ns
            self._looked[file] = modified, now + TRUSTED_SECONDS
        return modified

    def list_templates(self) -> list[str]:
        names: set[str] = set()
        folders = [theme.folder for theme in self.theming.chain(self.theming.active())]
        for folder in folders + [folder for _, folder in self.theming.plugins] + self.theming.core:
            base = folder / "templates"
            names.update(path.relative_to(base).as_posix() for path in base.rglob("*.html"))
        return sorted(names)


