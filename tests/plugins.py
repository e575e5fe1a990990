"""Codecs that misbehave on purpose and metrics that count, used by name as ``tests.plugins:Crasher``."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np

from bench.audio import Audio
from bench.codecs import framing
from bench.codecs.base import Codec
from bench.domain import Encoded, Identity
from bench.errors import CodecError
from bench.metrics.base import Metric, Prepared, Quantity, Signal


class _Plain(Codec):
    def encode_one(self, audio: Audio, bitrate_bps: int | None) -> Encoded:
        self.misbehave(audio)
        return framing.pack(audio, [np.rint(audio.samples * 127).astype(np.int8).tobytes()])

    def decode(self, encoded: Encoded) -> Audio:
        stream = framing.unpack(encoded)
        return stream.cut(np.frombuffer(stream.packets[0], np.int8).reshape(stream.channels, -1) / 127)

    def misbehave(self, audio: Audio) -> None:
        """Nothing."""


class EightBit(_Plain):
    """A codec of a plug-in's size."""

    identity = Identity("eight_bit", "1")


class Crasher(_Plain):
    """Dies of a segmentation fault on stereo."""

    identity = Identity("crasher", "1")

    def misbehave(self, audio: Audio) -> None:
        if audio.channels == 2:
            os.kill(os.getpid(), signal.SIGSEGV)


class KilledOnce(_Plain):
    """Is killed by the kernel the first time it sees stereo, as when memory runs out."""

    identity = Identity("killed_once", "1")

    def __init__(self, marker: str) -> None:
        self.marker = Path(marker)

    def misbehave(self, audio: Audio) -> None:
        if audio.channels == 2 and not self.marker.exists():
            self.marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)


class Hanger(_Plain):
    """Never comes back from stereo."""

    identity = Identity("hanger", "1")

    def misbehave(self, audio: Audio) -> None:
        if audio.channels == 2:
            time.sleep(3600)


class Slow(_Plain):
    """Takes a second for each clip."""

    identity = Identity("slow", "1")

    def misbehave(self, audio: Audio) -> None:
        time.sleep(1)


class KillsParent(_Plain):
    """Takes along the process that has started its own, on stereo."""

    identity = Identity("kills_parent", "1")

    def misbehave(self, audio: Audio) -> None:
        if audio.channels == 2:
            time.sleep(0.5)  # so that the driver knows of the step
            os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(3600)


class Failing(_Plain):
    """Raises: its own error on mono, somebody else's on stereo."""

    identity = Identity("failing", "1")

    def misbehave(self, audio: Audio) -> None:
        if audio.channels == 1:
            raise CodecError("it does not like mono.")
        raise ZeroDivisionError("a bug")


class BrokenInWorker(_Plain):
    """Can be made in the driver and in no worker."""

    identity = Identity("broken_in_worker", "1")

    def __init__(self, driver: int) -> None:
        if os.getpid() != driver:
            raise RuntimeError("not here")


COUNTS = "CODECBENCH_TEST_COUNTS"
"""Names the file to which metrics that count append a line for every call, from whatever process."""


class _Counting(Metric):
    def prepare(self, reference: Audio) -> Prepared:
        self.count(f"prepare {reference.length}")
        return super().prepare(reference)

    def score(self, prepared: Prepared, degraded: Audio) -> dict[str, float]:
        self.count(f"score {degraded.length}")
        return super().score(prepared, degraded)

    def prepare_channel(self, reference: Signal, rate: int) -> Signal:
        return reference

    def score_channel(self, state: Signal, degraded: Signal, rate: int) -> dict[str, float]:
        return {quantity.name: float(np.abs(degraded - state).max()) for quantity in self.quantities}

    def count(self, what: str) -> None:
        with Path(os.environ[COUNTS]).open("a", encoding="utf-8") as file:
            file.write(f"{self.identity.name} {what}\n")


class Counting(_Counting):
    """Largest difference."""

    identity = Identity("counting", "1")
    quantities = (Quantity("tests.plugins:Counting", "", higher_is_better=False),)


class CountingToo(_Counting):
    """The same by another name."""

    identity = Identity("counting_too", "1")
    quantities = (Quantity("tests.plugins:CountingToo", "", higher_is_better=False),)
