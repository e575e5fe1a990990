"""Runs the child processes, starts another one where one died, and counts."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.fuzz.readers import ROOT

SILENCE_S = 90.0
"""A child that says nothing for so long hangs where Python does not get a turn."""


@dataclass
class Hunt:
    """Inputs by reader and outcome (read, refused, found, died), and what was found."""

    outcomes: dict[str, Counter[str]] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)

    @property
    def inputs(self) -> int:
        return sum(sum(counts.values()) for counts in self.outcomes.values())


def hunt(folder: Path, jobs: dict[str, int], seed: int = 0) -> Hunt:
    """Damaged inputs for each reader of ``jobs``, as many as it says."""
    told = Hunt({name: Counter() for name in jobs})
    left = {name: (0, count) for name, count in jobs.items()}
    deaths = 0
    while left and deaths < 200:
        deaths += not _one_child(folder, seed, left, told)
    return told


def _one_child(folder: Path, seed: int, left: dict[str, tuple[int, int]], told: Hunt) -> bool:
    """Whether a child did all that was ``left``; else that starts after the input on which it died."""
    command = [sys.executable, "-m", "tests.fuzz.child", str(folder), str(seed)]
    command += [f"{name}:{first}:{count}" for name, (first, count) in left.items()]
    search = os.pathsep.join([str(ROOT), *os.environ.get("PYTHONPATH", "").split(os.pathsep)])
    with (folder / "stderr").open("ab") as stderr:
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=stderr,
            stdin=subprocess.DEVNULL,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": search},
        )
    assert process.stdout is not None
    at: tuple[str, int] | None = None
    heard = time.monotonic()
    buffer = b""
    while time.monotonic() - heard < SILENCE_S:
        if not select.select([process.stdout], [], [], 1.0)[0]:
            continue
        piece = os.read(process.stdout.fileno(), 1 << 16)
        if not piece:
            break
        heard = time.monotonic()
        *lines, buffer = (buffer + piece).split(b"\n")
        for line in lines:
            message = json.loads(line)
            if "at" in message:
                at = message["at"][0], message["at"][1]
            elif "outcome" in message and at is not None:
                told.outcomes[at[0]][message["outcome"]] += 1
                first, count = left[at[0]]
                left[at[0]] = at[1] + 1, first + count - at[1] - 1
                at = None
            elif "finding" in message:
                told.findings.append(json.dumps(message["finding"]))
            elif "done" in message:
                del left[message["done"]]
    process.kill()
    process.stdout.close()
    status = process.wait()
    if at is not None:
        first, count = left[at[0]]
        left[at[0]] = at[1] + 1, first + count - at[1] - 1
        told.outcomes[at[0]]["died"] += 1
        told.findings.append(json.dumps([*at, f"the process ended with status {status}"]))
    elif left:
        name = next(iter(left))
        told.findings.append(json.dumps([name, -1, f"its honest files could not be made or read (status {status})"]))
        del left[name]
    return not left


def main() -> None:
    """``python -m tests.fuzz.hunting FOLDER SHARE [SEED [READER...]]``: that share of the inputs of the slow test."""
    from tests.fuzz.readers import READERS

    folder, share, seed = Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]) if sys.argv[3:] else 0
    folder.mkdir(parents=True, exist_ok=True)
    started, inputs, findings = time.monotonic(), 0, 0
    for name in sys.argv[4:] or READERS:
        told = hunt(folder, {name: max(1, round(share * READERS[name].inputs))}, seed)
        print(name, dict(told.outcomes[name]), *told.findings, sep="\n    ", flush=True)
        inputs, findings = inputs + told.inputs, findings + len(told.findings)
    print(f"{inputs} inputs, {findings} findings, {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
