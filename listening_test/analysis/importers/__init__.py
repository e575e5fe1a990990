"""Ratings of other programs, turned into ours. To see every format, read this table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path

from bench.errors import ConfigError, StoreError, UnknownName
from bench.registry import nearest
from listening_test.analysis.checking import checked
from listening_test.analysis.frames import as_ratings
from listening_test.analysis.importers.base import Imported, Options, Row
from listening_test.analysis.screening import ROLES

FORMATS: Mapping[str, str] = {
    "webmushra": "mushra",  # mushra.csv of webMUSHRA (service/write.php)
    "pymushra": "mushra",  # JSON of pymushra: its download, or its TinyDB file
    "go_listen": "mushra",  # CSV of a MUSHRA test of Go Listen
    "bernoulli": "mushra",  # ratings_formated.csv of doi 10.1109/ACCESS.2024.3482359
    "listener_wise": "acr",  # CSV with a line for each listener and sample, scores 1 to 5
}
"""Names of the formats, each with a module here, and the type of their tests."""


def import_ratings(name: str, path: Path, options: Options | None = None) -> Imported:
    """The ratings in ``path``, a file of the format ``name``, and what is to be said about them.

    Raises:
        UnknownName: no format is called that.
        ConfigError: a role that there is none, or of a condition that the file does not have.
        StoreError: the file cannot be read.
        DatasetError: it is of another format, or what it holds is no ratings (:func:`checking.checked`).
    """
    if name not in FORMATS:
        raise UnknownName(f"no format is called {name!r}.{nearest(name, FORMATS)} Known: {', '.join(FORMATS)}.")
    chosen = options or Options(test=path.stem)
    wrong = sorted(set(chosen.roles.values()) - set(ROLES))
    if wrong:
        raise ConfigError(
            f"--role CONDITION=ROLE: expected one of the roles {', '.join(ROLES)}, got {', '.join(wrong)}."
        )
    module = import_module(f"{__name__}.{name}")
    read: Callable[[str, Options], tuple[list[Row], list[str]]] = module.read
    rows, notes = read(_text(path), chosen)
    if not rows:
        raise StoreError(f"{path}: expected ratings, found none. {' '.join(notes)}".strip())
    for row in rows:
        row |= {"test": row.get("test") or chosen.test, "test_type": FORMATS[name], "category": chosen.category}
        row["role"] = chosen.roles.get(row["condition"], row.get("role", "system"))
        row["training"] = row.get("training", False) or row["trial"] in chosen.training
    _check_names(path, rows, chosen)
    return Imported(checked(as_ratings(rows), str(path)), tuple(notes))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeError) as error:
        raise StoreError(
            f"{path}: expected a file of another program as text in UTF-8, which cannot be read ({error})."
        ) from None


def _check_names(path: Path, rows: list[Row], chosen: Options) -> None:
    for kind, wanted, column in (("role", chosen.roles, "condition"), ("training", chosen.training, "trial")):
        known = {row[column] for row in rows}
        unknown = sorted(set(wanted) - known)
        if unknown:
            raise ConfigError(
                f"--{kind}: {path} has no {column} {', '.join(map(repr, unknown))}. There: {', '.join(sorted(known))}."
            )
