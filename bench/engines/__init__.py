"""Where jobs run. Every engine yields the same events, so that every engine gives the same tables."""

from __future__ import annotations

from bench.engines.base import Engine
from bench.errors import ConfigError, UnknownName
from bench.registry import nearest

NAMES = ("local", "ray")


def engine(name: str = "local", address: str | None = None, gpus_per_worker: float = 0.0) -> Engine:
    """The engine called ``name``; ``address`` and ``gpus_per_worker`` are for ``ray``.

    Raises:
        UnknownName, ConfigError: there is no such engine, or it does not take these options.
        MissingRequirement: its package is not installed.
    """
    if name == "ray":
        from bench.engines.ray import Ray

        return Ray(address, gpus_per_worker)
    if name != "local":
        raise UnknownName(f"--engine: no engine is named {name!r}.{nearest(name, NAMES)} Known: {', '.join(NAMES)}.")
    if address is not None or gpus_per_worker:
        raise ConfigError("--address and --gpus-per-worker are for `--engine ray`; the local engine has neither.")
    from bench.engines.local import Local

    return Local()
