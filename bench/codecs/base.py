"""What a codec is.

A plug-in needs ``encode_one`` and ``decode``::

    class EightBit(Codec):
        identity = Identity("eight_bit", "1")

        def encode_one(self, audio, bitrate_bps):
            data = np.rint(audio.samples * 127).astype(np.int8).tobytes()
            return framing.pack(audio, [data])

        def decode(self, encoded):
            stream = framing.unpack(encoded)
            data = np.frombuffer(stream.packets[0], np.int8).reshape(stream.channels, -1)
            return stream.cut(data / 127)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.audio import Audio
from bench.codecs.codes import Codes
from bench.domain import Clip, Encoded, EntropyRate, Identity, Role
from bench.errors import ConfigError
from bench.models.device import Placed


@dataclass(frozen=True, slots=True)
class Network:
    """A torch module of a codec, and the shape of its input for one second of audio."""

    module: Any
    input_shape: tuple[int, ...]


class Codec(Placed):
    """Base class of codecs. Making an instance is cheap; weights and programs are looked for at first use.

    Attributes:
        identity: name and version of everything that changes a bit of the output; part of every cell's key.
        role: ``control`` for a reference, an anchor or a deliberate defect.
        sample_rates: rates in Hz at which it codes, ascending; empty: any.
        channels: channel counts it codes; empty: any.
        bitrates_bps: the usual bitrates, for ``codecbench list`` and the contract tests; empty: none to choose.
        scalable: one encode serves all bitrates (a lower rate is a prefix of a higher one).
        algorithmic_delay_s: how long a real-time encoder and decoder must wait for audio, computing left aside: frame,
            look-ahead and overlap. None where it is not known; infinite where a clip is coded as a whole.
        live: it codes here. False where its files were made elsewhere: nothing is kept or timed then.
        waveform: the output follows the input's waveform; False for vocoders, whose delay is that of the envelope.
        exposes_codes: :meth:`codes` gives the codes of its quantiser.
        why_not: ends the refusal of a bitrate that it does not do: what is wrong beyond the limits.
        on_device, takes_batches: a torch network codes, on the run's device; see :class:`bench.models.device.Placed`.
    """

    identity: Identity
    role: Role = "codec"
    sample_rates: tuple[int, ...] = ()
    channels: tuple[int, ...] = ()
    bitrates_bps: tuple[int, ...] = ()
    scalable: bool = False
    algorithmic_delay_s: float | None = None
    live: bool = True
    waveform: bool = True
    exposes_codes: bool = False
    why_not: str = ""

    @property
    def takes_bitrate(self) -> bool:
        """Whether a condition of this codec needs a bitrate."""
        return bool(self.bitrates_bps)

    def working_rate(self, sample_rate: int) -> int:
        """The rate at which a clip of ``sample_rate`` is coded: its own, else the next higher, else the highest."""
        if not self.sample_rates or sample_rate in self.sample_rates:
            return sample_rate
        return next((rate for rate in self.sample_rates if rate > sample_rate), self.sample_rates[-1])

    def warm_up_samples(self, length: int) -> int:
        """How many samples of noise it needs to code before coding ``length`` samples can be timed.

        Only codecs that compile themselves for a length need more than the usual few.
        """
        return 0

    def refusal(self, bitrate_bps: int | None, sample_rate: int, channels: int) -> str | None:
        """Why it cannot code such a signal at that bitrate, and what it can; None if it can."""
        if self.channels and channels not in self.channels:
            known = " or ".join(map(str, self.channels))
            advice = "; channels: 1 mixes to mono" if 1 in self.channels else ""
            return f"{self.identity.name} codes {known} channels, the clip has {channels}{advice}."
        if self.sample_rates and sample_rate not in self.sample_rates:
            return f"{self.identity.name} codes at {listed(self.sample_rates)} Hz, not at {sample_rate} Hz."
        possible = self.possible_bps(sample_rate, channels)
        if possible is None or (not possible and bitrate_bps is None):
            return None
        if bitrate_bps is not None and bitrate_bps in possible:
            return None
        form = {1: "mono", 2: "stereo"}.get(channels, f"{channels} channels")
        does = f"does {listed(possible)} bit/s" if possible else "has one bitrate and takes none"
        got = "needs a bitrate" if bitrate_bps is None else f"not {bitrate_bps}"
        why = f": {self.why_not}" if self.why_not else ""
        return f"{self.identity.name} at {sample_rate} Hz, {form}, {does}, {got}{why}."

    def possible_bps(self, sample_rate: int, channels: int) -> Sequence[int] | None:
        """All bitrates that it does in one of its formats, a ``range`` where all between two; empty: none to choose.

        None, as here, where nothing is known: then no bitrate is refused.
        """
        return None

    def encode(self, audio: Audio, bitrates_bps: Sequence[int | None]) -> dict[int | None, Encoded]:
        """Code ``audio``, at the working rate, at every bitrate."""
        return {bitrate: self.encode_one(audio, bitrate) for bitrate in bitrates_bps}

    def encode_clip(self, clip: Clip, audio: Audio, bitrates_bps: Sequence[int | None]) -> dict[int | None, Encoded]:
        """What a run calls: :meth:`encode`, for a codec that must know which clip it codes."""
        return self.encode(audio, bitrates_bps)

    @property
    def batches(self) -> bool:
        """Whether clips of one length are to be coded together."""
        return self.device.batch_seconds > 0

    def encode_batch(
        self, audios: Sequence[Audio], bitrates_bps: Sequence[int | None]
    ) -> list[dict[int | None, Encoded]]:
        """:meth:`encode` of clips of one length and channel count, with the same result for each as alone."""
        return [self.encode(audio, bitrates_bps) for audio in audios]

    def decode_batch(self, streams: Sequence[Encoded]) -> list[Audio]:
        """:meth:`decode` of the streams of one bitrate of such clips."""
        return [self.decode(stream) for stream in streams]

    def encode_one(self, audio: Audio, bitrate_bps: int | None) -> Encoded:
        raise NotImplementedError

    def decode(self, encoded: Encoded) -> Audio:
        """The waveform, from nothing but the bytes: aligned to the input to the sample, and of its length."""
        raise NotImplementedError

    def codes(self, encoded: Encoded) -> Codes:
        """The codes in a stream, for codecs that have codebooks."""
        raise NotImplementedError

    def entropy_coders(self) -> Mapping[str, Any]:
        """Lossless coders for its codes, by the name of their columns; empty for codecs that send no plain codes."""
        return {}

    def entropy_rate(self, coder: str, encoded: Encoded) -> EntropyRate:
        """What the stream would take if its codes went through ``coder``.

        Raises:
            CodecError: other codes came back than were coded.
        """
        raise NotImplementedError

    def depends_on(self, clip: Clip, bitrate_bps: int | None) -> str:
        """What else decides the result for a clip, such as files made elsewhere: part of the cell's key."""
        return ""

    def networks(self) -> Mapping[str, Network]:
        """The networks it is made of, by name, in the order in which they run; empty where it has none."""
        return {}

    def facts(self) -> Mapping[str, str]:
        """What else is worth knowing of how it works, such as its frame rate and codebooks."""
        return {}

    def files(self) -> Sequence[Path]:
        """The files it cannot do without, such as weights or programs: its size on disk."""
        return ()


def listed(values: Sequence[object]) -> str:
    """``values`` for a message.

    >>> listed((1, 2)), listed(range(6_000, 8_001))
    ('1, 2', '6000 to 8000')
    """
    return f"{values[0]} to {values[-1]}" if isinstance(values, range) else ", ".join(map(str, values))


def one_of(codec: str, option: str, value: object, known: Sequence[object]) -> None:
    """Raise ConfigError where ``value`` is none of ``known``."""
    if value not in known:
        raise ConfigError(f"{codec}: expected {option} to be one of {listed(known)}, got {value!r}.")


def within(lowest: int, highest: int) -> range:
    """Every bitrate from ``lowest`` to ``highest``."""
    return range(lowest, highest + 1)
