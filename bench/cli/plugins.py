"""Groups of commands that join through the entry-point group ``codecbench.commands``: name -> a typer app."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib.metadata import EntryPoint, entry_points

import typer

from bench.errors import MissingRequirement

GROUP = "codecbench.commands"


def join_plugins(app: typer.Typer, points: Iterable[EntryPoint] | None = None) -> None:
    """Add every plug-in's group of commands to ``app``, sorted by name.

    A plug-in cannot take the name of a command that is there. One that cannot be loaded becomes a command that says
    why, so that it costs the other commands nothing.

    Args:
        points: default: those installed.
    """
    taken = {_name(one.name, one.callback) for one in app.registered_commands}
    taken |= {_name(one.name or one.typer_instance.info.name) for one in app.registered_groups if one.typer_instance}
    for point in sorted(entry_points(group=GROUP) if points is None else points, key=lambda point: point.name):
        if point.name in taken:
            continue
        taken.add(point.name)
        try:
            group = point.load()
            if not isinstance(group, typer.Typer):
                raise TypeError(f"expected a typer.Typer, got {type(group).__name__}")
        except Exception as error:  # noqa: BLE001  # whatever a plug-in does, the other commands work
            _add_broken(app, point, f"{type(error).__name__}: {error}")
        else:
            app.add_typer(group, name=point.name)


def _name(given: str | None, callback: Callable[..., object] | None = None) -> str:
    """What a command is called; asking typer for it would build every command."""
    return given or (callback.__name__.lower().replace("_", "-") if callback else "")


def _add_broken(app: typer.Typer, point: EntryPoint, why: str) -> None:
    package = point.dist.name if point.dist else "a plug-in"
    reason = f"{point.name} of {package} ({point.value}) cannot be loaded: {' '.join(why.split())}."

    def broken() -> None:
        raise MissingRequirement(f"{reason} Install {package} again, or remove it.")

    app.command(
        point.name,
        help=f"Cannot be loaded: {' '.join(why.split())}",
        context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    )(broken)
