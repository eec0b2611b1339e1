"""Finds plugins, orders them, and calls hooks: collect, chain, resolve, emit.

Core domains are registered first, from an explicit tuple; then plugins in the order of the settings. pluggy
calls the last registered first, so results are turned round: contributions come in registration order.
"""
from __future__ import annotations

import importlib.util
import sys
import traceback
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy
import structlog

from moviepoint import __version__
from moviepoint.hooks import specs
from moviepoint.hooks.manifest import Manifest, ManifestError, read_manifest

log = structlog.get_logger(__name__)
ENTRY_POINTS = "moviepoint.plugins"
PACKAGE = "moviepoint_plugins"  # plugin folders are imported below this name, so that none shadows a library


@dataclass
class Plugin:
    """A plugin that was found: `error` is empty when it works, else a traceback or a sentence."""

    slug: str
    folder: Path
    manifest: Manifest | None = None
    enabled: bool = False
    error: str = ""
    module: ModuleType | None = field(default=None, repr=False)

    @property
    def state(self) -> str:
        return "failed" if self.error else "enabled" if self.enabled else "disabled"


class HookManager:
    """All hook implementations of one app."""

    def __init__(self, core: Iterable[ModuleType]) -> None:
        self._pluggy = pluggy.PluginManager(specs.PROJECT)
        self._pluggy.add_hookspecs(specs)
        for module in core:
            self._pluggy.register(module)
        self._pluggy.check_pending()
        self.plugins: dict[str, Plugin] = {}

    def load_plugins(self, folder: Path, enabled: Sequence[str]) -> None:
        """Find all plugins and switch on those named; one that fails is kept with its traceback."""
        self.plugins = {plugin.slug: plugin for plugin in find_plugins(folder)}
        for slug in enabled:
            plugin = self.plugins.setdefault(slug, Plugin(slug, folder / slug))
            plugin.enabled = True
            try:
                self._switch_on(plugin)
            except ManifestError as error:
                plugin.error = str(error)
            except Exception:
                plugin.error = traceback.format_exc()
            if plugin.error:
                log.error("plugin failed", plugin=slug, error=plugin.error.strip().splitlines()[-1])

    def _switch_on(self, plugin: Plugin) -> None:
        plugin.manifest = plugin.manifest or read_manifest(plugin.folder / "plugin.toml", __version__)
        plugin.error = ""
        plugin.module = import_plugin(plugin)
        try:
            self._pluggy.register(plugin.module, name=plugin.slug)
            self._pluggy.check_pending()
        except Exception:
            self._pluggy.unregister(plugin.module)
            raise

    def active_plugins(self) -> list[Plugin]:
        """Return the plugins that are on and work, in the order of the settings."""
        return [plugin for plugin in self.plugins.values() if plugin.module is not None and not plugin.error]

    def collect(self, hook: str) -> Iterator[Any]:
        """Iterate over what a `register_*` hook's implementations return, flat, in order of registration."""
        for _, contribution in self.collect_with_owner(hook):
            yield contribution

    def collect_with_owner(self, hook: str) -> Iterator[tuple[str, Any]]:
        """Like collect, with the name of the module or plugin that contributes; a plugin that fails is kept out."""
        for implementation in getattr(self._pluggy.hook, hook).get_hookimpls():
            owner = implementation.plugin_name
            try:
                contributions = list(implementation.function() or ())
            except Exception:
                if owner not in self.plugins:
                    raise
                self.plugins[owner].error = traceback.format_exc()
                log.exception("plugin failed", plugin=owner, hook=hook)
                continue
            for contribution in contributions:
                yield owner, contribution

    def chain(self, hook: str, value: Any, **arguments: Any) -> Any:
        """Pass a value through a `filter_*` hook's implementations; one that fails is logged and skipped."""
        for implementation in getattr(self._pluggy.hook, hook).get_hookimpls():
            offered = {"value": value, **arguments}
            try:
                value = implementation.function(*(offered[name] for name in implementation.argnames))
            except Exception:
                log.exception("filter failed", plugin=implementation.plugin_name, hook=hook)
        return value

    def resolve(self, hook: str, **arguments: Any) -> Any:
        """Return the first answer of a `resolve_*` hook that is not None; plugins are asked before the core."""
        return getattr(self._pluggy.hook, hook)(**arguments)

    def emit(self, hook: str, arguments: dict[str, Any]) -> None:
        """Call an `on_*` hook's implementations; a failure is logged and the others still hear."""
        for implementation in getattr(self._pluggy.hook, hook).get_hookimpls():
            try:
                implementation.function(*(arguments[name] for name in implementation.argnames))
            except Exception:
                log.exception("event handler failed", plugin=implementation.plugin_name, hook=hook, **arguments)


def find_plugins(folder: Path) -> list[Plugin]:
    """Return all plugins of the folder and of installed packages, whether they can be used or not."""
    found = []
    folders = [path for path in sorted(folder.iterdir()) if (path / "plugin.toml").exists()] if folder.is_dir() else []
    for entry in entry_points(group=ENTRY_POINTS):
        spec = importlib.util.find_spec(entry.value.split(":")[0].split(".")[0])
        folders += [Path(place) for place in (spec.submodule_search_locations or [])] if spec else []
    for path in folders:
        plugin = Plugin(path.name, path)
        try:
            plugin.manifest = read_manifest(path / "plugin.toml", __version__)
        except ManifestError as error:
            plugin.error = str(error)
        found.append(plugin)
    return found


def import_plugin(plugin: Plugin) -> ModuleType:
    """Import a plugin's folder as a package and return its `plugin` module."""
    if PACKAGE not in sys.modules:
        parent = ModuleType(PACKAGE)
        parent.__path__ = []
        sys.modules[PACKAGE] = parent
    name = f"{PACKAGE}.{plugin.slug}"
    if name not in sys.modules:
        package = ModuleType(name)
        package.__path__ = [str(plugin.folder)]
        sys.modules[name] = package
    qualified = f"{name}.plugin"
    if qualified in sys.modules and sys.modules[qualified].__file__ == str(plugin.folder / "plugin.py"):
        return sys.modules[qualified]
    spec = importlib.util.spec_from_file_location(qualified, plugin.folder / "plugin.py")
    if spec is None or spec.loader is None:
        raise ManifestError(f"{plugin.folder} has no plugin.py.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[qualified] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[qualified]
        raise
    return module
