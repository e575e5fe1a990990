"""Where networks compute: the processor, or a GPU of CUDA with batches of clips; and how that shows in identities."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from bench.domain import Identity
from bench.errors import MissingRequirement

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

Name = Literal["auto", "cuda", "cpu"]

DRIVERS = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")
"""What Linux has where there is a GPU: of Nvidia, in the subsystem of Windows, of AMD."""


@dataclass(frozen=True, slots=True)
class Device:
    """``cpu`` or ``cuda``. ``batch_seconds`` of audio go through a network at once; with 0, each clip by itself."""

    name: Literal["cuda", "cpu"] = "cpu"
    batch_seconds: float = 0.0

    def __str__(self) -> str:
        return self.name + (f" in batches of {self.batch_seconds:g} s" if self.batch_seconds else "")

    def rows(self, seconds: float) -> int:
        """How many clips of that length are in a batch.

        >>> Device("cuda", 30.0).rows(9.0), Device("cuda", 30.0).rows(45.0)
        (3, 1)
        """
        return max(1, int(self.batch_seconds / seconds)) if seconds else 1


CPU = Device()


class Placed:
    """What has an identity and may compute on a device: a codec, a metric, a set measure.

    Attributes:
        on_device: it computes with torch, on the device that :meth:`on` says.
        takes_batches: its networks take several clips of one length at once.
        device: where it computes.
    """

    identity: Identity
    on_device: bool = False
    takes_batches: bool = False
    device: Device = CPU

    def on(self, device: Device) -> Self:
        """Itself, computing on ``device`` from here on, which stands in its identity where it is not the plain CPU."""
        device = device if self.takes_batches else replace(device, batch_seconds=0.0)
        if self.on_device and device != self.device:
            about = self.identity
            self.device = device
            self.identity = Identity(about.name, about.version, f"{about.details} on {device}".strip())
        return self


def resolve(name: Name, batch_seconds: float = 0.0) -> Device:
    """The device called ``name``; ``auto`` is CUDA where this machine has it.

    Only CUDA takes batches: codes of a batch differ from those of a clip by itself, and the CPU has workers instead.
    """
    chosen = ("cuda" if _has_cuda() else "cpu") if name == "auto" else name
    return Device("cuda", batch_seconds) if chosen == "cuda" else CPU


def require(device: Device) -> None:
    """Raise MissingRequirement where this process cannot compute on ``device``."""
    if device.name == "cpu":
        return
    if find_spec("torch") is None:
        raise MissingRequirement("device: cuda needs torch. To get it: pip install 'codecbench[neural]'")
    import torch

    if not torch.cuda.is_available():
        built = f"torch {torch.__version__} is built for CUDA {torch.version.cuda or 'no version'}"
        raise MissingRequirement(
            f"device: expected a GPU for `cuda`, and this process sees none ({built}; `nvidia-smi` shows what the "
            "machine has). Set `device: cpu`, or `auto`, which takes a GPU where there is one."
        )


def placed(model: Any, device: Device) -> Any:
    """A torch module on ``device``, in float32 and with the same result at every call.

    Raises:
        MissingRequirement: there is no such device.
    """
    if device.name == "cpu":
        return model
    require(device)
    import torch

    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False  # which tries algorithms and takes the fastest, another one each time
    return model.to(device.name)


def in_batches(signals: Sequence[NDArray[Any]], seconds: float, device: Device) -> Iterator[tuple[Tensor, int]]:
    """Arrays of one shape, each of so many ``seconds``, as tensors on ``device``: each with the count of its rows that
    are signals; the other rows are zeros, so that every tensor of a run is as high as its batches.

    What a network gives for a row differs in its last bits with the number of rows, not with what is in the others:
    so it does not depend on which clips met in a batch.
    """
    import numpy as np
    import torch

    rows = device.rows(seconds)
    for start in range(0, len(signals), rows):
        part = signals[start : start + rows]
        empty = [np.zeros_like(signals[0])] * (rows - len(part))
        yield torch.from_numpy(np.stack([*part, *empty])).to(device.name), len(part)


def _has_cuda() -> bool:
    if Path("/dev").is_dir() and not any(Path(driver).exists() for driver in DRIVERS):
        return False  # spares the import of torch, which takes seconds
    if find_spec("torch") is None:
        return False
    import torch

    return torch.cuda.is_available()
