"""From the folder of a run to a record: tables without audio, without places on this machine, with hashes."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points, packages_distributions, version
from pathlib import Path
from typing import Any

import pandas as pd

from bench import codecs, metrics, store
from bench.errors import ConfigError, DatasetError, StoreError
from bench.metrics import sets
from bench.records.layout import FORMAT, MAX_BYTES, RATINGS, RECORD, TABLES, files_of
from bench.records.names import used_names
from bench.records.private import stripped_table, stripped_value
from bench.records.schemas import PANDAS_TYPES, Table, tables
from bench.records.validating import record_problems
from bench.runs.results import RUN, Results, load_results
from bench.store import sha256_of


@dataclass(frozen=True, slots=True)
class Published:
    """A record that was written, or was there already."""

    folder: Path
    files: tuple[str, ...]
    bytes: int
    written: bool


def publish(
    run: str | os.PathLike[str],
    to: Path,
    ratings: Sequence[Path] = (),
    partial: bool = False,
    plugins: Mapping[str, str] | None = None,
    max_bytes: int = MAX_BYTES,
) -> Published:
    """Write the record of a finished run to ``to``/NAME, whole or not at all.

    Args:
        run: the folder of a run, or its URL.
        to: the folder of the records.
        ratings: tests whose ratings go with it: ``ratings.parquet``, or the folder of a test.
        partial: take a run with missing cells, too; the record says so.
        plugins: name -> package of codecs and metrics that are known by an import path only.
    Raises:
        StoreError: no finished run, or another record of that name is there.
        DatasetError: the record would not be valid; every problem.
    """
    results = load_results(run)
    if results.info.get("complete") is not True and not partial:
        missing = results.info.get("missing_cells", "some")
        raise StoreError(
            f"{run}: expected a finished run, but {missing} cells are missing. Start it again with `codecbench run`, "
            "or publish it as it is with --partial."
        )
    target = to / results.name
    with store.writing(to):
        to.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=to, prefix=".") as scratch:
        folder = Path(scratch) / results.name
        folder.mkdir()
        _write(results, folder, ratings, plugins or {})
        if problems := record_problems(folder, max_bytes):
            text = "\n".join(str(problem) for problem in problems).replace(str(folder), results.name)
            raise DatasetError(f"{run}: this cannot be published.\n{text}")
        names = tuple(sorted([RECORD, *files_of(folder)]))
        size = sum((folder / name).stat().st_size for name in names)
        if target.exists():
            _require_equal(target, folder, names)
            return Published(target, names, size, False)
        with store.writing(target):
            folder.rename(target)
    return Published(target, names, size, True)


def _write(results: Results, folder: Path, tests: Sequence[Path], plugins: Mapping[str, str]) -> None:
    described = tables(FORMAT)
    info = stripped_value(results.info)
    store.write_json(folder / RUN, info)
    frames = {"clips": results.clips, "encodings": results.encodings, "scores": results.scores, "sets": results.sets}
    for name in TABLES:
        _write_table(folder / name, frames[name], described[name])
    for test in tests:
        for test_id, rows in _ratings(test).groupby("test", sort=True):
            _write_table(folder / RATINGS / str(test_id), rows.reset_index(drop=True), described[RATINGS])
    files = {
        name: {"sha256": sha256_of(folder / name), "bytes": (folder / name).stat().st_size} for name in files_of(folder)
    }
    record = {"format": FORMAT, "run": info["run"], "complete": info.get("complete") is True,
              "plugins": _plugins(info, plugins), "files": files}  # fmt: skip
    store.write_json(folder / RECORD, record)


def _write_table(path: Path, frame: pd.DataFrame, table: Table) -> None:
    """``frame`` as Parquet and as CSV, with the types of its description and without places on this machine."""
    kinds = {name: PANDAS_TYPES[about.type][about.empty] for name, about in table.columns.items() if name in frame}
    frame = stripped_table(frame.astype(kinds))
    if path.name == "clips":  # `path` may be relative to a data folder: its last name is what others know
        frame = frame.assign(path=frame["path"].map(lambda text: Path(str(text)).name).astype("string"))
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    store.write_bytes(path.with_name(f"{path.name}.parquet"), buffer.getvalue())
    text = frame.to_csv(index=False, lineterminator="\n")
    store.write_bytes(path.with_name(f"{path.name}.csv"), text.encode())


def _ratings(path: Path) -> pd.DataFrame:
    """The ratings of a test with the columns that may be published; of times, only the day."""
    file = path / "ratings.parquet" if path.is_dir() else path
    try:
        frame = pd.read_parquet(file)
    except FileNotFoundError:
        raise StoreError(
            f"{file}: expected ratings, but there is no such file. `codecbench listen analyze` writes it."
        ) from None
    except (OSError, ValueError) as error:
        raise StoreError(
            f"{file}: expected a table of ratings, but it cannot be read ({error}). "
            "`codecbench listen analyze` writes it anew."
        ) from None
    known = tables(FORMAT)[RATINGS].columns
    missing = [name for name in known if name not in frame]
    if missing:
        raise DatasetError(
            f"{file}: expected the columns of ratings.parquet; {', '.join(missing)} missing. "
            "`codecbench listen analyze` writes them all."
        )
    return frame[list(known)].assign(submitted=frame["submitted"].astype("string").str[:10])


def _plugins(info: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, str]:
    """Name -> package of every codec, metric and measure that does not come with codecbench.

    Raises:
        ConfigError: the run does not use what ``given`` names.
    """
    try:
        used = used_names(info)
    except ValueError:
        return dict(given)  # the check of the names says what is wrong
    if unused := [name for name in given if name not in used]:
        raise ConfigError(
            f"--plugin: the run uses nothing that is called {', '.join(unused)}. Names: {', '.join(used)}."
        )
    points = {point.name: point for registry in set(used.values()) for point in entry_points(group=registry.group)}
    built_in = {entry.name for table in (codecs.TABLE, metrics.TABLE, sets.TABLE) for entry in table}
    found = {name: package for name in used if name not in built_in and (package := _package(name, points.get(name)))}
    return dict(sorted({**found, **given}.items()))


def _package(name: str, point: EntryPoint | None) -> str:
    """The package of a plug-in with its version; empty for what nobody knows."""
    if point is not None and point.dist is not None:
        return f"{point.dist.name} {point.dist.version}"
    module = name.partition(":")[0].partition(".")[0]
    owners = packages_distributions().get(module, []) if ":" in name else []
    return f"{owners[0]} {version(owners[0])}" if owners else ""


def _require_equal(target: Path, made: Path, names: Sequence[str]) -> None:
    """The record that is there already is the one that was made.

    Raises:
        StoreError: it is another.
    """
    there = sorted([RECORD, *files_of(target)])
    differs = sorted(set(names) ^ set(there)) + [
        name for name in names if name in there and sha256_of(target / name) != sha256_of(made / name)
    ]
    if differs:
        raise StoreError(
            f"{target}: another record is there already (other: {', '.join(differs)}). Records are never changed: give "
            "the run another name in its configuration, or choose another folder."
        )
