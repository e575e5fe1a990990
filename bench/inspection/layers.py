"""The layer table of a torch module, in the order in which its layers run."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Layer:
    """One leaf of the module tree.

    ``output`` is the shape of what it gave (of the first tensor where it gives several). ``parameters`` counts all of
    them: ``gains`` are those that weight normalisation adds, ``recurrent`` those of LSTM, GRU and RNN layers.
    ``macs`` are multiply-accumulates of this call; None for kinds of layers whose work is not known.
    """

    path: str
    kind: str
    output: tuple[int, ...]
    parameters: int
    gains: int
    recurrent: int
    macs: int | None


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over a layer table.

    ``as_usual_summaries`` is what tools find that add up the ``weight`` and ``bias`` of each layer: they miss the gains
    of weight normalisation and all recurrent weights, which have other names.
    """

    parameters: int
    gains: int
    recurrent: int
    macs: int
    unknown_work: tuple[str, ...]

    @property
    def as_usual_summaries(self) -> int:
        return self.parameters - self.gains - self.recurrent


def layers_of(module: nn.Module, *inputs: Tensor) -> list[Layer]:
    """Run ``module`` on ``inputs`` and list its leaves that ran, each once, and what they did."""
    import torch

    names = {leaf: path for path, leaf in _leaves(module)}
    work: dict[nn.Module, int | None] = {}
    shapes: dict[nn.Module, tuple[int, ...]] = {}

    def note(leaf: nn.Module, given: Any, made: Any) -> None:
        made = _first_tensor(made)
        shapes.setdefault(leaf, tuple(made.shape))
        known, more = work.get(leaf, 0), _macs(leaf, _first_tensor(given), made)
        work[leaf] = None if known is None or more is None else known + more

    hooks = [leaf.register_forward_hook(note) for leaf in names]
    was_training = module.training
    try:
        with torch.inference_mode():
            module.eval()(*inputs)
    finally:
        module.train(was_training)
        for hook in hooks:
            hook.remove()
    return [_layer(names[leaf], leaf, shapes[leaf], work[leaf]) for leaf in shapes]


def totals(layers: list[Layer]) -> Totals:
    """The sums of a table of :func:`layers_of`."""
    return Totals(
        sum(layer.parameters for layer in layers),
        sum(layer.gains for layer in layers),
        sum(layer.recurrent for layer in layers),
        sum(layer.macs or 0 for layer in layers),
        tuple(dict.fromkeys(layer.kind for layer in layers if layer.macs is None and layer.parameters)),
    )


def _leaves(module: nn.Module, path: str = "") -> Iterator[tuple[str, nn.Module]]:
    """Modules without children; one whose weight is parametrised counts as a leaf itself."""
    children = [(name, child) for name, child in module.named_children() if name != "parametrizations"]
    if not children:
        yield path or type(module).__name__, module
    for name, child in children:
        yield from _leaves(child, f"{path}.{name}" if path else name)


def _layer(path: str, leaf: nn.Module, shape: tuple[int, ...], macs: int | None) -> Layer:
    count = sum(parameter.numel() for parameter in leaf.parameters())
    gains = sum(
        parameter.numel()
        for name, parameter in leaf.named_parameters()
        if name.endswith(("weight_g", "parametrizations.weight.original0"))
    )
    kind = type(leaf).__name__.removeprefix("Parametrized")
    return Layer(path, kind, shape, count, gains, count if _is_recurrent(leaf) else 0, macs)


def _is_recurrent(leaf: nn.Module) -> bool:
    from torch import nn

    return isinstance(leaf, nn.RNNBase | nn.RNNCellBase)


def _macs(leaf: nn.Module, given: Tensor, made: Tensor) -> int | None:
    """Multiply-accumulates of one call. Additions of a bias, activations and normalisations count as none."""
    from torch import nn
    from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd

    if isinstance(leaf, _ConvTransposeNd):
        return given.numel() * leaf.out_channels // leaf.groups * math.prod(leaf.kernel_size)
    if isinstance(leaf, _ConvNd):
        return made.numel() * leaf.in_channels // leaf.groups * math.prod(leaf.kernel_size)
    if isinstance(leaf, nn.Linear):
        return made.numel() * leaf.in_features
    if isinstance(leaf, nn.RNNBase):
        steps = given.numel() // given.shape[-1]
        return steps * sum(weight.numel() for name, weight in leaf.named_parameters() if name.startswith("weight"))
    return None if any(True for _ in leaf.parameters()) and not _is_elementwise(leaf) else 0


def _is_elementwise(leaf: nn.Module) -> bool:
    """Normalisations, activations and lookups: no products that a table of work would count."""
    return any(word in type(leaf).__name__ for word in ("Norm", "LU", "Snake", "Embedding", "Scale"))


def _first_tensor(value: Any) -> Tensor:
    while not hasattr(value, "shape"):
        value = next(iter(value.values() if isinstance(value, dict) else value))
    tensor: Tensor = value
    return tensor
