"""Networks for Python: supernets, modules, source files, ONNX."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

if TYPE_CHECKING:
    from torch import Tensor, nn

    from stdsl.compiler.backends.export.onnx import ExportReport
    from stdsl.compiler.backends.networks.supernet_base import Supernet
    from stdsl.compiler.backends.networks.supernet_text import Relaxation
    from stdsl.space import Space


@overload
def compile(
    space: Space,
    arch: None = None,
    *,
    seed: int | None = None,
    relaxation: Relaxation | None = None,
    passes: Sequence[str] | None = None,
) -> Supernet: ...


@overload
def compile(space: Space, arch: Mapping[str, Any], *, seed: int | None = None) -> nn.Module: ...


def compile(
    space: Space,
    arch: Mapping[str, Any] | None = None,
    *,
    seed: int | None = None,
    relaxation: Relaxation | None = None,
    passes: Sequence[str] | None = None,
) -> nn.Module:
    """The mixture supernet of a space, or the plain network of one of its architectures.

    Inputs are batches in the order of the space's inputs, (N, C, T, H, W) or (N, C, H, W). ``seed``: of the initial
    weights (None: torch's global generator). ``relaxation`` and ``passes`` are for the supernet: how decisions become
    weights, and which optional passes run (`-NAME` leaves one out, `+NAME` adds one). Raises SpaceError where the space
    cannot be relaxed, ArchitectureError for a mapping that is no architecture of the space.
    """
    if not hasattr(space, "graph"):
        raise TypeError(f"a network is made of a space, which `stdsl.load(…)` gives, not of {space!r}")
    if arch is None:
        from stdsl.compiler.backends.networks.supernet import build_supernet

        return build_supernet(space.graph, relaxation, passes, seed)
    if relaxation is not None or passes is not None:
        raise TypeError("`relaxation` and `passes` are for supernets, not for one architecture")
    from stdsl.compiler.backends.networks.module import build_module

    return build_module(space.graph, space.valid(arch), seed)


def source(space: Space, arch: Mapping[str, Any]) -> str:
    """A readable PyTorch file of one architecture, which imports torch alone; needs no torch to be written.

    Raises ArchitectureError for a mapping that is no architecture of the space.
    """
    from stdsl.compiler.backends.networks.source import source as write

    return write(space.graph, space.valid(arch))


def export_onnx(
    model: nn.Module,
    path: str | os.PathLike[str],
    *,
    names: Mapping[str, str] | None = None,
    normalisation: Mapping[str, Any] | None = None,
    classes: Sequence[Any] | None = None,
    targets: Mapping[str, Any] | None = None,
    preprocess: bool = False,
    metadata: Mapping[str, Any] | None = None,
    verify: bool = True,
) -> ExportReport:
    """Write a network of :func:`compile` as an ONNX file with a dynamic batch axis.

    ``names``: other names for inputs, by those of the space, and for ``output``. ``classes``: the names of what is told
    apart, one for each channel of the output. Of a network that tells something else ``targets`` says what:
    ``{"kind": "numbers", "names": […], "mean": […], "std": […]}``, with what the numbers were scaled by where they
    were, or ``{"kind": "labels", "names": […]}``; without ``names`` they are numbered. ``normalisation``: how inputs
    were scaled: ``{"mean": […], "std": […]}`` with a number for each channel, ``{"per_sample": True}``, with
    ``"only": [names]`` for some of the inputs, or ``{"each": {name: …}}``; names are those in the file. It is told of,
    not put into the graph; with ``preprocess`` it is: then the file takes images or clips as they are decoded, bytes
    with channels last, which are scaled to 0…1 first. ``metadata`` goes into the file too: strings as they are, other
    values as JSON. ``verify`` compares the file with the model in onnxruntime at two batch sizes.
    Raises RunError when the network cannot be exported or the file computes something else, ValueError where names,
    classes, targets or normalisation do not fit the network, TypeError for a supernet.
    """
    from stdsl.compiler.backends.export.onnx import export_onnx as export

    return export(
        model,
        path,
        metadata=metadata,
        verify=verify,
        names=names,
        normalisation=normalisation,
        classes=classes,
        targets=targets,
        preprocess=preprocess,
    )


def stretched(
    weights: Mapping[str, Tensor],
    space: Space,
    arch: Mapping[str, Any],
    to_arch: Mapping[str, Any],
    to_space: Space | None = None,
) -> dict[str, Tensor]:
    """``weights`` (names to tensors, as of a state dict) of the network of ``arch`` for that of ``to_arch``, of the
    same space or of ``to_space``, whose iTGM layers may have other lengths: EvaNet's stretching. Centres move with
    L - 1 by themselves, widths are multiplied by (L' - 1) / (L - 1), so that the profile of a kernel stays; from and to
    a length of 1 widths stay. What is not of a temporal Gaussian goes through as it is; `load_state_dict` says whether
    all fits.

    Raises ArchitectureError for a mapping that is no architecture of its space.
    """
    from stdsl.compiler.backends.networks.stretching import stretched as of_graphs

    target = space if to_space is None else to_space
    return of_graphs(weights, space.graph, space.valid(arch), target.graph, target.valid(to_arch))
