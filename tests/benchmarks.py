"""Figures of codecbench itself, with the machine they were taken on. Run by ``make bench``; nothing here is a test.

``CODECBENCH_DATA`` names the folder of real audio for configs/real.yaml; without it, the embedded clips are measured.
``python -m tests.benchmarks --only report --clips 100000`` is the report of 20 million scores; 0.4 GB of disk.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

from bench import audio, load_results, runner
from bench.audio import Audio
from bench.config import load
from bench.provenance import machine, package_versions
from bench.runs.results import Results
from tests.large_run import Shape, report_cost, write_large_run

WORKERS = 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=("report",), help="This part only.")
    parser.add_argument("--clips", type=int, default=5_000, help="In the run that is reported: 20 x 10 scores of each.")
    given = parser.parse_args()
    about = machine()
    print(f"{about['cpu']}, {about['cores']} cores, {about['memory_gb']} GB, Python {about['python']}")
    print(" ".join(f"{name} {version}" for name, version in package_versions().items()))
    if given.only != "report":
        help_time()
    with tempfile.TemporaryDirectory(prefix="codecbench-bench-") as folder:
        large_report(Path(folder), given.clips)
        if given.only == "report":
            return
        real_job(Path(folder))
        memory(Path(folder))
        manifest(Path(folder))


def manifest(folder: Path, count: int = 20_000) -> None:
    """The manifest of many small files and of a few large ones, again with nothing to do; beside cat and sha256sum."""
    from bench.datasets.base import DatasetContext
    from bench.datasets.folder_manifest import write_folder_manifest

    print("\nmanifest of a folder, files in the page cache:")
    rng = np.random.default_rng(0)
    for name, files, seconds in (("small", count, 0.9), ("large", 8, 600.0)):
        samples = (rng.standard_normal((1, round(seconds * 16_000))) * 0.1).astype(np.float32)
        for index in range(files):
            path = folder / name / f"{index:06}.wav"
            audio.write(path, Audio(np.roll(samples, index), 16_000), "PCM_16")
            os.utime(path, (1_600_000_000, 1_600_000_000))  # a young file is not remembered
        size = sum(path.stat().st_size for path in (folder / name).iterdir())
        context = DatasetContext(None, folder / f"cache_{name}")
        found = {}
        for what in ("cat", "sha256sum"):
            started = time.perf_counter()
            listing = f"find {folder / name} -name '*.wav' -print0 | xargs -0 {what} > /dev/null"
            subprocess.run(listing, shell=True, check=True)
            found[what] = time.perf_counter() - started
        for what in ("first", "again"):
            started = time.perf_counter()
            write_folder_manifest(context, folder / name, "speech")
            found[what] = time.perf_counter() - started
        first, cat, sums = found["first"], found["cat"], found["sha256sum"]
        print(
            f"  {files:6} files, {size / 1e6:.0f} MB: {first:.1f} s ({size / 1e6 / first:.0f} MB/s), {first / cat:.2f} "
            f"x cat ({cat:.1f} s), {first / sums:.2f} x sha256sum ({sums:.1f} s); again {found['again']:.1f} s"
        )


def help_time() -> None:
    """The command a user types first."""
    times = []
    for _ in range(7):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-m", "bench.cli", "--help"], capture_output=True, check=True)
        times.append(time.perf_counter() - started)
    print(f"\ncodecbench --help: median {np.median(times):.2f} s, best {min(times):.2f} s (goal: under 0.5 s)")


def large_report(folder: Path, clips: int) -> None:
    """The report of a made-up run: 20 conditions and 10 quantities of each clip."""
    write_large_run(folder / "large", Shape(clips))
    wall, cpu, peak = report_cost(folder / "large", folder / "report")
    print(
        f"\ncodecbench report, {clips} clips x 20 conditions x 10 quantities: {wall:.1f} s, {cpu:.1f} s of CPU, "
        f"peak {peak:.0f} MB (goal for 100000 clips: under 60 s and 4000 MB)"
    )


def real_job(folder: Path) -> None:
    """The main job, a run with nothing to do, and one more metric."""
    data = os.environ.get("CODECBENCH_DATA")
    name = "real" if data else "demo"
    config, _ = load(name)
    before = config.model_copy(update={"metrics": [q for q in config.quantities if q != "log_spectral_distance"]})
    options: dict[str, Any] = {"data": data, "output": folder / "run", "cache": folder / "cache", "workers": WORKERS}
    plan, _ = runner.load_plan(before, data, folder / "cache")
    seconds = sum(clip.duration_s or clip.samples / clip.sample_rate for clip in plan.clips)
    print(f"\n{name}: {len(plan.clips)} clips, {seconds:.0f} s; {len(plan.conditions)} conditions; {len(plan)} cells")
    results, wall = timed(before, options)
    print(f"{WORKERS} workers: {wall:.0f} s, {len(plan) / wall:.1f} cells/s")
    where_time_goes(results, wall * WORKERS)
    _, again = timed(before, options)
    print(f"again with nothing to do: {again:.2f} s (goal: under 3 s)")
    encoded = results.encodings
    more, added = timed(config, options)
    same = more.encodings.equals(encoded)
    print(f"one metric more: {added:.1f} s; encodings {'unchanged' if same else 'CHANGED'}, times of encoding included")


def timed(config: Any, options: dict[str, Any]) -> tuple[Results, float]:
    started = time.perf_counter()
    results = runner.run(config, **options)
    return results, time.perf_counter() - started


def where_time_goes(results: Results, total: float) -> None:
    """Seconds of work by stage; the rest is start-up, reading, resampling, writing, idle workers."""
    parts = {"encode": results.encodings["encode_s"].sum(), "decode": results.encodings["decode_s"].sum()}
    by_metric = results.scores.groupby("metric")[["prepare_s", "score_s"]].sum()
    parts |= {f"{metric}, reference": seconds for metric, seconds in by_metric["prepare_s"].items()}
    parts |= {f"{metric}, scores": seconds for metric, seconds in by_metric["score_s"].items()}
    parts["everything else"] = total - sum(parts.values())
    for part, spent in sorted(parts.items(), key=lambda item: -item[1]):
        print(f"  {part:<36}{spent:9.1f} s  {100 * spent / total:5.1f} %")


def memory(folder: Path) -> None:
    """Resident memory of driver and workers on 1 000 and on 10 000 tiny clips."""
    print("\nmemory, clips of 0.1 s, passthrough and Opus, SNR:")
    for count in (1_000, 10_000):
        clips = folder / f"tiny{count}"
        rng = np.random.default_rng(0)
        for index in range(count):
            samples = rng.standard_normal((1, 1_600)).astype(np.float32) * 0.1
            audio.write(clips / f"{index:05}.wav", Audio(samples, 16_000), "PCM_16")
        config = {
            "name": "tiny",
            "datasets": [{"loader": "folder", "name": "tiny", "category": "speech", "path": str(clips)}],
            "codecs": ["passthrough", {"name": "opus", "bitrates_bps": [12_000]}],
            "metrics": "snr",
        }
        peaks: dict[str, float] = {}
        stop = threading.Event()
        watcher = threading.Thread(target=watch, args=(peaks, stop))
        watcher.start()
        started = time.perf_counter()
        runner.run(config, output=folder / f"run{count}", cache=folder / f"cache{count}", workers=WORKERS)
        wall = time.perf_counter() - started
        stop.set()
        watcher.join()
        rows = len(load_results(folder / f"run{count}").scores)
        print(
            f"  {count:6} clips: {wall:5.0f} s, {rows} scores; peak of a worker {peaks['worker']:.0f} MB, "
            f"of the driver {peaks['driver']:.0f} MB"
        )


def watch(peaks: dict[str, float], stop: threading.Event) -> None:
    """Highest resident memory seen, in MB."""
    me = os.getpid()
    while not stop.wait(0.2):
        children = Path(f"/proc/{me}/task/{me}/children").read_text(encoding="utf-8").split()
        for role, pids in (("driver", [str(me)]), ("worker", children)):
            for pid in pids:
                try:
                    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="utf-8").split()[1])
                except (OSError, IndexError):
                    continue
                peaks[role] = max(peaks.get(role, 0.0), pages * os.sysconf("SC_PAGE_SIZE") / 1e6)


if __name__ == "__main__":
    main()
