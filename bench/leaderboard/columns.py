"""What the columns of ``leaderboard.csv`` mean."""

from __future__ import annotations

FIXED = {
    "sample_rate": "of the judged references of the board, Hz",
    "channels": "of the judged references of the board",
    "category": "of the board: speech, noisy_reverberant_speech or music",
    "sorted_by": "key of the column by which the board is sorted",
    "source": "run, listening test or paper that the row is from",
    "kind": "measured, test (hidden reference and anchors of a listening test) or published",
    "complete": "whether every planned cell is in the run",
    "condition": "a codec at a bitrate, such as opus@12000",
    "codec": "name or label",
    "codec_version": "identity of the implementation",
    "role": "control for the reference, anchors and deliberate defects, else codec",
    "nominal_bps": "what the codec was asked for, bit/s; empty where there is nothing to choose",
    "actual_bps": "counted payload bits over seconds of audio, all clips of the entry together",
    "bits_are": "counted; stated where the bits of a clip are not known, as for files coded elsewhere",
    "adaptive_bps": "actual_bps after an adaptive range coder of the codes, decoded back and compared",
    "lm_bps": "actual_bps after the codec's language model and an arithmetic coder, decoded back and compared",
    "stated_bps": "after entropy coding, as a paper states it",
    "encode_rtf": "seconds of audio per second of encoding, one thread, on the machine of the run",
    "decode_rtf": "seconds of audio per second of decoding, likewise",
    "delay_ms": "algorithmic delay, where the run has measured costs; inf: the clip is coded as a whole",
    "parameters": "of its networks, encoder and decoder, where the run has measured costs",
    "licence": "of the weights, as codecbench knows it for that codec; empty where it does not, or where the "
    "configuration names other weights",
    "n": "clips that were encoded and decoded",
    "n_failed": "clips on which the codec failed",
    "place": "of the row on its board; ties included, no rank",
    "date": "of the source",
    "revision": "of codecbench that made the run",
}
"""Of every row: :func:`bench.leaderboard.table.as_frame`, in its order."""

SCORES = {
    "": "the mean",
    "low": "lower end of its 95 % interval",
    "high": "upper end of its 95 % interval",
    "n": "values in the mean",
    "n_missing": "values that are missing",
    "fewer": "the mean is over fewer clips than its neighbours (†)",
    "actual_bps": "measured rate of the clips in the mean, bit/s",
    "rank_best": "best place that the data leave open",
    "rank_worst": "worst place that the data leave open",
    "rank_of": "entries that are ranked together",
}
"""Of every column of scores ``KEY``: ``KEY`` itself, then ``KEY:low`` and so on."""
