"""What a codec costs: speed, memory and disk, in a process of its own so that nothing else is counted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.codecs.base import Codec
from bench.errors import CodecbenchError, CodecError
from bench.inspection.field import told_by_linux

SECONDS = 2.0
"""Of audio that is coded at a time."""

LIMIT_S = 300.0


@dataclass(frozen=True, slots=True)
class Cost:
    """Real-time factors are seconds of audio per second of one thread, the median of some runs after a warm-up.

    ``memory_bytes`` is the peak of the process while it codes, ``memory_before_bytes`` what the interpreter and
    this package alone need. ``files_bytes`` is the size of weights and programs. ``parameters`` are those of its
    networks, and ``macs_per_s`` their multiply-accumulates for a second of audio; None where it has no networks, and
    ``macs_per_s`` where one is a program whose layers cannot be watched.
    """

    sample_rate: int
    channels: int
    bitrate_bps: int | None
    encode_rtf: float
    decode_rtf: float
    memory_bytes: int
    memory_before_bytes: int
    files_bytes: int
    algorithmic_delay_s: float | None
    parameters: int | None
    macs_per_s: int | None


def cost_of(name: str, options: Mapping[str, Any], times: int = 3, limit_s: float = LIMIT_S) -> Cost:
    """Code two seconds of noise at the highest bitrate, ``times`` and once more, in a fresh process.

    Raises:
        CodecError: it failed, or took longer than ``limit_s``.
    """
    with TemporaryDirectory() as folder:
        out, told = Path(folder, "cost.json"), Path(folder, "told")  # no pipes: what a codec forks may hold them open
        command = [sys.executable, "-m", "bench.inspection.cost", name, json.dumps(dict(options)), str(times), str(out)]
        with told.open("wb") as file:
            process = subprocess.Popen(  # noqa: S603
                command, stdin=subprocess.PIPE, stdout=file, stderr=file, start_new_session=True
            )
        try:
            code = process.wait(limit_s)
        except subprocess.TimeoutExpired:
            what = f"to code {(times + 1) * SECONDS:g} s of audio"
            raise CodecError(f"{name} took longer than {limit_s:g} s {what}.") from None
        finally:
            _end(process)
        if code or not out.is_file():
            text = told.read_text(encoding="utf-8", errors="replace").strip() or f"its process ended with {code}"
            raise CodecError(f"{name} cannot be run: {text.splitlines()[-1] if 'Traceback' in text else text}")
        return Cost(**json.loads(out.read_text(encoding="ascii")))


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill a process, if it lives, and all that it has started: the programs of a codec must not live on."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert process.stdin is not None
    process.stdin.close()


def measure(name: str, options: Mapping[str, Any], times: int) -> Cost:
    """The same in this process."""
    from statistics import median

    from bench import codecs
    from bench.align import probe

    before = peak_bytes()
    codec: Codec = codecs.make(name, options)
    rate = codec.working_rate(48_000)
    channels = max(codec.channels, default=1)
    bitrate = next((b for b in reversed(codec.bitrates_bps) if codec.refusal(b, rate, channels) is None), None)
    signal = probe(rate, channels).part(0, round(SECONDS * rate))
    codec.decode(codec.encode(signal.part(0, rate // 5), [bitrate])[bitrate])
    encode_s, decode_s = [], []
    for _ in range(times):
        started = time.perf_counter()
        encoded = codec.encode(signal, [bitrate])[bitrate]
        between = time.perf_counter()
        codec.decode(encoded)
        encode_s.append(between - started)
        decode_s.append(time.perf_counter() - between)
    peak = peak_bytes()
    return Cost(
        rate,
        channels,
        bitrate,
        signal.seconds / median(encode_s),
        signal.seconds / median(decode_s),
        peak,
        before,
        sum(file.stat().st_size for file in codec.files()),
        codec.algorithmic_delay_s,
        *_networks(codec),
    )


def _networks(codec: Codec) -> tuple[int | None, int | None]:
    """Parameters and multiply-accumulates a second of all networks together."""
    networks = codec.networks().values()
    if not networks:
        return None, None
    import torch

    from bench.inspection.layers import is_program, layers_of, totals

    found = [totals(layers_of(one.module, torch.zeros(one.input_shape))) for one in networks]
    macs = None if any(is_program(one.module) for one in networks) else sum(one.macs for one in found)
    return sum(one.parameters for one in found), macs


def peak_bytes() -> int:
    """Peak resident memory of this process. Linux hands the parent's on as ``ru_maxrss``: that is not asked there."""
    if peak := told_by_linux("VmHWM"):
        return peak
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    from bench.threads import ONE_THREAD, end_with_driver, limit_memory

    os.environ.update(ONE_THREAD)
    limit_memory()
    end_with_driver(os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # nothing that a codec starts waits for input
    itself = os.getpid()
    try:
        found = asdict(measure(sys.argv[1], json.loads(sys.argv[2]), int(sys.argv[3])))
        if os.getpid() == itself:  # what a codec forks may come here, too
            Path(sys.argv[4]).write_text(json.dumps(found), encoding="ascii")
    except CodecbenchError as error:
        sys.exit(str(error))
