"""Groups of metrics where not all of a group works on this machine."""

from __future__ import annotations

import pytest

from bench import metrics
from bench.errors import MissingRequirement, UnknownName
from bench.scoring import score
from tests.conftest import noise


@pytest.fixture(autouse=True)
def _no_weights(tmp_path, monkeypatch):
    monkeypatch.setenv("CODECBENCH_WHISPER", str(tmp_path))
    monkeypatch.setenv("CODECBENCH_WAVLM_SV", str(tmp_path))


def test_what_of_a_group_does_not_work_has_a_row_that_says_why():
    clip = noise(16_000, 1.0)
    rows = {row["quantity"]: row for row in score(clip, clip, ["semantic", "snr"]).rows}
    assert list(rows) == ["wer", "cer", "speaker_similarity", "snr"]
    assert rows["snr"]["status"] == "ok"
    for name in ("wer", "cer", "speaker_similarity"):
        assert (rows[name]["status"], rows[name]["value"]) == ("failed", None)
        assert rows[name]["reason"]


def test_what_is_named_by_itself_has_to_work():
    clip = noise(16_000, 1.0)
    with pytest.raises(MissingRequirement):
        score(clip, clip, ["wer"])
    with pytest.raises(MissingRequirement):
        score(clip, clip, ["semantic", "wer"])


@pytest.mark.parametrize(
    ("name", "said"),
    [("signall", "Did you mean 'signal'"), ("fad_log_mel", "belongs under `set_measures`"), ("mos", "is a group")],
)
def test_a_name_that_belongs_elsewhere_is_told_so(name, said):
    with pytest.raises(UnknownName, match=said):
        metrics.registry.entry(name)
