"""What one clip adds to the sets that it is in: made in the worker, kept in the run folder."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import PurePosixPath

import numpy as np

from bench.audio import Audio
from bench.cells.planning import Cell, Job
from bench.cells.rows import Row
from bench.codecs.base import Codec
from bench.domain import Encoded
from bench.errors import MetricUndefined, NotApplicable
from bench.metrics.sets.base import Arrays, SetMeasure
from bench.paths import statistics_path
from bench.storage import exists
from bench.store import digest, write_arrays


def collect(
    job: Job, todo: Cell, name: str, measure: SetMeasure, codec: Codec, stream: Callable[[], Encoded],
    reference: Audio, degraded: Audio,
) -> Row:  # fmt: skip
    """Keep what the set measure called ``name`` needs of a clip; where its files lie in the run folder.

    The reference side is made once for all conditions.

    Raises:
        NotApplicable: it needs codes, and the codec has none.
        MetricUndefined: the clip gives nothing, or something else than numbers.
    """
    measure.require(job.clip.category)
    path = statistics_path(job.clip, name, todo.condition.id, todo.set_keys[name])
    if measure.reads_codes:
        if not codec.exposes_codes:
            raise NotApplicable(f"{codec.identity.name} does not expose codes.")
        codes = codec.codes(stream())
        tokens = np.concatenate(codes.segments, axis=1)
        _keep(job, path, measure.of_codes(tokens, codes.bits_per_code, reference.seconds))
        return {"degraded": path.as_posix()}
    key = digest([job.reference.as_posix(), str(measure.identity)])
    beside = statistics_path(job.clip, name, "references", key)
    if not exists(job.folder / beside):
        _keep(job, beside, measure.of_audio(reference))
    _keep(job, path, measure.of_audio(degraded))
    return {"degraded": path.as_posix(), "reference": beside.as_posix()}


def _keep(job: Job, path: PurePosixPath, arrays: Arrays) -> None:
    wrong = [name for name, values in arrays.items() if not math.isfinite(float(np.sum(values)))]
    if wrong:
        raise MetricUndefined(f"the clip gave NaN or infinite {', '.join(wrong)}.")
    write_arrays(job.folder / path, arrays)
