"""How a codec uses its codebooks over a whole set, and how many tokens it sends."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from bench.domain import Identity
from bench.errors import MetricUndefined
from bench.metrics.sets.base import Arrays, Member, SetMeasure, SetQuantity, Value


class Codebooks(SetMeasure):
    """How the tokens of a codec are spread over its codebooks, and their number per second.

    A token is one code of one codebook, as it stands in the bitstream. Over all clips of the set, for each codebook:
    usage is the share of its entries that occur at least once; entropy is that of the frequencies of its entries, in
    bits; perplexity is 2 to the power of the entropy, the number of entries that would do if all were equally frequent.
    The table has the means over codebooks; each codebook stands in the details. Tokens per second and bits per token
    are of all codebooks together, before any entropy coding.

    Raises:
        NotApplicable: the codec does not expose codes.
        MetricUndefined: there are no tokens.

    Blind spots:
        Few tokens cannot use many entries: with N tokens usage is at most N over the entries, and entropy is too low
        by about (entries used - 1) / (2 N ln 2) bits, which ``codebook_entropy_corrected`` adds (Miller and Madow); the
        correction is too small where much of a codebook has not been seen. Compare conditions over the same clips.
        Entropy is of single tokens: what tokens tell about each other, within a frame or over time, is not in it.
        None of it says how the codec sounds.

    Source:
        Miller, "Note on the bias of information estimates", 1955, for the correction; the others by definition.
    """

    identity = Identity("codebooks", "1")
    reads_codes = True
    quantities = (
        SetQuantity("codebook_usage", "share", "entries used at least once, mean over codebooks", low=0.0, high=1.0),
        SetQuantity("codebook_entropy", "bit", "entropy of a token, mean over codebooks; low in small sets", low=0.0),
        SetQuantity("codebook_entropy_corrected", "bit", "the same with the correction of Miller and Madow", low=0.0),
        SetQuantity("codebook_perplexity", "entries", "2 to the entropy, mean over codebooks", low=1.0),
        SetQuantity(
            "tokens_per_second", "1/s", "codes of all codebooks over seconds of audio", low=0.0, interval=False
        ),
        SetQuantity(
            "bits_per_token", "bit", "bits of a code as it is sent without entropy coding", low=0.0, interval=False
        ),
    )

    def of_codes(self, tokens: NDArray[np.integer], bits: int, seconds: float) -> Arrays:
        counts = np.array([np.bincount(book, minlength=2**bits) for book in tokens], np.int32)
        return {"counts": counts, "seconds": np.array(seconds), "bits": np.array(bits)}

    def values(self, members: Sequence[Member], wanted: Collection[str]) -> dict[str, Value]:
        counts = np.zeros_like(members[0].degraded["counts"], np.int64)
        for member in members:
            counts += member.degraded["counts"]
        seconds = math.fsum(float(member.degraded["seconds"]) for member in members)
        tokens = int(counts.sum())
        if not tokens:
            raise MetricUndefined(
                "there are no tokens: all clips are shorter than a frame of the codec. Add longer clips."
            )
        used = np.count_nonzero(counts, axis=1)
        per_book = counts.sum(axis=1)
        entropy = np.array([entropy_bits(book) for book in counts])
        by_book = {
            "codebook_usage": used / counts.shape[1],
            "codebook_entropy": entropy,
            "codebook_entropy_corrected": entropy + (used - 1) / (2 * per_book * math.log(2)),
            "codebook_perplexity": np.exp2(entropy),
        }
        found = {
            name: Value(float(values.mean()), tokens, {"codebooks": values.tolist()})
            for name, values in by_book.items()
        }
        found["tokens_per_second"] = Value(tokens / seconds, tokens, {"codebooks": (per_book / seconds).tolist()})
        found["bits_per_token"] = Value(float(members[0].degraded["bits"]), tokens)
        return found


def entropy_bits(counts: NDArray[np.integer]) -> float:
    """Entropy in bits of the frequencies that are in proportion to ``counts``.

    >>> entropy_bits(np.array([2, 2, 4, 0]))
    1.5
    """
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log2(shares)).sum())
