"""One run in a process of its own, and what it has taken: ``python -m tests.scale.measured CONFIG --output ...``.

Prints one line of JSON, the fields of :class:`tests.scale.costs.Usage` that one run can tell.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bench import engines, runner
from tests.scale.costs import Usage


def start(
    config: str, output: Path, cache: Path, workers: int, data: str | None, limit: int | None, engine: str = "local"
) -> subprocess.Popen[str]:
    """Start a run; :func:`usage` has what it says."""
    command = [sys.executable, "-m", "tests.scale.measured", config, "--output", os.fspath(output)]
    command += ["--cache", os.fspath(cache), "--workers", str(workers), "--engine", engine]
    command += ["--data", data] if data else []
    command += ["--limit", str(limit)] if limit is not None else []
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def usage(process: subprocess.Popen[str]) -> Usage:
    """What the run of ``process`` has taken, when it ends."""
    said, _ = process.communicate()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args)
    return Usage(**json.loads(said.splitlines()[-1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--workers", type=int, required=True)
    parser.add_argument("--engine", default="local")
    parser.add_argument("--data")
    parser.add_argument("--limit", type=int)
    given = vars(parser.parse_args())
    options: dict[str, Any] = {**given, "engine": engines.engine(given["engine"])}
    before = _cpu(resource.RUSAGE_SELF)
    started = time.perf_counter()
    runner.run(options.pop("config"), **options)
    wall = time.perf_counter() - started
    cpu = _cpu(resource.RUSAGE_SELF) - before
    found = {"wall_s": wall, "driver_cpu_s": cpu, "workers_cpu_s": _cpu(resource.RUSAGE_CHILDREN)}
    print(json.dumps({**found, "workers": given["workers"]}))


def _cpu(whose: int) -> float:
    used = resource.getrusage(whose)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
