"""Trained weights that a command line names: a run directory, or a file."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stdsl.compiler.analysis.architecture import Architecture
    from stdsl.compiler.diagnostics.model import Diagnostic
    from stdsl.compiler.ir.graph import SpaceGraph


@dataclass(frozen=True)
class Trained:
    """``weights``: a file. ``architecture``: that of the run's result, None for a mere file of weights. ``metadata``:
    what an exported file should say about the data that the network was trained on. ``space``: that of the run's
    result, from the text that the run has kept. ``shared``: the command that takes another architecture from weights of
    all that the run left, "" where there are none."""

    weights: Path
    architecture: Path | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    space: SpaceGraph | None = None
    shared: str = ""


def trained(path: Path) -> Trained:
    """What ``--weights`` names. Raises RunError where a folder is no run, or its result was not trained."""
    if not os.path.isdir(path):
        return Trained(path)
    from stdsl.compiler.diagnostics.model import RunError
    from stdsl.compiler.diagnostics.run_directories import RunNotOver
    from stdsl.runtime.data.facts.data_facts import DataFacts, kept_facts
    from stdsl.runtime.data.networks.binding import description
    from stdsl.runtime.data.registry import open_dataset
    from stdsl.runtime.learnt import shared_network_of
    from stdsl.runtime.prepare.preparation import load_kept_job
    from stdsl.runtime.tracking.directory import open_run
    from stdsl.runtime.tracking.left import phases_of
    from stdsl.runtime.tracking.names import DERIVED
    from stdsl.runtime.tracking.weights_left import weights_left

    directory = open_run(path)
    weights = directory.weights(DERIVED)
    if not os.path.isfile(weights):
        raise RunError([RunNotOver(None, str(path), "trained network", directory.manifest.allow_extern)])
    phases_of(directory, directory.manifest)
    weights_left(weights)  # raises where they are none of the run's
    job = load_kept_job(directory, directory.manifest)
    facts = kept_facts(directory.data)
    if facts is None:  # a run of an older version
        config = job.config
        data, place = config.data_of("retrain"), config.place(config.data_key("retrain"))
        facts = DataFacts.of(open_dataset(data, config.seed, job.texts.folder, place))
    metadata = description(job.config.name, facts, job.final, job.config.data_of("retrain"))
    others = shared_network_of(path, job)
    return Trained(
        weights, directory.architecture(DERIVED), metadata, job.final, "" if others is None else others.command
    )


def with_parameters(fault: Diagnostic, found: Trained, graph: SpaceGraph) -> Diagnostic:
    """That weights do not fit, with the parameters of the space that the run trained in, where those are others."""
    from stdsl.compiler.diagnostics.backends import WeightsDoNotFit
    from stdsl.compiler.text.commands import command, parameters

    if not isinstance(fault, WeightsDoNotFit) or found.space is None or found.space.name != graph.name:
        return fault
    asked = dict(graph.parameters)
    other = [(name, value) for name, value in found.space.parameters if asked.get(name) != value]
    return replace(fault, options=command(*parameters(other)))


def refuse_others(found: Trained, arch: Architecture, graph: SpaceGraph, named: Path) -> None:
    """Raises SpaceError where the weights were trained in another network than that of ``arch`` in ``graph``, as far as
    the run that ``named`` names, or else the file, says. To be asked once the weights were read."""
    from stdsl.compiler.analysis.architecture import differences, saved
    from stdsl.compiler.backends.networks.weights import trained_for
    from stdsl.compiler.diagnostics.backends import TextChangedSince, WeightsOfAnother
    from stdsl.compiler.diagnostics.model import SpaceError

    own = None if found.architecture is None else saved(found.architecture, unedited=True)
    hash = trained_for(found.weights) if own is None else own.hash
    if hash is not None and hash != arch.hash:
        differing = () if own is None else differences(own, arch)
        raise SpaceError([WeightsOfAnother(None, str(named), hash, arch.hash, differing, found.shared)])
    # With other parameters, the size of inputs say, operations differ as they should.
    if found.space is not None and found.space.parameters == graph.parameters:
        then, now = _operations(found.space, arch), _operations(graph, arch)
        if then != now:
            gone, new = (sorted((a - b).elements()) for a, b in ((then, now), (now, then)))
            raise SpaceError([TextChangedSince(graph.span, graph.name, str(named), tuple(gone), tuple(new))])


def _operations(graph: SpaceGraph, arch: Architecture) -> Counter[str]:
    """What the network of an architecture does, in whatever order its text has it."""
    from stdsl.compiler.analysis.specialise import specialise
    from stdsl.compiler.ops.attributes import shown

    layers = specialise(graph, arch).layers
    return Counter(
        f"{layer.op}({', '.join(f'{name} = {shown(value)}' for name, value in sorted(layer.attrs.items()))})"
        for layer in layers
    )
