"""The engine in Chromium's OfflineAudioContext: what is heard at which sample.

Stimulus k is the constant (k + 1) / 8 plus a ramp of the position, so that a sample tells which stimulus it is of and
where in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.listening.browser import browser

PLAYER = Path(__file__).parents[2] / "listening_test" / "player"
RATE, LENGTH = 48_000, 96_000
FADE = 240


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    with browser() as opened:
        page = opened.new_page()
        code = (PLAYER / "wav.js").read_text() + (PLAYER / "engine.js").read_text()
        content = code + "\nObject.assign(window, {Engine, parseWav, FADE_S});"
        page.add_script_tag(type="module", content=content)
        page.wait_for_function("Boolean(window.Engine)")
        yield page


def rendered(page: Any, seconds: float, script: str, stimuli: int = 3) -> np.ndarray:
    """What comes out of ``script``, which is given ``engine``; shape ``(samples,)``."""
    values = page.evaluate(
        """async ([seconds, script, count, rate, length]) => {
            const context = new OfflineAudioContext(1, Math.round(seconds * rate), rate);
            const stimuli = Array.from({length: count}, (_, k) => ({rate, length, channels: [
                Float32Array.from({length}, (_, i) => (k + 1) / 8 + 0.1 * i / length)]}));
            const engine = new Engine(context, stimuli);
            new Function("engine", script)(engine);
            return Array.from((await context.startRendering()).getChannelData(0));
        }""",
        [seconds, script, stimuli, RATE, LENGTH],
    )
    return np.array(values)


def expect(out: np.ndarray, at: int, stimulus: int, position: int) -> None:
    assert out[at] == pytest.approx((stimulus + 1) / 8 + 0.1 * position / LENGTH, abs=2e-7), (at, stimulus, position)


def test_the_right_stimulus_at_the_right_sample(page: Any) -> None:
    out = rendered(
        page,
        1.0,
        "engine.play(0, 0); engine.play(2, 0.3); engine.play(1, 0.302); engine.play(0, 0.6); engine.stop(0.9)",
    )
    for at in (FADE, 1_000, 14_399):
        expect(out, at, 0, at)
    # 0.3 s: out and in take 10 ms; the switch at 0.302 s waits for them.
    second = 14_400 + 2 * FADE
    for at in (second + 2 * FADE, 20_000, 28_799):
        expect(out, at, 1, at)
    for at in (28_800 + 2 * FADE, 40_000, 43_199):
        expect(out, at, 0, at)
    assert not out[43_200 + FADE :].any()


def test_a_switch_passes_through_silence_and_never_mixes(page: Any) -> None:
    out = rendered(page, 0.6, "engine.play(0, 0); engine.play(2, 0.3)")
    assert abs(out[14_400 + FADE]) < 1e-6
    fading = out[14_400 : 14_400 + FADE]
    assert (fading <= 1 / 8 + 0.1 * 15_000 / LENGTH).all()  # the other one, three times as strong, is not in it
    assert (np.diff(fading) <= 1e-6).all()
    assert (np.diff(out[14_400 + FADE : 14_400 + 2 * FADE]) >= -1e-6).all()
    weights = out[14_400 : 14_400 + FADE] / (1 / 8 + 0.1 * np.arange(14_400, 14_400 + FADE) / LENGTH)
    np.testing.assert_allclose(weights, 0.5 + 0.5 * np.cos(np.pi * np.arange(FADE) / FADE), atol=5e-4)


def test_no_step_is_larger_than_that_of_the_fade(page: Any) -> None:
    script = """engine.play(0, 0);
        for (let i = 1; i < 40; i++) engine.play(i % 3, 0.1 + 0.002 * i);
        engine.loop(0.2, 0.8, 0.6)"""
    out = rendered(page, 2.5, script)
    steepest = 0.475 * np.pi / 2 / FADE  # of the loudest stimulus
    assert np.abs(np.diff(out)).max() <= steepest * 1.02
    last = 39 % 3
    expect(out, 28_000, last, 28_000)


def test_a_loop_wraps_to_the_sample(page: Any) -> None:
    out = rendered(page, 3.0, "engine.loop(0.5, 1.1, 0); engine.play(1, 0)")
    first, length = 24_000, 28_800
    for wrap in range(4):
        for offset in (FADE + 1, 5_000, length - FADE - 1):
            expect(out, wrap * length + offset, 1, first + offset)
        assert abs(out[wrap * length]) < 1e-6


def test_a_new_loop_goes_on_where_it_can(page: Any) -> None:
    out = rendered(page, 1.5, "engine.play(0, 0); engine.loop(0.25, 1.0, 0.5)")
    change = 24_000
    expect(out, change - 1, 0, change - 1)
    for at in (change + 2 * FADE, 40_000, 47_000):
        expect(out, at, 0, at)
    region = 48_000 - 12_000
    expect(out, 60_000, 0, 12_000 + (60_000 - 12_000) % region)


def test_short_loops_are_refused(page: Any) -> None:
    assert page.evaluate(
        """() => {
        const context = new OfflineAudioContext(1, 100, 48000);
        const engine = new Engine(context, [{rate: 48000, length: 96000, channels: [new Float32Array(96000)]}]);
        return [engine.loop(0, 0.4999), engine.loop(0.2, 0.7), engine.region];
        }"""
    ) == [False, True, [9_600, 33_600]]


def test_seeking_fades_and_lands_on_the_sample(page: Any) -> None:
    out = rendered(page, 1.0, "engine.play(0, 0); engine.seek(1.5, 0.2)")
    change = 9_600
    assert abs(out[change + FADE]) < 1e-6
    expect(out, change + 2 * FADE, 0, 72_000 + FADE)
    expect(out, 20_000, 0, 72_000 + 20_000 - change - FADE)


def test_stimuli_of_different_length_are_refused(page: Any) -> None:
    message = page.evaluate(
        """() => {
            const stimuli = [10, 11].map(length => ({rate: 48000, length, channels: []}));
            try { new Engine(new OfflineAudioContext(1, 100, 48000), stimuli); } catch (e) { return e.message; }
        }"""
    )
    assert "equally long" in message


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
def test_wav_files_are_read_as_they_are(page: Any, subtype: str, tmp_path: Path) -> None:
    from bench import audio
    from bench.audio import Audio

    samples = np.random.default_rng(0).uniform(-1, 1, (2, 1_001)).astype(np.float32)
    audio.write(tmp_path / "a.wav", Audio(samples, 48_000), subtype)
    expected = audio.read(tmp_path / "a.wav").samples
    found = page.evaluate(
        """bytes => { const wav = parseWav(Uint8Array.from(bytes).buffer);
            return {rate: wav.rate, channels: wav.channels.map(c => Array.from(c))}; }""",
        list((tmp_path / "a.wav").read_bytes()),
    )
    assert found["rate"] == 48_000
    np.testing.assert_array_equal(np.array(found["channels"], np.float32), expected)


def test_what_is_no_wav_is_refused(page: Any) -> None:
    script = "bytes => { try { parseWav(Uint8Array.from(bytes).buffer); } catch (e) { return e.message; } }"
    assert "no WAV" in page.evaluate(script, list(b"<html>nothing here</html>"))
    assert "without format or data" in page.evaluate(script, list(b"RIFF\x04\x00\x00\x00WAVE"))
