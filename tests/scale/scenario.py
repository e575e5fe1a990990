"""A million clips under fifty conditions, simulated from measured costs: who does what, and what they wait for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from tests.scale.costs import Costs
from tests.scale.simulation import Gpus, Outcome, Site, Storage, Work, shards, simulate

CLIPS, CONDITIONS, CLIP_S = 1_000_000, 50, 5.0
"""Mono clips between 2 and 8 s, 5 s in the mean; every condition of the mean cost of the measured codecs."""

PER_SHARD = 16

PLAN_ROW_S, FINISH_ROW_S = 20e-6, 80e-6
"""What a driver does alone for each row, before and after: the goals of planning (20 s for a million cells) and of a
finished run that is started again (10 s for a hundred thousand), not measurements."""

DISK = Storage("local disk", latency_s=0.0001, bytes_per_s=0.5e9, operations_per_s=20_000)
NFS = Storage("NFS", latency_s=0.001, bytes_per_s=1e9, operations_per_s=20_000)
S3 = Storage("S3", latency_s=0.03, bytes_per_s=10e9, operations_per_s=3_500)
"""Assumptions. S3: 3 500 writes a second is what Amazon documents for one prefix; more prefixes give more."""
S3_PREFIXES = replace(S3, name="S3, 16 prefixes", operations_per_s=16 * 3_500)

NEURAL_S = 0.5
"""Assumed: seconds of a core for a second of audio coded and decoded by a network."""
GPU_SPEED = 100.0
"""Assumed: how many cores of one a GPU replaces there, with batches of clips of similar length."""


@dataclass(frozen=True, slots=True)
class Case:
    """Who works on it; ``neural``: the conditions are those of a network."""

    workers: int
    drivers: int
    storage: Storage
    gpus: int = 0
    neural: bool = False


CASES = (
    Case(1, 1, DISK),
    Case(10, 1, DISK),
    Case(100, 1, NFS),
    Case(1000, 1, NFS),
    Case(1000, 16, NFS),
    Case(1000, 16, S3),
    Case(1000, 16, S3_PREFIXES),
    Case(100, 2, NFS, neural=True),
    Case(100, 2, NFS, gpus=1, neural=True),
    Case(100, 2, NFS, gpus=4, neural=True),
)


def clip_of(costs: Costs, neural: bool = False) -> Work:
    """A clip of the mean length under all conditions."""
    clip = costs.of_codecs().clip(CLIP_S, CONDITIONS)
    return replace(clip, coding_s=CLIP_S * CONDITIONS * (NEURAL_S + costs.other_s)) if neural else clip


def site_of(case: Case, costs: Costs, rows: int) -> Site:
    """The rows are shared out among the drivers, each with a part of the clips to plan and a part of the tables."""
    return Site(
        workers=case.workers,
        start_s=costs.start_s,
        plan_s=rows * PLAN_ROW_S / case.drivers,
        finish_s=rows * FINISH_ROW_S / case.drivers,
        row_s=costs.row_s,
        drivers=case.drivers,
        storage=case.storage,
        gpus=Gpus(case.gpus, GPU_SPEED, ahead=8 * case.gpus) if case.gpus else None,
    )


@lru_cache(maxsize=2)
def _shards(clip: Work, clips: int, seed: int) -> list[Work]:
    return shards(clip, clips, PER_SHARD, seed)


def outcome_of(case: Case, costs: Costs, clips: int = CLIPS, seed: int = 0) -> Outcome:
    """The simulated run."""
    clip = clip_of(costs, case.neural)
    return simulate(_shards(clip, clips, seed), site_of(case, costs, clips * clip.rows))


def saturation(costs: Costs) -> dict[str, float]:
    """How many workers one driver can serve, and each storage, if each worker measures all the time."""
    clip = clip_of(costs)
    busy_s = clip.coding_s + clip.scoring_s
    found = {"one driver": busy_s / (clip.rows * costs.row_s)}
    for storage in (NFS, S3, S3_PREFIXES):
        found[storage.name] = busy_s / storage.serves_s(clip.written_bytes, clip.operations)
    return found


def sizes(costs: Costs) -> dict[str, float]:
    """Bytes of the whole run by kind."""
    seconds, rows = CLIP_S * CLIPS, CLIPS * clip_of(costs).rows
    codecs = list(costs.of_codecs().codecs.values())
    mean = CONDITIONS / len(codecs)
    return {
        "bitstreams": seconds * mean * sum(codec.stream_bytes for codec in codecs),
        "decoded": seconds * mean * sum(codec.decoded_bytes for codec in codecs),
        "references": seconds * costs.reference_bytes,
        "journal": rows * costs.journal_row_bytes,
        "tables": rows * costs.table_row_bytes,
    }


def table(costs: Costs) -> dict[str, Any]:
    """Print and return the outcomes."""
    clip = clip_of(costs)
    print(f"\n{CLIPS} clips of {CLIP_S:g} s, {CONDITIONS} conditions, {CLIPS * clip.rows / 1e6:.0f} million rows:")
    print("  workers  drivers  GPUs  storage           hours   CPU hours  workers  driver  storage  waits for")
    outcomes = []
    for case in CASES:
        found = outcome_of(case, costs)
        what = " (network)" if case.neural else ""
        print(
            f"  {case.workers:7}  {case.drivers:7}  {case.gpus:4}  {case.storage.name:<16}{found.seconds / 3600:7.1f}"
            f"  {found.cpu_s / 3600:9.0f}  {100 * found.workers_busy:5.0f} %  {100 * found.driver_busy:4.0f} %"
            f"  {100 * found.storage_busy:5.0f} %  {found.limit}{what}"
        )
        outcomes.append({
            "workers": case.workers, "drivers": case.drivers, "gpus": case.gpus, "storage": case.storage.name,
            "neural": case.neural, "hours": found.seconds / 3600, "cpu_hours": found.cpu_s / 3600,
            "workers_busy": found.workers_busy, "driver_busy": found.driver_busy, "storage_busy": found.storage_busy,
            "waits_for": found.limit,
        })  # fmt: skip
    limits, disk = saturation(costs), sizes(costs)
    print("  workers that can be served: " + ", ".join(f"{name} {number:.0f}" for name, number in limits.items()))
    print("  terabytes: " + ", ".join(f"{name} {size / 1e12:.2f}" for name, size in disk.items()))
    return {"outcomes": outcomes, "workers_served": limits, "bytes": disk}
