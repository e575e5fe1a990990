"""Whether two encoders that chose different codes could not have known better."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

EPSILON = float(np.finfo(np.float32).eps)


def is_tie(
    latent: NDArray[np.float32], tables: NDArray[np.float32], first: Any, second: Any, between: float = 0.0
) -> bool:
    """Whether both codes, where ``first`` and ``second`` part, are equally near as far as 32 bits can tell.

    The distances are worked out in double precision. They may differ by the rounding of a squared distance in single
    precision, and by what an error of ``between`` in the latent makes.

    Args:
        latent: one frame, shape ``(width,)``.
        tables: codebooks, shape ``(books, codes, width)``.
        first, second: two code sequences for that frame.
        between: largest distance of the two latents that were quantised.
    """
    book = int(np.argmax(np.asarray(first) != np.asarray(second)))
    residual = latent.astype(np.float64)
    rounded = 0.0
    for index in range(book):
        rounded += EPSILON * float(np.abs(residual).max()) * len(latent) ** 0.5  # of each subtraction
        residual = residual - tables[index][int(first[index])]
    vectors = [tables[book][int(codes[book])].astype(np.float64) for codes in (first, second)]
    near, far = (float(np.square(residual - vector).sum()) for vector in vectors)
    size = float(np.square(residual).sum()) + max(float(np.square(vector).sum()) for vector in vectors)
    apart = float(np.linalg.norm(vectors[0] - vectors[1]))
    return abs(near - far) <= 16 * EPSILON * size + 2 * apart * (between + rounded)
