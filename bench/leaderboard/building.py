"""From runs, ratings and published tables to boards."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench.domain import CATEGORIES
from bench.errors import ConfigError, DatasetError, UnknownName
from bench.leaderboard.licences import licences
from bench.leaderboard.listened import Heard, heard_ranks, heard_values, join, own_entries, read_tests
from bench.leaderboard.measured import columns_of, entries_of
from bench.leaderboard.model import Board, Column, Entry, Leaderboard, Value
from bench.leaderboard.notes import board_notes, run_source
from bench.leaderboard.ordering import default_sort, in_order, require_sortable, sort_key
from bench.leaderboard.parts import Part, Place, order, parts_of, versioned
from bench.leaderboard.published import place_of, published_columns, published_entries, published_sources
from bench.leaderboard.ranked import Name, metric_ranks, with_rank
from bench.records.published import PublishedScore
from bench.registry import nearest
from bench.runs.results import Results
from bench.storage import is_remote


@dataclass(frozen=True)
class _Material:
    """All that boards are made of."""

    parts: Sequence[Part]
    heard: Sequence[Heard]
    published: Sequence[PublishedScore]
    licences: Mapping[str, Mapping[str, str]]


def build(
    runs: Sequence[Results],
    ratings: Sequence[Path] = (),
    published: Sequence[PublishedScore] = (),
    *,
    sort: str = "",
    category: str = "",
    only: Iterable[str] = (),
    seed: int = 0,
    with_simulated: bool = False,
) -> Leaderboard:
    """A board for each sample rate, channel count and category; the order of the arguments has no influence.

    Args:
        runs: each with a name of its own.
        ratings: files of ``codecbench listen analyze``, each a test of its own.
        published: rows of papers.
        sort: key of a column or a field (:data:`bench.leaderboard.fields.FIELDS`); empty for MUSHRA or ViSQOL.
        category: only the boards of this one.
        only: patterns such as ``opus*`` of conditions, codecs or sources; ranks are among what is left.
        seed: of intervals and permutation tests.
        with_simulated: join ratings of simulated listeners, marked as such.
    Raises:
        ConfigError: there is nothing to show, or a pattern matches nothing.
        DatasetError: two runs of one name, or ratings that cannot be shown.
        UnknownName: a column or category that is not there.
    """
    runs, published = _of_one_name_each(runs), list(dict.fromkeys(published))
    parts = [part for run in versioned(runs) for part in parts_of(run)]
    heard = [join(test, rows, parts) for test, rows in sorted(read_tests(ratings, with_simulated).items())]
    material = _Material(parts, heard, published, {run.name: licences(run) for run in runs})
    _require_category(category)
    places = sorted({part.place for part in parts} | {place_of(row) for row in published}, key=order)
    patterns = list(only)
    drafts = [_draft(place, material, seed) for place in places if category in ("", place[2])]
    _require_matches(patterns, drafts)
    drafts = [_only(draft, patterns) for draft in drafts]
    if sort:
        require_sortable(sort, [column for board in drafts for column in board.columns])
    boards = [_finished(board, material, sort, seed) for board in drafts if board.entries]
    if not boards:
        raise ConfigError(
            "the leaderboard: expected clips that could be read and are selected, but there are none. `codecbench "
            "report RUN` says what failed; --category and --only select."
        )
    told = [run_source(run) for run in runs] + [test.source for test in heard] + published_sources(published)
    return Leaderboard(tuple(boards), tuple(told), seed)


def _of_one_name_each(runs: Sequence[Results]) -> list[Results]:
    places: dict[str, str] = {}
    found = {}
    for run in runs:
        folder = run.folder if is_remote(run.folder) else run.folder.resolve()
        other = places.setdefault(run.name, str(folder))
        if other != str(folder):
            raise DatasetError(
                f"{run.folder}: expected runs of different names, but {other} is called {run.name!r}, too. The name "
                "tells their entries apart: leave one out, or measure it again under another name."
            )
        found[run.name] = run
    return [found[name] for name in sorted(found)]


def _require_category(category: str) -> None:
    if category and category not in CATEGORIES:
        known = ", ".join(CATEGORIES)
        raise UnknownName(f"--category: none is called {category!r}.{nearest(category, CATEGORIES)} Known: {known}.")


def _draft(place: Place, material: _Material, seed: int) -> Board:
    """Columns and entries with their values, in no order and without ranks."""
    columns: dict[str, Column] = {}
    entries: list[Entry] = []
    nowhere: list[str] = []
    here = _at(place, material.parts)
    tests = [heard for heard in material.heard if place in set(heard.ratings["place"])]
    rows = [row for row in material.published if place_of(row) == place]
    for heard in tests:
        columns[heard.key] = heard.column
        entries += own_entries(heard, place)
    columns |= {column.key: column for column in published_columns(rows)}
    for part in here:
        columns |= {column.key: column for column in columns_of(part) if column.key not in columns}
        made, without = entries_of(part, material.licences[part.run], seed)
        entries += made
        nowhere += [f"{condition} ({part.run})" for condition in without]
    entries += published_entries(rows)
    for heard in tests:
        values = heard_values(heard, place, here, seed)
        entries = [_with(entry, heard.key, values.get((entry.source, entry.condition))) for entry in entries]
    rate, channels, category = place
    shown = _beside(column for column in columns.values() if any(column.key in entry.values for entry in entries))
    return Board(rate, channels, category, shown, tuple(entries), "", board_notes(here, tests, nowhere))  # type: ignore[arg-type]


def _beside(columns: Iterable[Column]) -> tuple[Column, ...]:
    """Listening tests first, then the versions of each metric side by side."""
    given = list(columns)
    first = {column.key.partition(" [")[0]: place for place, column in reversed(list(enumerate(given)))}
    return tuple(sorted(given, key=lambda one: (one.kind == "metric", first[one.key.partition(" [")[0]], one.key)))


def _at(place: Place, parts: Sequence[Part]) -> list[Part]:
    return [part for part in parts if part.place == place]


def _with(entry: Entry, key: str, value: Value | None) -> Entry:
    return entry if value is None else replace(entry, values={**entry.values, key: value})


def _finished(board: Board, material: _Material, sort: str, seed: int) -> Board:
    """The board with ranks among the codecs that are on it, and in its order."""
    place = (board.sample_rate, board.channels, str(board.category))
    names: set[Name] = {(entry.source, entry.condition) for entry in board.entries if _is_ranked(entry)}
    metrics = [column for column in board.columns if column.kind == "metric"]
    ranks = metric_ranks(_at(place, material.parts), metrics, names, seed)
    for heard in material.heard:
        ranks |= {(name, heard.key): rank for name, rank in heard_ranks(heard, place, names, seed).items()}
    entries = []
    for entry in board.entries:
        name = (entry.source, entry.condition)
        values = {key: with_rank(value, ranks.get((name, key))) for key, value in entry.values.items()}
        entries.append(replace(entry, values=values))
    by = sort_key(sort, board.columns) if sort else ""
    notes = board.notes
    if not by:
        by = default_sort(board.columns, board.entries)
        notes += (f"There is no {sort} here: sorted by {by}.",) if sort else ()
    columns = tuple(sorted(board.columns, key=lambda column: column.key != by))  # what it is sorted by comes first
    return replace(board, columns=columns, entries=in_order(entries, columns, by), sorted_by=by, notes=notes)


def _is_ranked(entry: Entry) -> bool:
    """Codecs are; the reference itself, anchors and deliberate defects stand beside them."""
    return entry.kind == "measured" and entry.role == "codec"


def _require_matches(patterns: Sequence[str], drafts: Sequence[Board]) -> None:
    entries = [entry for board in drafts for entry in board.entries]
    for pattern in patterns:
        if not any(_matches(pattern, entry) for entry in entries):
            names = sorted({entry.condition for entry in entries})
            raise ConfigError(
                f"--only {pattern} matches no condition, codec or source.{nearest(pattern, names)} "
                f"Known: {', '.join(names)}."
            )


def _only(board: Board, patterns: Sequence[str]) -> Board:
    if not patterns:
        return board
    entries = [entry for entry in board.entries if any(_matches(pattern, entry) for pattern in patterns)]
    columns = [column for column in board.columns if any(column.key in entry.values for entry in entries)]
    return replace(board, entries=tuple(entries), columns=tuple(columns))


def _matches(pattern: str, entry: Entry) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for name in (entry.condition, entry.codec, entry.source))
