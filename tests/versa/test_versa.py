"""VERSA's lines beside our scores, and a run in VERSA's form."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pandas as pd
import pytest
from typer.testing import CliRunner

from bench import audio
from bench.cli.app import app
from bench.errors import ConfigError, StoreError
from bench.report import render, summarise
from bench.report.worst import worst_clips
from bench.versa.exported import export
from bench.versa.joined import joined
from bench.versa.known import HIGHER, LOWER, known
from bench.versa.lines import clip_key, key_of, line, read
from bench.versa.source import source_of
from tests.report.build import make_run, with_tables
from tests.test_cli import strict

CONDITION = "opus@6000"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Three clips of each category, without audio."""
    return make_run(tmp_path_factory.mktemp("run"), clips=3, with_audio=False)


def clips_of(run, category="speech"):
    return [str(name) for name in run.clips.loc[run.clips["category"] == category, "clip"]]


def written(folder, lines, name="versa.jsonl"):
    path = folder / name
    path.write_text("".join(one if isinstance(one, str) else json.dumps(one) + "\n" for one in lines), encoding="utf-8")
    return path


def versa_file(run, folder, quantities, condition=CONDITION, name="versa.jsonl"):
    """A file over all speech clips of a condition; ``quantities``: names and what clip number n has."""
    lines = [
        {"key": key_of(condition, clip), **{quantity: value(n) for quantity, value in quantities.items()}}
        for n, clip in enumerate(clips_of(run))
    ]
    return written(folder, lines, name)


def cell(table, **wanted):
    for column, value in wanted.items():
        table = table[table[column] == value]
    assert len(table) == 1
    return table.iloc[0]


def test_values_are_joined_and_summarised_like_ours(run, tmp_path):
    path = versa_file(run, tmp_path, {"utmos": lambda n: 3.0 + n, "mcd": lambda n: 5.0})
    results, (tally,) = joined(run, [str(path)])
    row = cell(summarise(results), category="speech", condition=CONDITION, quantity="versa:utmos")
    assert (row["mean"], row["n"], row["unit"], row["higher_is_better"]) == (4.0, 3, "MOS", True)
    assert row["ci_low"] < 4 < row["ci_high"]
    assert not cell(summarise(results), quantity="versa:mcd")["higher_is_better"]
    assert tally.summary() == "versa.jsonl: 3 of 3 lines joined: versa:utmos, versa:mcd"
    assert list(tally.problems()) == []
    assert "Imported from versa.jsonl" in results.quantities["versa:utmos"]["summary"]
    assert len(run.scores) == len(results.scores) - 6  # the run itself is as it was
    assert results.scores.dtypes.to_dict() == run.scores.dtypes.to_dict()


def test_files_of_one_condition_have_clips_as_keys(run, tmp_path):
    lines = [{"key": clip, "stoi": 0.5} for clip in clips_of(run)]
    path = written(tmp_path, lines, "opus = 6.jsonl")
    results, _ = joined(run, [f"{CONDITION}={path}"])
    assert cell(summarise(results), quantity="versa:stoi")["condition"] == CONDITION
    with pytest.raises(ConfigError, match=r"no key names a cell.*give CONDITION=FILE"):
        joined(run, [str(path)])


def test_several_files_are_joined_into_one_quantity(run, tmp_path):
    first = versa_file(run, tmp_path, {"utmos": lambda n: 3.0}, "opus@6000", "a.jsonl")
    second = versa_file(run, tmp_path, {"utmos": lambda n: 4.0}, "opus@12000", "b.jsonl")
    results, tallies = joined(run, [str(first), str(second)])
    means = summarise(results).query("quantity == 'versa:utmos'").set_index("condition")["mean"]
    assert means.to_dict() == {"opus@6000": 3.0, "opus@12000": 4.0}
    assert len(tallies) == 2
    assert results.quantities["versa:utmos"]["summary"].startswith("Imported from a.jsonl, b.jsonl")


def test_nothing_is_dropped_without_a_word(run, tmp_path):
    one, two, three = clips_of(run)
    path = written(
        tmp_path,
        [
            {"key": key_of(CONDITION, one), "pesq": 0.0, "utmos": 3.0, "language": "en", "vad_info": [{"start": 0}]},
            {"key": key_of(CONDITION, two), "pesq": 2.5, "utmos": None, "flag": True},
            f'{{"key": "{key_of(CONDITION, three)}", "pesq": NaN, "sdr": Infinity}}\n',
            {"key": key_of(CONDITION, two), "pesq": 2.5, "utmos": 2.0},
            {"key": "opus@7000/" + one, "pesq": 1.0},
            {"no key": 1},
            "[1, 2]\n",
            "\n",
            '{"key": "torn',
        ],
    )
    results, (tally,) = joined(run, [str(path)])
    assert (tally.lines, tally.joined) == (8, 4)
    assert list(tally.problems()) == [
        "versa.jsonl: no JSON object with a key in 3 lines (6, 7, 9).",
        f"versa.jsonl: no such cell in this run for 1 key (opus@7000/{one}).",
        "versa.jsonl: no numbers, left out: language (1), vad_info (1), flag (1).",
        "versa.jsonl: null or NaN, undefined here: utmos (1), pesq (1).",
        "versa.jsonl: 0, VERSA's sign of a failure, failed here: pesq (1).",
        "versa.jsonl: values given again that are equal: 1.",
        "versa.jsonl: values given again that differ, undefined here: 1.",
    ]
    assert results.info["warnings"] == list(tally.problems())
    summary = summarise(results)
    pesq = cell(summary, quantity="versa:pesq")
    assert (pesq["n"], pesq["n_failed"], pesq["n_undefined"], pesq["mean"]) == (1, 1, 1, 2.5)
    utmos = cell(summary, quantity="versa:utmos")
    assert (utmos["n"], utmos["n_undefined"], utmos["mean"]) == (1, 2, 3.0)
    sdr = cell(summary, quantity="versa:sdr")
    assert (sdr["mean"], sdr["n"], sdr["n_undefined"]) == (math.inf, 1, 2)
    reasons = results.scores.query("quantity == 'versa:utmos' and status == 'undefined'")["reason"].tolist()
    assert any("two values: null (versa.jsonl, line 2) and 2 (versa.jsonl, line 4)" in reason for reason in reasons)
    assert any("no value of utmos" in reason for reason in reasons)


def test_cells_that_were_never_decoded_keep_their_status(run, tmp_path):
    encodings = run.encodings.copy()
    broken = (encodings["condition"] == CONDITION) & (encodings["clip"] == clips_of(run)[0])
    encodings.loc[broken, ["status", "reason"]] = ["failed", "the encoder ended with code 1"]
    changed = with_tables(run, tmp_path / "run", encodings=encodings)
    path = written(tmp_path, [{"key": key_of(CONDITION, clip), "utmos": 3.0} for clip in clips_of(run)[1:]])
    row = cell(summarise(joined(changed, [str(path)])[0]), quantity="versa:utmos")
    assert (row["n"], row["n_failed"], row["n_undefined"]) == (2, 1, 0)


def test_an_unknown_direction_is_shown_without_one_and_ranks_nothing(run, tmp_path):
    path = versa_file(run, tmp_path, {"speaking_rate": lambda n: 4.0 + n})
    results, _ = joined(run, [str(path)])
    assert cell(summarise(results), quantity="versa:speaking_rate")["higher_is_better"] is None
    only = with_tables(
        results,
        tmp_path / "only",
        scores=results.scores[results.scores["quantity"] == "versa:speaking_rate"],
        info=results.info,
    )
    assert worst_clips(only, "speech") == []


def test_no_name_has_two_directions():
    names = [name for table in (HIGHER, LOWER) for names in table.values() for name in names]
    assert len(names) == len(set(names))
    assert known("whisper_wer").higher_is_better is False
    assert (known("mcd").unit, known("pesq").unit) == ("dB", "MOS-LQO")
    assert known("whisper_wer_delete").higher_is_better is False
    assert known("fwhisper_cer_equal").higher_is_better is True
    assert known("noresqa_score").higher_is_better is None


def test_the_names_that_versa_itself_writes_are_known():
    written_names = ("mcd", "f0rmse", "f0corr", "sdr", "sir", "sar", "si_snr", "ci_sdr", "stoi")  # its demo results
    assert [known(name).higher_is_better for name in written_names] == [False, False] + 7 * [True]
    for name in ("dns_overall", "dns_p808"):
        assert (known(name).unit, known(name).higher_is_better) == ("MOS", True)


def test_error_rates_are_made_from_their_counts(run, tmp_path):
    def counts(delete, insert, replace, equal):
        edits = {"delete": delete, "insert": insert, "replace": replace, "equal": equal}
        return {f"whisper_wer_{edit}": count for edit, count in edits.items()}

    rates = [counts(1, 1, 0, 7), counts(0, 0, 0, 0), {"whisper_wer": 0.5, **counts(1, 1, 1, 1)}]
    keys = [key_of(CONDITION, clip) for clip in clips_of(run)]
    results, _ = joined(run, [str(written(tmp_path, [{"key": k, **r} for k, r in zip(keys, rates, strict=True)]))])
    row = cell(summarise(results), quantity="versa:whisper_wer", condition=CONDITION)
    assert (row["mean"], row["n"], row["n_undefined"]) == (0.375, 2, 1)
    assert not row["higher_is_better"]


def test_versas_meaning_of_a_name_wins_over_ours(run, tmp_path):
    about = {"unit": "cents", "higher_is_better": False, "low": 0.0, "high": math.inf}
    ours = replace(run, info={**run.info, "quantities": {**run.quantities, "f0_rmse": about, "own": about}})
    path = versa_file(run, tmp_path, {"f0_rmse": lambda n: 40.0, "own": lambda n: 1.0})
    found = joined(ours, [str(path)])[0].quantities
    assert found["versa:f0_rmse"]["unit"] == "Hz"
    assert found["versa:own"]["unit"] == "cents"


def test_a_quantity_of_another_unit_than_versas_is_exported_with_its_unit(run, tmp_path):
    scores = run.scores.assign(quantity=run.scores["quantity"].replace("pesq_wb", "f0_rmse"))
    about = {"unit": "cents", "higher_is_better": False}
    ours = replace(run, scores=scores, info={**run.info, "quantities": {**run.quantities, "f0_rmse": about}})
    export(ours, tmp_path)
    text = (tmp_path / "scores.jsonl").read_text(encoding="utf-8")
    assert '"f0_rmse_cents"' in text
    assert '"f0_rmse"' not in text


def test_the_first_contradiction_is_told(run, tmp_path):
    key = key_of(CONDITION, clips_of(run)[0])
    path = written(tmp_path, [{"key": key, "utmos": value} for value in (1.0, 2.0, 1.0)])
    results, (tally,) = joined(run, [str(path)])
    reasons = results.scores.query("quantity == 'versa:utmos'")["reason"].tolist()
    assert "two values: 1 (versa.jsonl, line 1) and 2 (versa.jsonl, line 2)." in reasons
    assert tally.contradicting == 2


def test_a_name_twice_in_one_line_is_a_second_value(run, tmp_path):
    one, two, three = (key_of(CONDITION, clip) for clip in clips_of(run))
    path = written(
        tmp_path,
        [
            f'{{"key": "{one}", "utmos": 1.0, "utmos": 2.0}}\n',
            f'{{"key": "{two}", "utmos": 3.0, "utmos": 3.0}}\n',
            f'{{"key": "{one}", "key": "{three}"}}\n',
        ],
    )
    results, (tally,) = joined(run, [str(path)])
    row = cell(summarise(results), quantity="versa:utmos")
    assert (row["n"], row["n_undefined"], row["mean"]) == (1, 2, 3.0)
    assert (tally.contradicting, tally.repeated, tally.unreadable) == (1, 1, [3])


def test_malformed_numbers_and_lines_are_counted(run, tmp_path):
    one, two, three = (key_of(CONDITION, clip) for clip in clips_of(run))
    path = written(
        tmp_path,
        [
            f'{{"key": "{one}", "utmos": {"9" * 400}, "mcd": 1.7e308, "a_wer_delete": {"9" * 400}}}\n',
            f'{{"key": "{two}", "utmos": 3.0, "mcd": -1.7e308, "deep": {"[" * 100_000 + "]" * 100_000}}}\n',
            f'{{"key": "{three}", "utmos": 4.0, "mcd": 1e99}}\n',
        ],
    )
    results, (tally,) = joined(run, [str(path)])
    assert "versa.jsonl: no JSON object with a key in 1 line (2)." in tally.problems()
    too_large = "too large for a measurement, undefined here: utmos (1), mcd (1), a_wer_delete (1)"
    assert f"versa.jsonl: {too_large}." in tally.problems()
    assert cell(summarise(results), quantity="versa:utmos")["mean"] == 4.0
    render(results)


def test_printed_dictionaries_and_a_byte_order_mark_are_read(tmp_path):
    text = "{'key': 'a', 'pesq': nan, 'sdr': -inf, 'utmos': 3.5, 'language': 'en'}\n{**x}\n[1]\nprint('x')\n"
    (tmp_path / "x.jsonl").write_text('{"key": "b"}\n' + text, encoding="utf-8-sig")
    lines = read(tmp_path / "x.jsonl")
    assert [one.key for one in lines.lines] == ["b", "a"]
    assert str(lines.lines[1].entries) == "[('pesq', nan), ('sdr', -inf), ('utmos', 3.5), ('language', 'en')]"
    assert lines.unreadable == [3, 4, 5]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nowhere.jsonl", "no such file. Expected FILE or CONDITION=FILE"),
        ("opus@6000=nowhere.jsonl", "no such file: nowhere.jsonl"),
        ("opus@600=nowhere.jsonl", "no condition 'opus@600'. Did you mean 'opus@6000'?"),
    ],
)
def test_mistakes_are_told(run, text, said):
    with pytest.raises(ConfigError) as error:
        source_of(text, run.conditions)
    assert said in str(error.value)


def test_a_condition_may_have_an_equals_sign(tmp_path):
    path = written(tmp_path, [], "a=b.jsonl")
    assert source_of(f"pcm,bits=8={path}", ["pcm,bits=8"]).condition == "pcm,bits=8"
    assert source_of(str(path), ["a"]).condition is None


def test_a_file_that_is_no_text(tmp_path):
    (tmp_path / "x.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(StoreError, match="it is no text"):
        read(tmp_path / "x.jsonl")


def test_an_empty_file(run, tmp_path):
    with pytest.raises(ConfigError, match="it is empty"):
        joined(run, [str(written(tmp_path, ["\n"]))])


def test_keys_have_no_white_space_and_differ(tmp_path):
    names = ["a b", "a%20b", "a\tb", "ü/好", "a\u00a0b", "a\u2003b"]
    keys = [clip_key(name) for name in names]
    assert len(set(keys)) == len(names)
    assert all(len(key.split()) == 1 for key in keys)
    assert key_of("opus@6000", "set/a b") == "opus@6000/set/a%20b"
    assert clip_key("plain/clip-1") == "plain/clip-1"


def test_a_line_is_always_json():
    def refuse(constant):
        raise AssertionError(constant)

    text = line("x", {"a": math.inf, "b": -math.inf, "c": math.nan, "d": 0.1})
    assert json.loads(text, parse_constant=refuse) == {"key": "x", "d": 0.1}


def test_export_and_import_give_the_same_table(run, tmp_path):
    done = export(run, tmp_path)
    results, (tally,) = joined(run, [str(tmp_path / "scores.jsonl")])
    assert (tally.lines, tally.joined, list(tally.problems())) == (len(run.encodings), len(run.encodings), [])
    assert done.left_out["audio deleted"] == len(run.encodings)
    table = summarise(results).set_index(["category", "condition", "quantity"])
    compared = 0
    for (category, condition, quantity), ours in table.iterrows():
        if quantity.startswith("versa:"):
            continue
        if not ours["n"]:
            assert (category, condition, f"versa:{quantity}") not in table.index
            continue
        theirs = table.loc[(category, condition, f"versa:{quantity}")]
        if math.isinf(ours["mean"]):  # JSON has no infinity: these values are left out, and counted on import
            assert (theirs["n"], theirs["n_undefined"]) == (0, ours["n"])
            continue
        columns = ["unit", "higher_is_better", "mean", "ci_low", "ci_high", "n", "n_sources"]
        pd.testing.assert_series_equal(theirs[columns], ours[columns], check_names=False)
        compared += 1
    assert compared == 10 * (4 + 3) - 2  # conditions and quantities of both categories, less SI-SDR of the reference


def test_the_lists_name_files_that_can_be_read(tmp_path):
    run = make_run(
        tmp_path / "a run", clips=2, categories=("speech",), codecs={"opus": (6000,)}, clip_name="a clip", seconds=0.1
    )
    run.decoded("a clip-speech-001", CONDITION).unlink()
    done = export(run)
    assert done.left_out == {"not decoded": 0, "audio deleted": 1}
    lists = [(run.folder / "versa" / name).read_text(encoding="utf-8").splitlines() for name in ("pred.scp", "gt.scp")]
    assert len(lists[0]) == len(lists[1]) == done.listed == 2 * 4 - 1
    for decoded, reference in zip(*lists, strict=True):
        pairs = [text.strip().split(maxsplit=1) for text in (decoded, reference)]  # as VERSA reads them
        assert pairs[0][0] == pairs[1][0]
        lengths = {audio.info(path).length for _, path in pairs}
        assert lengths == {1600}
    assert any(text.startswith(f"{CONDITION}/a%20clip-speech-000 ") for text in lists[0])


def test_the_export_command(run, tmp_path):
    done = CliRunner().invoke(app, ["export", "versa", str(run.folder), "-o", str(tmp_path / "lists"), "--json"])
    assert done.exit_code == 0, done.output
    assert [name.rpartition("/")[2] for name in strict(done.stdout)["files"]] == ["pred.scp", "gt.scp", "scores.jsonl"]


def test_an_imported_quantity_is_marked_in_every_output_of_a_report(run, tmp_path):
    """Also one without a direction, and one whose values are as large as a measurement can be."""
    given = {
        "utmos": lambda n: 3.0 + n,
        "language": lambda n: "en",
        "speaking_rate": lambda n: 4.0,
        "mcd": lambda n: 1e99,
    }
    path, out = versa_file(run, tmp_path, given), tmp_path / "out"
    report = CliRunner().invoke(app, ["report", str(run.folder), "--with", str(path), "--output", str(out), "--json"])
    assert report.exit_code == 0, report.output
    told = strict(report.stdout)
    assert {row["quantity"] for row in told["summary"]} >= {"versa:utmos", "versa:speaking_rate", "pesq_wb"}
    assert told["record"]["imported"]
    assert "3 of 3 lines joined: versa:utmos, versa:speaking_rate, versa:mcd" in report.stderr
    assert "no numbers, left out: language (3)" in report.stderr
    assert "versa:utmos" in (out / "summary.csv").read_text(encoding="utf-8")
    for name in ("report.md", "report.html"):
        text = (out / name).read_text(encoding="utf-8").replace("&#39;", "'")
        assert "versa:utmos" in text
        assert "Imported from versa.jsonl" in text
        assert "versa.jsonl: 3 of 3 lines joined" in text
        assert str(tmp_path) not in text
    wrong = CliRunner().invoke(app, ["report", str(run.folder), "--with", "opus@600=x.jsonl", "--output", str(out)])
    assert isinstance(wrong.exception, ConfigError)
