"""Where a user's networks come from: exported files, or classes of a package. Loading them runs their code.

encoder.pt2                          a program of torch.export
encoder.pt                           TorchScript
package.module:Class                 a class, made without arguments
package.module:Class(64, layers=[2, 2])   with arguments, which must be literals
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.errors import ConfigError, MissingRequirement
from bench.models.weights import not_weights, read_tensors
from bench.store import sha256_of

EXPORTED = (".pt2",)
SCRIPTED = (".pt", ".ts", ".jit")
WEIGHTS = (".pth", ".safetensors", ".ckpt", ".bin", ".th")


@dataclass(frozen=True, slots=True)
class Source:
    """One network: a file, or a class and its arguments. ``sha256`` is of the file that defines it."""

    option: str
    text: str
    path: Path
    sha256: str
    folder: str = ""
    module: str = ""
    name: str = ""
    arguments: tuple[Any, ...] = ()
    keywords: tuple[tuple[str, Any], ...] = ()

    @property
    def is_file(self) -> bool:
        return not self.module


def find_source(option: str, text: str, folder: str) -> Source:
    """The network that ``text`` names; nothing of it runs yet but the packages around a class.

    Raises:
        ConfigError: the text is neither a file of a known kind nor a class.
        MissingRequirement: the file or the package is not there.
    """
    suffix = Path(text).suffix.lower()
    if suffix in (*EXPORTED, *SCRIPTED):
        return Source(option, text, Path(text).expanduser(), file_sha256(option, text))
    if suffix in WEIGHTS:
        raise ConfigError(
            f"torch_module, {option}: {text} holds weights, not a network. Name its class here, as "
            "package.module:Class, and the file with the option `weights`."
        )
    try:
        module, name, arguments, keywords = parsed_class(text)
    except ValueError:
        raise ConfigError(
            f"torch_module, {option}: expected a file ({', '.join((*EXPORTED, *SCRIPTED))}) or package.module:Class "
            f"with literal arguments, such as my_codec.networks:Encoder(64, layers=[2, 2]), got {text!r}."
        ) from None
    with _importing_from(folder):
        try:
            found = importlib.util.find_spec(module)
        except Exception as error:
            raise _cannot_import(option, module, folder, error) from error
    if found is None or found.origin is None:
        raise _cannot_import(option, module, folder, None)
    sha256 = file_sha256(option, found.origin)
    return Source(option, text, Path(found.origin), sha256, folder, module, name, arguments, keywords)


def parsed_class(text: str) -> tuple[str, str, tuple[Any, ...], tuple[tuple[str, Any], ...]]:
    """Module, class, positional and named arguments of ``package.module:Class(...)``; ``(...)`` may be left out.

    Raises:
        ValueError: the text is nothing like that, or an argument is no literal.
    """
    module, _, call = text.partition(":")
    try:
        made = ast.parse(call, mode="eval").body
    except SyntaxError as error:
        raise ValueError(str(error)) from None
    given = made if isinstance(made, ast.Call) else ast.Call(made, [], [])
    if not module or not isinstance(given.func, ast.Name):
        raise ValueError("no package.module:Class")
    arguments = tuple(map(ast.literal_eval, given.args))
    return (
        module,
        given.func.id,
        arguments,
        tuple((str(one.arg), ast.literal_eval(one.value)) for one in given.keywords),
    )


def load_network(source: Source) -> Any:
    """The network, in evaluation mode.

    Raises:
        MissingRequirement: it cannot be loaded or made.
    """
    import torch

    try:
        if source.is_file:
            return _loaded(source.path)
        with _importing_from(source.folder):
            factory = getattr(importlib.import_module(source.module), source.name)
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(0)  # without weights, every process makes the same random network
                network = factory(*source.arguments, **dict(source.keywords))
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        raise MissingRequirement(
            f"torch_module, {source.option}: {source.text} cannot be loaded ({reason})."
        ) from error
    if not isinstance(network, torch.nn.Module):
        raise MissingRequirement(
            f"torch_module, {source.option}: expected {source.text} to make a torch.nn.Module, got "
            f"{type(network).__name__}."
        )
    return network.float().eval()


def _loaded(path: Path) -> Any:
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TorchScript is deprecated, and the reader of programs warns of itself
        if path.suffix.lower() in EXPORTED:
            return torch.export.load(path).module()
        return torch.jit.load(path, map_location="cpu").eval()  # type: ignore[no-untyped-call]


def load_weights(network: Any, path: Path) -> None:
    """Put the tensors of a file into ``network``; every one must fit.

    Raises:
        MissingRequirement: names or shapes differ, or the file holds something else than tensors.
    """
    state: dict[str, Any]
    if path.suffix.lower() == ".safetensors":
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            state = load_file(path)
        except (SafetensorError, OSError, ValueError) as error:
            raise not_weights(path, "the weights of a torch module by name", error) from None
    else:
        state = read_tensors(path, "the weights of a torch module by name")
    try:
        network.load_state_dict(state.get("state_dict", state))
    except Exception as error:  # noqa: BLE001  # what does not fit shows in many ways
        reason = " ".join(str(error).split())[:400]
        raise MissingRequirement(f"torch_module, weights: {path} does not fit the network ({reason}).") from None


def file_sha256(option: str, text: str) -> str:
    """The hash of a file.

    Raises:
        MissingRequirement: it is not there.
    """
    path = Path(text).expanduser()
    if not path.is_file():
        raise MissingRequirement(f"torch_module, {option}: expected a file at {text}, and there is none.")
    return sha256_of(path)


@contextmanager
def _importing_from(folder: str) -> Iterator[None]:
    if not folder:
        yield
        return
    place = str(Path(folder).expanduser().absolute())
    sys.path.insert(0, place)
    try:
        yield
    finally:
        sys.path.remove(place)


def _cannot_import(option: str, module: str, folder: str, error: Exception | None) -> MissingRequirement:
    why = f" ({type(error).__name__}: {error})" if error else ""
    where = f" in {folder} or" if folder else ""
    return MissingRequirement(
        f"torch_module, {option}: the module {module} cannot be imported{why}. Expected it{where} on Python's path; "
        "install its package, or name the folder that holds it with the option `folder`."
    )
