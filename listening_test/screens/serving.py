"""The one test that a server process serves: its sessions, and the sounds behind opaque ids."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from functools import cache, lru_cache
from pathlib import Path

from bench import audio
from bench.errors import ConfigError
from listening_test import texts
from listening_test.model import load_test, stimulus_path
from listening_test.screens import settings
from listening_test.screens.tones import Tone, tone_sound
from listening_test.session import Sessions, UnknownSlot
from listening_test.session.order import ID_BYTES
from listening_test.session.wav import wav

KEPT = 20_000
"""Ids of sounds for checks that are remembered; the oldest are forgotten, and their page makes others."""

_checks: OrderedDict[str, Tone | None] = OrderedDict()
_lock = threading.Lock()
_opening = threading.Lock()


def sessions() -> Sessions:
    """The sessions of the test that the environment names, the same for every thread.

    Raises:
        ConfigError: no test is named, or it asks for a language or text that is not there.
        StoreError: the test or its store cannot be opened.
    """
    with _opening:  # a cache alone opens one for each thread that asks at once, each with connections of its own
        return _opened()


@cache
def _opened() -> Sessions:
    folder = settings.setting(settings.TEST)
    if not folder:
        raise ConfigError(f"{settings.TEST} is not set: expected the folder of a test. Use codecbench listen serve.")
    test = load_test(folder)
    texts.check(test.languages, test.texts)
    return Sessions(test, Path(folder), settings.setting(settings.DATABASE))


def check_sound(tone: Tone | None) -> str:
    """A random id under which a tone of a check is served; the recording for the level where it is None."""
    slot = secrets.token_urlsafe(ID_BYTES)
    with _lock:
        _checks[slot] = tone
        while len(_checks) > KEPT:
            _checks.popitem(last=False)
    return slot


def sound(slot: str) -> bytes | None:
    """The WAV file behind an id, of a check or of a trial; None where there is none."""
    with _lock:
        known, tone = slot in _checks, _checks.get(slot)
    if known:
        return wav(_recording() if tone is None else tone_sound(tone), secrets.token_bytes(64))
    try:
        return sessions().audio(slot)
    except UnknownSlot:
        return None


@lru_cache(maxsize=1)
def _recording() -> audio.Audio:
    """What the level is set with: the reference of the first trial, which everybody hears."""
    path = stimulus_path(Path(settings.setting(settings.TEST)), sessions().test.trials[0].reference.sha256)
    return audio.read(path).mixed_to(2)
