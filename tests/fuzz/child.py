"""A process that opens damaged files and tells what happened; a decoder in C that crashes takes only this one along.

``python -m tests.fuzz.child FOLDER SEED READER:FIRST:COUNT...`` prints JSON lines: ``{"at": [reader, index]}`` before
each input, ``{"finding": ...}`` where a reader did anything but read or refuse, ``{"done": reader}``.
"""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import signal
import sys
import traceback
import warnings
from pathlib import Path
from typing import Any

CPU_SECONDS = 5.0
SOUNDS = (".wav", ".flac", ".mp3", ".ogg")
"""Of a folder, other files are damaged: sounds have readers of their own."""
MEMORY_BYTES = 3 << 30
"""Of address space beyond what the process has when it has read the honest files."""


class Hang(BaseException):
    """An input that took too long."""


def main(folder: Path, seed: int, jobs: list[str]) -> None:
    from bench.errors import CodecbenchError
    from tests.fuzz.mutations import mutated
    from tests.fuzz.readers import KILLER, READERS

    warnings.simplefilter("ignore")
    sys.stdout, out = sys.stderr, sys.stdout
    signal.signal(signal.SIGPROF, _hang)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (256 << 20, 256 << 20))

    def say(**what: Any) -> None:
        out.write(json.dumps(what) + "\n")
        out.flush()

    for job in jobs:
        name, first, count = job.split(":")
        reader = {**READERS, KILLER.name: KILLER}[name]
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        seeds = folder / "seeds" / name
        if not seeds.exists():
            seeds.mkdir(parents=True)
            found = reader.seeds(seeds)
            (seeds / "list.json").write_text(json.dumps([str(path) for path in found]))
        honest = [Path(path) for path in json.loads((seeds / "list.json").read_text())]
        for path in honest:
            reader.read(_copy(path, folder / "work"))  # an honest file is read, with the libraries that it takes
        limit = _address_space() + MEMORY_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
        for index in range(int(first), int(first) + int(count)):
            rng = random.Random(f"{seed} {name} {index}")
            path = _copy(rng.choice(honest), folder / "work")
            file = path
            if path.is_dir():
                inside = sorted(one for one in path.rglob("*") if one.is_file())
                file = rng.choice([one for one in inside if one.suffix not in SOUNDS] or inside)
            file.write_bytes(mutated(file.read_bytes(), file.suffix, rng))
            say(at=[name, index])
            outcome = "read"
            try:
                signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
                try:
                    reader.read(path)
                finally:
                    signal.setitimer(signal.ITIMER_PROF, 0)
            except CodecbenchError as error:
                outcome = "refused"
                str(error).encode()
            except (Exception, Hang) as error:  # noqa: BLE001  # this is what is looked for
                outcome = "found"
                trace = traceback.extract_tb(error.__traceback__)
                ours = [f"{one.filename}:{one.lineno}" for one in trace if "site-packages" not in one.filename][-3:]
                say(finding=[name, index, f"{type(error).__name__}: {str(error)[:200]!r}", file.name, ours])
            say(outcome=outcome)
        say(done=name)


def _copy(path: Path, work: Path) -> Path:
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    target = work / path.name
    if path.is_dir():
        shutil.copytree(path, target)
    else:
        shutil.copy(path, target)
    return target


def _address_space() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _hang(number: int, frame: object) -> None:
    raise Hang(f"more than {CPU_SECONDS:g} s")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
