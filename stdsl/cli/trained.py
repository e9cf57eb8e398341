"""Trained weights that a command line names: a run directory, or a file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stdsl.compiler.analysis.architecture import Architecture


@dataclass(frozen=True)
class Trained:
    """``weights``: a file. ``architecture``: that of the run's result, None for a mere file of weights. ``metadata``:
    what an exported file should say about the data that the network was trained on."""

    weights: Path
    architecture: Path | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


def trained(path: Path) -> Trained:
    """What ``--weights`` names. Raises RunError where a folder is no run, or its result was not trained."""
    if not os.path.isdir(path):
        return Trained(path)
    from stdsl.compiler.diagnostics.model import RunError
    from stdsl.compiler.diagnostics.run import RunNotOver
    from stdsl.runtime.data.facts.data_facts import DataFacts, kept_facts
    from stdsl.runtime.data.networks.binding import description
    from stdsl.runtime.data.registry import open_dataset
    from stdsl.runtime.prepare.preparation import load_kept_job
    from stdsl.runtime.tracking.directory import open_run
    from stdsl.runtime.tracking.names import DERIVED

    directory = open_run(path)
    weights = directory.weights(DERIVED)
    if not os.path.isfile(weights):
        raise RunError([RunNotOver(None, str(path), "trained network")])
    job = load_kept_job(directory, directory.manifest)
    facts = kept_facts(directory.data)
    if facts is None:  # a run of an older version
        config = job.config
        data, place = config.data_of("retrain"), config.place(config.data_key("retrain"))
        facts = DataFacts.of(open_dataset(data, config.seed, job.texts.folder, place))
    metadata = description(job.config.name, facts, job.final, job.config.data_of("retrain"))
    return Trained(weights, directory.architecture(DERIVED), metadata)


def refuse_others(found: Trained, arch: Architecture, named: Path) -> None:
    """Raises SpaceError where the weights were trained in another architecture than ``arch``, as far as the run that
    ``named`` names, or else the file, says. To be asked once the weights were read."""
    from stdsl.compiler.analysis.architecture import differences, saved
    from stdsl.compiler.backends.networks.weights import trained_for
    from stdsl.compiler.diagnostics.backends import WeightsOfAnother
    from stdsl.compiler.diagnostics.model import SpaceError

    own = None if found.architecture is None else saved(found.architecture)
    hash = trained_for(found.weights) if own is None else own.hash
    if hash is None or hash == arch.hash:
        return
    differing = () if own is None else differences(own, arch)
    raise SpaceError([WeightsOfAnother(None, str(named), hash, arch.hash, differing)])
