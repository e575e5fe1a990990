"""What a shell offers behind a command: names of codecs, metrics, datasets, configurations, runs and tests.

Each function takes what was typed of a word, and returns all that begins so. An empty list leaves it to the shell,
which offers files. Nothing here imports more than tables of names, for a shell asks at every press of the tabulator.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bench.paths import shipped_configurations

RUNS = ("results/runs", "results/records", "results/reference")
TESTS = ("results/tests",)
KINDS = ("codecs", "metrics", "sets", "datasets", "configs")


def kinds(incomplete: str) -> list[str]:
    """What `codecbench list` lists."""
    return _beginning(incomplete, KINDS)


def schemas(incomplete: str) -> list[str]:
    """What `codecbench schema` prints."""
    return _beginning(incomplete, ("run", "test"))


def categories(incomplete: str) -> list[str]:
    """Categories as the tables have them."""
    from bench.domain import CATEGORIES

    return _beginning(incomplete, CATEGORIES)


def codecs(incomplete: str) -> list[str]:
    """Codecs, of plug-ins too."""
    from bench.codecs import names

    return _beginning(incomplete, names())


def metrics(incomplete: str) -> list[str]:
    """Quantities, of plug-ins too, and measures of sets."""
    from bench.metrics import names
    from bench.metrics.sets import names as set_names

    return _beginning(incomplete, [*names(), *set_names()])


def codecs_and_metrics(incomplete: str) -> list[str]:
    """What `codecbench check` holds to its contract."""
    return codecs(incomplete) + metrics(incomplete)


def known_sets(incomplete: str) -> list[str]:
    """Published sets by name."""
    from bench.datasets import KNOWN

    return _beginning(incomplete, [entry.name for entry in KNOWN])


def configs(incomplete: str) -> list[str]:
    """Shipped configurations of runs, and YAML files of the current folder."""
    return _shipped(incomplete, "codecs:")


def recipes(incomplete: str) -> list[str]:
    """Shipped recipes of datasets, and YAML files of the current folder."""
    return _shipped(incomplete, "loader:")


def runs(incomplete: str) -> list[str]:
    """Folders of runs and of records."""
    return _holding(incomplete, RUNS, "run.json")


def tests(incomplete: str) -> list[str]:
    """Folders of listening tests."""
    return _holding(incomplete, TESTS, "test.json")


def runs_and_tests(incomplete: str) -> list[str]:
    """What `codecbench listen build` takes: runs, and then a shipped test."""
    return _holding(incomplete, RUNS, "run.json") + _shipped(incomplete, "conditions:")


def _beginning(incomplete: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]


def _shipped(incomplete: str, key: str) -> list[str]:
    kept = [
        path.stem
        for path in shipped_configurations()
        if any(line.startswith(key) for line in path.read_text(encoding="utf-8").splitlines())
    ]
    return _beginning(incomplete, [*kept, *(path.name for path in sorted(Path().glob("*.yaml")))])


def _holding(incomplete: str, parents: Iterable[str], file: str) -> list[str]:
    folders = (folder for parent in parents for folder in sorted(Path(parent).glob("*")) if (folder / file).is_file())
    return _beginning(incomplete, [folder.as_posix() for folder in folders])
