"""An app with the plugin switched on, and one folder that it may read."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from moviepoint.plugin_api import Settings
from moviepoint.testing import database_for_tests, load_plugin, running_app

load_plugin(Path(__file__).resolve().parents[1])


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder in which each test lays out a library of its own."""
    return tmp_path_factory.mktemp("library")


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory, shelf: Path) -> Iterator[Flask]:
    settings = Settings(instance=tmp_path_factory.mktemp("kodi"), secret_key="s" * 48, rate_limits=False,
                        database_url=database_for_tests("_kodi"),
                        plugins=("kodi_library",), import_folders=(str(shelf),))
    with running_app(settings) as app:
        yield app
