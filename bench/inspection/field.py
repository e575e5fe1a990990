"""How much of the input one step of a network's output depends on: found by differentiating, not by a formula."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn

SHORTEST, LARGEST = 256, 2**22  # steps of the first input tried; values of the largest input or output


@dataclass(frozen=True, slots=True)
class Field:
    """``steps`` of the input, along its last axis, that one step of the output sees.

    ``unbounded`` names the layers that see more: a recurrent layer sees all of the past (of both sides where it runs
    both ways), normalisation over time sees everything. They are bridged to find the field of the rest.
    """

    steps: int
    unbounded: tuple[str, ...]


def receptive_field(module: nn.Module, shape: tuple[int, ...]) -> Field | None:
    """The receptive field along the last axis; ``shape`` is that of an input, its last number is replaced.

    None where it does not fit into four million values of input or output, or cannot be seen, as where activations
    are saturated; and where the module takes no input of another length.
    """
    length, size = SHORTEST, 0
    with _bridged(module) as unbounded:
        while size <= LARGEST:
            found, size = _at(module, (*shape[:-1], length))
            if found:
                return Field(found, tuple(unbounded))
            length *= 2
            size = max(2 * size, length)
    return None


def _at(module: nn.Module, shape: tuple[int, ...]) -> tuple[int, int]:
    """Steps that one output step in the middle sees, 0 where they reach an end of the input; and values of the larger
    of input and output.
    """
    import torch

    generator = torch.Generator().manual_seed(0)
    given = torch.randn(shape, generator=generator).requires_grad_()
    try:
        made: Tensor = module(given)
    except (RuntimeError, ValueError):  # too short for its kernels, or of a fixed length
        return 0, given.numel()
    size = max(given.numel(), made.numel())
    (slope,) = torch.autograd.grad(made[..., made.shape[-1] // 2].sum(), given)
    touched = torch.nonzero(slope.reshape(-1, shape[-1]).abs().sum(dim=0)).flatten()
    if not len(touched) or touched[0] == 0 or touched[-1] == shape[-1] - 1:
        return 0, size
    return int(touched[-1] - touched[0]) + 1, size


@contextmanager
def _bridged(module: nn.Module) -> Iterator[list[str]]:
    """Within, layers that see without bound pass their input on, step by step."""
    from torch import nn

    found: list[str] = []

    def pass_on(leaf: nn.Module, given: Any, made: Any) -> Any:
        if isinstance(leaf, nn.RNNBase):
            sound, state = made
            return sound.detach() * 0 + given[0].mean(dim=-1, keepdim=True), state
        return given[0]

    hooks = []
    for leaf in module.modules():
        if isinstance(leaf, nn.RNNBase | nn.GroupNorm | nn.InstanceNorm1d):
            hooks.append(leaf.register_forward_hook(pass_on))
            name = type(leaf).__name__
            if name not in found:
                found.append(name)
    was_training = module.training
    try:
        module.eval()
        yield found
    finally:
        module.train(was_training)
        for hook in hooks:
            hook.remove()
