"""The error tree: what each class means, the status of the row it becomes, the exit code of the command line."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from bench import errors
from bench.errors import CodecbenchError, ConfigError
from docs.reference.markdown import cell, code, table
from listening_test.session import errors as of_sessions


def classes(
    root: type[CodecbenchError] = CodecbenchError, depth: int = 0
) -> Iterator[tuple[type[CodecbenchError], int]]:
    """The classes of errors of runs and of listening sessions, each before what is derived from it; with its depth."""
    yield root, depth
    for child in root.__subclasses__():
        if child.__module__ in (errors.__name__, of_sessions.__name__):
            yield from classes(child, depth + 1)


def page() -> str:
    """Markdown of the page."""
    rows = [
        (
            "↳ " * depth + code(one.__name__),
            cell((inspect.getdoc(one) or "").replace("``", "`")),
            code(one.status),
            "2" if issubclass(one, ConfigError) else "1",
        )
        for one, depth in classes()
    ]
    return "\n".join(
        (
            "# Errors\n",
            "Everything that codecbench raises on purpose is one of these classes: of `bench.errors`, and below "
            "`SessionError` of `listening_test.session`. The command line prints its message without a traceback and "
            "ends with the exit code. Inside a run it is not raised: it becomes the row of that cell, with the "
            "status and the message as `reason`, and everything else goes on. What is none of these classes is a "
            "mistake of codecbench or of a plug-in; in a run it becomes a `failed` row that names the class.\n",
            table(("class", "what", "status of the row", "exit code"), rows),
        )
    )
