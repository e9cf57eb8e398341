"""Calls of the command line in this process, and networks of runs asked directly."""

from __future__ import annotations

from pathlib import Path

import click.testing
import numpy as np
import torch

from stdsl.cli.main import cli
from stdsl.runtime.data.batch import Batch, Part
from stdsl.runtime.data.networks.binding import bound
from stdsl.runtime.phases.compare import compared
from stdsl.runtime.phases.train import build
from stdsl.runtime.prepare.opening import opened_for
from stdsl.runtime.prepare.preparation import load_kept_job
from stdsl.runtime.tracking.directory import open_run
from stdsl.runtime.tracking.weights import load_weights


def called(*arguments: str) -> click.testing.Result:
    return click.testing.CliRunner().invoke(cli, arguments, prog_name="stdsl")


def changed(text: str, *changes: tuple[str, str]) -> str:
    """With all that stands first in a pair replaced by the second; it has to be there."""
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


def on_test_split(folder: Path, *names: str) -> tuple[Batch, list[torch.Tensor]]:
    """The whole test split of a run, and what each of its networks tells of it, (N, C)."""
    directory = open_run(folder)
    job = load_kept_job(directory, directory.manifest)
    part = Part(bound(opened_for(job)["evaluate"], job.final), ("test",))
    batch, found = part.samples(np.arange(len(part))), []
    for name in names:
        model = build(compared(job, directory, name), 0).eval()
        load_weights(model, directory.weights(name))
        with torch.no_grad():
            found.append(model(*batch.inputs))
    return batch, found
