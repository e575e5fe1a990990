"""What options of codecs and loaders mean, where their code does not say it itself."""

from __future__ import annotations

OPTIONS = {
    "bits": "of a sample",
    "category": "of every clip: `speech`, `noisy_reverberant_speech` or `music`",
    "count": "clips to make",
    "options": "further options of FFmpeg's encoder, by their names there",
    "path": "where it lies; relative paths start at the data folder",
    "reverberation_probability": "share of the clips that are in a room",
    "rt60_s": "lowest and highest reverberation time, or a mapping of classes",
    "sample_rate": "of the clips, in Hz",
    "seed": "of every random choice",
}
"""Of options whose docstring leaves them out, because they mean the same everywhere."""
