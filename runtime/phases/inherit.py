"""The found network with the weights that the search left, where there is no final training."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from stdsl.compiler.backends.networks.weights import load_by_name
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.run_files import RunFileDamaged
from stdsl.compiler.families.registry import family

from ..data.batch import Part
from ..data.networks.binding import bound
from ..randomness import key
from ..strategies.runner import runner
from ..tracking.left import WEIGHTS
from ..tracking.names import SEARCH
from ..tracking.weights import save_weights
from ..tracking.weights_left import tensors_left
from ..training.interruption import Interrupted
from ..training.loop import check_finite
from ..training.statistics import measured_anew
from .assignment import Subject
from .context import Context
from .lent import lender
from .train import build

PHASE = "inherit"


def inherit(run: Context, subject: Subject) -> None:
    """Leaves ``weights/derived.safetensors``: what the architecture has of its network in the weights that its search
    left, or measured with. Means and variances of batch-norms are those of the network by itself, over the samples that
    the weights were learnt from; in the search they were those of a mixture, or of many paths."""
    if PHASE in run.tracker.finished:
        return
    own = lender(run.job, run.directory)
    strategy = own.strategy
    learner = next(found for found in family(strategy.family).learners(strategy) if found.what == "weights")
    torch.set_num_threads(run.manifest.threads)
    model = build(subject, key(run.seed, "initial weights", subject.name))
    tensors = tensors_left(own.weights)
    found = runner(strategy).inherited(strategy, own.graph, subject.arch, tensors, model.state_dict())
    report = load_by_name(model, found)
    without = [name for name in report.missing if name not in _scales(model)]
    if without or report.shapes:
        fault = f"it lacks {(*without, *report.shapes)[0]} of the network that was found"
        raise RunError([RunFileDamaged(None, str(own.weights), fault)])
    run.placement.model(model)
    part = Part(bound(run.dataset, subject.graph), (learner.split,)).mixed()
    size = min(learner.batch, len(part))
    starts = range(0, len(part) - size + 1, size)  # batches of one size, as in the search
    run.reporter.begin(PHASE, len(starts), of=f"{len(starts):,} batch{'es' if len(starts) != 1 else ''}")
    with measured_anew(model), torch.no_grad(), run.placement.autocast():
        for number, first in enumerate(starts, 1):
            model(*run.placement.put(part.samples(np.arange(first, first + size))).inputs)
            run.reporter.advance(PHASE, number, {})
            if run.interruption.asked:
                raise Interrupted
    whose = f"the weights of `{own.needed}`" if own.needed else "the search's weights"
    run.reporter.end(PHASE, f"{whose}, batch-norms measured on {len(starts) * size:,} samples")
    check_finite(SEARCH, "weights", model.state_dict())
    checksum = save_weights(model, run.directory.weights(subject.name))
    run.tracker.finish(PHASE, {"samples": len(starts) * size, WEIGHTS: checksum})


def _scales(model: nn.Module) -> set[str]:
    """The names of scales and biases of norms: a search may have gone without them, and they are 1 and 0."""
    norms = (nn.modules.batchnorm._BatchNorm, nn.GroupNorm, nn.LayerNorm)
    found = [(name, module) for name, module in model.named_modules() if isinstance(module, norms)]
    return {f"{name}.{own}" for name, module in found for own, _ in module.named_parameters()}
