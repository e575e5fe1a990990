"""Programs of our own that take the arguments and write the files of programs that no test machine has.

They code with Opus, LC3 or AAC: what the harness does with such programs can be seen, never how EVS, LC3plus or USAC
sound. No result of them may carry those names.
"""

from __future__ import annotations

import stat
import sys
from pathlib import Path

_HERE = Path(__file__).parent
PROGRAMS = {"EVS_cod": "evs", "EVS_dec": "evs", "LC3plus": "lc3plus", "exhale": "usac", "ffmpeg": "usac"}


def install(folder: Path, *names: str) -> str:
    """Make the programs called ``names`` in ``folder``; its path."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        module = _HERE / f"{PROGRAMS[name]}.py"
        path = folder / name
        path.write_text(f'#!/bin/sh\nexec "{sys.executable}" -E "{module}" {name} "$@"\n')
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(folder)
