"""One codec with every fault that a stranger's codec may have; it shows on stereo only."""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress

import numpy as np

from bench.audio import Audio
from bench.domain import Encoded, Identity
from bench.errors import CodecError
from tests.plugins import EightBit

HELD: list[object] = []
LEAK_STEP, LEAK_STEPS = 50 << 20, 60


def leak(make: Callable[..., object]) -> None:
    """Take memory and keep it, up to three gigabytes; zeros take none of the machine until they are written to."""
    HELD.extend(make(LEAK_STEP, np.uint8) for _ in range(LEAK_STEPS))


def fork_and_stay() -> None:
    if os.fork() == 0:
        time.sleep(3600)


def stay_and_crash() -> None:
    fork_and_stay()
    os.kill(os.getpid(), signal.SIGSEGV)


def recurse() -> None:
    recurse()


def close_output() -> None:
    with suppress(OSError):  # it has been closed before
        os.close(1)


def raise_it(error: BaseException) -> Callable[[], None]:
    def fault() -> None:
        raise error

    return fault


FAULTS: dict[str, Callable[[], object]] = {
    "segfaults": lambda: ctypes.string_at(0),
    "aborts": os.abort,
    "hangs": lambda: time.sleep(3600),
    "leaks": lambda: leak(np.zeros),
    "leaks and fills": lambda: leak(np.ones),
    "exits": sys.exit,
    "exits at once": lambda: os._exit(0),
    "kills its group": lambda: os.killpg(0, signal.SIGKILL),
    "closes every file": lambda: os.closerange(3, 256),
    "forks and crashes": stay_and_crash,
    "raises KeyboardInterrupt": raise_it(KeyboardInterrupt()),
    "raises BaseException": raise_it(BaseException("of its own")),
    "raises MemoryError": raise_it(MemoryError()),
    "recurses without end": recurse,
    "raises what UTF-8 cannot hold": raise_it(CodecError("caf\udce9")),
    "forks and stays": fork_and_stay,
    "forks and goes on": os.fork,
    "prints": lambda: print("x" * 100_000, flush=True),
    "closes stdout": close_output,
    "changes folder": lambda: os.chdir("/"),
    "is slow": lambda: select.select([], [], [], 0.05),  # libfaketime 0.9.10 breaks time.sleep
}
"""What it does while it encodes."""

WRITES: dict[str, Callable[[Audio], object]] = {
    "writes nothing": lambda audio: None,
    "writes an empty stream": lambda audio: Encoded(b"", 0),
    "writes garbage": lambda audio: Encoded(np.random.default_rng(0).bytes(1000), 8000),
}
"""What it gives back in place of a stream."""

DECODES: dict[str, Callable[[Audio], Audio]] = {
    "decodes to half": lambda whole: whole.part(0, whole.length // 2),
    "decodes to NaN": lambda whole: Audio(whole.samples * np.float32("nan"), whole.rate),
    "decodes to twice the channels": lambda whole: Audio(np.vstack([whole.samples] * 2), whole.rate),
}
"""What it makes of what it should have decoded."""


class Misbehaving(EightBit):
    """Has the fault ``fault`` of the tables above on stereo, and is a plain codec on mono."""

    def __init__(self, fault: str, everywhere: bool = False) -> None:
        self.fault, self.everywhere = fault, everywhere
        self.identity = Identity("misbehaving", "1", fault)

    def encode_one(self, audio: Audio, bitrate_bps: int | None) -> Encoded:
        if self.everywhere or audio.channels == 2:
            FAULTS.get(self.fault, lambda: None)()
            if self.fault in WRITES:
                return WRITES[self.fault](audio)  # type: ignore[return-value]
        return super().encode_one(audio, bitrate_bps)

    def decode(self, encoded: Encoded) -> Audio:
        whole = super().decode(encoded)
        return DECODES[self.fault](whole) if self.fault in DECODES and whole.channels == 2 else whole
