"""The options of a codec or a loader: names and defaults of the signature, meanings of the docstrings."""

from __future__ import annotations

import inspect
from typing import Any

from docs.reference.docstrings import arguments
from docs.reference.markdown import code, table
from docs.reference.meanings import OPTIONS

GIVEN = ("name", "context")
"""Arguments that the harness fills in."""


def options(factory: Any) -> dict[str, tuple[str, str]]:
    """Default and meaning by name."""
    meanings = dict(OPTIONS)
    for one in reversed(factory.__mro__ if inspect.isclass(factory) else [factory]):
        meanings |= arguments(one.__doc__) if "__doc__" in vars(one) or not inspect.isclass(one) else {}
    found = {}
    for name, option in inspect.signature(factory).parameters.items():
        if name not in GIVEN and option.kind is not option.VAR_KEYWORD:
            default = "required" if option.default is option.empty else value(option.default)
            found[name] = default, meanings.get(name, "").removesuffix(".")
    return found


def options_table(factory: Any) -> str:
    """A table of the options, empty where there are none."""
    rows = [(code(name), default, meaning.replace("|", "\\|")) for name, (default, meaning) in options(factory).items()]
    return table(("option", "default", "meaning"), rows) if rows else ""


def value(default: Any) -> str:
    """A default as YAML has it; empty where leaving the key out means no value at all."""
    if default in (None, "", [], (), {}) and default is not False and default != 0:
        return ""
    if isinstance(default, list | tuple):
        return ", ".join(value(one) for one in default)
    return code(
        str(default).lower() if isinstance(default, bool) else f"{default:g}" if isinstance(default, float) else default
    )
