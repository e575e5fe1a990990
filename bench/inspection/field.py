"""How much of the input one step of a network's output depends on: found by differentiating, not by a formula."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn

LONGEST = 2**20


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

    None where it is longer than about a million steps, or the module takes no input of another length.
    """
    length = 1024
    with _bridged(module) as unbounded:
        while length <= LONGEST:
            found = _at(module, (*shape[:-1], length))
            if found is not None:
                return Field(found, tuple(unbounded))
            length *= 2
    return None


def _at(module: nn.Module, shape: tuple[int, ...]) -> int | None:
    """Steps that one output step in the middle sees; None where they reach an end of the input."""
    import torch

    generator = torch.Generator().manual_seed(0)
    given = torch.randn(shape, generator=generator).requires_grad_()
    try:
        made: Tensor = module(given)
    except (RuntimeError, ValueError):  # too short for its kernels, or of a fixed length
        return None
    (slope,) = torch.autograd.grad(made[..., made.shape[-1] // 2].sum(), given)
    touched = torch.nonzero(slope.reshape(-1, shape[-1]).abs().sum(dim=0)).flatten()
    if not len(touched) or touched[0] == 0 or touched[-1] == shape[-1] - 1:
        return None
    return int(touched[-1] - touched[0]) + 1


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
