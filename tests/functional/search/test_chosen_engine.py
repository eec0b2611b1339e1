"""A search engine that is set and cannot be had: `check` says so, and the site is searched all the same."""
from __future__ import annotations

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from moviepoint.app import create_app
from moviepoint.cli.check import check
from moviepoint.domains.search.engine import current_index
from moviepoint.domains.search.whoosh_index import WhooshIndex
from moviepoint.settings import Settings


@pytest.mark.parametrize(("name", "said"), [
    ("sonar", "There is no search engine 'sonar'; there are whoosh, postgresql"), ("postgresql", "PostgreSQL")])
def test_it_is_said_and_the_embedded_one_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str,
                                                 said: str) -> None:
    settings = Settings(instance=tmp_path, secret_key="b" * 48, search_engine=name, plugins=())
    monkeypatch.setattr(sys.modules[check.callback.__module__], "load_settings", lambda: settings)
    result = CliRunner().invoke(check)
    assert result.exit_code == 1
    assert "✗ search" in result.stderr
    assert said in " ".join(result.stderr.split())
    with create_app(settings).app_context():
        assert isinstance(current_index(), WhooshIndex)
