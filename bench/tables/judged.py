"""Which scores count: a reference that is not full band must not judge a codec that is."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from bench.audit.marks import edge_at, is_band_limited
from bench.runs.results import Results
from bench.tables.codes import coded, codes_in

BAND_LIMITED = "band_limited"


def band_limited(results: Results) -> pd.Series:
    """For each row of ``scores``, whether the reference is band-limited for the condition of that row.

    It is where its content ends below 88 % of the band (20 kHz at most) that the reference and the codec share: half
    the lower of the rate of the reference and the rate at which the codec worked on that clip. Nothing is
    band-limited in a run whose clips were not audited.
    """
    scores, encodings = results.scores, results.encodings
    if "edge_hz" not in results.clips:
        return pd.Series(False, index=scores.index, dtype=bool)
    clips = results.clips.drop_duplicates("clip", keep="last")
    names = clips["clip"].to_numpy(dtype=object)
    codec_rates, at = np.unique(encodings["sample_rate"].to_numpy("float64", na_value=0.0), return_inverse=True)
    common = results.info.get("sample_rate")
    by_rate = np.zeros((len(names) + 1, len(codec_rates)), dtype=bool)  # the last row is of clips that are not known
    for place, (edge, rate) in enumerate(clips[["edge_hz", "sample_rate"]].itertuples(index=False)):
        by_rate[place] = [_is_limited(edge, int(rate), int(common or rate), int(codec)) for codec in codec_rates]
    of_clip, of_condition = codes_in(encodings["clip"], names), coded(encodings["condition"])
    limited = by_rate[of_clip, at]
    cells = np.zeros((len(names) + 1, len(of_condition.names) + 1), dtype=bool)
    cells[of_clip[limited], of_condition.codes[limited]] = True
    found = cells[codes_in(scores["clip"], names), codes_in(scores["condition"], of_condition.names)]
    return pd.Series(found, scores.index, dtype=bool)


def leaves_out(results: Results) -> bool:
    """Whether the run leaves band-limited references out of its means, or only marks them."""
    return bool(results.info.get("band_limited", "exclude") == "exclude")


def judged(results: Results) -> pd.DataFrame:
    """The scores, with the status ``band_limited`` in the rows that have a value and are left out."""
    scores = results.scores
    if not leaves_out(results):
        return scores
    out = band_limited(results) & (scores["status"] == "ok") & scores["value"].notna()
    status = scores["status"]
    if isinstance(status.dtype, pd.CategoricalDtype) and BAND_LIMITED not in status.cat.categories:
        status = status.cat.set_categories(sorted([*status.cat.categories, BAND_LIMITED]))
    return scores.assign(status=status.mask(out.astype(bool), BAND_LIMITED))


def _is_limited(edge_hz: float, file_rate: int, reference_rate: int, codec_rate: int) -> bool:
    edge = edge_at(None if math.isnan(edge_hz) else edge_hz, file_rate, reference_rate)
    return is_band_limited(edge, min(reference_rate, codec_rate or reference_rate))
