from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bench import audio, codecs
from bench.align import probe
from bench.audio import Audio
from bench.domain import Clip, Encoded
from bench.errors import AudioError, CodecError, ConfigError
from bench.runner import run

HILCODEC = {
    # (condition, quantity): measured on these files by those who collected them, with PESQ and ViSQOL 3.8's lattice;
    # DAC's lag was left in, so its ViSQOL is not compared.
    ("encodec@3000", "pesq_wb"): 2.00, ("encodec@3000", "visqol_reference_speech_lattice"): 3.00,
    ("encodec@9000", "pesq_wb"): 3.18, ("encodec@9000", "visqol_reference_speech_lattice"): 3.60,
    ("evs@5900", "pesq_wb"): 2.64, ("evs@5900", "visqol_reference_speech_lattice"): 3.50,
    ("evs@16400", "pesq_wb"): 3.82, ("evs@16400", "visqol_reference_speech_lattice"): 3.97,
    ("dac@3000", "pesq_wb"): 2.21, ("dac@9000", "pesq_wb"): 3.92,
}  # fmt: skip


@pytest.fixture
def pair(tmp_path: Path) -> Path:
    """``a_ref.wav``, 2 s, and beside it versions that are 5 samples late, at 16 and 24 kbit/s, with bitstreams."""
    signal = probe(16_000).part(0, 32_000)
    audio.write(tmp_path / "a_ref.wav", signal, "PCM_16")
    late = Audio(np.pad(signal.samples, ((0, 0), (5, 0)))[:, :32_000], 16_000)
    for kbps in (16, 24):
        audio.write(tmp_path / f"a_mine_{kbps}.wav", late, "PCM_16")
        (tmp_path / f"a_{kbps}.bin").write_bytes(bytes(kbps * 250 + 10))
    return tmp_path


def clip(folder: Path, **part: Any) -> Clip:
    return Clip("set/a_ref", "set", "speech", str(folder / "a_ref.wav"), "", 16_000, 1, 32_000, **part)


def encoded(folder: Path, options: dict[str, Any], bitrate: int, **part: Any) -> Encoded:
    """What a run would keep of the decoded version at ``bitrate``."""
    mine = clip(folder, **part)
    start, length = round(16_000 * mine.start_s), round(16_000 * mine.coded_s)
    reference = audio.read(mine.path).part(start, start + length)
    return codecs.make("decoded", options).encode_clip(mine, reference, [bitrate])[bitrate]


def measured(folder: Path) -> Any:
    config = {
        "name": "decoded",
        "datasets": [
            {"loader": "folder", "name": "set", "category": "speech", "path": str(folder), "include": ["*_ref.wav"]}
        ],
        "codecs": [{"name": "decoded", "label": "mine", "bitrates_bps": [16_000, 24_000], "options": PATTERNS}],
        "metrics": ["snr"],
    }
    return run(config, output=folder / "run", workers=1)


def one(results: Any, condition: str) -> pd.Series:
    return results.encodings.set_index("condition").loc[condition]


PATTERNS = {"files": "{folder}/{item}_mine_{kbps}.wav", "item": "(?P<item>.+)_ref"}


def test_a_resumed_run_sees_a_decoded_file_that_was_made_again_and_one_that_is_gone(pair: Path) -> None:
    row = one(measured(pair), "mine@16000")
    assert (row["bits_are"], row["actual_bps"], row["lag_samples"], row["delay_samples"]) == ("stated", 16_000, 5, 0)
    assert row[["encode_s", "decode_s", "container_bytes"]].isna().all()
    audio.write(pair / "a_mine_16.wav", audio.read(pair / "a_ref.wav"), "PCM_16")
    (pair / "a_mine_24.wav").unlink()
    again = measured(pair)
    assert one(again, "mine@16000")["lag_samples"] == 0
    assert one(again, "mine@24000")["status"] == "failed"
    assert "a_mine_24.wav, and there is none" in one(again, "mine@24000")["reason"]


def test_a_fixed_lag_is_taken_away(pair: Path) -> None:
    options = PATTERNS | {"lag_samples": 5}
    found = encoded(pair, options, 16_000)
    assert (found.lag_samples, found.delay_samples) == (0, 5)
    heard = codecs.make("decoded", options).decode(found)
    assert np.array_equal(heard.samples[:, :-5], audio.read(pair / "a_ref.wav").samples[:, :-5])


def test_bitstreams_are_counted_but_of_a_part_of_a_clip(pair: Path) -> None:
    options = PATTERNS | {"bitstreams": "{folder}/{item}_{kbps}.bin", "header_bytes": 10}
    whole = encoded(pair, options, 24_000)
    assert (whole.stated, whole.payload_bits) == (False, 24 * 250 * 8)
    part = encoded(pair, options, 24_000, start_s=0.5, duration_s=1.0)
    assert (part.stated, part.payload_bits, part.lag_samples) == (True, 24_000, 5)


def test_a_table_says_what_belongs_together(pair: Path) -> None:
    table = "reference,decoded,bitrate_bps,bytes\na_ref.wav,a_mine_16.wav,16000,4000\na_ref.wav,a_mine_24.wav,24000,\n"
    (pair / "table.csv").write_text(table)
    options = {"table": str(pair / "table.csv")}
    first, second = (encoded(pair, options, bitrate) for bitrate in (16_000, 24_000))
    assert (first.stated, first.payload_bits) == (False, 32_000)
    assert second.stated


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            {"files": "{folder}/none.wav"},
            r"expected the decoded version of a_ref\.wav at .*none\.wav, and there is none",
        ),
        ({"files": "{folder}/{itm}.wav"}, r"cannot be filled in .* placeholders are \{item\}"),
        ({"item": "(?P<item>b.*)"}, "does not fit the option item"),
        ({"bitstreams": "{folder}/none"}, r"expected the bitstream of a_ref\.wav"),
        ({"files": "{folder}/short.wav"}, "too early"),
        ({"files": "{folder}/text.wav"}, r"text\.wav"),
        ({"files": "{folder}/long.wav"}, r"goes on for 1\.000 s"),
        ({"files": "{folder}/stereo.wav"}, "expected 1 channels, as the reference has, got 2"),
        ({"files": "{item.foo}"}, "cannot be filled in"),
        ({"bitstreams": "{folder}/a_16.bin", "header_bytes": 5_000}, "nothing is left to count"),
        ({"item": "(?P<item>.+)_ref(?P<more>x)?"}, "the group more of item is empty"),
    ],
)
def test_what_is_not_there_is_said(change: dict[str, Any], reason: str, pair: Path) -> None:
    audio.write(pair / "short.wav", probe(16_000).part(0, 20_000), "PCM_16")
    audio.write(pair / "long.wav", probe(16_000).part(0, 48_000), "PCM_16")
    audio.write(pair / "stereo.wav", probe(16_000, 2).part(0, 32_000), "PCM_16")
    (pair / "text.wav").write_text("<html>404</html>")
    with pytest.raises((CodecError, AudioError), match=reason):
        encoded(pair, PATTERNS | change, 16_000)


@pytest.mark.parametrize(
    "options",
    [{}, {"files": "a", "table": "b"}, {"files": "a", "item": "("}, {"table": "nowhere.csv"}],
)
def test_options_that_make_no_codec(options: dict[str, str]) -> None:
    with pytest.raises(ConfigError):
        codecs.make("decoded", options)


def test_real_neural_codecs_get_the_scores_that_are_known(real_data: Callable[[str], Path], tmp_path: Path) -> None:
    folder = real_data("decoded/hilcodec")
    rates = {"encodec": [3000, 9000], "evs": [5900, 16400], "dac": [3000, 9000]}
    names = {"dac": "descript"}
    speech = {"loader": "folder", "name": "set", "category": "speech"}
    config = {
        "name": "hilcodec",
        "datasets": [speech | {"path": str(folder), "include": ["speech_ref.wav"]}],
        "codecs": [
            {"name": "decoded", "label": name, "bitrates_bps": rates[name], "options": {
                "files": f"{{folder}}/{{item}}_{names.get(name, name)}_{{kbps}}kbps.wav", "item": "(?P<item>.+)_ref",
                "lag_samples": -8 if name == "dac" else 0,
            }}
            for name in rates
        ],
        "metrics": ["pesq_wb", "visqol_reference_speech_lattice"],
    }  # fmt: skip
    results = run(config, output=tmp_path / "run", workers=1)
    values = results.scores.set_index(["condition", "quantity"])["value"]
    for cell, expected in HILCODEC.items():
        assert values[cell] == pytest.approx(expected, abs=0.006), cell
    assert (results.encodings["lag_samples"] == 0).all()
