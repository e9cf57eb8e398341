"""Trained weights that a command line names: a run directory, or a file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


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
