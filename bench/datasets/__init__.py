"""The dataset loaders. Plug-ins join through the entry-point group ``codecbench.datasets``.

A loader is called with keyword options, ``name`` (the dataset's name, the prefix of its clip ids) and ``context``
(a :class:`~bench.datasets.base.DatasetContext`) first, and returns a list of :class:`~bench.domain.Clip`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bench.errors import ConfigError
from bench.registry import Entry, Registry

TABLE = (
    Entry("embedded", "bench.datasets.embedded:embedded", "a dozen short synthetic clips that come with codecbench"),
    Entry("folder", "bench.datasets.folder:folder", "every WAV, FLAC, Ogg or MP3 file below a folder"),
    Entry("manifest", "bench.datasets.manifest:manifest", "the clips of a JSON Lines manifest, local or fetched"),
    Entry(
        "noisy_reverberant",
        "bench.datasets.noisy_reverberant:noisy_reverberant",
        "speech mixed with rooms and noise, recorded or simulated, seeded",
    ),
    Entry("webdataset", "bench.datasets.webdataset:webdataset", "the samples of WebDataset shards (tar, tar.gz)"),
    Entry(
        "huggingface",
        "bench.datasets.huggingface:huggingface",
        "a Hugging Face dataset: a local folder or an id of the hub",
        requires=("datasets",),
        install="pip install 'codecbench[sources]'",
    ),
    Entry("lhotse", "bench.datasets.lhotse:lhotse", "the cuts, or recordings and supervisions, of Lhotse manifests"),
)

KNOWN = (
    Entry(
        "librispeech_test_clean",
        "bench.datasets.known.librispeech:librispeech_test_clean",
        "speech, English audiobooks, 40 speakers, 16 kHz, 5.4 h",
    ),
    Entry("vctk", "bench.datasets.known.vctk:vctk", "speech, English sentences, 110 speakers, 48 kHz"),
    Entry(
        "ears", "bench.datasets.known.ears:ears", "speech, anechoic English in many styles, 107 speakers, 48 kHz, 100 h"
    ),
    Entry(
        "common_voice",
        "bench.datasets.known.common_voice:common_voice",
        "speech, sentences in many languages, MP3; you bring the files",
    ),
    Entry(
        "dns_clean", "bench.datasets.known.dns_challenge:dns_clean", "speech, clean speech of DNS Challenge 4, 48 kHz"
    ),
    Entry("dns_noise", "bench.datasets.known.dns_challenge:dns_noise", "noise of DNS Challenge 4, 48 kHz"),
    Entry(
        "dns_rooms",
        "bench.datasets.known.dns_challenge:dns_rooms",
        "rooms, impulse responses of DNS Challenge 4, 48 kHz",
    ),
    Entry(
        "itu_p501", "bench.datasets.known.itu_p501:itu_p501", "speech, ITU-T P.501 Annex C, 48 kHz; you bring the files"
    ),
    Entry("musdb18_hq", "bench.datasets.known.musdb18_hq:musdb18_hq", "music, songs, 44.1 kHz stereo, 10 h"),
    Entry("mtg_jamendo", "bench.datasets.known.mtg_jamendo:mtg_jamendo", "music, songs of Jamendo, MP3 of 320 kbit/s"),
    Entry(
        "gtzan",
        "bench.datasets.known.gtzan:gtzan",
        "music, 30 s of ten genres, 22.05 kHz, 8.3 h; known faults; you bring the files",
    ),
    Entry(
        "gtzan_filtered",
        "bench.datasets.known.gtzan:gtzan_filtered",
        "music, the fault-filtered split of GTZAN",
        ("torchaudio",),
        "pip install 'codecbench[neural]'",
    ),
    Entry(
        "ebu_sqam",
        "bench.datasets.known.ebu_sqam:ebu_sqam",
        "music, EBU SQAM without its speech, 44.1 kHz stereo; you bring the files",
    ),
    Entry(
        "ebu_sqam_speech",
        "bench.datasets.known.ebu_sqam:ebu_sqam_speech",
        "speech, that of EBU SQAM, 44.1 kHz stereo; you bring the files",
    ),
    Entry("musan_music", "bench.datasets.known.musan:musan_music", "music of MUSAN, 16 kHz, 42.5 h"),
    Entry("musan_speech", "bench.datasets.known.musan:musan_speech", "speech of MUSAN, 16 kHz, 60.4 h"),
    Entry("musan_noise", "bench.datasets.known.musan:musan_noise", "noise of MUSAN, 16 kHz, 6 h"),
    Entry("fsd50k", "bench.datasets.known.fsd50k:fsd50k", "noise, everyday sounds of Freesound, 44.1 kHz, 108.3 h"),
    Entry("esc50", "bench.datasets.known.esc50:esc50", "noise, 50 classes of environmental sound, 44.1 kHz, 2.8 h"),
    Entry(
        "openslr28",
        "bench.datasets.known.openslr28:openslr28",
        "rooms, recorded and simulated impulse responses, 16 kHz",
    ),
)
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
            raise ConfigError(f"{name}: expected a loader or a KnownSet, got a {type(factory).__name__}.")
        return loader(factory)


registry = Loaders("dataset loader", "codecbench.datasets", (*TABLE, *KNOWN))
names = registry.names
load = registry.load
make = registry.make
