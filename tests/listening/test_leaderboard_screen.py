"""The leaderboard among the experimenter's pages: what is written is shown, and only when asked for."""

from __future__ import annotations

import json
import math

import pytest
from streamlit.testing.v1 import AppTest

from bench.leaderboard import build, write
from listening_test.screens.experimenter.leaderboard import read, table
from tests.report.build import make_run


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("board")
    run = make_run(folder / "run", clips=3, categories=("speech",), with_audio=False)
    write(build([run]), folder)
    return folder / "leaderboard.json"


def page() -> None:
    from listening_test.screens.experimenter import leaderboard

    leaderboard.show(None)


def test_every_entry_is_a_row_with_its_numbers(written):
    (board,), (source,) = read(written)
    assert source["kind"] == "run"
    frame = table(board)
    assert list(frame["condition"]) == [entry["condition"] for entry in board["entries"]]
    shown = frame.set_index("condition").loc["opus@6000"]
    entry = next(entry for entry in board["entries"] if entry["condition"] == "opus@6000")
    assert shown["pesq_wb"] == round(entry["values"]["pesq_wb"]["mean"], 3)
    assert shown["pesq_wb "].startswith("[")
    assert "1–7 of 7" in shown["rank"]
    assert {"nominal kbit/s", "encode × real time", "decode × real time", "n", "failed"} <= set(frame)
    assert (shown["nominal kbit/s"], shown["n"], shown["failed"]) == (6, 3, 0)
    partial = {**board, "entries": [{**entry, "complete": False}, {**entry, "kind": "published", "values": {}}]}
    assert [text.partition(" ")[2] for text in table(partial)["source"]] == ["(partial)", "(published)"]
    assert math.isinf(frame.set_index("condition").loc["reference", "si_sdr"])


def test_conditions_are_named_only_when_asked_for(written, monkeypatch):
    monkeypatch.setenv("CODECBENCH_LEADERBOARD", str(written))
    app = AppTest.from_function(page, default_timeout=60).run()
    assert not app.dataframe
    app.button[0].click().run()
    assert "opus@6000" in set(app.dataframe[0].value["condition"])
    app.text_input[0].input("opus 12").run()
    assert list(app.dataframe[0].value["condition"]) == ["opus@12000"]
    assert not app.exception


@pytest.mark.parametrize("text", [None, "[]", '{"version": 99, "boards": []}', "no json"])
def test_a_missing_or_foreign_file_is_told(text, tmp_path, monkeypatch):
    path = tmp_path / "leaderboard.json"
    if text is not None:
        path.write_text(text)
    monkeypatch.setenv("CODECBENCH_LEADERBOARD", str(path))
    app = AppTest.from_function(page, default_timeout=60).run()
    app.button[0].click().run()
    assert "No leaderboard at leaderboard.json" in app.info[0].value
    assert "Errno" not in app.info[0].value
    assert not app.exception


def test_the_version_is_the_one_that_is_written(written):
    from listening_test.screens.experimenter import leaderboard

    assert json.loads(written.read_text())["version"] == leaderboard.VERSION
