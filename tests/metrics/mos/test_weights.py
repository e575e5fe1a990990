"""What is said where the weights of a metric are absent, and that their licences are shown."""

import json
from functools import partial

import pytest
from typer.testing import CliRunner

from bench import doctor, listing, metrics
from bench.cli.weights import app
from bench.errors import MissingRequirement
from bench.models import catalogue as models
from bench.models.catalogue import Model
from bench.models.weights import WeightFile
from tests.datasets.serving import running

WEIGHTS = {
    "squim_stoi": "squim_objective",
    "squim_mos": "squim_subjective",
    "nisqa_mos": "nisqa",
    "utmos": "utmos",
    "scoreq": "scoreq",
}


@pytest.mark.parametrize(("quantity", "weights"), WEIGHTS.items())
def test_absent_weights_are_named_with_their_place_and_remedy(quantity, weights, placed):
    if problem := metrics.registry.missing(quantity):
        pytest.skip(problem)
    folder = placed(weights)
    with pytest.raises(MissingRequirement) as told:
        metrics.make([quantity])
    (file,) = models.KNOWN[weights].files
    licence = models.KNOWN[weights].licence
    assert str(told.value).startswith(
        f"{weights} needs its weights (licence: {licence}): expected {file.name} in {folder}, but "
    )
    assert f"another folder is named with CODECBENCH_{weights.upper()}." in str(told.value)
    assert str(told.value).endswith(f"To get it: codecbench weights fetch {weights}")


def test_licences_and_checks_are_listed():
    rows = {row["name"]: row for row in json.loads(CliRunner().invoke(app, ["list", "--json"]).stdout)}
    assert {name: (rows[name]["licence"], rows[name]["checked"]) for name in WEIGHTS.values()} == {
        "squim_objective": ("CC-BY-4.0", True),
        "squim_subjective": ("CC-BY-NC-4.0", False),
        "nisqa": ("CC-BY-NC-SA-4.0", False),
        "utmos": ("MIT", True),
        "scoreq": ("CC-BY-4.0", False),
    }


def test_a_fetch_that_cannot_be_checked_says_so(placed, monkeypatch):
    folder = placed("mine")
    with running() as serving:
        files = (WeightFile("model.bin", serving.add("model.bin", b"weights" * 1000), "", 0),)
        monkeypatch.setitem(models.KNOWN, "mine", Model("mine", "none", files))
        told = CliRunner().invoke(app, ["fetch", "mine"])
    assert "nobody states a checksum of it, so what comes is not checked" in " ".join(told.stderr.split())
    assert (folder / "model.bin").read_bytes() == b"weights" * 1000


def test_doctor_tells_damaged_weights_from_absent_ones(placed):
    folder = placed("nisqa")
    try_nisqa = partial(doctor._tried, "metric nisqa_mos", None, partial(doctor._try_metric, "nisqa_mos"))
    absent = try_nisqa()
    assert (absent.ok, absent.optional, absent.detail) == (False, True, "not installed")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "nisqa.tar").write_bytes(bytes(range(256)) * 20)
    damaged = try_nisqa()
    assert (damaged.ok, damaged.optional) == (False, False)
    assert "got something else (no checkpoint that torch can read)" in damaged.detail


def test_licences_are_listed_with_the_metrics():
    found = {row["name"]: row for row in listing.rows("metrics")}
    assert found["dnsmos_sig"]["licence"] == "MIT (package speechmos)"
    assert found["snr"]["licence"] is None
    assert "licence of the weights: MIT" in listing.state(found["plcmos"])
