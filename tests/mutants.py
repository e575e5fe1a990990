"""Changes the code a little, many times, and says how often a test sees it: ``python -m tests.mutants [MODULE ...]``.

Each module of :data:`MODULES` has a folder of its own below ``build/mutants``, where mutmut keeps a copy of the code
and its verdicts. ``mutmut show NAME`` in that folder prints a mutant.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
from collections import Counter
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path

from bench.threads import ONE_THREAD
from tests.conftest import DATA, ROOT

FOLDER = ROOT / "build" / "mutants"
PACKAGES = ("bench", "listening_test")
COPIED = ("tests", "configs", "pyproject.toml")


@dataclass(frozen=True)
class Mutated:
    """What is changed, and the fastest tests that speak of it."""

    files: str
    tests: tuple[str, ...]


MODULES = {
    "align": Mutated("bench/align.py", ("tests/test_align.py",)),
    "store": Mutated("bench/store.py", ("tests/test_store.py",)),
    "mushra": Mutated("listening_test/mushra.py", ("tests/listening/test_session_parts.py",)),
    "stats": Mutated("bench/stats/*.py", ("tests/stats",)),
    "session": Mutated(
        "listening_test/session/*.py",
        (
            "tests/listening/test_sessions.py",
            "tests/listening/test_session_parts.py",
            "tests/listening/test_session_rules.py",
            "tests/listening/test_backup.py",
        ),
    ),
    "analysis": Mutated("listening_test/analysis/*.py", ("tests/listening/analysis",)),
    "runner": Mutated("bench/runner.py", ("tests/test_driver.py",)),
}


def prepare(name: str) -> Path:
    """The folder of a module, with the settings of mutmut and links to what it copies."""
    folder = FOLDER / name
    (folder / "mutants").mkdir(parents=True, exist_ok=True)  # Python forgets a path that is not there when it starts
    for part in (*PACKAGES, *COPIED):
        if not (folder / part).is_symlink():
            (folder / part).symlink_to(ROOT / part)
    settings = {
        "source_paths": PACKAGES,
        "only_mutate": (MODULES[name].files,),
        "also_copy": COPIED,
        # PostgreSQL and doctests repeat what other tests say
        "pytest_add_cli_args": ("-o", "addopts=", "-p", "no:cacheprovider", "-m", "not slow", "-k", "not postgresql"),
        "pytest_add_cli_args_test_selection": MODULES[name].tests,
        "track_dependencies": ("false",),
        "timeout_multiplier": ("2",),
        "timeout_constant": ("10",),
    }
    lines = [f"{key} =\n" + "".join(f"    {value}\n" for value in values) for key, values in settings.items()]
    (folder / "setup.cfg").write_text("[mutmut]\n" + "".join(lines), encoding="utf-8")
    return folder


def mutants(name: str) -> list[str]:
    """Every mutant of a module."""
    from mutmut.configuration import reset_config
    from mutmut.mutation.file_mutation import mutate_file_contents
    from mutmut.utils.format_utils import get_mutant_name

    with chdir(prepare(name)):  # its settings are read from the current folder
        reset_config()
        return [
            get_mutant_name(path, mutant)
            for path in sorted(Path().glob(MODULES[name].files))
            for mutant in mutate_file_contents(str(path), path.read_text(encoding="utf-8")).mutant_names
        ]


def verdicts(folder: Path, names: list[str]) -> dict[str, str]:
    """Try the mutants ``names`` with mutmut in ``folder``: what became of each."""
    from mutmut.stats import status_by_exit_code

    here = {"PYTHONPATH": str(folder / "mutants"), "CODECBENCH_TEST_DATA": str(DATA)}
    command = [sys.executable, "-c", "from mutmut.__main__ import cli; cli()", "run", "--max-children", "1", *names]
    with (folder / "said").open("w", encoding="utf-8") as said:
        subprocess.run(command, cwd=folder, env=os.environ | ONE_THREAD | here, check=True, stdout=said)
    codes: dict[str, int | None] = {}
    for path in (folder / "mutants").rglob("*.meta"):
        codes |= json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"]
    return {name: status_by_exit_code[codes[name]] for name in names}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=f"of {', '.join(MODULES)}; default: all")
    parser.add_argument("--sample", type=int, help="how many of each module are tried, drawn at random; default: all")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument("--survivors", action="store_true", help="name what no test has seen")
    given = parser.parse_args()
    print("| module | mutants | tried | killed | timed out | survived | killed of tried |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for name in given.modules or MODULES:
        every = mutants(name)
        names = random.Random(given.seed).sample(every, min(given.sample or len(every), len(every)))
        found = verdicts(FOLDER / name, names)
        count = Counter(found.values())
        killed, late, tried = count["killed"], count["timeout"], len(names)
        left = tried - killed - late
        print(f"| {name} | {len(every)} | {tried} | {killed} | {late} | {left} | {killed / tried:.0%} |", flush=True)
        if given.survivors:
            print(
                *(f"{status}: {key}" for key, status in found.items() if status not in ("killed", "timeout")), sep="\n"
            )


if __name__ == "__main__":
    main()
