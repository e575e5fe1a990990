"""How fast the codecs are, one thread. Run by ``make bench-codecs``; nothing here is a test.

EnCodec runs with random weights of its real size unless ``CODECBENCH_ENCODEC_24KHZ`` names a folder of weights: its
speed does not depend on them. ``CODECBENCH_DATA`` names a folder of real audio for the quality of toy_rvq.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from bench.threads import ONE_THREAD

os.environ.update(ONE_THREAD)

import numpy as np

from bench import audio, codecs
from bench.align import probe
from bench.codecs.codes import pack_bits, unpack_bits
from bench.codecs.encodec import Encodec24, Encodec48
from bench.codecs.toy_rvq import ToyRvq
from bench.errors import CodecbenchError
from bench.inspection.cost import cost_of
from bench.provenance import machine, package_versions
from tests.codecs.models import saved

SECONDS = 10.0
UNSEEN = ("speech/vctk_p228_023.wav", "speech/magphase_hvd_577.wav", "music/sms_piano.wav", "music/was_break12.wav")


def main() -> None:
    about = machine()
    print(f"{about['cpu']}, {about['cores']} cores, {about['memory_gb']} GB, Python {about['python']}")
    print(" ".join(f"{name} {version}" for name, version in package_versions().items()))
    with tempfile.TemporaryDirectory(prefix="codecbench-bench-") as folder:
        place = os.environ.get("CODECBENCH_ENCODEC_24KHZ")
        small = Path(place) if place else saved(Path(folder) / "24", 24_000, num_filters=32, hidden_size=128)
        large = saved(Path(folder) / "48", 48_000, num_filters=32, hidden_size=128)
        speeds({"encodec_24khz": small, "encodec_24khz_streaming": small, "encodec_48khz": large})
        one_encode(Encodec24(str(small)), 24_000)
        one_encode(Encodec48(str(large)), 48_000)
    packing()
    rising()


def speeds(weights: dict[str, Path]) -> None:
    """Every codec that runs here, each in a process of its own."""
    print("\nreal-time factors, one thread, and peak memory; the rate is the highest:")
    for name in codecs.names():
        if name in codecs.DESCRIBED:
            continue
        options = {"weights": str(weights[name])} if name in weights else {}
        try:
            cost = cost_of(name, options)
        except CodecbenchError as error:
            print(f"  {name:26} {str(error).splitlines()[0][:90]}")
            continue
        rate = f"{cost.bitrate_bps or 0:>7}"
        print(
            f"  {name:26} {cost.sample_rate:>6} Hz {cost.channels} ch {rate} bit/s  encode {cost.encode_rtf:8.1f} x  "
            f"decode {cost.decode_rtf:8.1f} x  {cost.memory_bytes / 1e6:6.0f} MB"
        )


def one_encode(codec: Encodec24 | Encodec48, rate: int) -> None:
    """All bandwidths of a clip through one encode, and through one each."""
    signal = probe(rate, max(codec.channels)).part(0, round(min(SECONDS, 3.0) * rate))
    codec.encode(signal.part(0, rate // 5), codec.bitrates_bps)
    together = _seconds(lambda: codec.encode(signal, codec.bitrates_bps))
    apart = _seconds(lambda: [codec.encode(signal, [bitrate]) for bitrate in codec.bitrates_bps])
    print(
        f"\n{codec.name}: {len(codec.bitrates_bps)} bandwidths of {signal.seconds:g} s in one encode {together:.2f} s, "
        f"in {len(codec.bitrates_bps)} encodes {apart:.2f} s: {apart / together:.2f} times faster (goal at 24 kHz: 2)"
    )


def packing() -> None:
    codes = np.random.default_rng(0).integers(0, 1024, 75 * 600 * 32)
    packed = pack_bits(codes, 10)
    pack_s, unpack_s = _seconds(lambda: pack_bits(codes, 10)), _seconds(lambda: unpack_bits(packed, 10, codes.size))
    mbit = len(packed) * 8 / 1e6
    print(f"\nbit packing: {mbit / pack_s:.0f} Mbit/s, unpacking {mbit / unpack_s:.0f} Mbit/s (goal: 100)")


def rising() -> None:
    data = os.environ.get("CODECBENCH_DATA")
    if not data:
        print("\ntoy_rvq on unseen audio: CODECBENCH_DATA is not set, left out")
        return
    print("\ntoy_rvq on audio it was not trained on, SNR in dB at 1.5, 3, 6, 12 and 24 kbit/s:")
    codec = ToyRvq()
    for name in UNSEEN:
        signal = audio.read(Path(data) / name).mixed_to(1).at(24_000)
        streams = codec.encode(signal, codec.bitrates_bps).values()
        errors = [float(np.square(signal.samples - codec.decode(one).samples).mean()) for one in streams]
        snr = [10 * np.log10(float(np.square(signal.samples).mean()) / error) for error in errors]
        verdict = "rises" if all(low < high for low, high in pairwise(snr)) else "DOES NOT RISE"
        print(f"  {name:34} {'  '.join(f'{value:5.1f}' for value in snr)}  {verdict}")


def _seconds(work: Callable[[], object]) -> float:
    """The best of three."""
    times = []
    for _ in range(3):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)


if __name__ == "__main__":
    main()
