"""The codecs and metrics of one worker: made once, warmed up, kept for all its clips."""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from bench import codecs, metrics
from bench.audio import Audio
from bench.codecs.base import Codec
from bench.domain import Condition
from bench.metrics import sets
from bench.metrics.base import Metric
from bench.metrics.sets.base import SetMeasure
from bench.models.device import CPU, Device

WARM_UP_S = 0.2


class Toolbox:
    """Encoder and decoder of a codec are two instances: what a decoder knows, it knows from the bytes.

    Networks of codecs compute on ``device``, those of metrics and set measures on ``metrics_device``.
    """

    def __init__(self, device: Device = CPU, metrics_device: Device = CPU) -> None:
        self._device, self._metrics_device = device, metrics_device
        self._codecs: dict[tuple[str, str], Codec] = {}
        self._metrics: dict[str, Metric] = {}
        self._measures: dict[str, SetMeasure] = {}
        self._warm: set[tuple[str, int | None, int, int, int]] = set()

    def encoder(self, condition: Condition) -> Codec:
        """The instance that encodes."""
        return self._codec(condition, "encode")

    def decoder(self, condition: Condition) -> Codec:
        """The instance that decodes."""
        return self._codec(condition, "decode")

    def metric(self, quantity: str) -> Metric:
        """The metric that gives ``quantity``."""
        if quantity not in self._metrics:
            (metric,) = metrics.make([quantity])
            metric.on(self._metrics_device)
            self._metrics.update({q.name: metric for q in metric.quantities})
        return self._metrics[quantity]

    def set_measure(self, name: str) -> SetMeasure:
        """The set measure called ``name``."""
        if name not in self._measures:
            self._measures[name] = sets.make(name).on(self._metrics_device)
        return self._measures[name]

    def warm_up(self, condition: Condition, rate: int, channels: int, length: int) -> None:
        """Code a little noise, once for each setting, so that imports and loading do not count as coding time.

        ``rate`` and ``length`` (in samples) are those of the clip that is coded next.

        What goes wrong here goes wrong again with the clip, and is reported there.
        """
        samples = round(WARM_UP_S * rate)
        with suppress(Exception):
            samples = max(samples, self.encoder(condition).warm_up_samples(length))
        setting = (_settings(condition), condition.bitrate_bps, rate, channels, samples)
        if setting in self._warm:
            return
        self._warm.add(setting)
        noise = np.random.default_rng(0).standard_normal((channels, samples)) * 0.1
        with suppress(Exception):
            signal = Audio(noise.clip(-1, 1).astype(np.float32), rate)
            streams = self.encoder(condition).encode(signal, [condition.bitrate_bps])
            self.decoder(condition).decode(streams[condition.bitrate_bps])
            for coder in self.encoder(condition).entropy_coders():
                self.encoder(condition).entropy_rate(coder, streams[condition.bitrate_bps])

    def _codec(self, condition: Condition, use: str) -> Codec:
        key = (use, _settings(condition))
        if key not in self._codecs:
            self._codecs[key] = codecs.make(condition.codec, condition.options).on(self._device)
        return self._codecs[key]


def _settings(condition: Condition) -> str:
    return f"{condition.codec} {sorted(condition.options.items())}"
