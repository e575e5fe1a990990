"""Tones for the checks of headphones: where a tone is heard, and which of three is the quietest.

The second is the task of Woods, Siegel, Traer and McDermott, "Headphone screening to facilitate web-based auditory
experiments", Attention, Perception & Psychophysics 79, 2017: of three 200 Hz tones one is 6 dB quieter, and another is
in antiphase between the channels. Over loudspeakers the antiphase one is cancelled in the air and seems the quietest;
over headphones it does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from bench.audio import Audio

RATE = 48_000
SECONDS, RAMP_S = 1.0, 0.1  # Woods et al.: 1000 ms with ramps of 100 ms
ANTIPHASE_HZ, QUIETER_DB = 200.0, -6.0  # Woods et al.
PLACE_HZ = 500.0
PEAK = 0.1

ROUNDS = {"stereo": 3, "antiphase": 6}  # Woods et al.: six trials
ENOUGH = {"stereo": 3, "antiphase": 5}  # Woods et al.: at least five right of six
ATTEMPTS = 2
"""How often a check is done; whoever fails it goes on, and the answer says so."""

PLACES = ("left", "middle", "right")


@dataclass(frozen=True, slots=True)
class Tone:
    """Gains of the left and the right channel; a negative one turns the phase."""

    hertz: float
    left: float
    right: float


@dataclass(frozen=True, slots=True)
class Round:
    """What sounds in one question, and the index of the right answer."""

    tones: tuple[Tone, ...]
    right: int


def rounds(check: Literal["stereo", "antiphase"], random: np.random.Generator) -> list[Round]:
    """The questions of one attempt. Stereo: every place once; antiphase: the three tones in random orders."""
    if check == "stereo":
        places = {"left": (1.0, 0.0), "middle": (1.0, 1.0), "right": (0.0, 1.0)}
        tones = [Tone(PLACE_HZ, *places[place]) for place in PLACES]
        return [Round((tones[index],), int(index)) for index in random.permutation(len(tones))]
    quieter = float(10 ** (QUIETER_DB / 20))
    kinds = [Tone(ANTIPHASE_HZ, quieter, quieter), Tone(ANTIPHASE_HZ, 1.0, 1.0), Tone(ANTIPHASE_HZ, 1.0, -1.0)]
    orders = [random.permutation(len(kinds)) for _ in range(ROUNDS["antiphase"])]
    return [Round(tuple(kinds[i] for i in order), int(np.flatnonzero(order == 0)[0])) for order in orders]


def tone_sound(tone: Tone) -> Audio:
    """The tone as stereo with raised-cosine ends."""
    time = np.arange(round(SECONDS * RATE)) / RATE
    ramp = np.clip(np.minimum(time, SECONDS - time) / RAMP_S, 0, 1)
    wave = PEAK * np.sin(2 * np.pi * tone.hertz * time) * (0.5 - 0.5 * np.cos(np.pi * ramp))
    return Audio(np.stack([tone.left * wave, tone.right * wave]).astype(np.float32), RATE)
