"""What the sounds tell: nothing but their samples."""

from __future__ import annotations

import hashlib
import io
import re
import struct
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bench import audio
from bench.audio import Audio
from listening_test.model import STIMULI, Test
from listening_test.session import Sessions, UnknownSlot
from tests.listening.conftest import RATE, SECONDS, tiny_test
from tests.listening.listeners import joined

Open = Callable[[Test], Sessions]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    with ExitStack() as stack:

        def open_(test: Test) -> Sessions:
            sessions = Sessions(test, tmp_path)
            stack.callback(sessions.dispose)
            return sessions

        yield open_


def chunks(wav: bytes) -> dict[bytes, bytes]:
    assert wav[:4] == b"RIFF"
    assert struct.unpack("<I", wav[4:8])[0] == len(wav) - 8
    found, place = {}, 12
    while place < len(wav):
        size = struct.unpack("<I", wav[place + 4 : place + 8])[0]
        found[wav[place : place + 4]] = wav[place + 8 : place + 8 + size]
        place += 8 + size + size % 2
    return found


def test_files_of_a_trial_differ_in_bytes_and_agree_in_size_and_header(tmp_path: Path, opened: Open) -> None:
    test = tiny_test(tmp_path)
    sessions = opened(test)
    trial = joined(sessions).trial
    files = [sessions.audio(slot) for slot in (trial.reference, *trial.slots)]
    parts = [chunks(wav) for wav in files]
    assert len({len(wav) for wav in files}) == 1
    assert len({hashlib.sha256(wav).digest() for wav in files}) == len({part[b"JUNK"] for part in parts}) == 6
    assert {tuple(part) for part in parts} == {(b"fmt ", b"JUNK", b"data")}
    assert len({part[b"fmt "] for part in parts}) == 1
    assert sum(part[b"data"] == parts[0][b"data"] for part in parts) == 2, "the reference and its hidden copy"
    for wav in files:
        for name in ("reference", "anchor", "codec", "hidden", *(one.sha256[:16] for one in test.trials[0].stimuli)):
            assert name.encode() not in wav
    assert files[1] == sessions.audio(trial.slots[0]), "the same slot gives the same bytes again"


def test_every_sample_is_that_of_the_stimulus(tmp_path: Path, opened: Open) -> None:
    test = tiny_test(tmp_path)
    sessions = opened(test)
    trial = joined(sessions).trial
    served = [sessions.audio(slot) for slot in trial.slots]
    stored = {one.sha256: (tmp_path / STIMULI / f"{one.sha256}.wav").read_bytes() for one in test.trials[0].stimuli}
    decoded = {soundfile.read(io.BytesIO(wav), dtype="int32")[0].tobytes() for wav in served}
    assert decoded == {soundfile.read(io.BytesIO(wav), dtype="int32")[0].tobytes() for wav in stored.values()}
    rate, samples = soundfile.read(io.BytesIO(served[0]), always_2d=True)[::-1]
    assert (rate, samples.shape) == (RATE, (round(RATE * SECONDS), 2))


def test_a_mono_or_shorter_stimulus_is_not_told_by_its_size(tmp_path: Path, opened: Open) -> None:
    test = tiny_test(tmp_path)
    path = tmp_path / STIMULI / f"{test.trials[0].stimuli[3].sha256}.wav"
    short = audio.read(path).mixed_to(1).part(0, 20_000)
    path.unlink()
    audio.write(path, Audio(short.samples, RATE))
    sessions = opened(test)
    trial = joined(sessions).trial
    files = [sessions.audio(slot) for slot in (trial.reference, *trial.slots)]
    assert len({len(wav) for wav in files}) == 1
    padded = [wav for wav in files if not np.any(soundfile.read(io.BytesIO(wav))[0][20_000:])]
    assert len(padded) == 1
    left, right = soundfile.read(io.BytesIO(padded[0]), always_2d=True)[0].T
    assert np.array_equal(left, right)


def test_ids_are_random_for_each_listener_and_trial(tmp_path: Path, opened: Open) -> None:
    sessions = opened(tiny_test(tmp_path))
    first, second = joined(sessions).trial, joined(sessions).trial
    ids = [first.id, second.id, first.reference, second.reference, *first.slots, *second.slots]
    assert len(set(ids)) == 14
    assert all(re.fullmatch(r"[\w-]{24}", one) for one in ids)
    with pytest.raises(UnknownSlot):
        sessions.audio(first.id)
    sessions.close()
    with pytest.raises(UnknownSlot):
        sessions.audio(first.reference)


def test_what_a_listener_gets_names_no_condition(tmp_path: Path, opened: Open) -> None:
    test = tiny_test(tmp_path)
    visit = joined(opened(test))
    said = repr(visit.trial) + repr(visit.step)
    words = {"codec0", "anchor35", "hidden_reference", "clip0", "trial0", "tiny", "speech"}
    assert not [word for word in words if word in said]
    assert list(visit.trial.plays) == [visit.trial.reference, *visit.trial.slots], "in the order shown, not as built"
