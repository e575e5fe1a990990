"""Which scores count: a reference that is not full band must not judge a codec that is."""

from __future__ import annotations

import math

import pandas as pd

from bench.audit.marks import edge_at, is_band_limited
from bench.results import Results

BAND_LIMITED = "band_limited"


def band_limited(results: Results) -> pd.Series:
    """For each row of ``scores``, whether the reference is band-limited for the condition of that row.

    It is where its content ends below 88 % of the band (20 kHz at most) that the reference and the codec share: half
    the lower of the rate of the reference and the rate at which the codec worked on that clip. Nothing is
    band-limited in a run whose clips were not audited.
    """
    scores = results.scores
    if "edge_hz" not in results.clips:
        return pd.Series(False, index=scores.index, dtype=bool)
    common = results.info.get("sample_rate")
    judged_at = {
        str(clip): (edge, int(rate), int(common or rate))
        for clip, edge, rate in results.clips[["clip", "edge_hz", "sample_rate"]].itertuples(index=False)
    }
    coded = results.encodings[["clip", "condition", "sample_rate"]].itertuples(index=False)
    limited = {
        (clip, condition)
        for clip, condition, rate in coded
        if clip in judged_at and _is_limited(*judged_at[clip], None if pd.isna(rate) else int(rate))
    }
    cells = zip(scores["clip"], scores["condition"], strict=True)
    return pd.Series([cell in limited for cell in cells], scores.index, dtype=bool)


def leaves_out(results: Results) -> bool:
    """Whether the run leaves band-limited references out of its means, or only marks them."""
    return bool(results.info.get("band_limited", "exclude") == "exclude")


def judged(results: Results) -> pd.DataFrame:
    """The scores, with the status ``band_limited`` in the rows that have a value and are left out."""
    scores = results.scores
    if not leaves_out(results):
        return scores
    out = band_limited(results) & (scores["status"] == "ok") & scores["value"].notna()
    return scores.assign(status=scores["status"].mask(out.astype(bool), BAND_LIMITED))


def _is_limited(edge_hz: float, file_rate: int, reference_rate: int, codec_rate: int | None) -> bool:
    edge = edge_at(None if math.isnan(edge_hz) else edge_hz, file_rate, reference_rate)
    return is_band_limited(edge, min(reference_rate, codec_rate or reference_rate))
