"""A published MUSHRA test from its files to verdicts, against an own way through the raw table."""

from __future__ import annotations

import csv
import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.optimize import isotonic_regression

from bench.agreement.names import read_names
from tests.commands import codecbench
from tests.conftest import DATA, ROOT
from tests.test_cli import strict

RAW = "ratings/bernoulli_mushra/ratings_formated.csv"
NAMES = ROOT / "configs" / "decoded_mushra_names.csv"


def test_the_names_are_those_of_the_files(real_data):
    names = read_names(NAMES)
    with real_data(RAW).open(encoding="utf-8") as raw:
        lines = [line for line in csv.DictReader(raw) if line["signal"] in names.clips and line["file"]]
    assert len(lines) == 12 * 8
    for line in lines:
        folder, name = line["file"].split("/")
        assert names.clips[line["signal"]] == f"mushra/{folder}/ref"
        run_name = names.conditions[line["condition"]]
        assert run_name.partition("@")[0] == {"ref.wav": "passthrough"}.get(name, name.removesuffix(".wav"))


@pytest.mark.slow
def test_pesq_of_a_published_test_is_what_its_files_say(real_data, tmp_path):
    raw = real_data(RAW)
    run = tmp_path / "run"
    metrics = ("--only", "pesq*", "--only", "visqol*", "--only", "stoi")
    config = ROOT / "configs" / "decoded_mushra.yaml"
    done = codecbench("run", config, "--data", DATA, "--output", run, *metrics, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    done = codecbench("listen", "import", "bernoulli", raw, "-o", "r.parquet", "--test", "bernoulli", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    done = codecbench("agreement", run, "--ratings", "r.parquet", "--names", NAMES, "--json", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    told = {row["quantity"]: row for row in strict(done.stdout)["agreements"]}

    table = pd.read_csv(raw).dropna(subset=["file"]).query("condition != 'Reference'")
    table["clip"] = "mushra/" + table["file"].str.split("/").str[0] + "/ref"
    table["codec"] = table["file"].str.split("/").str[1].str.removesuffix(".wav")
    lists = table["ratings"].map(json.loads)
    table["mean"] = lists.map(np.mean)
    table["half"] = [stats.sem(given) * stats.t(len(given) - 1).ppf(0.975) for given in lists]
    assert len(table) == 112
    scores = pd.read_parquet(run / "scores.parquet").assign(codec=lambda rows: rows["condition"].str.split("@").str[0])
    for quantity, row in told.items():
        if quantity == "si_sdr":
            continue
        joined = table.merge(scores[scores["quantity"] == quantity], on=["clip", "codec"])
        x, y = joined["value"].to_numpy(), joined["mean"].to_numpy()
        assert row["n_files"] == len(joined) == 84
        assert row["n_listeners"] == 21
        assert row["n_ratings"] == sum(map(len, joined["ratings"].map(json.loads)))
        files = row["levels"]["files"]
        for name, oracle in (("pearson", stats.pearsonr), ("spearman", stats.spearmanr), ("kendall", stats.kendalltau)):
            assert files[name]["value"] == pytest.approx(oracle(x, y).statistic)
            assert files[name]["low"] < files[name]["value"] < files[name]["high"]
        single = [stats.kendalltau(group["value"], group["mean"]).statistic for _, group in joined.groupby("clip")]
        assert row["levels"]["items"]["kendall"]["value"] == pytest.approx(np.mean(single))
        best = isotonic_regression(y[np.argsort(x)])  # no monotone mapping is nearer
        assert files["rmse"]["value"] ** 2 * 80 >= np.square(y[np.argsort(x)] - best.x).sum()
        if row["mapping"]["coefficients"][1:] == [0, 0, 0]:
            residuals = np.abs(y - y.mean())
            assert files["outlier_ratio"]["value"] == pytest.approx((residuals > joined["half"]).mean())
    # As docs/blind-spots.md, docs/agreement.md and the docstring of the metric say.
    assert told["pesq_wb"]["levels"]["files"]["pearson"]["value"] == pytest.approx(-0.09, abs=0.005)
    assert told["pesq_wb"]["verdict"]["kind"] == "misleading"
    assert "ranks the codecs of this test against the listeners" in told["pesq_wb"]["verdict"]["sentence"]
