"""tantivy answers as the embedded engine does."""
from __future__ import annotations

import shutil
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from moviepoint.app import create_app
from moviepoint.plugin_api import SearchDocument, Settings, search_kit
from moviepoint.testing import load_plugin
from tests.unit.search import engines

pytest.importorskip("tantivy")
load_plugin(Path(__file__).resolve().parents[1])


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    module = import_module("moviepoint_plugins.tantivy_search.index")  # known only since load_plugin
    monkeypatch.setattr(module, "WORDS_SECONDS", 0.0)
    return module.TantivyIndex(tmp_path / "tantivy")


def test_it_answers_as_the_embedded_one(index: Any, tmp_path: Path) -> None:
    engines.assert_the_same_as_embedded(index, tmp_path / "embedded")
    engines.assert_success(index)


def test_it_keeps_step(index: Any) -> None:
    engines.assert_keeps_step(index)


def test_words_are_words(index: Any) -> None:
    engines.assert_words_are_words(index)


def test_it_says_that_it_is_missing(index: Any) -> None:
    engines.assert_says_that_it_is_missing(index)


def spoil(name: str) -> Callable[[Path], None]:
    def one(folder: Path) -> None:
        for path in folder.glob(f"v*/{name}"):
            path.write_bytes(path.read_bytes()[:7])
    return one


@pytest.mark.parametrize("damage", [shutil.rmtree, spoil("meta.json"), spoil("*.term"), lambda folder: (
    folder / "current").write_text("../../etc"), lambda folder: (folder / "current").write_text("v0-0123456789ab")])
def test_a_damaged_index_is_said_and_can_be_made_again(index: Any, tmp_path: Path,
                                                       damage: Callable[[Path], None]) -> None:
    index.rebuild({"title": [SearchDocument("film", 1, ("Night train",))]})
    damage(tmp_path / "tantivy")
    broken = type(index)(tmp_path / "tantivy")
    with pytest.raises(search_kit.IndexMissing):
        broken.suggest("ni", 5)
    broken.rebuild({"title": [SearchDocument("film", 1, ("Night train",))]})
    broken._checked = 0.0
    assert [hit.id for hit in broken.suggest("ni", 5)] == [1]


def test_the_setting_chooses_it(tmp_path: Path) -> None:
    app = create_app(Settings(instance=tmp_path, plugins=("tantivy_search",), search_engine="tantivy"))
    engines_found = {engine.name: engine for engine in app.extensions["moviepoint.hooks"].collect(
        "register_search_engines")}
    made = engines_found["tantivy"].open(app.extensions["moviepoint.settings"], True)
    assert (type(made).__name__, made.generation()) == ("TantivyIndex", "")
