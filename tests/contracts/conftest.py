"""Where codecs find the weights that the test data holds."""

from __future__ import annotations

import pytest

from tests.conftest import DATA


@pytest.fixture(autouse=True)
def _weights(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = DATA / "weights" / "lyra_v2"
    if folder.is_dir():
        monkeypatch.setenv("CODECBENCH_LYRA_V2", str(folder))
