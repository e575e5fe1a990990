"""The weights of codecs and metrics: what there is, where it comes from, fetching it. A run itself never downloads."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from bench import codecs
from bench.codecs import lyra
from bench.datasets.download import download
from bench.errors import CodecbenchError, MissingRequirement, UnknownName
from bench.metrics.mos import nisqa, scoreq, squim, utmos
from bench.metrics.semantic import speaker, whisper
from bench.metrics.sets import clap, encodec, vggish
from bench.models import weights
from bench.models.weights import Model, WeightFile
from bench.registry import nearest

Watch = Callable[[str, str, int, int | None], None]

ASK_META = encodec.WEIGHTS.licence
ENCODEC = "https://dl.fbaipublicfiles.com/encodec/v0"


def _checkpoint(name: str, file: str) -> Model:
    """A checkpoint of EnCodec; the end of its name is the beginning of its SHA-256."""
    beginning = file.rsplit("-", 1)[1].removesuffix(".th")
    return Model(name, ASK_META, (WeightFile(file, f"{ENCODEC}/{file}", beginning, 0),))


KNOWN = {
    model.name: model
    for model in (
        _checkpoint("encodec_lm_24khz", "encodec_lm_24khz-1608e3c0.th"),
        _checkpoint("encodec_lm_48khz", "encodec_lm_48khz-7add9fc3.th"),
        Model("lyra_v2", "Apache-2.0", lyra.WEIGHTS),
        squim.OBJECTIVE,
        squim.SUBJECTIVE,
        *(module.WEIGHTS for module in (nisqa, utmos, scoreq, vggish, clap, whisper, speaker)),
    )
}
"""Beside the repositories that codecs name themselves."""

LICENCES = {"facebook": ASK_META}


def models() -> dict[str, Model]:
    """Everything that can be fetched, by name: files, the repositories that codecs here name, those of metrics."""
    found = {}
    for name in codecs.names():
        with suppress(CodecbenchError):
            if repository := getattr(codecs.load(name), "repository", ""):
                licence = LICENCES.get(repository.partition("/")[0], "see the model's page")
                found[name] = Model(name, licence, repository=repository)
    return found | KNOWN


def find(name: str) -> Model:
    """The weights called ``name``: those of a codec have its name.

    Raises:
        UnknownName: with the nearest known name.
    """
    known = models()
    if name not in known:
        raise UnknownName(f"there are no weights called {name!r}.{nearest(name, known)} Known: {', '.join(known)}.")
    return known[name]


def place(model: Model) -> Path | None:
    """Where the weights lie on this machine; None where they are not, or not all of them."""
    if model.repository:
        try:
            return model.locate()[0]
        except MissingRequirement:
            return None
    folder = weights.folder_of(model.name)
    return folder if all((folder / file.name).is_file() for file in model.files) else None


def fetch(model: Model, watch: Watch) -> Path:
    """Bring the weights here, or what of them is missing, and check them; where they lie.

    Raises:
        DatasetError, MissingRequirement: they cannot be had; what to do instead.
    """
    if model.repository:
        return _from_hub(model)
    folder = weights.folder_of(model.name)
    for file in model.files:
        target = folder / file.name
        whole = len(file.sha256) == 64

        def tell(done: int, total: int | None, name: str = file.name) -> None:
            watch(name, "downloading", done, total)

        found = download(file.url, target, f"sha256:{file.sha256}" if whole else "", file.size or None, progress=tell)
        if not found.removeprefix("sha256:").startswith(file.sha256):
            target.unlink()
            raise MissingRequirement(
                f"{file.url}: expected a file whose sha256 begins with {file.sha256}, got {found}; nothing was kept."
            )
    return folder


def _from_hub(model: Model) -> Path:
    import httpx2
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
        OfflineModeIsEnabled,
    )

    try:
        return Path(snapshot_download(model.chosen, allow_patterns=weights.patterns(model.needed)))
    except (
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
        OfflineModeIsEnabled,
        httpx2.HTTPError,
        OSError,
    ) as error:
        offline = " HF_HUB_OFFLINE is set." if os.environ.get("HF_HUB_OFFLINE") else ""
        raise MissingRequirement(
            f"{model.name}: {model.chosen} cannot be fetched from the hub ({type(error).__name__}).{offline} On a "
            f"machine with a network, fetch {weights.listed(model.needed)} of that repository; copy them to a folder "
            f"here, and name it with {model.variable or 'the option `weights` of the codec'}."
        ) from None
