"""Which known sets a configuration asks for and that are not there; said before anything is built."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bench.datasets.base import DatasetContext
from bench.datasets.known import known_sets
from bench.datasets.known.places import folder_of
from bench.errors import DatasetError

MATERIALS = ("speech", "noise", "rooms")


def absent_sets(config: Mapping[str, object], context: DatasetContext) -> list[str]:
    """A line for each known set that the datasets of ``config`` use and that is not there: which, and how to get it.

    Nothing is built, no file is read.
    """
    sets = known_sets()
    users: dict[tuple[str, str, str | None], list[str]] = {}
    for where, name, options in _asked(config):
        if name in sets:
            subset, path = options.get("subset"), options.get("path")
            key = (name, str(subset or sets[name].split), path if isinstance(path, str) else None)
            users.setdefault(key, []).append(where)
    lines = []
    for (name, subset, path), places in users.items():
        try:
            folder_of(sets[name], context, path, subset)
        except DatasetError as error:
            lines.append(f"{', '.join(dict.fromkeys(places))}: {error}")
    return lines


def _asked(config: Mapping[str, object]) -> Iterator[tuple[str, str, Mapping[str, object]]]:
    """Every (place in the configuration, name of a dataset, its options), materials of built sets included."""
    items = config.get("datasets")
    for index, item in enumerate(items if isinstance(items, list) else []):
        given = item if isinstance(item, dict) else {"loader": item}
        yield f"datasets[{index}]", str(given.get("loader")), given
        for part in MATERIALS:
            entries = given.get(part)
            for material in entries if isinstance(entries, list) else [entries]:
                if isinstance(material, dict) and "dataset" in material:
                    yield f"datasets[{index}].{part}", str(material["dataset"]), material
