"""What the driver of a run costs, work of the workers left aside: an engine that measures nothing gives it rows.

Seconds are of CPU, whatever else the machine does, but for ``wall_s``.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench import audio, runner
from bench.audio import Audio
from bench.cells.planning import Cell, Job
from bench.cells.rows import encoding_row, score_row
from bench.cells.shards import Finished, Inspected
from bench.cells.toolbox import Toolbox
from bench.datasets.base import sha256_of
from bench.engines.base import Retry
from bench.engines.queue import Crew
from bench.inspection.cost import peak_bytes
from bench.journal import Records
from bench.paths import decoded_path
from bench.runs.results import Results
from tests.runs import jobs_of

QUANTITIES = (
    "si_sdr", "snr", "log_spectral_distance", "mel_distance", "stft_distance", "segmental_snr", "sdr",
    "loudness_difference", "bandwidth_hz",
)  # fmt: skip
CONDITIONS = 10
CELLS_PER_CLIP = CONDITIONS * (1 + len(QUANTITIES))


@dataclass(frozen=True, slots=True)
class Planning:
    """Until a plan is loaded, its cells are counted, and its first job is there; ``seconds`` are all of it."""

    cells: int
    load_s: float
    count_s: float
    first_job_s: float
    seconds: float
    wall_s: float
    peak_mb: float


@dataclass(frozen=True, slots=True)
class Resume:
    """A start with nothing left to do, until its tables are written and read."""

    cells: int
    seconds: float
    wall_s: float


@dataclass(frozen=True, slots=True)
class Driver:
    """A run; ``peak_mb`` is the resident memory of the driver until its tables are written.

    ``returned_mb`` come on top for the tables that are read for the caller; ``journal_mb`` lie on the disk.
    """

    cells: int
    seconds: float
    wall_s: float
    journal_mb: float
    peak_mb: float
    returned_mb: float


class Instant:
    """An engine whose rows come at once: made-up numbers, and files without sound."""

    name = "instant"
    start_s = 0.0

    def cores(self) -> int:
        return 1

    def run_jobs(self, jobs: Iterable[Job], crew: Crew, retry: Retry) -> Generator[Finished | Inspected]:
        tools = Toolbox()
        facts = {
            "format": "PCM_16", "sample_rate": 16_000, "rms_dbfs": -26.0, "clipped_samples": 0, "bandwidth_hz": 8_000.0,
            "fingerprint": "A" * 800,
        }  # fmt: skip
        for job in jobs:
            yield Inspected(f"clip {job.reference}", facts)
            touch(job.folder / job.reference)
            for todo in job.todos:
                touch(job.folder / decoded_path(job.clip, todo.condition, todo.stream_key))
                yield Finished({todo.encoding_key: encoded(job, todo)})
                for quantity, key in todo.score_keys.items():
                    row = score_row(job, todo, tools.metric(quantity), quantity)
                    value = {"value": int(key[:8], 16) / 1e8, "score_s": 0.001, "status": "ok", "reason": ""}
                    yield Finished({key: row | value})


def touch(path: Path) -> None:
    """An empty file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


def encoded(job: Job, todo: Cell) -> dict[str, Any]:
    """An encoding row of the size of a real one."""
    path = decoded_path(job.clip, todo.condition, todo.stream_key).as_posix()
    return encoding_row(job, todo) | {
        "sample_rate": 16_000, "channels": 1, "seconds": 1.0, "payload_sha256": todo.stream_key, "payload_bits": 96_000,
        "payload_bytes": 12_000, "container_bytes": 20, "actual_bps": 96_000.0, "encode_s": 0.001, "decode_s": 0.001,
        "bits_are": "counted", "delay_samples": 0, "lag_samples": None, "clipped_samples": 0, "decoded": path,
        "decoded_sha256": todo.encoding_key, "status": "ok", "reason": "",
    }  # fmt: skip


def config(folder: Path, cells: int) -> dict[str, Any]:
    """A configuration of ``cells`` cells; its clips, in a manifest in ``folder``, are one file under many names."""
    folder.mkdir(parents=True, exist_ok=True)
    samples = np.random.default_rng(0).normal(0, 0.1, (1, 16_000)).astype(np.float32)
    audio.write(folder / "clip.wav", Audio(samples, 16_000), "PCM_16")
    about = {"category": "speech", "sha256": sha256_of(folder / "clip.wav"), "sample_rate": 16_000, "channels": 1,
             "samples": 16_000, "path": "clip.wav", "licence": "CC0-1.0"}  # fmt: skip
    lines = (json.dumps({"id": f"speaker_{i % 100:02d}/{i:06d}", **about}) for i in range(cells // CELLS_PER_CLIP))
    (folder / "manifest.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return {
        "name": "scale",
        "datasets": [{"loader": "manifest", "name": "set", "path": str(folder / "manifest.jsonl")}],
        "codecs": ["passthrough", *({"name": "pcm", "options": {"bits": bits}} for bits in range(4, 3 + CONDITIONS))],
        "metrics": list(QUANTITIES),
    }


def plan_million(cells: int = 1_000_000) -> Planning:
    """Plan a million cells, in a process of its own."""
    return Planning(**_elsewhere("_plan", cells))


def resume_finished(cells: int = 100_000) -> Resume:
    """Start a run twice; the second time, nothing is left to do."""
    return Resume(**_elsewhere("_resume", cells))


def driver_memory(cells: int) -> Driver:
    """Run ``cells`` cells, in a process of its own."""
    return Driver(**_elsewhere("_drive", cells))


def _elsewhere(function: str, cells: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="codecbench-scale-") as folder:
        call = f"driver.{function}(Path({folder!r}), {cells})"
        code = f"import json; from pathlib import Path; from tests.scale import driver; print(json.dumps({call}))"
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, check=True, text=True
        )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _plan(folder: Path, cells: int) -> dict[str, Any]:
    made, wall = config(folder, cells), time.perf_counter()
    times = [time.process_time()]
    plan, _ = runner.load_plan(made, cache=folder / "cache")
    times.append(time.process_time())
    with closing(Records(folder / "journal")) as records:
        runner.done_cells(plan, records)
        times.append(time.process_time())
        next(jobs_of(plan, folder, records))
    times.append(time.process_time())
    parts = {"load_s": times[1] - times[0], "count_s": times[2] - times[1], "first_job_s": times[3] - times[2]}
    seconds = {"seconds": times[3] - times[0], "wall_s": time.perf_counter() - wall}
    return {"cells": len(plan), **parts, **seconds, "peak_mb": _peak_mb()}


def _resume(folder: Path, cells: int) -> dict[str, Any]:
    made = config(folder, cells)
    options: dict[str, Any] = {"output": folder / "run", "cache": folder / "cache", "workers": 1, "engine": Instant()}
    options["progress"] = lambda _plan, _done: lambda _finished: None
    runner.run(made, **options)
    started, wall = time.process_time(), time.perf_counter()
    results = runner.run(made, **options)
    seconds = {"seconds": time.process_time() - started, "wall_s": time.perf_counter() - wall}
    return {"cells": len(results.encodings) + len(results.scores), **seconds}


def _drive(folder: Path, cells: int) -> dict[str, Any]:
    made, wall = config(folder, cells), time.perf_counter()
    started = time.process_time()
    peaks = []
    load = runner.results.load_results

    def noted(*where: Any) -> Results:
        peaks.append(_peak_mb())
        return load(*where)

    runner.results.load_results = noted
    results = runner.run(made, output=folder / "run", cache=folder / "cache", workers=1, engine=Instant())
    seconds = {"seconds": time.process_time() - started, "wall_s": time.perf_counter() - wall}
    journal = sum(path.stat().st_size for path in (folder / "run" / "journal").iterdir()) / 1e6
    found = len(results.encodings) + len(results.scores)
    peak = {"peak_mb": peaks[0], "returned_mb": _peak_mb() - peaks[0]}
    return {"cells": found, **seconds, "journal_mb": journal, **peak}


def _peak_mb() -> float:
    return peak_bytes() / 1e6
