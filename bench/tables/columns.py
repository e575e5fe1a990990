"""What the columns of ``summary.csv`` and ``rates.csv`` mean; those of a run's own tables stand in
``bench/records/schema/tables-1.json``."""

from __future__ import annotations

_RUN = {
    "run": "name of the run",
    "complete": "whether every planned cell is in it",
    "category": "speech, noisy_reverberant_speech or music",
    "condition": "a codec at a bitrate, such as opus@12000; rows follow the order of the configuration",
}
_WITHOUT = {
    "n_failed": "clips on which the codec or the metric failed",
    "n_undefined": "clips for which there is no value, such as SI-SDR against silence",
    "n_not_applicable": "clips that the metric or the codec does not speak of",
}

SUMMARY = {
    **_RUN,
    "quantity": "what was measured",
    "unit": "of the quantity",
    "higher_is_better": "which end of the quantity is good",
    "mean": "over the clips with status ok; inf where one of them is infinite, as SI-SDR of a perfect copy; empty "
    "where there are none",
    "ci_low": "lower end of the 95 % interval, cut off at the range of the quantity; empty for one source, and for an "
    "infinite mean",
    "ci_high": "upper end of the 95 % interval, likewise",
    "n": "values in the mean",
    **_WITHOUT,
    "n_band_limited": "values whose reference is not full band for the condition; left out of the mean unless the "
    "band_limited of the run is include, and marked † in the tables for people",
    "n_sources": "independent recordings behind the values",
}
"""A row is a category, a condition and a quantity: :func:`bench.tables.summarise`."""

_ADAPTIVE, _LM = "an adaptive range coder", "the codec's language model and an arithmetic coder"

RATES = {
    **_RUN,
    "codec": "name or label",
    "role": "control for the reference, anchors and deliberate defects, else codec",
    "nominal_bps": "what was asked for, bit/s; empty where there is nothing to choose",
    "actual_bps": "total payload bits over total seconds of audio",
    "actual_bps_min": "lowest of the clips",
    "actual_bps_max": "highest of the clips",
    "bits_are": "counted; stated where the bits of a clip are not known, as for files coded elsewhere",
    "adaptive_bps": f"actual_bps after {_ADAPTIVE} of the codes, decoded back and compared",
    "adaptive_encode_rtf": f"seconds of audio per second of work of {_ADAPTIVE}, encoding",
    "adaptive_decode_rtf": "the same, decoding",
    "lm_bps": f"actual_bps after {_LM}, decoded back and compared",
    "lm_encode_rtf": f"seconds of audio per second of work of {_LM}, encoding",
    "lm_decode_rtf": "the same, decoding",
    "container_bps": "bytes of the stream that are no payload (lengths, headers), as a rate",
    "encode_rtf": "total seconds of audio over total seconds of encoding; above 1 is faster than real time",
    "encode_rtf_median": "median over clips",
    "encode_rtf_q25": "lower quartile over clips",
    "encode_rtf_q75": "upper quartile over clips",
    "decode_rtf": "total seconds of audio over total seconds of decoding",
    "decode_rtf_median": "median over clips",
    "decode_rtf_q25": "lower quartile over clips",
    "decode_rtf_q75": "upper quartile over clips",
    "delay_samples": "delay at the codec's own rate, taken away before scoring; empty where clips differ",
    "delay_ms": "the same in milliseconds; the median where clips differ",
    "n": "clips that were encoded and decoded; all other columns are over these",
    **_WITHOUT,
}
"""A row is a category and a condition: :func:`bench.tables.rates`."""
