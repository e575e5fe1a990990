"""A finished or unfinished run on disk: four tables and the record of how they were made.

results/runs/NAME/
    run.json            RunInfo: configuration text, versions, machine, seeds, quantities, warnings
    clips.parquet       one row per clip
    encodings.parquet   one row per clip and condition
    scores.parquet      one row per clip, condition and quantity
    sets.parquet        one row per category, condition and quantity of a whole set
    references/         every clip as it was judged, 24-bit FLAC
    decoded/CONDITION/  every decoded clip, 24-bit FLAC, aligned and of equal length
    statistics/         what each clip adds to the measures of sets; safe to delete, then it is made again
    journal/            finished cells, one file for each start of a driver; see bench/journal/journal.py
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.errors import StoreError
from bench.runs.shape import checked_table, require_info
from bench.storage import Place, at_hand, local_copy, place
from bench.untrusted import parse_json, read_parquet, require_plausible

if TYPE_CHECKING:
    import pandas as pd

CLIPS, ENCODINGS, SCORES, RUN = "clips.parquet", "encodings.parquet", "scores.parquet", "run.json"
JOURNAL = "journal"
SETS = "sets.parquet"

REPEATED = (
    "run", "clip", "dataset", "category", "source", "condition", "codec", "codec_version", "role", "bits_are", "metric",
    "metric_version", "channel_policy", "quantity", "status", "reason",
)  # fmt: skip
"""Columns of text that a table of millions of rows holds as codes: categoricals, their categories in sorted order."""

ENTROPY_CODERS = ("adaptive", "lm")
"""Lossless coders of codes; each has the columns ``*_bits``, ``*_encode_s`` and ``*_decode_s`` in the encodings."""

TIMING_COLUMNS = (
    "encode_s", "decode_s", "prepare_s", "score_s", "adaptive_encode_s", "adaptive_decode_s", "lm_encode_s",
    "lm_decode_s",
)  # fmt: skip
"""Columns that differ between two otherwise identical runs."""

CLIP_COLUMNS = {
    "clip": "string", "dataset": "string", "category": "string", "source": "string", "path": "string",
    "sha256": "string", "sample_rate": "int64", "channels": "int64", "samples": "int64", "start_s": "float64",
    "duration_s": "float64", "lead_in_s": "float64", "licence": "string", "attributes": "string",
    "reference": "string", "format": "string", "rms_dbfs": "float64", "clipped_samples": "Int64",
    "bandwidth_hz": "float64", "edge_hz": "float64", "edge_db": "float64", "lossy": "boolean", "stereo": "string",
    "peak_dbfs": "float64", "dc": "float64", "silence_share": "float64", "loudness_lufs": "float64",
    "noise_floor_dbfs": "float64", "range_db": "float64", "rt60_s": "float64", "fingerprint": "string",
    "marks": "string",
}  # fmt: skip
ENCODING_COLUMNS = {
    "run": "string", "clip": "string", "dataset": "string", "category": "string", "source": "string",
    "condition": "string", "codec": "string", "codec_version": "string", "role": "string", "bitrate_bps": "Int64",
    "sample_rate": "Int64", "channels": "Int64", "seconds": "float64", "payload_sha256": "string",
    "payload_bits": "Int64", "payload_bytes": "Int64", "container_bytes": "Int64", "actual_bps": "float64",
    "bits_are": "string", "encode_s": "float64", "decode_s": "float64", "delay_samples": "Int64",
    "lag_samples": "Int64", "adaptive_bits": "Int64", "adaptive_coded": "boolean", "adaptive_encode_s": "float64",
    "adaptive_decode_s": "float64", "lm_bits": "Int64", "lm_coded": "boolean", "lm_encode_s": "float64",
    "lm_decode_s": "float64", "clipped_samples": "Int64",
    "decoded": "string", "decoded_sha256": "string", "status": "string", "reason": "string",
}  # fmt: skip
SCORE_COLUMNS = {
    "run": "string", "clip": "string", "dataset": "string", "category": "string", "source": "string",
    "condition": "string", "metric": "string", "metric_version": "string", "channel_policy": "string",
    "quantity": "string", "value": "float64", "prepare_s": "float64", "score_s": "float64",
    "status": "string", "reason": "string",
}  # fmt: skip

SET_COLUMNS = {
    "run": "string", "category": "string", "condition": "string", "measure": "string", "measure_version": "string",
    "quantity": "string", "value": "float64", "ci_low": "float64", "ci_high": "float64", "n": "int64",
    "n_sources": "int64", "n_items": "int64", "n_failed": "int64", "n_undefined": "int64",
    "n_not_applicable": "int64", "status": "string", "reason": "string", "details": "string",
}  # fmt: skip

CLIP_KEY, CELL_KEY = ("clip", "category"), ("clip", "category", "condition")
"""Columns that say something in every row."""

OPTIONAL_COLUMNS = frozenset({
    "format", "bandwidth_hz", "edge_hz", "edge_db", "lossy", "stereo", "peak_dbfs", "dc", "silence_share",
    "loudness_lufs", "noise_floor_dbfs", "range_db", "rt60_s", "fingerprint", "marks", "bits_are", "lag_samples",
    "adaptive_bits", "adaptive_coded", "adaptive_encode_s", "adaptive_decode_s", "lm_bits", "lm_coded", "lm_encode_s",
    "lm_decode_s", "prepare_s", "score_s",
})  # fmt: skip
"""Columns that runs of earlier versions lack, as bench/records/schema/tables-1.json has them."""


def no_sets() -> pd.DataFrame:
    """The table of sets of a run without set measures."""
    import pandas as pd

    return pd.DataFrame(columns=list(SET_COLUMNS)).astype(SET_COLUMNS)


@dataclass(frozen=True, eq=False)
class Results:
    """The tables of one run as pandas frames, with the columns of this module's ``*_COLUMNS``.

    As :func:`load_results` reads them, the columns ``REPEATED`` of ``encodings`` and ``scores`` are categoricals, so
    that twenty million scores fit into a gigabyte; ``scores.astype(SCORE_COLUMNS)`` has them as text. Either will do.
    ``info["quantities"]`` maps each quantity to its unit, direction (``higher_is_better``), range and summary;
    ``info["conditions"]`` lists condition ids in the order of the configuration; ``info["set_quantities"]`` says the
    same as ``quantities`` of the quantities in ``sets``. ``folder`` is where the run lies: a path, or a URL.
    """

    folder: Place
    clips: pd.DataFrame
    encodings: pd.DataFrame
    scores: pd.DataFrame
    info: dict[str, Any]
    sets: pd.DataFrame = field(default_factory=no_sets)

    @property
    def name(self) -> str:
        return str(self.info["run"])

    @property
    def conditions(self) -> list[str]:
        return list(self.info["conditions"])

    @property
    def quantities(self) -> dict[str, dict[str, Any]]:
        return dict(self.info["quantities"])

    @property
    def set_quantities(self) -> dict[str, dict[str, Any]]:
        return dict(self.info.get("set_quantities") or {})

    def decoded(self, clip: str, condition: str) -> Path:
        """The decoded audio of a cell; of a run at a URL, a local copy.

        Raises:
            StoreError: there is none.
        """
        return self._file(self.decoded_place(clip, condition))

    def decoded_place(self, clip: str, condition: str) -> Place:
        """Where the decoded audio of a cell lies."""
        found = self.encodings.query("clip == @clip and condition == @condition")["decoded"]
        if found.empty or found.isna().all():
            raise StoreError(
                f"{self.folder}: expected decoded audio of clip {clip!r} under condition {condition!r}, but there is "
                "none: the run has no such names, or the encoding failed and encodings.parquet has the reason."
            )
        return self.folder / str(found.iloc[0])

    def reference(self, clip: str) -> Path:
        """The clip as it was judged; of a run at a URL, a local copy."""
        return self._file(self.reference_place(clip))

    def reference_place(self, clip: str) -> Place:
        """Where the clip as it was judged lies."""
        return self.folder / str(self.clips.set_index("clip").loc[clip, "reference"])

    def _file(self, where: Place) -> Path:
        try:
            return local_copy(where)
        except FileNotFoundError:
            raise StoreError(
                f"{where}: expected a file of this run, but it is not there. `codecbench run` makes it anew."
            ) from None


def load_results(folder: str | os.PathLike[str] | Place) -> Results:
    """Read the tables of the run in ``folder``, a path or a URL such as ``s3://bucket/run``.

    Raises:
        StoreError: no run there, or a table that cannot be read.
    """
    folder = place(folder)
    with at_hand(folder, (RUN, CLIPS, ENCODINGS, SCORES, SETS)) as here:
        return _loaded(folder, here)


def _loaded(folder: Place, here: Path) -> Results:
    """The run of ``folder``, whose tables lie in the local folder ``here``."""
    missing = [name for name in (RUN, CLIPS, ENCODINGS, SCORES) if not (here / name).is_file()]
    if missing:
        raise StoreError(
            f"{folder}: expected the results of a run, but {', '.join(missing)} is not there. "
            "`codecbench run CONFIG` writes them; an interrupted run writes them when it is started again."
        )
    try:
        clips, encodings, scores = read_parquet(here / CLIPS), _read(here / ENCODINGS), _read(here / SCORES)
        sets = read_parquet(here / SETS) if (here / SETS).is_file() else no_sets()
        info = parse_json((here / RUN).read_text(encoding="utf-8"))
        require_info(info)
        clips = checked_table(clips, CLIP_COLUMNS, OPTIONAL_COLUMNS, CLIP_KEY, ("reference",))
        encodings = checked_table(encodings, ENCODING_COLUMNS, OPTIONAL_COLUMNS, (*CELL_KEY, "status"), ("decoded",))
        scores = checked_table(scores, SCORE_COLUMNS, OPTIONAL_COLUMNS, (*CELL_KEY, "quantity", "status"))
        sets = checked_table(sets, SET_COLUMNS)
    except (OSError, ValueError) as error:
        raise StoreError(
            f"{folder}: the results cannot be read ({' '.join(str(error).split())}). `codecbench run` writes them anew."
        ) from None
    return Results(folder, clips, encodings, scores, info, sets)


def _read(path: Path) -> pd.DataFrame:
    """The table at ``path``, a column at a time: its text never lies in memory once for every row."""
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    require_plausible(path)
    names = [name for name in pq.read_schema(path).names if not name.startswith("__index_level_")]
    if len(set(names)) < len(names):
        raise ValueError(f"{path.name}: a column is there twice")
    plain = [read_parquet(path, [name]) for name in names if name not in REPEATED]
    table = pd.concat(plain, axis=1) if plain else pd.DataFrame()
    for name in names:
        if name in REPEATED:
            try:
                table[name] = _categorical(pq.read_table(path, columns=[name], read_dictionary=[name]).column(name))
            except pa.ArrowException as error:
                raise ValueError(f"{path.name}, column {name}: {' '.join(str(error).split())}") from None
    return table[names]


def _categorical(column: Any) -> Any:
    """A column of Arrow as pd.Categorical; sorted categories, so that codes do not depend on the order of the rows."""
    import numpy as np
    import pandas as pd
    import pyarrow as pa

    coded = column if pa.types.is_dictionary(column.type) else column.cast(pa.string()).dictionary_encode()
    whole = coded.unify_dictionaries().combine_chunks()
    names = whole.dictionary.to_pylist()
    order = sorted(range(len(names)), key=names.__getitem__)
    smallest = np.min_scalar_type(-max(1, len(names)))  # signed, for -1 is "missing"
    places = np.full(len(names) + 1, -1, dtype=smallest)  # the last one is where -1 points to
    places[order] = np.arange(len(names))
    codes: Any = places[whole.indices.fill_null(-1).to_numpy(zero_copy_only=False)]
    return pd.Categorical.from_codes(codes, categories=pd.Index([names[place] for place in order]))
