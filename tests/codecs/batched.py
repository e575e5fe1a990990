"""Codecs that are coded in batches on the processor, used by name as ``tests.codecs.batched:Batched``."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from typing import Self

from bench.audio import Audio
from bench.codecs.encodec import Encodec24, Encodec48
from bench.domain import Encoded, Identity
from bench.models.device import Device, Placed
from tests.plugins import EightBit

SECONDS = 2.0
"""Of a batch, whatever the run says."""


class Encodec24Batched(Encodec24):
    """Takes batches on the processor, too."""

    name = "encodec_24khz"

    def on(self, device: Device) -> Self:
        return Placed.on(self, Device("cpu", SECONDS))


class Encodec48Batched(Encodec48):
    """Takes batches on the processor, too."""

    name = "encodec_48khz"

    def on(self, device: Device) -> Self:
        return Placed.on(self, Device("cpu", SECONDS))


class Batched(EightBit):
    """Codes batches one by one; its faults are those of its subclasses."""

    identity = Identity("batched", "1")
    on_device = True
    batches = True  # type: ignore[assignment]

    def encode_batch(
        self, audios: Sequence[Audio], bitrates_bps: Sequence[int | None]
    ) -> list[dict[int | None, Encoded]]:
        self.harm(audios)
        return super().encode_batch(audios, bitrates_bps)

    def misbehave(self, audio: Audio) -> None:
        self.harm([audio])

    def harm(self, audios: Sequence[Audio]) -> None:
        """Nothing."""


def is_loud(audio: Audio) -> bool:
    return bool(abs(audio.samples).max() > 0.9)


class CrashesOnBatches(Batched):
    """Dies of every batch of several clips."""

    def harm(self, audios: Sequence[Audio]) -> None:
        if len(audios) > 1:
            os.kill(os.getpid(), signal.SIGSEGV)


class CrashesOnLoud(Batched):
    """Dies of a loud clip, alone or in a batch."""

    def harm(self, audios: Sequence[Audio]) -> None:
        if any(map(is_loud, audios)):
            os.kill(os.getpid(), signal.SIGKILL)


class HangsOnLoud(Batched):
    """Never comes back from a loud clip, alone or in a batch."""

    def harm(self, audios: Sequence[Audio]) -> None:
        if any(map(is_loud, audios)):
            time.sleep(3600)


class RaisesOnLoud(Batched):
    """Raises for a batch with a loud clip, and for that clip alone."""

    def harm(self, audios: Sequence[Audio]) -> None:
        if any(map(is_loud, audios)):
            raise ZeroDivisionError("loud")
