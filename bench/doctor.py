"""What works on this machine, what does not, and the one line that mends it."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench import codecs, datasets, metrics, platforms
from bench.align import probe
from bench.codecs.base import Codec
from bench.errors import CodecbenchError, DamagedWeights, MetricUndefined, MissingRequirement
from bench.loading import local_cache_folder
from bench.metrics import sets
from bench.metrics.base import Metric
from bench.models.device import Device, require
from bench.provenance import available_cores


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. ``remedy`` is the one line that mends it; ``optional``: it is not installed, not broken."""

    what: str
    ok: bool
    detail: str
    remedy: str = ""
    optional: bool = False


def findings() -> Iterator[Finding]:
    """Everything worth knowing, tried and not only looked up."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("Python", sys.version_info >= (3, 11), version, "install Python 3.11 or newer")
    lacking = platforms.missing()
    yield Finding("system", not lacking, lacking or platform.platform(), lacking.partition("To get it: ")[2])
    yield Finding("cores", True, str(available_cores()))
    yield _gpu()
    yield _space("results", Path.cwd())
    yield _space("cache", local_cache_folder())
    yield _data()
    for name in codecs.names():
        yield finding_of_codec(name)
    for name in metrics.names():
        yield _tried(f"metric {name}", metrics.registry.missing(name), partial(_try_metric, name))
    for name in sets.names():
        yield _tried(f"set measure {name}", sets.registry.missing(name), partial(_try_set_measure, name))
    for name in datasets.names():
        missing = datasets.registry.missing(name)
        what = f"dataset loader {name}"
        yield _absent(what, missing) if missing else Finding(what, True, "ready")


def finding_of_codec(name: str) -> Finding:
    """A codec, made and used once on half a second of noise."""
    return _tried(f"codec {name}", codecs.registry.missing(name), partial(_try_codec, name))


def _tried(what: str, missing: str | None, attempt: Callable[[], str]) -> Finding:
    if missing:
        return _absent(what, missing)
    try:
        return Finding(what, True, attempt())
    except DamagedWeights as error:
        return Finding(what, False, str(error), "delete the file and fetch it again")
    except MissingRequirement as error:
        return _absent(what, str(error))
    except CodecbenchError as error:
        return Finding(what, False, str(error), "see the message")
    except Exception as error:  # noqa: BLE001  # whatever breaks here is what the user wants to know
        return Finding(what, False, f"{type(error).__name__}: {error}", f"codecbench check {what.split()[-1]}")


def _absent(what: str, message: str) -> Finding:
    return Finding(what, False, "not installed", message.partition("To get it: ")[2] or message, optional=True)


def _try_codec(name: str) -> str:
    entry = codecs.registry.entry(name)
    if name in codecs.DESCRIBED:
        return "ready; a configuration gives it its options"
    encoder: Codec = codecs.make(name, {})
    decoder: Codec = codecs.make(name, {})
    rate = encoder.working_rate(48_000)
    channels = encoder.channels[-1] if encoder.channels else 1
    bitrate = encoder.bitrates_bps[-1] if encoder.bitrates_bps else None
    signal = probe(rate, channels).part(0, rate // 2)
    decoded = decoder.decode(encoder.encode(signal, [bitrate])[bitrate])
    if decoded.samples.shape != signal.samples.shape:
        raise CodecbenchError(f"{entry.target} gave {decoded.samples.shape}, expected {signal.samples.shape}.")
    return str(encoder.identity)


def _try_metric(name: str) -> str:
    metric: Metric
    (metric,) = metrics.make([name])
    signal = probe(metric.domain.sample_rate or 16_000)
    with suppress(MetricUndefined):  # noise has no pitch and no words; to say so is to work
        metric.score(metric.prepare(signal), signal)
    return str(metric.identity)


def _try_set_measure(name: str) -> str:
    measure = sets.make(name)
    if not measure.reads_codes:
        measure.of_audio(probe(48_000))
    return str(measure.identity)


def _gpu() -> Finding:
    try:
        require(Device("cuda"))
    except MissingRequirement:
        return Finding("GPU", True, "none that torch can use here: networks compute on the processor, only slower")
    import torch

    return Finding("GPU", True, f"{torch.cuda.get_device_name()}: used with --device cuda")


def _space(what: str, folder: Path) -> Finding:
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(existing).free / 1e9
    writable = os.access(existing, os.W_OK)
    remedy = "free some space, or choose another folder with --output or CODECBENCH_CACHE"
    return Finding(f"disk for {what}", free > 2 and writable, f"{free:.0f} GB free at {folder}", remedy)


def _data() -> Finding:
    folder = os.environ.get("CODECBENCH_DATA")
    if not folder:
        return Finding("CODECBENCH_DATA", True, "not set: relative dataset paths start at the current folder or --data")
    return Finding("CODECBENCH_DATA", Path(folder).is_dir(), folder, "point CODECBENCH_DATA to an existing folder")
