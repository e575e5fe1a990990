"""Codecs with every fault, all in one run: a cell fails alone, with a reason, and what is no failure is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from bench import run
from bench.errors import CodecError
from bench.inspection.cost import cost_of
from bench.runs.results import TIMING_COLUMNS, Results
from tests.faults.conftest import misbehaving
from tests.runs import Config, processes_of

RAISE = {
    "recurses without end": "RecursionError: maximum recursion depth exceeded",
    "raises what UTF-8 cannot hold": r"caf\\udce9",
    "writes nothing": "AttributeError: 'NoneType'",
    "writes an empty stream": "",
    "writes garbage": "",
    "decodes to half": "expected 2 channels",
    "decodes to NaN": "NaN or infinite",
    "decodes to twice the channels": "expected 2 channels",
}
"""Faults that cost no worker, and the reason in the row."""

HARMLESS = ("forks and stays", "forks and goes on", "prints", "closes stdout", "changes folder")

KILL = {
    "segfaults": "the worker was ended by SIGSEGV, 2 times, in: encode",
    "leaks": "the worker was out of memory, 2 times, in: encode",
}
"""Faults that end the worker, and are tried twice."""

KILL_TOO = {
    "exits at once": "the worker ended with code 0; workers.log in the run folder has its last words, 2 times",
    "aborts": "SIGABRT, 2 times",
    "hangs": "no answer within 8 s; the worker was stopped, 2 times",
    "exits": "ended with code 0",
    "kills its group": "SIGKILL",
    "closes every file": "the worker (?:was )?ended",
    "forks and crashes": "SIGSEGV, 2 times",
    "raises KeyboardInterrupt": "SIGINT, 2 times",
    "raises BaseException": "ended with code 1",
    "raises MemoryError": "the worker was out of memory, 2 times",
}


def measured(config: Config, faults: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> Results:
    """All of ``faults`` before and after good codecs, with a limit of memory, and with relative paths."""
    monkeypatch.setenv("CODECBENCH_WORKER_MEMORY_GB", "1.5")
    monkeypatch.chdir(folder)
    first, *rest = config["codecs"]
    codecs = [first, *map(misbehaving, faults), *rest]
    return run(config | {"codecs": codecs, "cell_timeout_s": 8}, output="run", cache="cache", workers=2)


def require_alone(results: Results, whole: Path, failing: dict[str, str]) -> None:
    """Only the stereo clip under a condition of ``failing`` has failed, and says why; all else is as without them."""
    labels = {fault.replace(" ", "-"): reason for fault, reason in failing.items()}
    encodings = results.encodings
    failed = encodings[encodings["status"] != "ok"]
    assert sorted(zip(failed["clip"], failed["condition"], strict=True)) == [
        ("music/m0", label) for label in sorted(labels)
    ]
    for row in failed.itertuples():
        assert pd.Series([row.reason]).str.contains(labels[str(row.condition)]).all(), row
    scores = results.scores[results.scores["status"] != "ok"]
    assert len(scores) == 2 * len(labels)
    assert scores["value"].isna().all()
    assert scores["reason"].str.startswith("no decoded audio: ").all()
    good = pd.read_parquet(whole / "scores.parquet").drop(columns=list(TIMING_COLUMNS), errors="ignore")
    found = results.scores[results.scores["condition"].isin(good["condition"].unique())]
    found = found.astype({name: good[name].dtype for name in good})[list(good)].reset_index(drop=True)
    pd.testing.assert_frame_equal(found, good, check_exact=True)
    assert results.info["complete"] is True
    assert not results.scores.duplicated(["clip", "condition", "quantity"]).any()
    assert processes_of(results.folder) == []


def test_a_codec_that_misbehaves_fails_its_own_cell_only(
    config: Config, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = measured(config, [*KILL, *RAISE, *HARMLESS], tmp_path, monkeypatch)
    require_alone(results, whole, {**KILL, **RAISE})


@pytest.mark.slow
def test_a_codec_that_ends_its_worker_fails_its_own_cell_only(
    config: Config, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = measured(config, list(KILL_TOO), tmp_path, monkeypatch)
    require_alone(results, whole, KILL_TOO)


def cost_options(fault: str) -> dict[str, Any]:
    return {"fault": fault, "everywhere": True}


@pytest.mark.parametrize(
    "fault", ["forks and stays", *(pytest.param(one, marks=pytest.mark.slow) for one in HARMLESS[1:])]
)
def test_what_a_codec_costs_is_found_whatever_it_does_to_its_process(fault: str) -> None:
    cost = cost_of("tests.faults.codecs:Misbehaving", cost_options(fault), times=1, limit_s=100)
    assert cost.encode_rtf > 0


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("exits at once", "its process ended with 0"),
        *(
            pytest.param(fault, reason, marks=pytest.mark.slow)
            for fault, reason in (
                ("segfaults", "cannot be run"), ("leaks", "MemoryError"), ("hangs", "took longer than 8 s"),
                ("forks and crashes", "cannot be run"), ("exits", "its process ended with 0"),
            )
        ),
    ],
)  # fmt: skip
def test_a_codec_without_a_cost_has_a_reason(fault: str, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODECBENCH_WORKER_MEMORY_GB", "1")
    with pytest.raises(CodecError, match=reason):
        cost_of("tests.faults.codecs:Misbehaving", cost_options(fault), times=1, limit_s=8)
