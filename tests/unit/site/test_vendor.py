"""Vendored files are those that were taken from npm, and nothing in them fetches from elsewhere."""
from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def vendor() -> ModuleType:
    """Import scripts/vendor.py."""
    spec = importlib.util.spec_from_file_location("vendor", ROOT / "scripts/vendor.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["vendor"] = module
    spec.loader.exec_module(module)
    return module


def test_files_are_those_of_the_manifest(vendor: ModuleType) -> None:
    assert vendor.check(vendor.SITE) == []
    assert vendor.check(vendor.TESTS) == []


def test_a_changed_and_a_stray_file_are_found(vendor: ModuleType, tmp_path: Path,
                                              monkeypatch: pytest.MonkeyPatch) -> None:
    package = vendor.Package("thing", "1.0", "sha512-x", "MIT", {"a.js": "a.js"}, root=tmp_path)
    monkeypatch.setattr(vendor, "PACKAGES", (package,))
    package.target.mkdir()
    (package.target / "a.js").write_text("one")
    (tmp_path / vendor.MANIFEST).write_text(vendor.json.dumps(vendor.describe(tmp_path)))
    assert vendor.check(tmp_path) == []
    (package.target / "a.js").write_text("two")
    (tmp_path / "stray.js").write_text("")
    faults = vendor.check(tmp_path)
    assert [fault.split(":")[0] for fault in faults] == ["thing-1.0", "stray.js"]


def test_every_package_keeps_its_licence(vendor: ModuleType) -> None:
    assert [p.name for p in vendor.PACKAGES if not (p.target / "LICENSE").read_text().strip()] == []


def test_styles_fetch_nothing_from_outside() -> None:
    sheets = [*ROOT.glob("moviepoint/**/*.css"), *ROOT.glob("themes/**/*.css")]
    assert sheets
    for sheet in sheets:
        addresses = re.findall(r"(?:url\(|@import)\s*[\"']?([^\"')]+)", sheet.read_text(encoding="utf-8"))
        assert [a for a in addresses if a.startswith(("http:", "https:", "//"))] == [], sheet
