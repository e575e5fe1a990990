"""The Frechet distance between two sets of embeddings, and what it would be for sets without end."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.audio import Audio, resampler_identity
from bench.domain import Identity
from bench.errors import MetricUndefined
from bench.metrics.sets.base import Arrays, Floats, Member, SetMeasure, SetQuantity, Value
from bench.models.weights import Weights

MOST_PARTS = 5
"""The smallest part that a line is fitted to is a fifth of the set."""

LEAST_FRAMES = 2
"""A part needs so many frames for each dimension."""

SEED = 0


@dataclass(frozen=True, slots=True)
class Moments:
    """Mean, shape ``(dims,)``, and unbiased covariance, shape ``(dims, dims)``, of embeddings."""

    mean: Floats
    covariance: Floats

    @classmethod
    def of(cls, embeddings: NDArray[np.floating[Any]]) -> Moments:
        """Of embeddings of shape ``(frames, dims)``."""
        wide = embeddings.astype(np.float64)
        mean = wide.mean(axis=0)
        wide -= mean
        return cls(mean, wide.T @ wide / (len(wide) - 1))


def frechet_distance(first: Moments, second: Moments) -> float:
    """Squared Frechet distance between two Gaussians: ``|m1 - m2|^2 + tr(S1 + S2 - 2 sqrt(S1 S2))``. Lower is closer.

    The trace of the square root is the sum of the singular values of ``sqrt(S1) sqrt(S2)``, with symmetric roots from
    the eigenvalues of each covariance: nothing is inverted, so covariances without full rank do no harm, and no complex
    numbers arise.

    Source:
        Dowson and Landau, "The Frechet distance between multivariate normal distributions", Journal of Multivariate
        Analysis 12(3), 1982. As a distance of audio: Kilgour et al., Interspeech 2019, arXiv:1812.08466.

    >>> unit = np.eye(2)
    >>> frechet_distance(Moments(np.zeros(2), unit), Moments(np.array([3.0, 4.0]), 4 * unit))  # 25 + 2 (2 - 1)^2
    27.0
    """
    between = np.linalg.svd(_root(first.covariance) @ _root(second.covariance), compute_uv=False)
    spread = np.trace(first.covariance) + np.trace(second.covariance) - 2 * between.sum()
    return max(0.0, float(np.square(first.mean - second.mean).sum() + spread))


def _root(covariance: Floats) -> Floats:
    values, vectors = np.linalg.eigh(covariance)
    root: Floats = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    return root


def extrapolated(reference: NDArray[Any], degraded: NDArray[Any], whole: float, seed: int = SEED) -> Value:
    """The Frechet distance that a set without end would have: where a line over ``1 / frames`` meets zero.

    The distance of a finite set is off by about a constant over its number of frames. It is measured on the whole set,
    and as the mean over its random halves, thirds, quarters and fifths; through these a straight line is fitted. A part
    holds the same frames of both sides, so that equal sides are at distance 0, but for
    rounding, whatever its size.

    Args:
        reference, degraded: embeddings, shape ``(frames, dims)``, frame by frame of the same moments.
        whole: the distance of all of them.
        seed: of the parts.
    Returns:
        NaN with a reason where there are fewer than four frames for each dimension. ``details`` has the points of the
        line: frames and distances.
    Source:
        Gui et al., "Adapting Frechet Audio Distance for Generative Music Evaluation", ICASSP 2024, arXiv:2311.01616,
        after Chong and Forsyth, CVPR 2020, arXiv:1911.07023. They draw one subset of each size, of one set only; parts
        that together are the whole set scatter less.
    """
    frames, dims = reference.shape
    most = min(MOST_PARTS, frames // (LEAST_FRAMES * dims))
    if most < 2:
        reason = f"{frames} frames of {dims} dimensions; the extrapolation needs {2 * LEAST_FRAMES * dims}. Add clips."
        return Value(math.nan, frames, reason=reason)
    random = np.random.default_rng(seed)
    distances = [whole]
    for count in range(2, most + 1):
        parts = np.array_split(random.permutation(frames), count)
        found = [frechet_distance(Moments.of(reference[part]), Moments.of(degraded[part])) for part in parts]
        distances.append(math.fsum(found) / count)
    sizes = frames / np.arange(1, most + 1)
    slope, limit = np.polyfit(1 / sizes, distances, 1)
    details = {"frames": sizes.tolist(), "distances": distances, "slope": float(slope), "seed": seed}
    return Value(max(0.0, float(limit)), frames, details)


class FrechetDistance(SetMeasure):
    """Base of the Frechet distances between the references of a set and its decoded clips. Subclasses embed.

    Two quantities: the distance of the set as it is, and ``*_inf``, extrapolated to a set without end. The kept array
    ``embeddings`` has shape ``(frames, dims)``, float32; the references are those of the same clips, so a clip that
    failed under a condition is missing on both sides.

    Memory: the embeddings of one category under one condition, four times.
    """

    def embed(self, audio: Audio) -> NDArray[np.floating[Any]]:
        """Embeddings of a clip, shape ``(frames, dims)``; audio of one length gives one number of frames.

        Raises:
            MetricUndefined: the clip is too short for one.
        """
        raise NotImplementedError

    def of_audio(self, audio: Audio) -> Arrays:
        return {"embeddings": self.embed(audio).astype(np.float32)}

    def values(self, members: Sequence[Member], wanted: Collection[str]) -> dict[str, Value]:
        reference = np.concatenate([member.reference["embeddings"] for member in members])
        degraded = np.concatenate([member.degraded["embeddings"] for member in members])
        frames, dims = reference.shape
        if frames <= dims:
            raise MetricUndefined(
                f"{frames} frames of {dims} dimensions: their covariance has not full rank. Expected more than {dims} "
                "frames; add clips."
            )
        plain, infinite = (quantity.name for quantity in self.quantities)
        whole = frechet_distance(Moments.of(reference), Moments.of(degraded))
        found = {plain: Value(whole, frames)}
        if infinite in wanted:
            found[infinite] = extrapolated(reference, degraded, whole)
        return found


def of_network(name: str, found: Weights, *packages: str) -> Identity:
    """The identity of the Frechet distance called ``name`` whose embeddings come from a network of ``packages``."""
    versions = " ".join(f"{package} {version(package)}" for package in packages)
    return Identity(name, "1", f"{versions} float32 weights {found.short} {resampler_identity()}")


def fad_quantities(name: str, unit: str, of_what: str) -> tuple[SetQuantity, ...]:
    """The two quantities of the Frechet distance called ``name``."""
    plain, infinite = (
        f"Frechet distance of {of_what}; larger in small sets",
        f"{name} extrapolated to a set without end",
    )
    return (
        SetQuantity(name, unit, plain, higher_is_better=False, low=0.0),
        SetQuantity(f"{name}_inf", unit, infinite, higher_is_better=False, low=0.0, interval=False),
    )
