"""Processes that mix: each a fresh interpreter with one thread, a share of the clips, and a line for each one done.

Run as ``python -m bench.building.workers``: a pickled :class:`Share` on stdin, JSON lines on stdout.
"""

from __future__ import annotations

import json
import os
import pickle
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.errors import CodecbenchError, WorkerDied
from bench.threads import ONE_THREAD


@dataclass(frozen=True)
class Share:
    """What one process mixes: clip ``numbers`` of a recipe, into ``folder``."""

    recipe: Any
    materials: Any
    folder: Path
    numbers: Sequence[int]


def mixed(recipe: Any, materials: Any, folder: Path, numbers: Sequence[int], workers: int) -> Iterator[dict[str, Any]]:
    """Mix clips in ``workers`` processes. Yields ``{"number", "clip"}`` or ``{"number", "problem"}``, in any order.

    Raises:
        WorkerDied: a process ended before its share was done.
    """
    shares = [share for index in range(workers) if (share := numbers[index::workers])]
    processes = [_start(Share(recipe, materials, folder, share)) for share in shares]
    lines: queue.Queue[tuple[int, bytes | None]] = queue.Queue()

    def listen(index: int, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            lines.put((index, line))
        lines.put((index, None))

    threads = [threading.Thread(target=listen, args=one, daemon=True) for one in enumerate(processes)]
    try:
        for thread in threads:
            thread.start()
        left = [len(share) for share in shares]
        open_ends = len(processes)
        while open_ends:
            index, line = lines.get()
            if line is None:
                open_ends -= 1
                if left[index]:
                    raise _died(processes[index], left[index])
                continue
            left[index] -= 1
            yield json.loads(line)
    finally:
        for process, thread in zip(processes, threads, strict=True):
            process.kill()
            process.wait()
            thread.join()
            assert process.stdout is not None
            process.stdout.close()


def _start(share: Share) -> subprocess.Popen[bytes]:
    package_parent = str(Path(__file__).resolve().parents[2])
    search = os.pathsep.join(filter(None, [package_parent, os.environ.get("PYTHONPATH")]))
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.building.workers"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, **ONE_THREAD, "PYTHONPATH": search},
    )  # fmt: skip
    assert process.stdin is not None
    try:
        pickle.dump(share, process.stdin)
        process.stdin.close()
    except BrokenPipeError:
        pass  # it died at once, which shows when it is listened to
    return process


def _died(process: subprocess.Popen[bytes], left: int) -> WorkerDied:
    code = process.wait()
    how = f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"
    return WorkerDied(
        f"a process that mixes {how}, {left} clips before its end (killed, or out of memory?). Finished clips are "
        "kept: start the same command again, with fewer --workers where memory was short."
    )


def _main() -> None:
    from bench.datasets.mixture import mix
    from bench.datasets.noisy_reverberant import write

    share: Share = pickle.load(sys.stdin.buffer)  # noqa: S301  # from the process that started this one
    for number in share.numbers:
        try:
            clip = write(share.folder, mix(number, share.recipe, share.materials), share.recipe)
            line: dict[str, Any] = {"number": number, "clip": asdict(clip)}
        except CodecbenchError as error:
            line = {"number": number, "problem": str(error)}
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    _main()
