"""How much of the ideal two workers reach: real ones on a core each, and simulated ones by the order of the plan."""
from __future__ import annotations

import argparse
import heapq
import os
import time
from pathlib import Path
from statistics import median

from encode_site import job_of, make_film, site, start, workers
from sqlalchemy import select

from moviepoint.domains.media.encoding.binaries import Tools
from moviepoint.domains.media.encoding.profiles import Profile, RungSpec
from moviepoint.domains.media.models import EncodingStep
from moviepoint.kernel.db import db

PROFILE = Profile(rungs=(RungSpec(360, 900, 24), RungSpec(180, 400, 26)), preset="medium", segment_seconds=2,
                  range_segments=3)
SIMULATED = (2, 4, 8)
PAIRS = 4  # a core's speed drifts by a few per cent within minutes, so only neighbours are compared


def run(tools: Tools, work: Path, options: argparse.Namespace) -> dict[str, float]:
    """Print how long one worker takes and two together, and what more would; returns the share of the ideal."""
    film = make_film(tools, work / "film.mkv", "640x360", options.worker_seconds)
    cores = sorted(os.sched_getaffinity(0))[:2]
    if len(cores) < 2:
        print("workers: this machine has one core; two cannot be measured")
        return {}
    took: dict[int, list[float]] = {1: [], 2: []}
    with site(work) as app:
        for _ in range(max(PAIRS, options.runs)):
            for count in (1, 2):
                with workers(app, work, list(cores[:count])):
                    job_id = start(app, film, PROFILE)
                    took[count].append(wait(job_id))
                if count == 1:
                    steps = spans(job_id)
    shares = [one / 2 / two for one, two in zip(took[1], took[2], strict=True)]
    ideal = median(shares)
    print(f"{options.worker_seconds} s of film, a core for each worker; medians of {len(shares)} pairs, whose shares "
          f"of the ideal are {', '.join(f'{share:.3f}' for share in shares)}")
    print(f"{'workers':<12} {'seconds':>8} {'of the ideal':>13}")
    print(f"{1:<12} {median(took[1]):>8.2f} {1:>13.2f}\n{2:<12} {median(took[2]):>8.2f} {ideal:>13.2f}")
    found = {"two_workers_of_ideal": round(ideal, 3)}
    for count in SIMULATED:
        length = simulated(steps, count)
        share = sum(span for _, span in steps) / count / length
        print(f"{f'{count} simulated':<12} {length:>8.2f} {share:>13.2f}")
        found[f"simulated_{count}_of_ideal"] = round(share, 3)
    return found


def wait(job_id: int) -> float:
    """Wait for a job; returns the seconds from its first step to its end."""
    while True:
        job = job_of(job_id)
        if job.state == "done" and job.started_at and job.finished_at:
            return (job.finished_at - job.started_at).total_seconds()
        time.sleep(0.5)  # the ledger says when it ended; a look takes of the cores that are measured


def spans(job_id: int) -> list[tuple[int, float]]:
    """Return (stage, seconds) of a job's steps as one worker did them, in the ledger's order."""
    rows = db.session.scalars(select(EncodingStep).where(EncodingStep.job_id == job_id).order_by(
        EncodingStep.stage, EncodingStep.position)).all()
    return [(row.stage, (row.finished_at - row.started_at).total_seconds()) for row in rows
            if row.started_at and row.finished_at]


def simulated(steps: list[tuple[int, float]], count: int, films: int = 8) -> float:
    """Return when so many workers are through, a share of the seconds that `films` such films take.

    Free workers take steps in the films' order; a film's stage begins when the one before it is over.
    """
    free, waiting = [0.0] * count, [list(steps) for _ in range(films)]
    ready, busy = [0.0] * films, [list[float]() for _ in range(films)]
    stage = [steps[0][0]] * films
    while any(waiting):
        now = heapq.heappop(free)
        choice = None
        for film in range(films):
            if waiting[film] and waiting[film][0][0] != stage[film]:
                ready[film] = max(busy[film])
            if waiting[film] and (ready[film] <= now or waiting[film][0][0] == stage[film]):
                choice = film
                break
        if choice is None:
            heapq.heappush(free, min(ready[film] for film in range(films) if waiting[film]))
            continue
        stage[choice], span = waiting[choice].pop(0)
        busy[choice].append(now + span)
        heapq.heappush(free, now + span)
    return max(end for film in busy for end in film) / films
