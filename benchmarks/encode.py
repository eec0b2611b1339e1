"""What encoding costs and how soon a film can be seen: the table at the end of the media design, measured.

    python benchmarks/encode.py [--quick] [--seconds 60] [--runs 2] [--source FILE] [--preset veryfast]
                                [--hours 2] [--dub-minutes 120] [--parts ladder workers first dub]

Each line is a ratio within one run, so that another machine, or a busy one, changes it little. The last line is JSON.
"""
from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import encode_dub
import encode_first
import encode_ladder
import encode_workers

from moviepoint.domains.media.encoding.binaries import find_tools

PARTS = {"ladder": encode_ladder, "workers": encode_workers, "first": encode_first, "dub": encode_dub}
QUICK = {"seconds": 12, "runs": 1, "hours": 2.0, "dub_minutes": 10, "worker_seconds": 96}
FULL = {"seconds": 60, "runs": 2, "hours": 2.0, "dub_minutes": 120, "worker_seconds": 240}


def main() -> None:
    """Print a table for each question, and all ratios as JSON on the last line."""
    options = arguments()
    tools, found = find_tools(), {}
    for name in options.parts:
        with tempfile.TemporaryDirectory(prefix="moviepoint-bench-") as folder:
            found |= PARTS[name].run(tools, Path(folder), options)
        print(flush=True)
    print(json.dumps(found))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="shorter films and one run of each")
    parser.add_argument("--seconds", type=int, help="of the film for the ladder")
    parser.add_argument("--runs", type=int)
    parser.add_argument("--source", type=Path, help="a film of your own for the ladder, instead of the synthetic one")
    parser.add_argument("--preset", default="veryfast")
    parser.add_argument("--hours", type=float, help="of the film whose first segment is waited for")
    parser.add_argument("--dub-minutes", type=int, help="of the film that gets a dub")
    parser.add_argument("--worker-seconds", type=int, help="of the film that workers share")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    options = parser.parse_args()
    for name, value in (QUICK if options.quick else FULL).items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    return options


if __name__ == "__main__":
    main()
