"""The dataset loaders. Plug-ins join through the entry-point group ``codecbench.datasets``.

A loader is called with keyword options, ``name`` (the dataset's name, the prefix of its clip ids) and ``context``
(a :class:`~bench.datasets.base.DatasetContext`) first, and returns a list of :class:`~bench.domain.Clip`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bench.errors import ConfigError
from bench.registry import Registry, rows_of

_row = rows_of("bench.datasets")

SOURCES = (("datasets",), "pip install 'codecbench[sources]'")

TABLE = (
    _row("embedded", "embedded:embedded", "a dozen short synthetic clips that come with codecbench"),
    _row("folder", "folder:folder", "every WAV, FLAC, Ogg or MP3 file below a folder"),
    _row("manifest", "manifest:manifest", "the clips of a JSON Lines manifest, local or fetched"),
    _row(
        "noisy_reverberant",
        "noisy_reverberant:noisy_reverberant",
        "speech mixed with rooms and noise, recorded or simulated, seeded",
    ),
    _row("webdataset", "webdataset:webdataset", "the samples of WebDataset shards (tar, tar.gz)"),
    _row(
        "huggingface", "huggingface:huggingface", "a Hugging Face dataset: a local folder or an id of the hub", *SOURCES
    ),
    _row("lhotse", "lhotse:lhotse", "the cuts, or recordings and supervisions, of Lhotse manifests"),
)

SETS = (
    ("librispeech_test_clean", "librispeech:SET", "speech, English audiobooks, 40 speakers, 16 kHz, 5.4 h"),
    ("vctk", "vctk:SET", "speech, English sentences, 110 speakers, 48 kHz"),
    ("ears", "ears:SET", "speech, anechoic English in many styles, 107 speakers, 48 kHz, 100 h"),
    ("common_voice", "common_voice:SET", "speech, sentences in many languages, MP3; you bring the files"),
    ("dns_clean", "dns_challenge:CLEAN", "speech, clean speech of DNS Challenge 4, 48 kHz"),
    ("dns_noise", "dns_challenge:NOISE", "noise of DNS Challenge 4, 48 kHz"),
    ("dns_rooms", "dns_challenge:ROOMS", "rooms, impulse responses of DNS Challenge 4, 48 kHz"),
    ("itu_p501", "itu_p501:SET", "speech, ITU-T P.501 Annex C, 48 kHz; you bring the files"),
    ("musdb18_hq", "musdb18_hq:SET", "music, songs, 44.1 kHz stereo, 10 h"),
    ("mtg_jamendo", "mtg_jamendo:SET", "music, songs of Jamendo, MP3 of 320 kbit/s"),
    ("gtzan", "gtzan:SET", "music, 30 s of ten genres, 22.05 kHz, 8.3 h; known faults; you bring the files"),
    ("gtzan_filtered", "gtzan:FILTERED", "music, the fault-filtered split of GTZAN"),
    ("ebu_sqam", "ebu_sqam:MUSIC", "music, EBU SQAM without its speech, 44.1 kHz stereo; you bring the files"),
    ("ebu_sqam_speech", "ebu_sqam:SPEECH", "speech, that of EBU SQAM, 44.1 kHz stereo; you bring the files"),
    ("musan_music", "musan:MUSIC", "music of MUSAN, 16 kHz, 42.5 h"),
    ("musan_speech", "musan:SPEECH", "speech of MUSAN, 16 kHz, 60.4 h"),
    ("musan_noise", "musan:NOISE", "noise of MUSAN, 16 kHz, 6 h"),
    ("fsd50k", "fsd50k:SET", "noise, everyday sounds of Freesound, 44.1 kHz, 108.3 h"),
    ("esc50", "esc50:SET", "noise, 50 classes of environmental sound, 44.1 kHz, 2.8 h"),
    ("openslr28", "openslr28:SET", "rooms, recorded and simulated impulse responses, 16 kHz"),
)
NEEDS = {"gtzan_filtered": (("torchaudio",), "pip install 'codecbench[neural]'")}
KNOWN = tuple(_row(name, f"known.{place}", about, *NEEDS.get(name, ())) for name, place, about in SETS)
"""Published sets by name; see :mod:`bench.datasets.known`."""


class Loaders(Registry):
    """The dataset loaders; a :class:`~bench.datasets.known.base.KnownSet` given by its import path becomes one."""

    def load(self, name: str) -> Callable[..., Any]:
        factory: object = super().load(name)
        if callable(factory):
            return factory
        from bench.datasets.known.base import KnownSet
        from bench.datasets.known.loading import loader

        if not isinstance(factory, KnownSet):
            raise ConfigError(
                f"{name}: expected a loader or a KnownSet, got a {type(factory).__name__}; name an attribute that is "
                "one."
            )
        return loader(factory)


registry = Loaders("dataset loader", "codecbench.datasets", (*TABLE, *KNOWN))
names = registry.names
load = registry.load
make = registry.make
