"""A server of the real app with a tiny test, and a browser, for each file of tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from listening_test.session import Sessions
from tests.listening.browser import browser, server
from tests.listening.conftest import tiny_test
from tests.listening.e2e.steps import APP, Served, environment


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("quagga")
    test = tiny_test(folder, trials=2, languages=("en", "de", "fr"))
    sessions = Sessions(test, folder)
    with server(APP, folder / "log", environment(folder)) as address:
        yield Served(address, folder, test, sessions)
    sessions.dispose()
