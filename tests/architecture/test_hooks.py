"""The hooks: each is called, documented and kept to; a plugin that fails takes nobody with it."""
from __future__ import annotations

import inspect
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pluggy import PluginValidationError
from werkzeug.datastructures import MultiDict

from moviepoint.app import CORE, MoviePoint, create_app
from moviepoint.domains.accounts import notice_mail, notices
from moviepoint.domains.accounts.services import create_user
from moviepoint.domains.catalog import services
from moviepoint.domains.catalog.backoffice_filters import Filters
from moviepoint.domains.catalog.backoffice_queries import count_titles
from moviepoint.domains.catalog.finding import known, title_filters
from moviepoint.domains.catalog.schemas import TitleInput
from moviepoint.domains.discovery import tasks
from moviepoint.domains.system.cli import upgrade_all
from moviepoint.hooks.manager import PACKAGE, HookManager
from moviepoint.hooks.reference import hooks, render
from moviepoint.hooks.types import TitleMatches
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.policies import SYSTEM
from moviepoint.settings import PROJECT_ROOT, Settings

EVERYTHING = PROJECT_ROOT / "tests" / "plugins" / "everything"
IMPORT = "from moviepoint.plugin_api import hookimpl\n"
MANIFEST = 'name = "Bad"\nversion = "1.0"\nrequires = ">=0.1,<1"\n'


def app_with(tmp_path: Path, *plugins: str, folder: Path) -> MoviePoint:
    return create_app(Settings(instance=tmp_path / "instance", plugins_dir=folder, plugins=plugins, rate_limits=False))


@pytest.fixture
def everything(tmp_path: Path) -> Iterator[MoviePoint]:
    app = app_with(tmp_path, "everything", folder=EVERYTHING.parent)
    with app.app_context():
        upgrade_all()
    yield app
    with app.app_context():
        db.engine.dispose()


def write_plugin(folder: Path, slug: str, code: str, manifest: str = MANIFEST) -> None:
    sys.modules.pop(f"{PACKAGE}.{slug}", None)
    sys.modules.pop(f"{PACKAGE}.{slug}.plugin", None)
    (folder / slug).mkdir(parents=True)
    (folder / slug / "plugin.toml").write_text(manifest)
    (folder / slug / "plugin.py").write_text(code)


def test_every_hook_is_called_by_the_core() -> None:
    source = "\n".join(path.read_text() for path in (PROJECT_ROOT / "moviepoint").rglob("*.py")
                       if "hooks" not in path.parts)
    for name in hooks():
        call = rf'(collect|collect_with_owner|chain|resolve)\(\s*"{name}"|record\(.{{0,40}}"{name}"'
        assert re.search(call, source), name


def test_implementations_take_what_the_specs_say() -> None:
    manager = HookManager(CORE)
    manager.load_plugins(EVERYTHING.parent, ["everything"])
    for name, spec in hooks().items():
        wanted = inspect.signature(spec)
        for implementation in getattr(manager._pluggy.hook, name).get_hookimpls():
            given = inspect.signature(implementation.function)
            assert str(given) == str(wanted), f"{implementation.plugin_name}: {name}"


def test_the_reference_is_the_specs() -> None:
    assert (PROJECT_ROOT / "docs/plugin-authors/hooks.md").read_text() == render()


def test_one_plugin_implements_everything(everything: MoviePoint) -> None:
    module = everything.extensions["moviepoint.hooks"].plugins["everything"].module
    assert {name for name in hooks() if hasattr(module, name)} == set(hooks())
    client = everything.test_client()
    assert client.get("/en/everything").text == "everything"
    assert client.get("/api/v1/everything").json == {"everything": True}
    home = client.get("/en/").text
    assert "everything 2" in home
    assert 'href="/en/everything"' in home


def test_a_plugins_filter_and_search_reach_the_list_of_titles(everything: MoviePoint) -> None:
    with everything.app_context():
        with unit_of_work() as session:
            for name in ("One", "Two", "Three"):
                services.save_title(session, SYSTEM, TitleInput(kind="film", original_title=name))
        filters = Filters.read(MultiDict({"everything": "odd"}), title_filters())
        assert filters.query() == {"everything": "odd"}
        assert count_titles(db.session(), SYSTEM, filters, known(db.session(), filters)) == 2
        asked = known(db.session(), Filters(q="everything"))
        assert asked.matches == TitleMatches((), 7)  # a plugin is asked before the core
        db.session.remove()


def test_a_plugins_pages_and_mail_go_the_same_way_as_ours(everything: MoviePoint) -> None:
    with everything.app_context():
        tasks.write_sitemaps()
        written = "".join(path.read_text() for path in everything.extensions["moviepoint.storage"].root.rglob("*.xml"))
        assert "<loc>http://127.0.0.1:8000/ru/everything</loc>" in written
        with unit_of_work() as session:
            user = create_user(session, "plugin@example.org", "!", ["member"], "Ada")
            row = notices.post(session, user.id, "everything.notice", {"number": 7})
        mail = notice_mail.compose(row)
        assert mail is not None
        assert (mail.subject, mail.recipients) == ("Everything 7", ["plugin@example.org"])
        assert "Hello Ada," in str(mail.body)
        db.session.remove()


def test_events_arrive_after_the_commit_and_not_after_a_rollback(everything: MoviePoint) -> None:
    heard = everything.extensions["moviepoint.hooks"].plugins["everything"].module.heard
    heard.clear()
    with everything.app_context():
        with pytest.raises(RuntimeError), unit_of_work() as session:
            services.save_title(session, SYSTEM, TitleInput(kind="film", original_title="Lost"))
            raise RuntimeError
        assert heard == []
        with unit_of_work() as session:
            title = services.save_title(session, SYSTEM, TitleInput(kind="film", original_title="Kept"))
            assert heard == []
        assert heard == [("on_title_saved", title.id)]
        db.session.remove()


@pytest.mark.parametrize(("code", "manifest", "said"), [
    ("raise RuntimeError('broken at import')", MANIFEST, "broken at import"),
    (f"{IMPORT}@hookimpl\ndef register_pagse(): return []", MANIFEST, "register_pagse"),
    (f"{IMPORT}@hookimpl\ndef register_pages(): return 1 / 0", MANIFEST, "ZeroDivisionError"),
    ("", 'name = "Bad"\nversion = "1"\nrequires = ">=9,<10"\n', "needs MoviePoint >=9,<10"),
    ("", 'name = "Bad"\nversion = "1"\nrequires = ">=0.1"\n', "bounded on both sides"),
    ("", 'name = "Bad"\ncolour = 1\n', "colour"), ("", "name = ", "plugin.toml"),
    ("import nothing_of_the_kind", MANIFEST, "nothing_of_the_kind")])
def test_a_plugin_that_fails_is_shown_and_the_site_stays_up(tmp_path: Path, code: str, manifest: str,
                                                            said: str) -> None:
    write_plugin(tmp_path / "plugins", "bad", code, manifest)
    app = app_with(tmp_path, "bad", folder=tmp_path / "plugins")
    plugin = app.extensions["moviepoint.hooks"].plugins["bad"]
    assert plugin.state == "failed"
    assert said in plugin.error
    with app.app_context():
        upgrade_all()
        assert app.test_client().get("/en/").status_code == 200
        db.engine.dispose()


def test_a_plugin_that_is_not_there_is_said(tmp_path: Path) -> None:
    (tmp_path / "plugins").mkdir()
    app = app_with(tmp_path, "missing", folder=tmp_path / "plugins")
    assert "has no plugin.toml" in app.extensions["moviepoint.hooks"].plugins["missing"].error


def test_a_misspelt_hook_of_the_core_stops_the_start() -> None:
    module = type(sys)("misspelt")
    exec("from moviepoint.hooks import hookimpl\n@hookimpl\ndef register_paegs(): return []", vars(module))  # noqa: S102
    with pytest.raises(PluginValidationError):
        HookManager([module])


def test_plugins_import_only_the_front_door() -> None:
    shipped = [path for path in (PROJECT_ROOT / "plugins").rglob("*.py") if "tests" not in path.parts]
    for path in [*shipped, *EVERYTHING.rglob("*.py")]:
        for line in path.read_text().splitlines():
            match = re.match(r"\s*(?:from|import) (moviepoint[\w.]*)", line)
            assert match is None or match[1] == "moviepoint.plugin_api", f"{path}: {line}"


def test_a_copied_plugin_folder_is_found_and_off_until_it_is_named(tmp_path: Path) -> None:
    shutil.copytree(EVERYTHING, tmp_path / "plugins" / "everything", ignore=shutil.ignore_patterns("__pycache__"))
    app = app_with(tmp_path, folder=tmp_path / "plugins")
    assert app.extensions["moviepoint.hooks"].plugins["everything"].state == "disabled"
    assert app.test_client().get("/en/everything").status_code == 404
