"""Batches of torch codecs on a device: how many codes differ, how fast, how much memory. Prints a Markdown table.

    python -m tests.benchmarks_device --device cpu --size small --seconds 2
    python -m tests.benchmarks_device --device cuda --size full --seconds 10 --clips 64

Models have random weights: their ties are closer than those of trained ones, so fewer codes differ with real weights.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from bench.threads import ONE_THREAD

if TYPE_CHECKING:
    from bench.audio import Audio

BATCHES = (1, 2, 4, 8, 16)
SIZES = {"small": {}, "full": {"num_filters": 32, "hidden_size": 128}}
COLUMNS = (
    "device", "codec", "batch", "codes that differ", "largest difference decoded", "encode x real time",
    "decode x real time", "peak memory MB",
)  # fmt: skip


def main() -> None:
    """Each row in a process of its own, so that its memory is its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--size", choices=list(SIZES), default="small")
    parser.add_argument("--seconds", type=float, default=2.0, help="of a clip")
    parser.add_argument("--clips", type=int, default=16)
    parser.add_argument("--rate", type=int, choices=[24_000, 48_000], action="append")
    parser.add_argument("--row", type=int, help="the batch of a single row, for the process that measures it")
    parser.add_argument("--weights", type=Path)
    chosen = parser.parse_args()
    rates = chosen.rate or [24_000, 48_000]
    if chosen.row:
        print(_row(chosen.device, chosen.size, rates[0], chosen.row, chosen.seconds, chosen.clips, chosen.weights))
        return
    print(f"| {' | '.join(COLUMNS)} |")
    print(f"|{' --- |' * 2}{' ---: |' * 6}", flush=True)
    given = ["--device", chosen.device, "--size", chosen.size]
    given += ["--seconds", str(chosen.seconds), "--clips", str(chosen.clips)]
    with TemporaryDirectory() as folder:
        for rate in rates:
            weights = Path(folder, str(rate))
            _save(weights, rate, chosen.size)
            for batch in BATCHES:
                one = ["--rate", str(rate), "--row", str(batch), "--weights", str(weights)]
                subprocess.run([sys.executable, "-m", "tests.benchmarks_device", *given, *one], check=True)


def _save(folder: Path, rate: int, size: str) -> None:
    from tests.codecs.models import saved

    saved(folder, rate, **SIZES[size])


def _row(device: str, size: str, rate: int, batch: int, seconds: float, clips: int, weights: Path) -> str:
    import numpy as np
    import torch

    from bench.align import probe
    from bench.codecs.encodec import Encodec24, Encodec48
    from bench.models.device import Device

    made = Encodec24 if rate == 24_000 else Encodec48
    on = Device("cuda" if device == "cuda" else "cpu", batch * seconds)
    # the codec's own way to compute alone, and in batches, on the same device
    alone, together = made(str(weights)), made(str(weights))
    alone.device, together.device = replace(on, batch_seconds=0.0), on
    clock = time.process_time if device == "cpu" else time.perf_counter  # other programs do not count
    channels = max(made.channels)
    signals = [_signal(probe(rate, channels, seed), round(seconds * rate)) for seed in range(clips)]
    bitrate = max(made.books)
    base = alone.encode_batch(signals, [bitrate])
    together.encode_batch(signals[:batch], [bitrate])
    _synchronise(device)
    started = clock()
    coded = together.encode_batch(signals, [bitrate])
    _synchronise(device)
    encode_s = clock() - started
    streams = [one[bitrate] for one in base]
    pairs = [(alone.codes(a), alone.codes(b[bitrate])) for a, b in zip(streams, coded, strict=True)]
    differ = sum(int((a != b).sum()) for one, other in pairs for a, b in zip(one.segments, other.segments, strict=True))
    total = sum(a.size for one, _ in pairs for a in one.segments)
    expected = alone.decode_batch(streams)
    together.decode_batch(streams[:batch])
    started = clock()
    heard = together.decode_batch(streams)
    _synchronise(device)
    decode_s = clock() - started
    largest = max(float(np.abs(a.samples - b.samples).max()) for a, b in zip(expected, heard, strict=True))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    if device == "cuda":
        peak = torch.cuda.max_memory_allocated()
    name = torch.cuda.get_device_name() if device == "cuda" else "cpu, 1 thread"
    audio_s = seconds * clips
    return (
        f"| {name} | {made.name} {size} | {batch} | {differ} of {total} | {largest:.1e} | {audio_s / encode_s:.1f} | "
        f"{audio_s / decode_s:.1f} | {peak / 1e6:.0f} |"
    )


def _signal(whole: Audio, length: int) -> Audio:
    import numpy as np

    return replace(whole, samples=np.resize(whole.samples, (whole.channels, length)))


def _synchronise(device: str) -> None:
    import torch

    if device == "cuda":
        torch.cuda.synchronize()


if __name__ == "__main__":
    os.environ.update(ONE_THREAD)
    main()
