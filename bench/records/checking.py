"""What `codecbench results validate` says of folders, wherever they lie."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace

from bench.errors import StoreError
from bench.records.merged import changes, results_of
from bench.records.problems import Problem
from bench.records.validating import validate
from bench.storage import is_url, place, tree_at_hand

COPIED_BYTES = 1 << 30
"""The largest folder at a URL that is copied here to be checked."""


def checked(folders: Sequence[str], max_bytes: int, base: str = "") -> tuple[list[str], list[Problem]]:
    """The records that were looked at, and all their problems.

    Args:
        folders: records, or folders of them, as paths or URLs.
        max_bytes: the largest record.
        base: a git revision, or another folder, of which nothing may be gone or changed; empty for none.
    Raises:
        StoreError: a URL that cannot be read; ``base`` is neither.
    """
    with ExitStack() as copies:
        here = {copies.enter_context(tree_at_hand(place(name), COPIED_BYTES)): name for name in folders}

        def named(text: str) -> str:
            for folder, name in here.items():
                text = text.replace(str(folder), name.rstrip("/")) if is_url(name) else text
            return text

        try:
            seen, problems = validate(list(here), max_bytes)
            for folder in here if base else ():
                with results_of(base, folder) as before:
                    problems += changes(before, folder)
        except StoreError as error:
            raise StoreError(named(str(error))) from None
        return [named(str(path)) for path in seen], [replace(one, where=named(one.where)) for one in problems]
