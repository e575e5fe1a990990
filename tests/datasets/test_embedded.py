from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from bench import audio, datasets
from bench.datasets.base import verify
from bench.datasets.embedded import FOLDER, embedded, make, music


@pytest.fixture
def clips(context):
    return embedded("embedded", context)


def test_four_clips_of_every_category(clips, context):
    assert Counter(clip.category for clip in clips) == dict.fromkeys(("speech", "noisy_reverberant_speech", "music"), 4)
    assert datasets.make("embedded", {"name": "embedded", "context": context}) == clips
    assert [clip.category for clip in embedded("e", context, category="music", limit=2)] == ["music"] * 2


def test_it_is_called_synthetic_everywhere(clips):
    for clip in clips:
        assert "synthetic" in clip.id
        assert clip.attributes["synthetic"] is True
        assert clip.licence == "CC0-1.0, synthetic, made by codecbench"


def test_the_files_are_what_the_manifest_says(clips):
    for clip in clips:
        verify(clip)
        sound = audio.read(clip.path)
        assert (sound.rate, sound.channels, sound.length) == (clip.sample_rate, clip.channels, clip.samples)
        assert 3 <= sound.seconds <= 5
        assert 20 * np.log10(sound.peak) == pytest.approx(-3, abs=0.1)
        start = sound.samples[:, : round(0.15 * sound.rate)]
        assert np.abs(start).max() > 0.003, "little silence at the start"


def test_the_files_are_small_and_all_of_them_are_listed(clips):
    files = set(FOLDER.glob("*.flac"))
    assert {Path(clip.path) for clip in clips} == files
    assert sum(file.stat().st_size for file in files) < 3_000_000


def test_music_is_stereo_and_uses_the_whole_band(clips):
    stereo = [clip for clip in clips if clip.channels == 2]
    assert len(stereo) == 3
    for clip in stereo:
        samples = audio.read(clip.path).samples
        assert np.abs(samples[0] - samples[1]).max() > 0.05
    spectra = {
        clip.id: np.abs(np.fft.rfft(audio.read(clip.path).samples[0])) for clip in clips if clip.category == "music"
    }
    above_16k = {name: 10 * np.log10((s[len(s) * 2 // 3 :] ** 2).sum() / (s**2).sum()) for name, s in spectra.items()}
    assert max(above_16k.values()) > -30


def test_music_is_made_again_from_its_seed(clips):
    committed = {clip.id.removeprefix("embedded/"): audio.read(clip.path).samples for clip in clips}
    for name, (_, piece) in music.PIECES.items():
        again = make.at_peak(audio.Audio(piece().astype(np.float32), music.RATE)).samples
        assert np.abs(again - committed[name]).max() < 2 / 32_768


def test_speech_and_mixes_are_made_again(tmp_path, clips):
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed (Debian: apt install espeak-ng)")
    pytest.importorskip("pyroomacoustics")
    make.main(tmp_path / "1")
    make.main(tmp_path / "2")
    made = {file.name: file.read_bytes() for file in (tmp_path / "1").iterdir()}
    assert made == {file.name: file.read_bytes() for file in (tmp_path / "2").iterdir()}
    assert set(made) == {file.name for file in FOLDER.iterdir() if file.suffix in (".flac", ".jsonl")}
    used = {clip.attributes["made_with"] for clip in clips if clip.category == "speech"}
    if used == {make.espeak_version()}:
        for clip in clips:
            again, committed = audio.read(tmp_path / "1" / Path(clip.path).name), audio.read(clip.path)
            assert np.abs(again.samples - committed.samples).max() < 2 / 32_768
