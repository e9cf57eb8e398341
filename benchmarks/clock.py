"""How busy fifty hands are that evolve EvaNet's space, by the virtual clock: simulated trainings, everything else real.

    python benchmarks/clock.py [TRIALS]

2,000 trials unless told otherwise. Predicted lengths are log-normal with σ = .6 and a median of a minute; true ones
are off the predicted by a log-normal factor of 10, 25 and 50 %; one trial in a hundred is lost and tried again.
Children are proposed by EvaNet's evolution, trials are kept in an SQLite file, and the time that all of this takes
passes on the simulated clock too.
"""

from __future__ import annotations

import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from machine import described
from simulated import SimulatedEngine

from stdsl.compiler.families.evolution.settings import EvolutionConfig
from stdsl.runtime.engines.contract import Plain
from stdsl.runtime.randomness import key, keys, normal
from stdsl.runtime.report.reporter import Silent
from stdsl.runtime.strategies.evolution.proposer import Evolution
from stdsl.runtime.training.interruption import Interruption
from stdsl.runtime.trials.clock import Clock
from stdsl.runtime.trials.database import file_database
from stdsl.runtime.trials.loop import Loop, Rules
from stdsl.runtime.trials.proposal import Outcome, Proposer, Spec, Wait
from stdsl.runtime.trials.store import TrialStore
from stdsl.space import load

HANDS = 50
SPREAD = 0.6
MEDIAN = 60.0
UNIT = 1_000_000
"""Predicted lengths are whole numbers: so many to a second."""


@dataclass
class Timed:
    """A proposer whose proposals are timed."""

    proposer: Proposer
    seconds: list[float]

    def ask(self, number: int, specs: Sequence[Spec], seen: Sequence[Outcome]) -> Spec | Wait | None:
        started = time.perf_counter()
        spec = self.proposer.ask(number, specs, seen)
        self.seconds.append(time.perf_counter() - started)
        return spec


def drawn(seed: int, what: str, number: int) -> float:
    """A standard normal number of a trial."""
    return float(normal(keys(key(seed, what), [number]), 1)[0, 0])


def simulate(
    proposer: Proposer,
    trials: int,
    off: float,
    slack: float = 2.0,
    hands: int = HANDS,
    charged: bool = True,
    seed: int = 0,
) -> tuple[SimulatedEngine, list[float]]:
    """The engine when all is over, and the seconds that each proposal took. ``off``: by how much true lengths are off
    the predicted ones, as a standard deviation of their logarithm. ``seed``: of all lengths."""

    def predicted(spec: Spec) -> int:
        return max(1, round(UNIT * MEDIAN * np.exp(SPREAD * drawn(seed, "length", spec.number))))

    def payload(spec: Spec) -> Plain:
        seconds = predicted(spec) / UNIT * float(np.exp(off * drawn(seed, "off", spec.number)))
        return {"number": spec.number, "seconds": seconds}

    def value(payload: Plain) -> Plain:
        reached = key(seed, "accuracy", payload["number"]) / 2.0**63
        metrics = [{"split": "valid", "epoch": 10, "step": 100, "metric": "accuracy", "value": reached}]
        return {"values": {"accuracy": reached}, "steps": 100, "seconds": payload["seconds"], "measured": metrics}

    engine = SimulatedEngine(
        hands,
        lambda payload: float(payload["seconds"]),
        value,
        lambda payload: key(seed, "lost", payload["number"]) % 100 == 0,
        charged,
    )
    timed = Timed(proposer, [])
    rules = Rules(Clock(hands, slack), hands, predicted, payload, 0)
    with tempfile.TemporaryDirectory() as folder:
        store = TrialStore(file_database(Path(folder) / "trials.sqlite"), "simulated")
        loop = Loop(timed, rules, store, Silent(), Interruption())
        found = loop.run(engine)
        store.close()
    assert len(found) == trials
    return engine, timed.seconds


def main() -> int:
    trials = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    print(described())
    graph = load("evanet").graph
    print(f"{trials} trials of {graph.name}, {HANDS} hands, slack 2")
    print("true lengths off by   busy (mean, least of five)   proposing (median, most)   all else a trial   memory")
    for off in (0.1, 0.25, 0.5):
        population = min(100, trials // 4)
        strategy = EvolutionConfig(population=population, rounds=trials - population, tournament=min(25, population))
        busy, seconds, own = list[float](), list[float](), 0.0
        for seed in range(5):
            engine, asking = simulate(Evolution(graph, strategy, seed, "accuracy"), trials, off, seed=seed)
            busy.append(engine.busy())
            seconds += asking
            own += engine.own
        rest = (own - sum(seconds)) / len(seconds)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        asked = f"{statistics.median(seconds) * 1e3:11.2f} ms {max(seconds) * 1e3:6.0f} ms"
        shares = f"{statistics.mean(busy):14.3f} {min(busy):11.3f}"
        print(f"{off:>19.0%}   {shares}   {asked}   {rest * 1e3:13.2f} ms   {memory:,.0f} MB", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
