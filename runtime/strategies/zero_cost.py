"""What a network with fresh weights tells of how well it would train, without training it.

M. Abdelfattah et al., "Zero-cost proxies for lightweight NAS", 2021, compares these scores; of each the greater is the
better. They are functions of the network, its weights and the samples alone: dropout is off.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

_DROPOUT = nn.modules.dropout._DropoutNd
_NORMS = (nn.modules.batchnorm._BatchNorm, nn.modules.instancenorm._InstanceNorm, nn.GroupNorm, nn.LayerNorm)
_LEAST = 1e-5
"""k of `jacob_cov`: keeps logarithms and inverses of eigenvalues near 0 finite."""


def synflow(model: nn.Module, shapes: Sequence[Sequence[int]]) -> float:
    """:math:`\\sum_\\theta |\\theta \\, \\partial R / \\partial \\theta|`, where R is the sum of what the network with
    the absolute values of its weights gives for ones; summed over all parameters. ``shapes``: of a sample of each
    input.

    H. Tanaka et al., "Pruning neural networks without any data by iteratively conserving synaptic flow", 2020, eq. (3)
    and algorithm 1, over all parameters as Abdelfattah et al. take it. Norms pass on what they get, as there; in
    float64, for the flow grows from layer to layer. No samples are looked at.
    """
    own = copy.deepcopy(model).double().eval()
    for name, module in list(own.named_modules()):
        if name and isinstance(module, _NORMS):
            own.set_submodule(name, nn.Identity())
    parameters = list(own.parameters())
    with torch.no_grad():
        for parameter in parameters:
            parameter.abs_()
    ones = [torch.ones(1, *shape, dtype=torch.float64) for shape in shapes]
    found = torch.autograd.grad(_first(own(*ones)).sum(), parameters, allow_unused=True)
    pairs = zip(parameters, found, strict=True)
    return float(sum((own * slope).abs().sum().item() for own, slope in pairs if slope is not None))


def jacob_cov(model: nn.Module, inputs: Sequence[Tensor]) -> float:
    """:math:`-\\sum_i \\log(\\sigma_i + k) + 1 / (\\sigma_i + k)` of the eigenvalues σ of the correlations between the
    gradients of samples: of the sum of what the network tells of each with respect to its inputs. About -N for N
    samples whose gradients have nothing in common, far less where they resemble each other. ``inputs``: a batch (N, …)
    of each.

    J. Mellor et al., "Neural architecture search without training", 2021 (its first version), k = 1e-5. Batch-norms use
    the statistics of the batch, as in training.
    """
    batch = [x.clone().requires_grad_(True) for x in inputs]
    slopes = torch.autograd.grad(_first(_training(model)(*batch)).sum(), batch, allow_unused=True)
    known = [slope.flatten(1).double() for slope in slopes if slope is not None]
    if not known or not all(bool(slope.isfinite().all()) for slope in known):
        return -math.inf  # what is told does not depend on the inputs, or on more than numbers hold
    rows = torch.cat(known, 1)
    centred = rows - rows.mean(1, keepdim=True)
    norms = centred.norm(dim=1, keepdim=True)
    if not bool((norms > 0).all()):
        return -math.inf  # gradients without direction have no correlation
    unit = centred / norms
    values = torch.linalg.eigvalsh(unit @ unit.T).clamp(min=0) + _LEAST
    return -float((values.log() + 1 / values).sum())


def grad_norm(
    model: nn.Module, inputs: Sequence[Tensor], loss: Callable[[Tensor | dict[str, Tensor]], Tensor]
) -> float:
    """The Euclidean norms of the gradients of all parameters after one batch, added up (Abdelfattah et al. 2021,
    section 3). ``loss``: of what the network tells of the batch. Batch-norms use the statistics of the batch."""
    own = _training(model)
    parameters = [parameter for parameter in own.parameters() if parameter.requires_grad]
    found = torch.autograd.grad(loss(own(*inputs)), parameters, allow_unused=True)
    return float(sum(slope.double().norm().item() for slope in found if slope is not None))


def _training(model: nn.Module) -> nn.Module:
    """A copy that computes as in training, but for dropout, and leaves the statistics of the model alone."""
    own = copy.deepcopy(model).train()
    for module in own.modules():
        if isinstance(module, _DROPOUT):
            module.eval()
    return own


def _first(output: Tensor | dict[str, Tensor]) -> Tensor:
    return output if isinstance(output, Tensor) else next(iter(output.values()))
