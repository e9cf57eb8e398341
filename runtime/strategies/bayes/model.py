"""A model of what has been tried, which says what to try next: Optuna's, in memory, made anew for each proposal.

TPE: J. Bergstra et al., "Algorithms for hyper-parameter optimization", 2011, over all variables of a kind of candidate
together. Optuna is imported when a model is made, so that what a search found can be told of without it.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch

from stdsl.compiler.schemas.hyper import Value

from .variables import Categories, Domain, Integers, Suggest

if TYPE_CHECKING:
    import optuna


@dataclass(frozen=True)
class Example:
    """What was tried, by the names of variables, and the score that came of it, the greater the better: -∞ for what
    failed, None for what is under way."""

    values: Mapping[str, Value]
    score: float | None


class Model:
    """``good``: how many of so many results are good ones, for Parzen estimators; None: Optuna's rule. Equal arguments
    make equal models, whatever process they are made in."""

    def __init__(
        self,
        kind: Literal["tpe", "gp"],
        domains: Mapping[str, Domain],
        examples: Sequence[Example],
        good: Callable[[int], int] | None,
        seed: int,
    ) -> None:
        import optuna

        self._domains = domains
        own = {name: _distribution(domain) for name, domain in domains.items()}
        finite = [e.score for e in examples if e.score is not None and math.isfinite(e.score)]
        worst = min(finite, default=0.0)
        with _quietly():
            self._study = optuna.create_study(
                storage=optuna.storages.InMemoryStorage(),
                sampler=_sampler(kind, good, seed % 2**32),
                direction="maximize",
            )
            for example in examples:
                if example.score is None and kind == "gp":
                    continue
                self._study.add_trial(
                    optuna.trial.create_trial(
                        state=optuna.trial.TrialState.RUNNING
                        if example.score is None
                        else optuna.trial.TrialState.COMPLETE,
                        value=None if example.score is None else max(worst, example.score),
                        params=dict(example.values),
                        distributions={name: own[name] for name in example.values},
                    )
                )

    def proposal(self) -> Suggest:
        """What gives the values of one candidate, a variable at a time; each call begins another candidate."""
        with _quietly(), _one_thread():
            trial = self._study.ask()

        def suggest(name: str) -> Value:
            domain = self._domains[name]
            found: Value
            with _quietly(), _one_thread():
                if isinstance(domain, Categories):
                    chosen = trial.suggest_categorical(name, domain.options)
                    assert chosen is not None
                    found = chosen
                elif isinstance(domain, Integers):
                    found = int(trial.suggest_int(name, domain.low, domain.high))
                else:
                    found = float(trial.suggest_float(name, domain.low, domain.high, log=domain.log))
            return found

        return suggest


def _sampler(kind: str, good: Callable[[int], int] | None, seed: int) -> optuna.samplers.BaseSampler:
    from optuna.samplers import GPSampler, TPESampler

    if kind == "gp":
        return GPSampler(seed=seed, n_startup_trials=0, warn_independent_sampling=False)
    return TPESampler(n_startup_trials=0, gamma=good, seed=seed, multivariate=True, group=True, constant_liar=True)


def _distribution(domain: Domain) -> optuna.distributions.BaseDistribution:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if isinstance(domain, Categories):
        return CategoricalDistribution(domain.options)
    if isinstance(domain, Integers):
        return IntDistribution(domain.low, domain.high)
    return FloatDistribution(domain.low, domain.high, log=domain.log)


@contextmanager
def _quietly() -> Iterator[None]:
    """Without Optuna's lines about studies, and its warnings that parts of it are new."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            warnings.filterwarnings("ignore", ".*`gamma` has been deprecated", FutureWarning)  # it goes with Optuna 6
            yield
    finally:
        optuna.logging.set_verbosity(before)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Sums of a Gaussian process depend on how many threads add them up."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
