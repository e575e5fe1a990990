from __future__ import annotations

import sys

import pytest

from bench.datasets import progress


@pytest.mark.parametrize("terminal", [False, True])
def test_a_bar_is_shown_only_on_a_terminal(monkeypatch, capsys, terminal):
    monkeypatch.setattr(progress, "PATIENCE_S", -1.0)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    assert list(progress.with_progress(range(3), 3, "mixing")) == [0, 1, 2]
    assert bool(capsys.readouterr().err) == terminal
