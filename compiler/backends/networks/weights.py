"""Files of weights: reading, writing, and loading them by name.

Names are those of ``compiler/ir/names.py``, then PyTorch's own (`weight`, `bias`, `running_mean`, …):
``h_1.x_2_sep3.conv.weight``. A supernet and the discrete networks of its space agree in them. A file for a call
with ``weights = "…"`` has the names inside that call, or others that rules turn into them (``weight_names``).
Files that runs write name the architecture that was trained, too (:func:`trained_for`): networks that differ in what
has no weights, a stride or a kind of pool, have the same names.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ...diagnostics.backends import UnreadableWeights, WeightsDoNotFit
from ...diagnostics.model import SpaceError
from ...diagnostics.source import Span
from ...ir.graph import Scope, SpaceGraph
from ...ir.names import Names
from ...record import record
from ...text.reading import WEIGHTS, check_file, reason_of
from .interface import DECISIONS
from .weight_names import renamed_by_file, renamed_for
from .weights_checksum import differs

if TYPE_CHECKING:
    import torch
    from torch import nn


@record
class LoadReport:
    """What loading found. ``missing``: names of the network that the weights lack; ``unexpected``: names that the
    network lacks; ``shapes``: names with other shapes, each with both."""

    loaded: tuple[str, ...]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    shapes: tuple[str, ...]

    @property
    def complete(self) -> bool:
        return not (self.missing or self.shapes)


def read_weights(path: str | os.PathLike[str], span: Span | None = None) -> dict[str, torch.Tensor]:
    """The tensors of a safetensors file, or of a PyTorch file that holds tensors alone, on the CPU, renamed by the file
    of rules beside it if there is one.

    Raises SpaceError; ``span`` is the text that names the file.
    """
    name = os.fspath(path)
    return renamed_by_file(_content(name, span), name, span)


def _refused(name: str, span: Span | None, error: OSError) -> SpaceError:
    reason = "there is no such file" if isinstance(error, FileNotFoundError) else reason_of(error)
    return SpaceError([UnreadableWeights(span, name, reason)])


def _content(name: str, span: Span | None) -> dict[str, torch.Tensor]:
    try:
        check_file(name, WEIGHTS)
    except OSError as error:
        raise _refused(name, span, error) from error
    import torch  # for a file that there is
    from safetensors import SafetensorError, safe_open

    try:
        if name.endswith(".safetensors"):
            with safe_open(name, "pt") as file:
                tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
                if differs(tensors, file.metadata()):
                    raise ValueError("its tensors are not those that its checksum was made of")
            return tensors
        content = torch.load(name, map_location="cpu", weights_only=True)
    except OSError as error:
        raise _refused(name, span, error) from error
    except (SafetensorError, RuntimeError, EOFError, ValueError) as error:
        raise SpaceError([UnreadableWeights(span, name, (str(error).splitlines() or ["it is empty"])[0])]) from error
    except Exception as error:  # torch raises pickle errors of several kinds
        raise SpaceError([UnreadableWeights(span, name, "it holds more than tensors, or is damaged")]) from error
    if isinstance(content, Mapping) and isinstance(content.get("state_dict"), Mapping):
        content = content["state_dict"]
    if not isinstance(content, Mapping) or not all(isinstance(v, torch.Tensor) for v in content.values()):
        raise SpaceError([UnreadableWeights(span, name, "it is not a mapping from names to tensors")])
    return {str(key).removeprefix("module."): value for key, value in content.items()}


ARCHITECTURE: Final = "stdsl.architecture"
"""Where the metadata of a safetensors file has the hash of the architecture that was trained."""


def trained_for(path: str | os.PathLike[str]) -> str | None:
    """The hash of the architecture whose weights a file that was read before holds; None where it does not say."""
    from safetensors import safe_open

    if not os.fspath(path).endswith(".safetensors"):
        return None
    with safe_open(path, "pt") as file:
        about = file.metadata() or {}
    found = about.get(ARCHITECTURE)
    return None if found is None else str(found)


def of_a_supernet(weights: Mapping[str, torch.Tensor]) -> bool:
    """Whether these are the weights of a supernet, of which a discrete network takes a part."""
    return any(name.startswith(f"{DECISIONS}.") for name in weights)


def load_by_name(model: nn.Module, weights: Mapping[str, torch.Tensor], prefix: str = "") -> LoadReport:
    """Copy all weights whose name and shape fit into ``model`` (the part under ``prefix``, such as ``h_1``), and
    say what does not.

    A discrete network takes its weights from a state dict of the supernet this way: the supernet's further names are
    ``unexpected``; scales and biases of norms are ``missing`` if the supernet went without, and stay as they are.
    """
    import torch

    start = f"{prefix}." if prefix else ""
    own = {name.removeprefix(start): value for name, value in model.state_dict().items() if name.startswith(start)}
    loaded, shapes = [], []
    with torch.no_grad():
        for name, value in own.items():
            given = weights.get(name)
            if given is None:
                continue
            if given.shape != value.shape:
                shapes.append(f"{start}{name}: {tuple(given.shape)} for {tuple(value.shape)}")
                continue
            value.copy_(given)
            loaded.append(start + name)
    missing = tuple(start + name for name in own if name not in weights)
    return LoadReport(tuple(loaded), missing, tuple(n for n in weights if n not in own), tuple(shapes))


def load_weights(
    model: nn.Module, path: str | os.PathLike[str], prefix: str = "", span: Span | None = None, superset: bool = False
) -> LoadReport:
    """Load a file into ``model``; raises SpaceError if it cannot be read, lacks a weight, or has one of another
    shape or name.

    ``superset``: the file may hold more than the network needs (that of a supernet does).
    """
    return fit_weights(model, read_weights(path, span), path, prefix, span, superset)


def fit_weights(
    model: nn.Module,
    weights: Mapping[str, torch.Tensor],
    path: str | os.PathLike[str],
    prefix: str = "",
    span: Span | None = None,
    superset: bool = False,
) -> LoadReport:
    """As :func:`load_weights`, for the content of a file that was read before."""
    report = load_by_name(model, weights, prefix)
    unexpected = () if superset else report.unexpected
    if not report.complete or unexpected:
        raise SpaceError([WeightsDoNotFit(span, os.fspath(path), report.missing, unexpected, report.shapes)])
    return report


def file_of(scope: Scope) -> Path | None:
    """The file that a call with `weights = "…"` names, relative to the ``.space`` file."""
    if scope.weights_file is None:
        return None
    folder = scope.span.source.path.parent if scope.span and scope.span.source.path else Path()
    return folder / scope.weights_file


def load_scope_weights(model: nn.Module, graph: SpaceGraph) -> None:
    """Load the files that calls with ``weights = "…"`` name. What a search trained is the runtime's to load."""
    names = Names(graph)
    for scope in graph.scopes:
        path = file_of(scope)
        if path is None:
            continue
        prefix = names.prefix(scope.id)
        if not any(name.startswith(f"{prefix}.") for name in model.state_dict()):
            continue  # this architecture has no such part
        weights = renamed_for(scope.callee, read_weights(path, scope.span), str(path), scope.span)
        fit_weights(model, weights, path, prefix, scope.span, superset=True)
