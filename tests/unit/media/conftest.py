"""Programs, sandbox and films for the tests of the encoding engine."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from moviepoint.domains.media.encoding import probe as probing
from moviepoint.domains.media.encoding import steps
from moviepoint.domains.media.encoding import workshop as workshops
from moviepoint.domains.media.encoding.binaries import Tools, ToolsMissing, find_tools
from moviepoint.domains.media.encoding.child import Sandbox, find_sandbox
from moviepoint.domains.media.encoding.plan import OWN, make_plan
from moviepoint.domains.media.encoding.profiles import Profile, RungSpec
from tests.unit.media.films import X264, make, pattern, tone

#: Two small rungs and short ranges: every path of the engine in seconds.
SMALL = Profile(rungs=(RungSpec(180, 600, 26), RungSpec(90, 200, 28)), preset="ultrafast", range_segments=1)

#: The same in segments of fMP4.
CMAF = msgspec.structs.replace(SMALL, segments="fmp4")

SRT = """1
00:00:01,000 --> 00:00:03,000
Раз, два, <i>три</i> & <script>четыре</script>

2
00:00:05,500 --> 00:00:07,000
Через границу
"""


class Quiet(workshops.StepWatch):
    """Watches a step and remembers what it heard."""

    def __init__(self) -> None:
        self.shares: list[float] = []
        self.commands: list[str] = []

    def __call__(self, share: float, speed: float | None) -> None:
        self.shares.append(share)

    def began(self, command: str) -> None:
        self.commands.append(command)


@pytest.fixture(scope="session")
def tools() -> Tools:
    try:
        return find_tools()
    except ToolsMissing as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def sandbox() -> Sandbox:
    return find_sandbox()


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("films")


@pytest.fixture(scope="session")
def film(tools: Tools, films: Path) -> Path:
    """Thirteen seconds at 24000/1001 with two dubs (440 Hz Russian, 660 Hz English) and Russian subtitles."""
    subtitles = films / "ru.srt"
    subtitles.write_text(SRT, encoding="utf-8")
    return make(tools, films / "film.mkv", *pattern(rate="24000/1001", seconds=13), *tone(440, 13), *tone(660, 13),
                "-i", str(subtitles), "-map", "0:v", "-map", "1:a", "-map", "2:a", "-map", "3:s", *X264, "-g", "30",
                "-bf", "2", "-c:a", "aac", "-c:s", "srt", "-metadata:s:a:0", "language=rus", "-metadata:s:a:1",
                "language=eng", "-metadata:s:a:0", "title=Дубляж", "-metadata:s:s:0", "language=rus",
                "-metadata", "location=+59.9-030.3/")


@pytest.fixture(scope="session")
def uneven_film(tools: Tools, films: Path) -> Path:
    """A film of variable frame rate that starts late on its clock."""
    return make(tools, films / "vfr.mkv", *pattern(rate="30", seconds=13), "-vf",
                "select='if(lt(t,4),1,if(lt(t,8),not(mod(n,3)),not(mod(n,7))))',setpts=PTS+3/TB", "-fps_mode", "vfr",
                *X264, "-g", "50", "-bf", "2")


@pytest.fixture(scope="session")
def workshop(tools: Tools, sandbox: Sandbox) -> Callable[..., workshops.Workshop]:
    """Return a function that inspects and plans a film; its picture is encoded, unless it may be copied."""
    def make_workshop(source: Path, profile: Profile = SMALL, copy: bool = False) -> workshops.Workshop:
        found = probing.try_seeking(tools, sandbox, source, probing.inspect(tools, sandbox, source))
        return workshops.Workshop(tools, sandbox, source, found, make_plan(found, profile, copy=copy))
    return make_workshop


@pytest.fixture(scope="session")
def package(film: Path, workshop: Callable[..., workshops.Workshop],
            tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, workshops.Workshop]:
    """A whole package of `film`, made step by step, not yet checked. Copy it before changing it."""
    folder, shop = tmp_path_factory.mktemp("package"), workshop(film)
    for step in shop.plan.steps:
        if step.kind not in OWN:
            steps.run_step(shop, step, folder / ".work" / step.name, folder, Quiet())
    return folder, shop
