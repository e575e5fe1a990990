"""The dataset loaders. Plug-ins join through the entry-point group ``codecbench.datasets``.

A loader is called with keyword options, ``name`` (the dataset's name, the prefix of its clip ids) and ``context``
(a :class:`~bench.datasets.base.DatasetContext`) first, and returns a list of :class:`~bench.domain.Clip`.
"""

from __future__ import annotations

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

registry = Registry("dataset loader", "codecbench.datasets", TABLE)
names = registry.names
load = registry.load
make = registry.make
