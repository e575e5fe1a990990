"""Every command with its help, arguments, options and examples, as typer knows them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer.main

from bench.cli.app import app
from bench.cli.plugins import join_plugins
from docs.reference.markdown import cell, code, table


def root() -> Any:
    """The command ``codecbench`` with all its groups."""
    join_plugins(app)
    return typer.main.get_command(app)


def commands(group: Any, path: tuple[str, ...] = ("codecbench",)) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command below ``group`` that does something, with the words that call it, groups after commands."""
    inner = getattr(group, "commands", {})
    for name, command in inner.items():
        if not hasattr(command, "commands"):
            yield (*path, name), command
    for name, command in inner.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))


def examples(command: Any) -> list[str]:
    """The command lines of an epilog."""
    text = " ".join((command.epilog or "").split())
    return [one.strip() for one in text.partition(":")[2].split("·") if one.strip()]


def page() -> str:
    """Markdown of the page."""
    parts = [
        "# Commands\n",
        "`codecbench COMMAND --help` prints the same. Exit codes: 0 done; 1 it could not be done, or a gate or check "
        "said no; 2 wrong usage or a configuration that cannot be run; 130 interrupted.\n",
    ]
    for path, command in commands(root()):
        parts.append(f"## {' '.join(path)}\n\n{' '.join((command.help or '').split())}\n")
        parts.append(f"```\n{_usage(path, command)}\n```\n")
        shown = [one for one in command.params if not one.hidden]
        if rows := [_row(one) for one in shown]:
            parts.append(table(("argument or option", "default", "what"), rows))
        if lines := examples(command):
            parts.append("Examples:\n\n```\n" + "\n".join(lines) + "\n```\n")
    return "\n".join(parts)


def _usage(path: tuple[str, ...], command: Any) -> str:
    context = command.make_context(path[-1], [], resilient_parsing=True)
    return " ".join([*path, *command.collect_usage_pieces(context)])


def _row(parameter: Any) -> tuple[str, str, str]:
    if parameter.param_type_name == "argument":
        name = code(parameter.metavar or parameter.name.rstrip("_").upper())
    else:
        value = "" if parameter.is_flag else f" {parameter.metavar or parameter.name.upper()}"
        name = code(", ".join(parameter.opts) + value)
    default = parameter.default
    shown = "required" if parameter.required else "" if default in (None, "", False, ()) else code(default)
    return name, shown, cell(parameter.help or "")
