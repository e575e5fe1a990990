"""Well-known datasets, one module each: where they come from, what is in them, how clips are cut."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from bench.datasets import KNOWN
from bench.datasets.base import DatasetContext
from bench.datasets.known.base import KnownSet, Recording
from bench.datasets.known.places import recordings_in
from bench.errors import ConfigError, UnknownName
from bench.registry import nearest


def known_sets() -> dict[str, KnownSet]:
    """Every known set by name."""
    return {entry.name: _imported(entry.target) for entry in KNOWN}


def find(name: str) -> KnownSet:
    """The set called ``name``; ``package.module:ATTRIBUTE`` is one of your own.

    Raises:
        UnknownName: with the nearest known name.
        ConfigError: nothing at that import path, or no KnownSet.
    """
    targets = {entry.name: entry.target for entry in KNOWN}
    if name not in targets and ("/" in name or not all(name.partition(":"))):
        raise UnknownName(
            f"no known set is named {name!r}.{nearest(name, targets)} `codecbench data list` shows the names."
        )
    try:
        found = _imported(targets.get(name, name))
    except ConfigError as error:
        raise ConfigError([f"{name}: {problem}" for problem in error.problems]) from None
    except Exception as error:
        raise ConfigError(
            f"{name}: cannot be imported ({type(error).__name__}: {error}). Correct package.module:ATTRIBUTE, or "
            "install the package."
        ) from error
    if not isinstance(found, KnownSet):
        raise ConfigError(
            f"{name}: expected a KnownSet, got a {type(found).__name__}; name an attribute that holds one."
        )
    return found


def recordings_of(
    name: str, context: DatasetContext, subset: str | None = None, path: str | None = None
) -> tuple[KnownSet, list[Recording]]:
    """The set that :func:`find` finds and its recordings on this machine, in a fixed order.

    Args:
        subset: a part of the set, ``all``, or None for the set's own split.
        path: where the set lies, instead of the places where it is looked for.
    Raises:
        UnknownName: no set is called that.
        ConfigError: the set has no such subset.
        DatasetError: the set is not there, or not all of it.
    """
    known = find(name)
    return known, recordings_in(known, context, subset, path)


def _imported(target: str) -> Any:
    """What stands at ``module:attribute``."""
    module, _, attribute = target.partition(":")
    return getattr(import_module(module), attribute)
