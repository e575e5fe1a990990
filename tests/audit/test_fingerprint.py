from __future__ import annotations

import time

import numpy as np
import pytest

from bench import audio, codecs
from bench.audio import Audio
from bench.audit.fingerprint import HOP, RATE, difference, duplicates, fingerprint_of, from_text, groups, to_text
from bench.audit.frames import mono_8k


def print_of(signal: Audio):
    return fingerprint_of(mono_8k(signal.samples, signal.rate))


def coded(signal: Audio, name: str, bitrate: int) -> Audio:
    codec = codecs.make(name, {})
    source = signal.at(codec.working_rate(signal.rate))
    return codec.decode(codec.encode(source, [bitrate])[bitrate])


def copies(signal: Audio) -> dict[str, Audio]:
    samples = signal.samples
    start = round(0.3137 * signal.rate)
    return {
        "original": signal,
        "soft": Audio(samples * 0.03, signal.rate),
        "16 kHz": signal.at(16_000),
        "44.1 kHz": signal.at(44_100),
        "stereo": Audio(np.repeat(samples[:1], 2, axis=0), signal.rate),
        "one channel": Audio(np.concatenate([samples[:1], 0 * samples[:1]]), signal.rate),
        "inverted": Audio(np.concatenate([samples[:1], -samples[:1]]), signal.rate),
        "trimmed": Audio(samples[:, start:-start], signal.rate),
        "mp3": coded(signal, "mp3", 64_000),
        "opus": coded(signal, "opus", 24_000),
    }


def test_copies_are_found_and_other_recordings_are_not(babble):
    prints = {
        f"{seed} {name}": print_of(copy) for seed in (1, 2) for name, copy in copies(babble(seed, 48_000)).items()
    }
    prints |= {f"{seed} other": print_of(babble(seed)) for seed in range(3, 8)}
    found = groups(duplicates(prints))
    for seed in "12":
        assert sorted(found[f"{seed} original"]) == sorted(name for name in prints if name.split()[0] == seed)
    assert len(found) == 20


def test_a_trim_is_measured(babble):
    signal = babble(5)
    cut = Audio(signal.samples[:, 8_000:], 16_000)
    (pair,) = duplicates({"whole": print_of(signal), "cut": print_of(cut)})
    assert pair.offset_s == pytest.approx(0.5, abs=HOP / RATE)
    assert pair.different < 0.1


def test_the_text_of_a_fingerprint_comes_back(babble):
    codes = print_of(babble(1))
    assert from_text(to_text(codes)).tolist() == codes.tolist()
    assert from_text("").size == 0


def test_silence_and_what_is_short_matches_nothing(sine):
    silence, tone = Audio(np.zeros((1, 48_000)), 16_000), Audio(sine(997, 16_000), 16_000)
    prints = {
        "silence": print_of(silence),
        "more silence": print_of(silence),
        "tone": print_of(tone),
        "other tone": print_of(Audio(sine(441, 16_000), 16_000)),
        "short": print_of(Audio(tone.samples[:, :100], 16_000)),
        "one": print_of(Audio(tone.samples[:, :1], 16_000)),
    }
    assert duplicates(prints) == []
    assert duplicates({}) == []


def test_twenty_thousand_clips_take_seconds():
    random = np.random.default_rng(0)
    prints = {str(index): random.integers(1, 2**32, 300, dtype=np.uint32) for index in range(20_000)}
    prints |= {f"copy {index}": prints["7"].copy() for index in range(50)}
    started = time.process_time()
    assert len(groups(duplicates(prints))["7"]) == 51
    assert time.process_time() - started < 15


@pytest.mark.parametrize("name", ["speech/vctk_p228_023.wav", "music/was_break12.wav"])
def test_copies_of_real_recordings(real_data, name):
    signal = audio.read(real_data(name))
    prints = {key: print_of(copy) for key, copy in copies(signal).items()}
    for other in ("speech/vctk_p230_023.wav", "speech/vctk_p236_023.wav", "music/was_break28.wav"):
        prints[other] = print_of(audio.read(real_data(other)))
    assert sorted(groups(duplicates(prints))["original"]) == sorted(key for key in prints if "/" not in key)


def test_one_sentence_by_several_speakers_is_no_copy(real_data):
    """The six VCTK speakers read the same sentence."""
    names = [f"speech/vctk_p{number}_023.wav" for number in (228, 230, 236, 244, 254, 258)]
    assert duplicates({name: print_of(audio.read(real_data(name))) for name in names}) == []


def test_lyra_at_two_rates_is_one_recording(real_data):
    first, second = (print_of(audio.read(real_data(f"speech/lyra_sample1_{rate}kHz.wav"))) for rate in (16, 48))
    assert difference(first, second, 0)[0] < 0.01
