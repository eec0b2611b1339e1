"""Commands on a database that they cannot work with say so, and what helps."""
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from moviepoint.settings import PROJECT_ROOT


@pytest.mark.parametrize(("settings", "said"), [
    ({}, "Run `./manage.py db upgrade` once."),
    ({"MOVIEPOINT_DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:9/none"}, "The database does not answer")])
def test_a_database_that_is_empty_or_away_is_named(settings: dict[str, str], said: str, tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "moviepoint.cli", "media", "verify", "all"], cwd=PROJECT_ROOT,
                          env={"MOVIEPOINT_INSTANCE": str(tmp_path), "PATH": "/usr/bin:/bin", **settings},
                          capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
