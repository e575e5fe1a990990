"""CSV of a MUSHRA test of Go Listen.

Three header lines, then a line for each person. First: ``Tags``, an empty cell, then the tags of each item. Second:
``Name``, ``Date``, then for each question its text and for each item its title with `` rating``, empty above the
item's further sounds; ``Time (s)`` after each where times were taken. Third: the file names of the sounds, empty
elsewhere. Source: Go Listen, handlers/download_csv/mushra_test_csv_download.py.

Which condition a sound is, its file name has to tell: ``--pattern '(?P<clip>.+)_(?P<condition>[^_]+)[.]wav'``.
"""

from __future__ import annotations

from pathlib import PurePath

from bench.errors import DatasetError
from listening_test.analysis.importers.base import Options, Pseudonyms, Row, lines_of, number, seconds

RATING, TIME = " rating", "Time (s)"


def read(text: str, options: Options) -> tuple[list[Row], list[str]]:
    """Rows of RATING_COLUMNS, and notes."""
    lines = lines_of(text, "go_listen")
    if len(lines) < 3 or lines[0][:1] != ["Tags"] or lines[1][:2] != ["Name", "Date"]:
        raise DatasetError(
            "go_listen: expected three header lines that start with Tags, with Name,Date and empty, got "
            f"{str(lines[:3])[:100]}. Export the results of a MUSHRA test as CSV."
        )
    titles, files = lines[1], lines[2]
    items = _items(titles, files)
    people, rows, unrated = Pseudonyms(), list[Row](), 0
    for place, line in enumerate(lines[3:], 4):
        if len(line) != len(titles):
            raise DatasetError(
                f"go_listen, row {place}: expected {len(titles)} cells as in the header, got {len(line)}. "
                "Go Listen puts no quotes around names: put them around a name with a comma."
            )
        listener = people(place)
        for order, (title, columns, time) in enumerate(items, 1):
            for position, column in enumerate(columns, 1):
                if not line[column].strip():
                    unrated += 1
                    continue
                name = files[column]
                condition, clip = options.parts(name) if options.pattern else (PurePath(name).stem, "")
                rows.append(
                    {
                        "listener": listener,
                        "trial": title,
                        "clip": clip or title,
                        "order": order,
                        "position": position,
                        "condition": condition,
                        "score": number(line[column], f"go_listen, row {place}, {name}"),
                        "trial_s": None if time is None else seconds(line[time], f"go_listen, row {place}"),
                        "submitted": line[1],
                    }
                )
    notes = [f"{unrated} sounds were not rated and are left out."] if unrated else []
    if not options.pattern:
        notes.append("Conditions are called by their file names; tell them with --pattern.")
    return rows, notes


def _items(titles: list[str], files: list[str]) -> list[tuple[str, list[int], int | None]]:
    """Title, columns of the sounds and column of the time of each item."""
    items: list[tuple[str, list[int], int | None]] = []
    for column, (title, file) in enumerate(zip(titles, files, strict=False)):
        if column < 2:
            continue
        if file and title:
            items.append((title.removesuffix(RATING), [column], None))
        elif file and items:
            items[-1][1].append(column)
        elif title == TIME and items and items[-1][1][-1] == column - 1:
            items[-1] = (items[-1][0], items[-1][1], column)
    return items
