"""A house of its own for each test: real commits, real files, real worker processes."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from moviepoint.app import create_app
from moviepoint.domains.media.encoding.binaries import Tools
from moviepoint.kernel.db import db
from moviepoint.settings import Settings
from tests.functional.media.adding import dub, short_dub, sidecar  # noqa: F401 -- fixtures
from tests.functional.media.editions import cut  # noqa: F401 -- a fixture
from tests.functional.media.house import House, migrate
from tests.unit.media.conftest import film, films, sandbox, tools  # noqa: F401 -- fixtures
from tests.unit.media.films import X264, make, pattern, tone
from tests.unit.media.test_copies import REGULAR


@pytest.fixture(scope="session")
def long_film(tools: Tools, films: Path) -> Path:  # noqa: F811
    """Thirty-six seconds of 720 lines, so that there is time to kill a worker."""
    return make(tools, films / "long.mp4", *pattern("1280x720", "24", 36), *tone(440, 36), *X264, "-c:a", "aac")


@pytest.fixture(scope="session")
def regular_film(tools: Tools, films: Path) -> Path:  # noqa: F811
    """Thirteen seconds whose picture can be copied."""
    return make(tools, films / "regular.mp4", *pattern(rate="25", seconds=13), *tone(440, 13), *REGULAR, "-g", "50",
                "-c:a", "aac", "-b:a", "64k")


@pytest.fixture(scope="session")
def short(tools: Tools, films: Path) -> Path:  # noqa: F811
    """Three seconds of a film, where it does not matter what is in it."""
    return make(tools, films / "short.mp4", *pattern("160x90", "24", 3), *tone(440, 3), *X264, "-c:a", "aac")


@pytest.fixture(scope="session")
def words(tools: Tools, films: Path) -> Path:  # noqa: F811
    """A dub that fits them."""
    return make(tools, films / "short.de.m4a", *tone(700, 3), "-c:a", "aac")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    settings = Settings(instance=tmp_path / "instance", secret_key="s" * 48, plugins=(), rate_limits=False)
    app = create_app(settings)
    with app.app_context():
        migrate(settings)
        made = House(app)
        yield made
        for worker in made.workers:
            worker.kill()
            worker.wait()
        db.session.remove()
        db.engine.dispose()
