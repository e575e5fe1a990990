"""Names of codecs, metrics and datasets: a literal table plus entry points, imported only when used."""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any, get_type_hints

from bench.errors import ConfigError, MissingRequirement, UnknownName


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a registry table. ``target`` is ``module:attribute``; ``requires`` are the modules it imports."""

    name: str
    target: str
    summary: str
    requires: tuple[str, ...] = ()
    install: str = ""


def rows_of(package: str) -> Callable[..., Entry]:
    """Makes rows of a table whose targets, such as ``opus:Opus``, are in modules of ``package``."""

    def row(name: str, place: str, summary: str, requires: tuple[str, ...] = (), install: str = "") -> Entry:
        return Entry(name, f"{package}.{place}", summary, requires, install)

    return row


class Registry:
    """The names of one kind of thing: the built-in ``table`` and the plug-ins of entry-point ``group``.

    ``others`` are names that belong elsewhere, each with the sentence that says where.
    """

    def __init__(self, kind: str, group: str, table: Iterable[Entry], others: Mapping[str, str] | None = None) -> None:
        self.kind = kind
        self.group = group
        self._others = dict(others or {})
        self._built_in = {entry.name: entry for entry in table}

    def entries(self) -> dict[str, Entry]:
        """Every name, built-in ones first; a plug-in cannot take a built-in name."""
        found = dict(self._built_in)
        for point in sorted(entry_points(group=self.group), key=lambda point: point.name):
            package = point.dist.name if point.dist else "a plug-in"
            found.setdefault(point.name, Entry(point.name, point.value, f"plug-in of {package}"))
        return found

    def names(self) -> list[str]:
        return list(self.entries())

    def entry(self, name: str) -> Entry:
        """The row called ``name``; ``package.module:Class`` is taken as it stands."""
        if name in self._built_in:  # without a look at every installed package
            return self._built_in[name]
        found = self.entries()
        if name in found:
            return found[name]
        if all(name.partition(":")):
            return Entry(name, name, "given by its import path")
        near = f" {self._others[name]}" if name in self._others else nearest(name, [*found, *self._others])
        raise UnknownName(f"no {self.kind} is named {name!r}.{near}\nKnown: {', '.join(sorted(found)) or 'none'}.")

    def missing(self, name: str) -> str | None:
        """What keeps ``name`` from working on this machine and the line that mends it, or None."""
        entry = self.entry(name)
        absent = [module for module in entry.requires if not _importable(module)]
        if absent:
            return f"{self.kind} {name} needs {', '.join(absent)}, which cannot be imported. To get it: {entry.install}"
        return None

    def load(self, name: str) -> Callable[..., Any]:
        """The factory called ``name``.

        Raises:
            UnknownName: with the nearest known name.
            MissingRequirement: with the line that installs what is missing.
        """
        entry = self.entry(name)
        if problem := self.missing(name):
            raise MissingRequirement(problem)
        module, _, attribute = entry.target.partition(":")
        try:
            factory: Callable[..., Any] = getattr(importlib.import_module(module), attribute)
        except ConfigError:
            raise
        except Exception as error:
            why = f"{type(error).__name__}: {error}"
            absent = isinstance(error, ModuleNotFoundError) and error.name == module
            remedy = f" Expected {module}.py in the current folder, or {module} on PYTHONPATH." if absent else ""
            raise MissingRequirement(
                f"{self.kind} {name}: {entry.target} cannot be imported ({why}).{remedy}"
            ) from error
        return factory

    def make(self, name: str, options: Mapping[str, Any]) -> Any:
        """``load(name)(**options)``.

        Raises:
            ConfigError: an option that it does not have, or lacks.
        """
        if problems := self.option_problems(name, options):
            raise ConfigError(problems)
        factory = self.load(name)
        return factory(**_checked_values(f"{self.kind} {name}", factory, options))

    def option_problems(self, name: str, options: Iterable[str]) -> list[str]:
        """What is wrong with the names of ``options`` for ``name``; empty if nothing is."""
        parameters = inspect.signature(self.load(name)).parameters
        given = list(options)
        problems = []
        if not any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
            known = ", ".join(parameters) or "none"
            problems += [
                f"{self.kind} {name} has no option {key!r}.{nearest(key, parameters)} Options: {known}."
                for key in given
                if key not in parameters
            ]
        needed = [key for key, p in parameters.items() if p.default is p.empty and p.kind is not p.VAR_KEYWORD]
        problems += [f"{self.kind} {name} needs the option {key!r}." for key in needed if key not in given]
        return problems


def _checked_values(what: str, factory: Callable[..., Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """``options`` converted to what the factory's annotations ask for; ConfigError lists those that do not fit.

    Options without an annotation that can be resolved are taken as they are.
    """
    from pydantic import ConfigDict, ValidationError, create_model

    try:
        hints = get_type_hints(factory.__init__ if inspect.isclass(factory) else factory)
    except NameError:
        return dict(options)
    fields: dict[str, Any] = {key: (hints[key], ...) for key in options if key in hints}
    model = create_model("Options", __config__=ConfigDict(arbitrary_types_allowed=True), **fields)
    try:
        checked = model(**{key: options[key] for key in fields})
    except ValidationError as error:
        raise ConfigError(
            [
                f"{what}, option {'.'.join(map(str, problem['loc']))}: {problem['msg']}, got {problem['input']!r}."
                for problem in error.errors(include_url=False)
            ]
        ) from None
    return {key: getattr(checked, key) if key in fields else value for key, value in options.items()}


def nearest(name: str, known: Iterable[str]) -> str:
    """`` Did you mean 'x'?`` where a known name is close, else nothing."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" Did you mean {close[0]!r}?" if close else ""


def _importable(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False
