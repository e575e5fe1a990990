"""Audio taken out of archives and tables: one file per content in the cache folder, named by its hash."""

from __future__ import annotations

import hashlib
from pathlib import Path

from bench import audio
from bench.audio import Audio
from bench.datasets.base import SUFFIXES
from bench.store import write_bytes

MAGIC = {b"RIFF": ".wav", b"fLaC": ".flac", b"OggS": ".ogg", b"ID3": ".mp3", b"\xff\xfb": ".mp3", b"\xff\xf3": ".mp3"}


def place(sha256: str, suffix: str, cache_dir: Path) -> Path:
    """Where the content ``sha256`` lies; nothing of a name inside an archive gets into it."""
    return cache_dir / "extracted" / sha256[:2] / f"{sha256}{suffix}"


def keep(content: bytes, name: str, cache_dir: Path) -> tuple[Path, str]:
    """The file that holds ``content``, and its SHA-256; written whole or not at all, and again where it is damaged.

    Args:
        name: what the content is called where it comes from; it gives the suffix, else the first bytes do.
    """
    sha256 = hashlib.sha256(content).hexdigest()
    suffix = Path(name).suffix.lower()
    if suffix not in SUFFIXES:
        suffix = next((kind for magic, kind in MAGIC.items() if content.startswith(magic)), ".wav")
    path = place(sha256, suffix, cache_dir)
    if not path.is_file() or path.read_bytes() != content:
        write_bytes(path, content)
    return path, sha256


def keep_samples(sound: Audio, cache_dir: Path) -> Path:
    """A WAV file of 32-bit floats with exactly these samples."""
    key = hashlib.sha256(f"{sound.rate} {sound.samples.shape}".encode() + sound.samples.tobytes()).hexdigest()
    path = place(key, ".samples.wav", cache_dir)
    if not path.is_file() or audio.info(path).length != sound.length:
        audio.write(path, sound, "FLOAT")
    return path
