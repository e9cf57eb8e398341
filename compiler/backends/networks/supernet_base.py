"""What generated supernets are made of: the module that holds decision weights, and the kernels that mix.

A supernet computes, for every decision, the expectation over its alternatives under weights w: Σ_o w_o · o(x) for a
`choose` (Liu et al., DARTS, ICLR 2019, Eq. 2), w · x for a gate, Σ_i w_i · x_i for the elements of a `keep`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ...record import record
from .concrete import concrete_elements, concrete_gate

if TYPE_CHECKING:
    from ...analysis.architecture import Architecture
    from ...analysis.derivation.reading import Method, Score, Zeros
    from ...ir.graph import SpaceGraph
    from ...passes.pipeline import PassReport

Normalisation = Literal["softmax", "sigmoid", "gumbel", "concrete"]
INITIAL = 1e-3
"""Decision parameters start as normal random numbers of this standard deviation, as DARTS has it."""


@record
class Row:
    """One decision of a supernet. ``options``: the names of the alternatives of a choose, the numbers of a count,
    the places of a keep's elements, () for a gate. ``sizes``: the least and the greatest number of elements of a keep
    that stay, where samples keep to them."""

    path: str
    kind: Literal["choose", "count", "keep", "gate"]
    by: Normalisation
    options: tuple[str, ...] = ()
    site: bool = False
    """A keep that can come out in one way only."""
    sizes: tuple[int, int] | None = None


def mix(weights: Tensor, *values: Tensor | int) -> Tensor:
    """Σ_o weights[o] · values[o]. ``weights``: (options,); ``values``: tensors of one shape, or the number 0 for an
    exact zero."""
    total: Tensor | None = None
    for weight, value in zip(weights.unbind(), values, strict=True):
        if isinstance(value, Tensor):
            total = value * weight if total is None else torch.addcmul(total, value, weight)
    assert total is not None, "a mixture of nothing but zeros"
    return total


def averaged(total: Tensor, weight: Tensor) -> Tensor:
    """``total / weight``: the mean of elements that weigh ``weight`` together. Where nothing weighs anything it is
    ``total``, a zero, as the mean of no elements is."""
    return total / torch.where(weight == 0, 1, weight)


def within(weights: Mapping[str, Tensor], scope: str) -> dict[str, Tensor]:
    """The weights of decisions in ``scope`` by their paths there; those of others keep their keys, unless one in
    ``scope`` has it."""
    start = f"{scope}."
    inside = {path.removeprefix(start): weight for path, weight in weights.items() if path.startswith(start)}
    return {path: weight for path, weight in weights.items() if not path.startswith(start)} | inside


def frozen(module: nn.Module) -> nn.Module:
    """Marks a module whose weights are loaded and never trained; its batch statistics stay as in evaluation."""
    module.requires_grad_(False)
    module.is_frozen = True  # type: ignore[assignment]
    return module.eval()


class Supernet(nn.Module):
    """A space as one differentiable network. Generated classes derive from this; :func:`build_supernet` makes them.

    Decision parameters: one vector (options,) per choose, count and keep, one number per gate; tied instances share
    one. In state dicts they are ``decision_parameters.<path>`` with ``/`` for the dots of the path (and one at its end
    where it is the name of a method). All other names are those of the discrete networks of the space.
    """

    temperature: float
    """Softmax weights of alternatives are of the parameters divided by this; so are samples of `gumbel`, and those of
    `concrete` gates."""
    keep_temperature: float
    """The same for the elements of keeps."""
    sampled: bool
    """Whether `gumbel` and `concrete` weights are samples (Jang et al., ICLR 2017; Maddison et al., ICLR 2017), the
    same ones for all samples of a batch; else they are the probabilities."""
    hard: bool
    """Whether a sample takes one alternative forward, with the gradient of the soft sample (GDAS)."""
    source: str
    """The Python text of the class."""
    graph: SpaceGraph
    """The space it was made from."""
    passes: tuple[PassReport, ...]
    """What each pass did."""

    def __init__(self, rows: Sequence[Row]) -> None:
        super().__init__()
        self.temperature = self.keep_temperature = 1.0
        self.sampled = self.hard = False
        self.rows = {row.path: row for row in rows}
        self.decision_parameters = nn.ParameterDict(
            {_key(row.path): nn.Parameter(INITIAL * torch.randn(len(row.options) or ())) for row in rows}
        )
        self._held: dict[str, tuple[float, ...] | float] = {}

    def parameter(self, path: str) -> nn.Parameter:
        """The parameter of the decision with this path (KeyError for others, and for what has no weights)."""
        parameter: nn.Parameter = self.decision_parameters[_key(path)]
        return parameter

    def weights(self) -> list[nn.Parameter]:
        """The parameters of the operations, without those of frozen parts."""
        frozen_ones = {id(p) for m in self.modules() if getattr(m, "is_frozen", False) for p in m.parameters()}
        decisions = {id(p) for p in self.decision_parameters.values()}
        return [p for p in self.parameters() if id(p) not in decisions and id(p) not in frozen_ones]

    def decisions(self) -> list[nn.Parameter]:
        """The decision parameters, in the order of the table."""
        return [parameter for _, parameter in self.named_decisions()]

    def named_decisions(self) -> list[tuple[str, nn.Parameter]]:
        """Paths and parameters of the decisions."""
        return [(path, self.parameter(path)) for path in self.rows]

    def decision_weights(self) -> dict[str, Tensor]:
        """What each decision's alternatives are multiplied by: the normalised parameters, or what :meth:`hold` set."""
        return {path: self._weight(row) for path, row in self.rows.items()}

    def log_odds(self) -> dict[str, Tensor]:
        """Of the gates and the elements of keeps whose :meth:`decision_weights` are the sigmoids of them now."""
        plain = ("sigmoid",) if self.sampled else ("sigmoid", "concrete")
        return {
            path: self.parameter(path)
            for path, row in self.rows.items()
            if row.kind in ("gate", "keep") and row.by in plain and path not in self._held
        }

    def _weight(self, row: Row) -> Tensor:
        parameter = self.parameter(row.path)
        if row.path in self._held:
            return torch.tensor(self._held[row.path], dtype=parameter.dtype, device=parameter.device)
        if row.by == "sigmoid":
            return torch.sigmoid(parameter)
        temperature = self.keep_temperature if row.kind == "keep" else self.temperature
        if row.by == "concrete":
            if not self.sampled:
                return torch.sigmoid(parameter)
            if row.sizes is None:
                return concrete_gate(parameter, temperature)
            return concrete_elements(parameter, row.sizes, temperature)
        if row.by == "softmax":
            return torch.softmax(parameter / temperature, 0)
        if self.sampled:
            return F.gumbel_softmax(parameter, temperature, self.hard, dim=0)
        return torch.softmax(parameter, 0)

    def probabilities(self) -> dict[str, list[float]]:
        """For each decision the weights of its options in order; of a gate those of off and on."""
        with torch.no_grad():
            weights = self.decision_weights()
        return {
            path: [1 - float(w), float(w)] if self.rows[path].kind == "gate" else w.tolist()
            for path, w in weights.items()
        }

    def derive(self, score: Score | None = None, zeros: Zeros | None = None, method: Method = "search") -> Architecture:
        """The architecture that the decision weights prefer, within the space's `where`. ``score`` ranks the elements
        of a keep: by β where there is one, or by their best alternative other than `zero` (`alpha`), or by `product`.
        ``zeros``: whether a `zero` is `allowed` on an edge that is kept, or `never` derived there; None: never, but
        where β alone ranks. ``method``: `exact` computes the best one within constraints over costs by a dynamic
        programme over their sums, where there are not too many; `search` looks for it.

        Raises SpaceError where no architecture is within `where`.
        """
        from ...analysis.derivation.derive import derive
        from ...analysis.derivation.reading import usual_zeros

        usual: Score = "beta" if any(row.kind == "keep" for row in self.rows.values()) else "alpha"
        ranked = score or usual
        return derive(self.graph, self.probabilities(), ranked, zeros=zeros or usual_zeros(ranked), method=method)

    def hold(self, decisions: Mapping[str, Any]) -> None:
        """Fix decisions to values as architectures have them (a choose's alternative's name, a count's number, the
        places of a keep's elements, a gate's bool), or to ``"uniform"``: the mixture then has constant weights
        there. Paths without weights are skipped.

        Raises ValueError for a value that the decision does not have.
        """
        for path, value in decisions.items():
            row = self.rows.get(path)
            if row is not None:
                self._held[path] = _constant(row, value)

    def hold_architecture(self, arch: Mapping[str, Any]) -> None:
        """Fix all decisions as an architecture has them, and all sites to weight one: the supernet then computes
        what the discrete network with its weights does. Decisions that the architecture does not ask for make no
        difference."""
        self.hold({path: row.options for path, row in self.rows.items() if row.site})
        self.hold(arch)

    def release(self, *paths: str) -> None:
        """Undo :meth:`hold` for these paths, or for all."""
        for path in paths or tuple(self._held):
            self._held.pop(path, None)

    def train(self, mode: bool = True) -> Supernet:
        """As in PyTorch; frozen parts stay in evaluation mode."""
        super().train(mode)
        for module in self.modules():
            if getattr(module, "is_frozen", False):
                module.eval()
        return self


_NO_PARAMETERS = nn.ParameterDict()


def _key(path: str) -> str:
    """The name of a decision's parameter, which must be none of a method of a dictionary or a module."""
    key = path.replace(".", "/")
    return f"{key}/" if hasattr(_NO_PARAMETERS, key) else key


def _constant(row: Row, value: Any) -> tuple[float, ...] | float:
    if row.kind == "gate":
        if value == "uniform":
            return 0.5
        if isinstance(value, bool):
            return float(value)
        raise ValueError(f"{row.path} is a gate: {value!r} is neither true nor false")
    if row.kind == "keep":
        if value == "uniform":
            return (1.0,) * len(row.options)
        places = {str(place) for place in value}
    elif value == "uniform" and "uniform" not in row.options:
        return (1 / len(row.options),) * len(row.options)
    else:
        places = {str(value)}
    if not places <= set(row.options):
        raise ValueError(f"{row.path} has no {value!r}; it has {', '.join(row.options)}")
    return tuple(float(option in places) for option in row.options)
