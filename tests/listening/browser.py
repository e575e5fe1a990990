"""A real browser and a real server, for tests of pages."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run",
]  # fmt: skip


@contextmanager
def browser() -> Iterator[Any]:
    """A headless Chromium, or a skip that says what is missing."""
    if CHROMIUM is None:
        pytest.skip("needs chromium (Debian: apt install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        opened.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def started(target: str, log: Path, env: Mapping[str, str] | None, port: int) -> subprocess.Popen[bytes]:
    """A process that serves the ASGI app ``module:name`` on ``port``, when it answers."""
    command = [sys.executable, "-m", "uvicorn", target, "--port", str(port), "--log-level", "warning"]
    with log.open("ab") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=out, env={**os.environ, **(env or {})}, cwd=Path(__file__).parents[2]
        )
    for _ in range(240):
        if process.poll() is not None:
            raise RuntimeError(log.read_text())
        with suppress(OSError), urlopen(f"http://127.0.0.1:{port}/_stcore/health"):
            break
        time.sleep(0.25)
    return process


@contextmanager
def server(target: str, log: Path, env: Mapping[str, str] | None = None, port: int | None = None) -> Iterator[str]:
    """The ASGI app ``module:name`` on a port of this machine; its address."""
    port = port or free_port()
    process = started(target, log, env, port)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)
