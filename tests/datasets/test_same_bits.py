"""The very bits of what is mixed, before 16-bit files hide the last of them, on different vector instructions."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

from bench import audio
from bench.audio import Audio

ROOT = Path(__file__).parents[2]
MIX = """
import hashlib, sys
from pathlib import Path
from bench.datasets.base import DatasetContext
from bench.datasets.mixture import mix
from bench.datasets.noisy_reverberant import recipe_of
from bench.datasets.recipe import Materials

for spatial in ("mono", "stereo", "binaural"):
    recipe = recipe_of(
        "n", speech={"path": "speech"}, rooms=["simulated", {"path": "rooms"}], count=8, sample_rate=24_000,
        noise=["simulated", {"path": "noise"}], spatial=spatial, rt60_s=(0.2, 0.9),
        snr_db={"classes": [0, 10], "moving": 0.5}, gain_db=(-6, 6), level_dbfs=-23,
    )
    materials = Materials.find(recipe, DatasetContext(Path(sys.argv[1]), Path()), "n")
    for number in range(recipe.count):
        one = mix(number, recipe, materials)
        print(spatial, number, one.attributes["noise"], one.attributes["room"], *(
            hashlib.sha256(samples.tobytes()).hexdigest() for samples in (one.speech, one.noise, one.audio.samples)
        ))
"""


def mixed(data: Path, **environment: str) -> list[str]:
    variables = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    command = [sys.executable, "-W", "error", "-c", MIX, str(data)]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rng, t = np.random.default_rng(0), np.arange(2 * 48_000 + 9) / 48_000
    for name in ("a", "b", "c"):
        speech = 0.1 * rng.standard_normal((1, len(t))) * (t % 0.5 < 0.3)
        audio.write(tmp_path / "speech" / f"{name}.wav", Audio(speech.astype(np.float32), 48_000))
    noise = 0.05 * rng.standard_normal((2, 30_000))
    audio.write(tmp_path / "noise" / "hiss.flac", Audio(noise.astype(np.float32), 44_100))
    for name, rt60_s in (("small", 0.3), ("large", 0.8)):
        response = 0.5 * rng.uniform(-1, 1, (2, len(t))) * 10 ** (-3 * t / rt60_s)
        audio.write(tmp_path / "rooms" / f"{name}.wav", Audio(response.astype(np.float32), 48_000))
    return tmp_path


def test_what_is_mixed_is_the_same_to_the_last_bit(data):
    dispensable = " ".join(name for name in __cpu_dispatch__ if __cpu_features__[name])
    usual = mixed(data)
    assert len(usual) == 24
    assert {line.split()[2] for line in usual} >= {"simulated", "babble", "hiss.flac"}
    other = mixed(data, NPY_DISABLE_CPU_FEATURES=dispensable, OPENBLAS_CORETYPE="Nehalem")
    assert [line for line, same in zip(usual, other, strict=True) if line != same] == []
