"""Any command-line codec, from two argument templates. No shell is involved: an argument is an argument.

    - name: command
      label: opusenc
      bitrates_bps: [24000]
      options:
        encode: [opusenc, --quiet, --bitrate, "{kbps}", "{input}", "{bitstream}"]
        decode: [opusdec, --quiet, --force-wav, "{bitstream}", "{output}"]
        bits: ogg
        sample_rates: [48000]

The files live in a private folder that is removed afterwards. What the decoder writes must have the clip's rate and
channel count, and must reach to the clip's end once its delay is cut off.
"""

from __future__ import annotations

import os
import string
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from bench import audio as audio_io
from bench.align import measured_delay, probe
from bench.audio import Audio
from bench.codecs import framing, ogg, programs
from bench.codecs.base import Codec
from bench.codecs.bits import COUNTERS, count_bits
from bench.domain import Encoded, Identity
from bench.errors import CodecError, ConfigError, MissingRequirement

FileFormat = Literal["wav", "s16le", "f32le"]
PLACEHOLDERS = (
    "input", "bitstream", "output", "bitrate_bps", "kbps", "mode", "sample_rate", "sample_rate_khz", "channels",
)  # fmt: skip
_RAW = {"s16le": ("<i2", 32768.0), "f32le": ("<f4", 1.0)}


class Command(Codec):
    """A codec that is a pair of programs.

    Args:
        encode: argument list; placeholders {input} {bitstream} {bitrate_bps} {kbps} {mode} {sample_rate}
            {sample_rate_khz} {channels}.
        decode: argument list; {bitstream} {output} and the same numbers.
        input, output: ``wav`` (16 bit), ``s16le`` or ``f32le`` (raw, interleaved).
        suffix: suffix of the bitstream file, for programs that look at it.
        bits: what counts as payload; see :mod:`bench.codecs.bits`. ``file`` counts the whole file.
        header_bytes: bytes at the start of the file that are container, for ``bits: file``.
        sample_rates, channels: what the programs take; clips are resampled to these rates.
        bitrates_bps: the bitrates that the programs know; empty: any.
        modes: what the programs call each bitrate: the text of {mode}.
        delay_samples: by how much the output is late, or that for each bitrate; ``auto`` measures it with a probe
            signal, once for each rate, channel count and bitrate: programs change their ways with them.
        frame_ms: the clip is filled up to whole frames, for encoders that drop what does not fill one.
        flushes: the encoder itself codes what the delay holds back; else the clip is lengthened by the delay.
        stdout: what a program writes to its standard output is the file that its template does not name.
        folder: where the programs lie; those that are not there are looked for on the PATH.
        version: part of the identity; empty takes a hash of the programs and of the files that the templates name.
            Change it when something else does: a library that they load.
        timeout_s: longest time for one call.

    Raises:
        ConfigError: templates or options that cannot be.
        MissingRequirement: a program is neither in ``folder`` nor on the PATH.
    """

    def __init__(
        self,
        encode: list[str],
        decode: list[str],
        input: FileFormat = "wav",  # noqa: A002  # the key that a user writes
        output: FileFormat = "wav",
        suffix: str = ".bin",
        bits: str = "file",
        header_bytes: int = 0,
        sample_rates: Sequence[int] = (),
        channels: Sequence[int] = (1, 2),
        bitrates_bps: Sequence[int] = (),
        modes: Mapping[int, str] | None = None,
        delay_samples: int | Literal["auto"] | dict[int, int] = "auto",
        frame_ms: float = 0.0,
        flushes: bool = False,
        stdout: bool = False,
        folder: str = "",
        version: str = "",
        timeout_s: float = 120.0,
        name: str = "command",
    ) -> None:
        self._encode, self._decode = list(map(str, encode)), list(map(str, decode))
        problems = _problems(self._encode, self._decode, input, output, bits, stdout)
        if problems:
            raise ConfigError([f"{name}: {problem}" for problem in problems])
        self._input, self._output, self._suffix = input, output, suffix
        self._bits, self._header_bytes = bits, header_bytes
        self.sample_rates, self.channels = tuple(sorted(sample_rates)), tuple(channels)
        self.modes = dict(modes or {})
        self.bitrates_bps = tuple(bitrates_bps or self.modes)
        self._delay, self._frame_ms, self._flushes = delay_samples, frame_ms, flushes
        self._folder, self._timeout_s = folder, timeout_s
        self._delays: dict[tuple[int, int, int | None], int] = {}
        files = [path for template in (self._encode, self._decode) for path in self._files_of(name, template)]
        version = version or f"programs {programs.fingerprint(dict.fromkeys(files))}"
        self.identity = Identity(name, version, " ".join([*self._encode, "|", *self._decode]))

    @property
    def takes_bitrate(self) -> bool:
        return bool(_fields(self._encode) & {"bitrate_bps", "kbps", "mode"})

    def possible_bps(self, sample_rate: int, channels: int) -> Sequence[int] | None:
        return self.bitrates_bps or None

    def encode_one(self, audio: Audio, bitrate_bps: int | None) -> Encoded:
        if bitrate_bps is None and self.takes_bitrate:
            raise CodecError(
                f"{self.identity.name}: encode has a placeholder for the bitrate, and no bitrate is given; give some: "
                "bitrates_bps (of `codecbench check`: --option 'bitrates_bps=[12000]')."
            )
        delay = self._delay_of(audio.rate, audio.channels, bitrate_bps)
        held_back = 0 if self._flushes else max(delay, 0)
        return self._encode_with(audio.with_length(audio.length + held_back), bitrate_bps, audio.length, delay)

    def mode(self, bitrate_bps: int | None, channels: int) -> str:  # some programs go by the channels
        """The text of {mode}."""
        return self.modes.get(bitrate_bps or 0, "")

    def frame_ms(self, bitrate_bps: int | None) -> float:  # some programs go by the bitrate
        """The frames that the encoder must be given whole; 0 for any length."""
        return self._frame_ms

    def decode(self, encoded: Encoded) -> Audio:
        stream = framing.unpack(encoded)
        bitrate = int.from_bytes(stream.header, "little") or None
        decoded = self._run_decoder(stream, bitrate)
        missing = stream.delay + stream.length - decoded.length
        if 0 < missing <= 0.1 * stream.rate:  # many programs drop the last, incomplete frame
            decoded = decoded.with_length(decoded.length + missing)
        return stream.cut(decoded.samples)

    def _encode_with(self, padded: Audio, bitrate_bps: int | None, length: int, delay: int) -> Encoded:
        with tempfile.TemporaryDirectory(prefix="codecbench-") as folder:
            source = Path(folder) / f"input.{'wav' if self._input == 'wav' else 'raw'}"
            bitstream = Path(folder) / f"bitstream{self._suffix}"
            _write(source, self._in_whole_frames(padded, bitrate_bps), self._input)
            files = {"input": source, "bitstream": bitstream}
            said = self._call(self._encode, padded.rate, padded.channels, bitrate_bps, files)
            if "bitstream" not in _fields(self._encode):
                bitstream.write_bytes(said)
            data = self._result_of(bitstream, "encoder")
        clip = padded.part(0, length)
        try:
            payload_bits = count_bits(self._bits, data, self._header_bytes)
            data = ogg.numbered(data) if self._bits == "ogg" else data
        except CodecError as error:
            raise CodecError(f"{self.identity.name}: {error}") from None
        header = (bitrate_bps or 0).to_bytes(4, "little")
        return framing.pack(clip, [data], delay=delay, header=header, payload_bits=payload_bits)

    def _run_decoder(self, stream: framing.Stream, bitrate_bps: int | None) -> Audio:
        with tempfile.TemporaryDirectory(prefix="codecbench-") as folder:
            bitstream = Path(folder) / f"bitstream{self._suffix}"
            target = Path(folder) / f"output.{'wav' if self._output == 'wav' else 'raw'}"
            bitstream.write_bytes(stream.packets[0])
            files = {"bitstream": bitstream, "output": target}
            said = self._call(self._decode, stream.rate, stream.channels, bitrate_bps, files)
            if "output" not in _fields(self._decode):
                target.write_bytes(said)
            self._result_of(target, "decoder")
            decoded = _read(target, self._output, stream.rate, stream.channels)
        if (decoded.rate, decoded.channels) != (stream.rate, stream.channels):
            raise CodecError(
                f"{self.identity.name}: the decoder wrote {decoded.rate} Hz with {decoded.channels} channels; "
                f"expected {stream.rate} Hz with {stream.channels}."
            )
        return decoded

    def _delay_of(self, rate: int, channels: int, bitrate_bps: int | None) -> int:
        """The delay in this setting, measured when it is first used."""
        if isinstance(self._delay, dict):
            return self._delay[bitrate_bps or 0]
        if isinstance(self._delay, int):
            return self._delay
        setting = (rate, channels, bitrate_bps)
        if setting not in self._delays:
            self._delays[setting] = self._measured_delay(*setting)
        return self._delays[setting]

    def _measured_delay(self, rate: int, channels: int, bitrate_bps: int | None) -> int:
        signal = probe(rate, channels)
        encoded = self._encode_with(signal.with_length(signal.length + rate // 2), bitrate_bps, signal.length, 0)
        decoded = self._run_decoder(framing.unpack(encoded), bitrate_bps)
        return measured_delay(signal, decoded)

    def _in_whole_frames(self, audio: Audio, bitrate_bps: int | None) -> Audio:
        frame = round(audio.rate * self.frame_ms(bitrate_bps) / 1000)
        return audio.with_length(-(-audio.length // frame) * frame) if frame else audio

    def _call(
        self, template: list[str], rate: int, channels: int, bitrate_bps: int | None, files: Mapping[str, Path]
    ) -> bytes:
        numbers: dict[str, Any] = {
            "bitrate_bps": bitrate_bps,
            "kbps": None if bitrate_bps is None else f"{bitrate_bps / 1000:g}",
            "mode": self.mode(bitrate_bps, channels),
            "sample_rate": rate,
            "sample_rate_khz": f"{rate / 1000:g}",
            "channels": channels,
        }
        program, *arguments = [part.format(**numbers, **files) for part in template]
        path = self._found(self.identity.name, program)
        return programs.run(self.identity.name, path, arguments, self._timeout_s)

    def _files_of(self, name: str, template: list[str]) -> list[str]:
        """The program of a template, and the files among its arguments: a script, a model."""
        program, *arguments = template
        found = [] if "{" in program else [self._found(name, program)]
        return found + [part for part in arguments if os.path.isfile(part)]  # noqa: PTH113  # a long one is no path

    def _found(self, name: str, program: str) -> str:
        path = programs.find(program, self._folder)
        if path is None:
            places = f"in {self._folder} or on the PATH" if self._folder else "on this machine's PATH"
            raise MissingRequirement(
                f"{name}: the program {program!r} is not {places}; install it, or give its full path in the "
                "configuration."
            )
        return path

    def _result_of(self, path: Path, who: str) -> bytes:
        if not path.is_file() or path.stat().st_size == 0:
            state = "an empty" if path.is_file() else "no"
            raise CodecError(f"{self.identity.name}: the {who} ended without an error but wrote {state} output file.")
        return path.read_bytes()


def _problems(
    encode: list[str], decode: list[str], input_format: str, output_format: str, bits: str, stdout: bool
) -> list[str]:
    problems = []
    for which, template, needed in (
        ("encode", encode, ("input",) if stdout else ("input", "bitstream")),
        ("decode", decode, ("bitstream",) if stdout else ("bitstream", "output")),
    ):
        if not template:
            problems.append(f"{which} is empty; expected a list of arguments.")
            continue
        try:
            used = _fields(template)
        except ValueError as error:
            problems.append(f"{which}: {error}; write {{{{ and }}}} for literal braces.")
            continue
        problems += [f"{which} has no {{{name}}}." for name in needed if name not in used]
        allowed = set(PLACEHOLDERS) - ({"output"} if which == "encode" else {"input"})
        problems += [
            f"{which}: unknown placeholder {{{name}}}; known: {', '.join(sorted(allowed))}."
            for name in sorted(used - allowed)
        ]
    formats = ("wav", *_RAW)
    problems += [
        f"{key}: expected one of {', '.join(formats)}, got {value!r}."
        for key, value in (("input", input_format), ("output", output_format))
        if value not in formats
    ]
    if bits not in COUNTERS:
        problems.append(f"bits: expected one of {', '.join(COUNTERS)}, got {bits!r}.")
    return problems


def _fields(template: list[str]) -> set[str]:
    return {field for part in template for _, field, _, _ in string.Formatter().parse(part) if field is not None}


def _write(path: Path, audio: Audio, file_format: FileFormat) -> None:
    if file_format == "wav":
        audio_io.write(path, audio, "PCM_16")
        return
    kind, scale = _RAW[file_format]
    data = audio.samples.T * scale
    if kind == "<i2":
        data = np.clip(np.rint(data), -32768, 32767)
    path.write_bytes(data.astype(kind).tobytes())


def _read(path: Path, file_format: FileFormat, rate: int, channels: int) -> Audio:
    if file_format == "wav":
        return audio_io.read(path)
    kind, scale = _RAW[file_format]
    data = np.frombuffer(path.read_bytes(), kind)
    whole = data[: len(data) // channels * channels].reshape(-1, channels)
    return Audio((whole.T / scale).astype(np.float32), rate)
