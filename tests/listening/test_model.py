"""A test survives its file."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from bench.errors import StoreError
from listening_test.model import TEST, Rules, Stimulus, Test, Trial, load_test, write_test


def made() -> Test:
    reference = Stimulus("reference", "reference", "a" * 64)
    stimuli = (
        Stimulus("hidden", "hidden_reference", "a" * 64),
        Stimulus("opus@12000", "system", "b" * 64, 0.5, "demo"),
    )
    trial = Trial("t1", "clip", "speech", "speech", reference, stimuli, 10.0)
    return Test(
        "mine", "Mine & yours", Rules(), (trial, Trial("t0", "c", "d", "music", reference, stimuli, 5.0, True)), 7
    )


def test_a_test_comes_back_as_it_was(tmp_path: Path) -> None:
    write_test(made(), tmp_path)
    assert load_test(tmp_path) == made()
    assert [trial.id for trial in load_test(tmp_path).counted] == ["t1"]


def test_what_is_no_test_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="codecbench listen build"):
        load_test(tmp_path)
    (tmp_path / TEST).write_text("{", encoding="utf-8")
    with pytest.raises(StoreError, match="cannot be read"):
        load_test(tmp_path)
    (tmp_path / TEST).write_text("[1]", encoding="utf-8")
    with pytest.raises(StoreError, match="expected format 1"):
        load_test(tmp_path)
    whole = json.dumps({"format": 1, **asdict(made())})
    for part, other in (('"trials"', '"tests"'), ('"screening"', '"screen"'), ('"sha256"', '"md5"')):
        (tmp_path / TEST).write_text(whole.replace(part, other), encoding="utf-8")
        with pytest.raises(StoreError, match="it was changed, or another version wrote it"):
            load_test(tmp_path)
