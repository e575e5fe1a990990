"""The address that opens an invitation."""

from __future__ import annotations

from urllib.parse import urlsplit

from bench.errors import ConfigError


def link(token: str, base: str) -> str:
    """The address of ``token`` where listeners reach the app at ``base``."""
    return f"{base.rstrip('/')}/?p={token}"


def check_base(base: str) -> None:
    """Raise ConfigError where ``base`` is given and is no address of a web page."""
    if base and not (urlsplit(base).scheme in ("http", "https") and urlsplit(base).netloc):
        raise ConfigError(
            f"--base (CODECBENCH_LISTEN_BASE): expected an address of the web such as https://lab.example.org/listen, "
            f"got {base!r}."
        )
