"""How codecbench scales on this machine, each figure with its goal. Run by ``make bench-scale``; nothing is a test.

``CODECBENCH_DATA`` names the folder of real audio for configs/real.yaml; without it, the embedded clips are measured,
and the start of workers counts for more. ``--limit 5`` measures the first clips of each dataset only.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.provenance import available_cores, machine, package_versions
from bench.runs.results import RUN
from tests.scale.measurement import measured_costs, predicted
from tests.scale.scenario import table
from tests.scale.speedup import GOAL, RAY_GOAL, Job, Place, ray_against_local, speedup

MEMORY_CELLS = (1_000, 10_000, 100_000)
MEMORY_GOAL = 1.1
PLAN_GOAL_S = 20.0
RESUME_CELLS, RESUME_GOAL_S = 100_000, 10.0

Part = Callable[[Place, argparse.Namespace], dict[str, Any]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m tests.scale")
    parser.add_argument("--only", choices=tuple(PARTS), action="append", help="This part; again for more.")
    parser.add_argument("--limit", type=int, help="The first clips of each dataset only.")
    parser.add_argument("--repeat", type=int, default=3, help="How often the runs of a speed-up are repeated.")
    parser.add_argument("--config", help="Another configuration than the real one.")
    parser.add_argument("--figures", type=Path, help="Write the plot of the simulation into this folder.")
    parser.add_argument("--json", type=Path, help="Write the figures there, too.")
    given = parser.parse_args()
    about, versions = machine(), package_versions()
    print(f"{about['cpu']}, {about['cores']} cores, {about['memory_gb']} GB, Python {about['python']}")
    print(" ".join(f"{name} {version}" for name, version in versions.items()))
    print(f"load of the last minute: {os.getloadavg()[0]:.1f}")
    data = os.environ.get("CODECBENCH_DATA")
    job = Job(given.config or ("real" if data else "demo"), data, given.limit)
    found: dict[str, Any] = {"machine": about, "versions": versions, "config": job.config, "limit": job.limit}
    with tempfile.TemporaryDirectory(prefix="codecbench-scale-") as folder:
        place = Place(job, Path(folder))
        for name in given.only or PARTS:
            found[name] = PARTS[name](place, given)
    if given.json:
        with given.json.open("w", encoding="utf-8") as file:
            json.dump(found, file, indent=2, default=str)
            file.write("\n")


def _speedup(place: Place, given: argparse.Namespace) -> dict[str, Any]:
    print(f"\nlocal engine, {place.job.config}{_part(place.job)}, {given.repeat} repetitions:")
    found = speedup(place, given.repeat)
    print(
        f"  1 -> 2 workers: {found.speedup:.2f}x (goal: at least {GOAL}x); this machine gives two runs "
        f"that share nothing {found.ceiling:.2f}x, so {100 * found.of_ceiling:.0f} % of what there is"
    )
    print(f"  {found.one_cpu_s:.1f} s of CPU with 1 worker, {found.two_cpu_s:.1f} s with 2")
    return asdict(found) | {"of_ceiling": found.of_ceiling, "goal": GOAL}


def _ray(place: Place, given: argparse.Namespace) -> dict[str, Any]:
    found = ray_against_local(place, _ray_start, given.repeat)
    print(
        f"\nRay, 2 workers: {found.ray_s:.1f} s, of which {found.ray_start_s:.1f} s its start; local "
        f"{found.local_s:.1f} s: {found.ratio:.2f}x beyond the start (goal: at most {RAY_GOAL}x)"
    )
    return asdict(found) | {"goal": RAY_GOAL}


def _memory(_place: Place, _given: argparse.Namespace) -> dict[str, Any]:
    from tests.scale.driver import driver_memory

    print("\nmemory of the driver:")
    peaks = {}
    for cells in MEMORY_CELLS:
        peaks[cells] = driver_memory(cells).peak_mb
        print(f"  {cells:7} cells: {peaks[cells]:.0f} MB")
    growth = peaks[MEMORY_CELLS[-1]] / peaks[MEMORY_CELLS[0]]
    print(f"  {growth:.2f}x from {MEMORY_CELLS[0]} to {MEMORY_CELLS[-1]} cells (goal: flat, at most {MEMORY_GOAL}x)")
    return {"mb": peaks, "growth": growth, "goal": MEMORY_GOAL}


def _planning(_place: Place, _given: argparse.Namespace) -> dict[str, Any]:
    from tests.scale.driver import plan_million

    found = plan_million()
    print(
        f"\nplanning 1 000 000 cells: {found.wall_s:.1f} s, {found.seconds:.1f} s of CPU, peak {found.peak_mb:.0f} MB "
        f"(goal: under {PLAN_GOAL_S:g} s)"
    )
    return asdict(found) | {"goal": PLAN_GOAL_S}


def _resume(_place: Place, _given: argparse.Namespace) -> dict[str, Any]:
    from tests.scale.driver import resume_finished

    found = resume_finished(RESUME_CELLS)
    print(
        f"\na finished run of {RESUME_CELLS} cells again: {found.wall_s:.1f} s, {found.seconds:.1f} s of CPU "
        f"(goal: under {RESUME_GOAL_S:g} s)"
    )
    return asdict(found) | {"goal": RESUME_GOAL_S}


def _costs(place: Place, given: argparse.Namespace) -> dict[str, Any]:
    """Costs of cells, the simulation beside the runs that they come from, and a million clips."""
    print(f"\ncosts, {place.job.config}{_part(place.job)}:")
    measured = measured_costs(place)
    costs = measured.costs
    print(
        f"  {costs.clips} clips, {costs.audio_s:.0f} s of audio ({costs.channel_s:.0f} s of channels), "
        f"{costs.rows} rows"
    )
    print("  CPU milliseconds for each second of audio and channel:")
    for name, codec in costs.codecs.items():
        print(
            f"    {name:<24} encode {1000 * codec.encode_s:7.2f}, decode {1000 * codec.decode_s:6.2f}; "
            f"{codec.stream_bytes / 1000:6.1f} kB of bitstream, {codec.decoded_bytes / 1000:6.1f} kB decoded"
        )
    for name, metric in costs.metrics.items():
        print(f"    {name:<24} score  {1000 * metric.score_s:7.2f}, reference once {1000 * metric.prepare_s:6.2f}")
    print(f"    of each encoding besides {1000 * costs.other_s:7.2f}")
    print(
        f"  a worker's start {costs.start_s:.1f} s of CPU; the driver {1e6 * costs.row_s:.0f} us for each row and "
        f"{costs.driver_alone_s:.1f} s alone; {costs.journal_row_bytes:.0f} bytes of journal, "
        f"{costs.table_row_bytes:.0f} of tables for each row"
    )
    predictions = predicted(measured, available_cores())
    for one in predictions:
        print(
            f"  {one.workers} worker{'s' * (one.workers > 1)}: measured {one.measured_s:.1f} s, simulated "
            f"{one.simulated_s:.1f} s ({100 * one.error:+.1f} %)"
        )
    outcomes = table(costs)
    if given.figures:
        from tests.scale.figures import draw

        draw(costs, given.figures)
    return {
        "costs": asdict(costs),
        "predictions": [asdict(one) | {"error": one.error} for one in predictions],
        "million": outcomes,
    }


def _ray_start(folder: Path) -> float:
    record = json.loads((folder / RUN).read_text(encoding="utf-8"))
    return float(record["invocations"][-1]["engine_start_s"])


def _part(job: Job) -> str:
    return "" if job.limit is None else f", the first {job.limit} clips of each dataset"


PARTS: dict[str, Part] = {
    "speedup": _speedup,
    "ray": _ray,
    "memory": _memory,
    "planning": _planning,
    "resume": _resume,
    "costs": _costs,
}


if __name__ == "__main__":
    main()
