"""Everything that can be said of a codec: what it is made of, and what it costs to run."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bench import codecs
from bench.codecs.base import Codec, Network
from bench.codecs.torch_module.loading import parsed_class
from bench.errors import CodecbenchError, ConfigError
from bench.inspection.cost import Cost, cost_of
from bench.inspection.field import Field, receptive_field
from bench.inspection.layers import Layer, Totals, is_program, layers_of, told, totals


@dataclass(frozen=True)
class Part:
    """One network of a codec.

    ``program``: TorchScript or of torch.export, of which only the parameters can be listed.
    """

    name: str
    input_shape: tuple[int, ...]
    program: bool
    layers: list[Layer]
    totals: Totals
    field: Field | None


@dataclass(frozen=True)
class Inspection:
    """A codec, or a torch module, taken apart. ``cost`` is None for a module."""

    name: str
    parts: list[Part]
    facts: Mapping[str, str]
    cost: Cost | None

    @property
    def parameters(self) -> int:
        return sum(part.totals.parameters for part in self.parts)

    @property
    def macs(self) -> int | None:
        """None where one of its parts is a program."""
        return None if any(part.program for part in self.parts) else sum(part.totals.macs for part in self.parts)


def inspect(name: str, options: Mapping[str, Any], input_shape: tuple[int, ...] | None = None) -> Inspection:
    """Take apart a codec, or, where ``input_shape`` says what goes in, a torch module.

    Raises:
        UnknownName, ConfigError: there is none of that name, or it cannot be made so.
        MissingRequirement: a package or weights that are absent.
    """
    if input_shape is None:
        return inspect_codec(name, options)
    if options:
        raise ConfigError(
            f"--option is for codecs, and --input makes {name} a torch module. Its arguments stand in its name: "
            "package.module:Class(depth=2)."
        )
    return inspect_module(name, input_shape)


def inspect_codec(name: str, options: Mapping[str, Any]) -> Inspection:
    """Take apart the codec called ``name``, and run it once in a process of its own to see what it costs."""
    codec = made(name, options)
    parts = [part_of(label, network) for label, network in codec.networks().items()]
    return Inspection(name, parts, codec.facts(), cost_of(name, options))


def made(name: str, options: Mapping[str, Any]) -> Codec:
    """The codec called ``name``.

    Raises:
        UnknownName, ConfigError: there is none of that name, it cannot be made so, or it is a torch module.
        MissingRequirement: a package or weights that are absent.
    """
    a_module = f"{name} is no codec but a torch module: give the shape of its input with --input, such as 1,3,128."
    if ":" in name and "(" in name:
        raise ConfigError(a_module)
    if hasattr(codecs.load(name), "named_children"):
        raise ConfigError(a_module)
    try:
        codec = codecs.make(name, options)
    except CodecbenchError:
        raise
    except Exception as error:  # noqa: BLE001  # the constructor of a plug-in may raise anything
        raise ConfigError(f"{name} cannot be made: {told(error)}.") from None
    if hasattr(codec, "named_children"):
        raise ConfigError(a_module)
    if not isinstance(codec, Codec):
        raise ConfigError(f"{name}: expected a codec, got {type(codec).__name__}.")
    return codec


def inspect_module(target: str, input_shape: tuple[int, ...]) -> Inspection:
    """Take apart the torch module ``package.module:Class(arguments)``; arguments are Python literals.

    Raises:
        ConfigError: it cannot be made, or does not take an input of that shape.
    """
    module = module_of(target)
    try:
        part = part_of(type(module).__name__, Network(module, input_shape))
    except ConfigError as error:
        raise ConfigError(f"{target}: {error} Give another shape with --input, such as 1,3,128.") from None
    return Inspection(target, [part], {}, None)


def part_of(name: str, network: Network) -> Part:
    """One network: its layers on an input of noise, and its receptive field."""
    import torch

    given = torch.randn(network.input_shape, generator=torch.Generator().manual_seed(0)) * 0.1
    layers = layers_of(network.module, given)
    program = is_program(network.module)
    field = None if program else receptive_field(network.module, network.input_shape)
    return Part(name, network.input_shape, program, layers, totals(layers), field)


def module_of(target: str) -> Any:
    """The module that ``package.module:Class(1, x=[2])`` describes; without arguments ``package.module:Class``."""
    if not all(target.partition(":")):
        raise ConfigError(
            f"{target}: --input is for torch modules, and this is no package.module:Class. For a codec leave it out."
        )
    try:
        place, name, given, named = parsed_class(target)
        module = getattr(importlib.import_module(place), name)(*given, **dict(named))
    except Exception as error:  # noqa: BLE001  # importing and making a user's class may raise anything
        raise ConfigError(
            f"{target}: expected package.module:Class or package.module:Class(arguments) of a torch module, got: "
            f"{told(error)}. The folder of the module must be on PYTHONPATH or the current one."
        ) from None
    if not hasattr(module, "named_children"):
        raise ConfigError(f"{target}: expected a torch module, got {type(module).__name__}.")
    return module
