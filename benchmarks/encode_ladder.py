"""What the engine's whole ladder costs, against one bare ffmpeg process and against one process per rung.

All three make the same: four rungs, two dubs, two subtitle tracks, a storyboard. The engine runs every step of
its plan as a worker would, check included. CPU seconds are those of the children and of Python itself, as the
kernel counts them; runs are interleaved, and medians compared. bubblewrap is left out, since it keeps its
children's CPU time to itself; its own is some milliseconds a step.
"""
from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from moviepoint.domains.media.encoding import posters, probe, steps, verify
from moviepoint.domains.media.encoding.binaries import Tools
from moviepoint.domains.media.encoding.child import Sandbox, find_sandbox
from moviepoint.domains.media.encoding.plan import OWN, Rung, make_plan
from moviepoint.domains.media.encoding.profiles import Profile
from moviepoint.domains.media.encoding.workshop import StepWatch, Workshop

WAYS = ("engine", "bare", "per rung")


class Silent(StepWatch):
    """Lets everything go on."""

    def __call__(self, share: float, speed: float | None) -> None:
        return


def run(tools: Tools, work: Path, options: argparse.Namespace) -> dict[str, float]:
    """Print the table of a ladder's costs; returns the ratios of CPU medians."""
    sandbox = Sandbox("", find_sandbox().prlimit, find_sandbox().setpriv)
    source = options.source or make_source(tools, work / "source.mkv", options.seconds)
    found = probe.inspect(tools, sandbox, source)
    plan = make_plan(found, Profile(preset=options.preset))
    shop = Workshop(tools, sandbox, source, found, plan)
    ways: dict[str, Callable[[Path], None]] = {
        "engine": lambda out: run_engine(shop, out), "bare": lambda out: run_bare(shop, out),
        "per rung": lambda out: run_per_rung(shop, out)}
    spent: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
    for _ in range(options.runs):
        for way in WAYS:
            spent[way].append(measured(ways[way], work / "out"))
    shutil.rmtree(work / "out")
    return report(spent, plan.rungs, found.seconds, tools)


def make_source(tools: Tools, path: Path, seconds: int) -> Path:
    """A 1080p film with grain and movement, two dubs and two subtitle tracks."""
    texts = []
    for language in ("en", "ru"):
        text = path.with_name(f"{language}.srt")
        cues = (f"{n}\n00:00:{n:02d},000 --> 00:00:{n:02d},900\nCue {n}\n" for n in range(1, min(60, seconds)))
        text.write_text("\n".join(cues))
        texts += ["-i", str(text)]
    subprocess.run([
        str(tools.ffmpeg), "-v", "error", "-y", "-f", "lavfi", "-i",
        f"mandelbrot=s=1920x1080:r=24:end_scale=0.01,noise=alls=6:allf=t,trim=duration={seconds}",
        "-f", "lavfi", "-i", f"sine=f=440:r=48000:d={seconds}", "-f", "lavfi", "-i", f"sine=f=660:r=48000:d={seconds}",
        *texts, "-map", "0:v", "-map", "1:a", "-map", "2:a", "-map", "3:s", "-map", "4:s", "-c:v", "libx264", "-preset",
        "veryfast", "-crf", "18", "-g", "48", "-pix_fmt", "yuv420p", "-c:a", "ac3", "-ac", "2", "-c:s", "srt",
        "-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=rus", "-metadata:s:s:0", "language=eng",
        "-metadata:s:s:1", "language=rus", str(path)], check=True)
    return path


def measured(way: Callable[[Path], None], out: Path) -> tuple[float, float]:
    """Run one way into an empty folder; return (CPU seconds, wall seconds)."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    cpu, wall = cpu_seconds(), time.monotonic()
    way(out)
    return cpu_seconds() - cpu, time.monotonic() - wall


def cpu_seconds() -> float:
    usages = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def run_engine(shop: Workshop, out: Path) -> None:
    """Inspect, every step of the plan, check and poster, as a worker does them."""
    found = probe.inspect(shop.tools, shop.sandbox, shop.source)
    probe.try_seeking(shop.tools, shop.sandbox, shop.source, found)
    for step in shop.plan.steps:
        if step.kind not in OWN:
            steps.run_step(shop, step, out / ".work" / step.name, out, Silent())
    verify.finish_package(out, shop.plan, shop.tools, shop.sandbox, lambda _share: None)
    posters.take_poster(shop, out, lambda _progress: None)


def run_bare(shop: Workshop, out: Path) -> None:
    """One ffmpeg process, by hand: one decode, four rungs, two dubs, two subtitles, a storyboard."""
    rungs = shop.plan.rungs
    labels = "".join(f"[v{n}]" for n in range(len(rungs) + 1))
    chain = f"[0:v:0]split={len(rungs) + 1}{labels}"
    for number, rung in enumerate(rungs):
        chain += f";[v{number}]scale={rung.width}:{rung.height}:flags=bicubic[r{number}]"
    chain += f";[v{len(rungs)}]fps=1/1,scale=240:-2,tile=5x5[s]"
    command = ["-i", str(shop.source), "-filter_complex", chain]
    for number, rung in enumerate(rungs):
        command += ["-map", f"[r{number}]", *video_options(shop, rung), *hls(out, rung.name)]
    bare_tracks(shop, out, command)
    command += ["-map", "[s]", "-q:v", "5", str(out / "%04d.jpg")]
    ffmpeg(shop.tools, command)


def run_per_rung(shop: Workshop, out: Path) -> None:
    """One ffmpeg process per rung, then one for the tracks and one for the storyboard."""
    for rung in shop.plan.rungs:
        ffmpeg(shop.tools, ["-i", str(shop.source), "-map", "0:v:0", "-vf",
                            f"scale={rung.width}:{rung.height}:flags=bicubic", *video_options(shop, rung),
                            *hls(out, rung.name)])
    tracks: list[str] = ["-i", str(shop.source)]
    bare_tracks(shop, out, tracks)
    ffmpeg(shop.tools, tracks)
    ffmpeg(shop.tools, ["-i", str(shop.source), "-map", "0:v:0", "-vf", "fps=1/1,scale=240:-2,tile=5x5", "-q:v", "5",
                        str(out / "%04d.jpg")])


def bare_tracks(shop: Workshop, out: Path, command: list[str]) -> None:
    for sound in shop.plan.audio:
        command += ["-map", f"0:{sound.stream}", "-c:a", "aac", "-b:a", f"{sound.kbps}k", *hls(out, sound.name)]
    for text in shop.plan.subtitles:
        command += ["-map", f"0:{text.stream}", "-c:s", "webvtt", str(out / f"{text.name}.vtt")]


def video_options(shop: Workshop, rung: Rung) -> list[str]:
    grid = shop.plan.grid
    return ["-c:v", "libx264", "-preset", shop.plan.profile.preset, "-crf", str(rung.crf),
            "-maxrate", f"{rung.max_kbps}k", "-bufsize", f"{rung.max_kbps * 2}k",
            "-pix_fmt", "yuv420p", "-g", str(grid.keyframe), "-keyint_min",
            str(grid.keyframe), "-sc_threshold", "0"]


def hls(out: Path, name: str) -> list[str]:
    (out / name).mkdir(exist_ok=True)
    return ["-f", "hls", "-hls_time", "6", "-hls_list_size", "0", "-hls_segment_filename",
            str(out / name / "data%04d.ts"), str(out / f"{name}.m3u8")]


def ffmpeg(tools: Tools, command: list[str]) -> None:
    subprocess.run([str(tools.ffmpeg), "-hide_banner", "-nostdin", "-v", "error", "-y", *command], check=True)


def report(spent: dict[str, list[tuple[float, float]]], rungs: tuple[Rung, ...], seconds: float,
           tools: Tools) -> dict[str, float]:
    """Print a table of medians; return the ratios of CPU medians."""
    medians = {way: statistics.median(cpu for cpu, _ in runs) for way, runs in spent.items()}
    print(f"{seconds:.0f} s of film, rungs {', '.join(f'{r.width}x{r.height}' for r in rungs)}; "
          f"ffmpeg {tools.version}, {os.cpu_count()} cores, {len(spent['bare'])} runs")
    print(f"{'way':<10} {'CPU s (median)':>15} {'least':>8} {'most':>8} {'wall s':>8}")
    for way, runs in spent.items():
        cpus = [cpu for cpu, _ in runs]
        wall = statistics.median(wall for _, wall in runs)
        print(f"{way:<10} {medians[way]:>15.2f} {min(cpus):>8.2f} {max(cpus):>8.2f} {wall:>8.2f}")
    return {"ladder_vs_bare": round(medians["engine"] / medians["bare"], 3),
            "ladder_vs_per_rung": round(medians["engine"] / medians["per rung"], 3)}
