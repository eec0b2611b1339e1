"""Run a media program as a child that cannot do harm: limits, no network, one input, and never an orphan.

bubblewrap shuts the child in where it works: it sees the system's libraries, one input under a neutral name,
and one folder to write into. Elsewhere util-linux takes the network away, and sets the limits and the signal that a
dead parent sends.
"""
from __future__ import annotations

import contextlib
import os
import selectors
import shutil
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import msgspec

from moviepoint.domains.media.encoding.errors import DiskFull, Refused, Temporary
from moviepoint.kernel.sentences import sentence

MIB, GIB = 2**20, 2**30
LOG_LINES = 40
NICE = 10  # of what yields to the encoding of the picture: sound is quick all the same
BEAT = 0.1  # seconds between two looks at a child that says nothing
INSIDE = "/input"
SYSTEM = ("/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin", "/etc/alternatives", "/etc/ld.so.cache",
          "/etc/fonts", "/opt")
#: A parent that died before the child asked to be told of it will never tell: such a child ends by itself.
GUARD = ("/bin/sh", "-c", '[ "$PPID" = "$0" ] && exec "$@"')
#: What prlimit does, where it is not: address space in KiB, files in blocks of 512 bytes, and no core dumps.
ULIMIT = ("/bin/sh", "-c", 'ulimit -c 0 && ulimit -v "$1" && ulimit -f "$2" && shift 2 && exec "$@"', "sh")
DISK_FULL = ("No space left on device", "Disk quota exceeded")

N = TypeVar("N", int, float)
Watch = Callable[["Progress"], None]


class Limits(msgspec.Struct, frozen=True):
    """What a child may use; going beyond ends it."""

    seconds: float = 60.0
    memory: int = 2 * GIB  # bytes of address space
    file_size: int = 64 * GIB  # bytes of each file that it writes
    stall_seconds: float = 120.0  # without a word of progress
    output: int = 64 * MIB  # bytes of standard output that are kept


class Progress(msgspec.Struct, frozen=True):
    """How far ffmpeg says it is."""

    frame: int = 0
    seconds: float = 0.0  # of output written
    speed: float | None = None  # seconds of film a second
    log: str = ""  # the last lines of stderr, and where ffmpeg is


class Outcome(msgspec.Struct, frozen=True):
    """What a child that ended by itself left behind; bubblewrap keeps its CPU time to itself."""

    status: int
    output: bytes
    log: str  # the last lines of stderr
    seconds: float
    cpu_seconds: float


def silent(_progress: Progress) -> None:
    """A watcher that lets everything go on."""


class Sandbox(msgspec.Struct, frozen=True):
    """How children are shut in on this machine."""

    bubblewrap: str = ""
    prlimit: str = ""
    setpriv: str = ""
    no_network: tuple[str, ...] = ()  # a command that runs another without network, where bubblewrap is not

    @property
    def networked(self) -> bool:
        """Whether children have the network, for want of anything that takes it away."""
        return not self.bubblewrap and not self.no_network

    def run(self, program: Path, arguments: Callable[[str], Sequence[str]], *, source: Path, limits: Limits,
            output: Path | None = None, watch: Watch = silent, keep_output: bool = True, nice: int = 0,
            devices: Sequence[str] = ()) -> Outcome:
        """Run `program` with `arguments(name of the source as the child sees it)` in the folder `output`.

        `watch` is called at least ten times a second, and ends the child by raising. Raises Temporary when a
        limit is met, DiskFull when the child complains of it; a failing status is the caller's to judge. `nice` lets
        others go first; `devices` are files of /dev that the child may use.
        """
        name = INSIDE if self.bubblewrap else f"file:{source.absolute()}"
        command = [*self._prefix(program, source, limits, output, devices), str(program), *arguments(name)]
        return _supervise(command, limits, None if self.bubblewrap else output, watch, keep_output, nice)

    def _prefix(self, program: Path, source: Path, limits: Limits, output: Path | None,
                devices: Sequence[str]) -> list[str]:
        prefix: list[str] = []
        if self.prlimit:
            prefix += [self.prlimit, f"--as={limits.memory}", f"--fsize={limits.file_size}", "--core=0", "--"]
        else:
            prefix += [*ULIMIT, str(limits.memory // 1024), str(limits.file_size // 512)]
        if not self.bubblewrap:
            prefix += self.no_network  # before setpriv: a new user namespace takes the parent's signal away
        if self.setpriv:
            prefix += [self.setpriv, "--pdeathsig", "KILL", "--", *GUARD, str(os.getpid())]
        if self.bubblewrap:
            prefix += [self.bubblewrap, "--unshare-all", "--die-with-parent", "--clearenv", "--proc", "/proc",
                       "--dev", "/dev", "--tmpfs", "/tmp"]  # noqa: S108 -- the child's own
            for path in SYSTEM:
                prefix += ["--ro-bind-try", path, path]
            for path in devices:
                prefix += ["--dev-bind-try", path, path]
            prefix += ["--ro-bind", str(program), str(program), "--ro-bind", str(source.absolute()), INSIDE]
            if output is not None:
                prefix += ["--bind", str(output.absolute()), "/output", "--chdir", "/output"]
            prefix += ["--"]
        return prefix


@lru_cache(maxsize=1)
def find_sandbox() -> Sandbox:
    """Return the strongest way of shutting children in that really works here."""
    prlimit, setpriv = shutil.which("prlimit") or "", shutil.which("setpriv") or ""
    bubblewrap = shutil.which("bwrap") or ""
    if bubblewrap and not _works([bubblewrap, "--unshare-all", "--die-with-parent", "--ro-bind", "/", "/", "true"]):
        bubblewrap = ""
    if setpriv and not _works([setpriv, "--pdeathsig", "KILL", "--", "true"]):
        setpriv = ""
    return Sandbox(bubblewrap, prlimit, setpriv, _without_network())


def _without_network() -> tuple[str, ...]:
    unshare = shutil.which("unshare") or ""
    for command in ((unshare, "--net"), (unshare, "--net", "--map-current-user")):
        if unshare and _works([*command, "true"]):
            return command
    return ()


def _works(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=10, check=False).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False


def _supervise(command: list[str], limits: Limits, cwd: Path | None, watch: Watch, keep: bool,
               nice: int) -> Outcome:
    """The child dies with the thread that started it, so start and wait happen in one thread."""
    began = time.monotonic()
    log: deque[str] = deque(maxlen=LOG_LINES)
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               cwd=cwd, start_new_session=True, env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"})
    if nice:
        _let_others_go_first(process.pid, nice)
    reader = threading.Thread(target=_read_log, args=(process, log), daemon=True)
    reader.start()
    try:
        output = _follow(process, limits, began, watch, keep, log)
        cpu = _wait_with_usage(process)
    except BaseException:
        _kill(process)
        raise
    finally:
        reader.join(timeout=5)
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()
    text = "\n".join(log)
    if process.returncode and any(sign in text for sign in DISK_FULL):
        raise DiskFull()
    if process.returncode == -signal.SIGXFSZ or (process.returncode and "File too large" in text):
        raise Refused("too-large", sentence(
            "One output file grew beyond the limit; the source is not usable as it is."))
    return Outcome(process.returncode, output, text, time.monotonic() - began, cpu)


def _let_others_go_first(pid: int, nice: int) -> None:
    """Lower a session's share of the processor.

    Linux weighs a session as one (autogroup), and niceness counts only among its own processes; each child has a
    session of its own. Where there are no such groups, the niceness of the process counts.
    """
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, nice)
    with contextlib.suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text(str(nice), encoding="ascii")


def _wait_with_usage(process: subprocess.Popen[bytes]) -> float:
    """Reap the child; return the CPU seconds that it and its own children took."""
    try:
        _pid, status, usage = os.wait4(process.pid, 0)
    except ChildProcessError:
        process.wait()
        return 0.0
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime


def _follow(process: subprocess.Popen[bytes], limits: Limits, began: float, watch: Watch, keep: bool,
            log: deque[str]) -> bytes:
    stdout = process.stdout
    if stdout is None:
        raise ValueError("the child has no standard output")
    kept: list[bytes] = []
    room = limits.output
    line_start = b""
    values: dict[str, str] = {}
    progress = Progress()
    moved = time.monotonic()
    with selectors.DefaultSelector() as selector:
        selector.register(stdout, selectors.EVENT_READ)
        while True:
            if selector.select(BEAT):
                chunk = os.read(stdout.fileno(), 65536)
                if not chunk:
                    return b"".join(kept)
                moved = time.monotonic()
                if keep:
                    kept.append(chunk)
                    room -= len(chunk)
                    if room < 0:
                        raise Refused("too-large", sentence(
                            "What is to be read of the file is larger than any film needs."))
                else:
                    *lines, line_start = (line_start + chunk).split(b"\n")
                    progress = _parse(lines, values, progress)
            now = time.monotonic()
            if now - began > limits.seconds:
                raise Temporary("too-slow", sentence(
                    "The work took longer than %(seconds)s seconds.", seconds=round(limits.seconds)))
            if now - moved > limits.stall_seconds:
                raise Temporary("stalled", sentence(
                    "Nothing happened for %(seconds)s seconds.", seconds=round(limits.stall_seconds)))
            watch(msgspec.structs.replace(progress, log=_tail(log, progress)))


def _tail(log: deque[str], progress: Progress) -> str:
    """The reader may add a line at any moment, so a copy is taken."""
    at = [f"frame {progress.frame}, {progress.seconds:.1f} s"] if progress.frame or progress.seconds else []
    return "\n".join([*log.copy(), *at])


def _parse(lines: Sequence[bytes], values: dict[str, str], progress: Progress) -> Progress:
    """Read `-progress` output: blocks of key=value lines, each ended by `progress=…`."""
    for line in lines:
        key, _, value = line.decode("ascii", "replace").partition("=")
        values[key.strip()] = value.strip()
        if key == "progress":
            progress = Progress(_number(values.get("frame"), int) or 0,
                                (_number(values.get("out_time_us"), int) or 0) / 1e6,
                                _number((values.get("speed") or "").rstrip("x"), float))
    return progress


def _number(text: str | None, kind: type[N]) -> N | None:
    try:
        return kind(text or "")
    except ValueError:
        return None


def _read_log(process: subprocess.Popen[bytes], log: deque[str]) -> None:
    for line in process.stderr or ():
        log.append(line.decode("utf-8", "replace").rstrip()[:500])


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the child and all that it started; returns when it is gone."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=10)
