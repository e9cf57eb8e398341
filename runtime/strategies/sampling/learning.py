"""What learns the distribution over paths, step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stdsl.compiler.analysis.architecture import Architecture
from stdsl.compiler.analysis.costs.of_many import costs_of_each
from stdsl.compiler.analysis.marginals import Marginal
from stdsl.compiler.analysis.policies.policy import Policy
from stdsl.compiler.families.sampling import Likelihood, SamplingConfig
from stdsl.compiler.schemas.objectives import Entropy, SoftCost
from stdsl.compiler.schemas.tasks.metrics import METRICS

from ...data.loading.loader import Loader
from ...training.descent import Descent, gradients_of
from ..expected_cost import INSIDE
from .importance import Importance
from .logits import Gradients, Logits
from .rewards import Baseline, Reinforced, add_to


@dataclass
class Learning:
    """``batches``: those that the distribution learns from, None for those of the weights. It stays as it is for the
    first ``warmup`` steps."""

    logits: Logits
    descent: Descent
    strategy: SamplingConfig
    costs: tuple[SoftCost, ...]
    warmup: int = 0
    batches: Loader | None = None
    rewarded: Baseline = field(default_factory=Baseline)
    """Of rewards."""
    charged: tuple[Baseline, ...] = field(init=False)
    """Of each cost."""

    def __post_init__(self) -> None:
        self.charged = tuple(Baseline() for _ in self.costs)

    def estimate(self) -> Importance | Reinforced:
        """What the paths of a step are added to."""
        return Reinforced(self.rewarded) if self.strategy.estimator == "reinforce" else Importance()

    def worth(self, loss: float, figure: tuple[str, float], samples: int) -> float:
        """What a path counts by that loses ``loss`` in the mean over a mini-batch of ``samples``, of which steps tell
        ``figure``: log p, or its reward."""
        if self.strategy.estimator == "importance":
            return log_weight(self.strategy.likelihood, loss, samples)
        name, value = figure
        return -loss if self.strategy.reward == "loss" else METRICS[name].score(value)

    @property
    def compares(self) -> bool:
        """Whether paths are told apart by what they count by. The importance weight of a single one is 1, whatever its
        likelihood; its score, zero in the mean, would let the logits wander."""
        return self.strategy.estimator != "importance" or self.strategy.samples > 1

    def learns(self, t: int) -> bool:
        return t >= self.warmup and bool(self.logits.rows)

    def marginals(self, policy: Policy) -> Mapping[str, Marginal] | None:
        """How decisions come out within `where`; None where there is none."""
        if not self.logits.graph.constraints:
            return None
        found = policy.marginals()
        assert found is not None, "limits_in has asked for them"
        return found

    def apply(
        self, t: int, likely: Gradients, paths: Sequence[Architecture], scores: Sequence[Gradients]
    ) -> dict[str, float]:
        """One step up the likelihood or the reward, whose gradient is ``likely``, down the entropy of the distribution,
        and down the costs of ``paths``, whose log-probabilities have the gradients ``scores``. What is told of the
        costs."""
        total = {parameter: -gradient for parameter, gradient in likely.items()}
        told: dict[str, float] = {}
        factor = sum(term.weight for term in self.strategy.objectives if isinstance(term, Entropy))
        if factor:
            add_to(total, gradients_of(self.logits.entropy()), factor)
        known = costs_of_each(self.logits.graph, paths) if self.costs else []
        for term, baseline in zip(self.costs, self.charged, strict=True):
            each = [float(getattr(of_path, term.of)) for of_path in known]  # check refuses costs that nobody states
            outside = [beyond(term, value) for value in each]
            weight = steepness(term, outside)
            for advantage, score in zip(baseline.beyond(outside), scores, strict=True):
                add_to(total, score, weight * advantage / len(paths))
            told[term.of] = sum(each) / len(each)
        self.descent.apply_some(total, t)
        return told

    def state(self) -> dict[str, Any]:
        averages = [baseline.average for baseline in (self.rewarded, *self.charged)]
        return {"logits": self.logits.state(), "decisions": self.descent.state(), "averages": averages}

    def load(self, state: Mapping[str, Any]) -> None:
        self.logits.load(state["logits"])
        self.descent.load(state["decisions"])
        for baseline, average in zip((self.rewarded, *self.charged), state["averages"], strict=True):
            baseline.average = average


def log_weight(likelihood: Likelihood, loss: float, samples: int) -> float:
    """log p of a path that loses ``loss`` in the mean over a mini-batch of ``samples``."""
    match likelihood.kind:
        case "sum":
            return -loss * samples
        case "mean":
            return -loss
        case "temper":
            return -loss * samples / likelihood.by


def steepness(term: SoftCost, outside: Sequence[float]) -> float:
    """By what the gradient of the mean of ``outside`` is multiplied. Of a logarithm the mean itself is a part of that:
    it is taken from these samples, exact in the limit of many and biased with few."""
    return term.weight / (sum(outside) / len(outside) + INSIDE) if term.log else term.weight


def beyond(term: SoftCost, value: float) -> float:
    """How far a cost is outside of the range, as a share of its ends: max(0, F / high - 1) + max(0, 1 - F / low)."""
    above = max(0.0, value / term.high - 1) if term.high is not None else 0.0
    return above + (max(0.0, 1 - value / term.low) if term.low is not None else 0.0)
