"""Small files are written whole: by several at once, and when the disk fails."""
from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from moviepoint.domains.search.generations import Generations
from moviepoint.kernel.files import LocalStorage
from moviepoint.kernel.i18n import compile_catalogues

RUSSIAN = Path(__file__).resolve().parents[2] / "translations/ru"


def put(folder: Path) -> None:
    LocalStorage(folder).put("ab/film.jpg", b"picture")


def compile_words(folder: Path) -> None:
    if not (folder / "ru").exists():
        shutil.copytree(RUSSIAN, folder / "ru", ignore=shutil.ignore_patterns("*.mo"))
    compile_catalogues([folder])


def use_generation(folder: Path) -> None:
    generations = Generations(folder, 1)
    generations.use(generations.fresh())


@pytest.mark.parametrize("write", [put, compile_words, use_generation])
def test_who_writes_a_file_does_not_meet_another_who_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                          write: Callable[[Path], None]) -> None:
    """The second begins and ends while the first has written all, and not put it in its place yet."""
    replace, between = Path.replace, []

    def second_before(path: Path, target: Path) -> Path:
        if not between:
            between.append(path)
            for old in tmp_path.glob("ru/*/*.mo"):
                old.unlink()
            write(tmp_path)
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", second_before)
    with capture_logs() as logs:
        write(tmp_path)
    assert between
    assert logs == []
    assert not list(tmp_path.rglob("*.part"))


def test_what_cannot_be_written_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = LocalStorage(tmp_path)
    storage.put("a", b"old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        storage.put("a", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert storage.path("a").read_bytes() == b"old"
