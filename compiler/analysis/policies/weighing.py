"""Weighing the architectures of a circuit: what they weigh in all, the heaviest one, drawing by weight, marginals.

Weights are logarithms, so that products of thousands of small ones stay what they are.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence

from ..circuits.circuit import ZERO, Branch, Circuit
from .rows import NEVER, LogRows, log_sum


def held_down(circuit: Circuit, answers: Mapping[int, int]) -> Circuit:
    """The circuit of the assignments that agree with ``answers`` wherever they ask for one of these variables."""
    nodes = list(circuit.nodes)
    for id, node in enumerate(nodes):
        if isinstance(node, Branch) and node.variable in answers:
            kept = answers[node.variable]
            nodes[id] = Branch(node.variable, tuple(k if a == kept else ZERO for a, k in enumerate(node.children)))
    return Circuit(tuple(nodes), circuit.root)


class Weighing:
    """The weight of an assignment is the sum of the logarithms of its answers, ``rows`` by variable."""

    def __init__(self, circuit: Circuit, rows: LogRows) -> None:
        self.circuit, self.rows = circuit, rows
        self.totals: list[float] = []
        """Of each node: the logarithm of the sum of the weights of its assignments."""
        for id, node in enumerate(circuit.nodes):
            if id == ZERO:
                self.totals.append(NEVER)
            elif isinstance(node, Branch):
                self.totals.append(log_sum(self._after(node)))
            else:
                self.totals.append(sum(self.totals[kid] for kid in node.children))

    @property
    def total(self) -> float:
        return self.totals[self.circuit.root]

    def draw(self, generator: random.Random) -> dict[int, int]:
        """An assignment with a probability in proportion to its weight."""
        answers: dict[int, int] = {}
        stack = [self.circuit.root]
        while stack:
            node = self.circuit.nodes[stack.pop()]
            if isinstance(node, Branch):
                after = self._after(node)
                answer = pick(after, generator)
                answers[node.variable] = answer
                stack.append(node.children[answer])
            else:
                stack.extend(reversed(node.children))
        return answers

    def heaviest(self) -> dict[int, int]:
        """An assignment of the greatest weight, of equal ones the first in the order of the circuit."""
        best: list[float] = []
        for id, node in enumerate(self.circuit.nodes):
            if id == ZERO:
                best.append(NEVER)
            elif isinstance(node, Branch):
                row = self.rows[node.variable]
                best.append(max(row[a] + best[kid] for a, kid in enumerate(node.children)))
            else:
                best.append(sum(best[kid] for kid in node.children))
        answers: dict[int, int] = {}
        stack = [self.circuit.root]
        while stack:
            node = self.circuit.nodes[stack.pop()]
            if isinstance(node, Branch):
                row = self.rows[node.variable]
                weights = [row[a] + best[kid] for a, kid in enumerate(node.children)]
                answers[node.variable] = weights.index(max(weights))
                stack.append(node.children[answers[node.variable]])
            else:
                stack.extend(node.children)
        return answers

    def answered(self) -> dict[int, list[float]]:
        """For each variable the probability of each answer; that it is not asked for makes them add up to less than
        one."""
        reached = [0.0] * len(self.circuit.nodes)
        reached[self.circuit.root] = 1.0
        found: dict[int, list[float]] = {}
        for id in range(len(self.circuit.nodes) - 1, ZERO, -1):
            node = self.circuit.nodes[id]
            if not reached[id] or not node.children:
                continue
            if isinstance(node, Branch):
                row = found.setdefault(node.variable, [0.0] * len(node.children))
                for answer, weight in enumerate(self._after(node)):
                    share = reached[id] * math.exp(weight - self.totals[id])
                    row[answer] += share
                    reached[node.children[answer]] += share
            else:
                for kid in node.children:
                    reached[kid] += reached[id]
        return found

    def _after(self, node: Branch) -> list[float]:
        row = self.rows[node.variable]
        return [row[answer] + self.totals[kid] for answer, kid in enumerate(node.children)]


def pick(weights: Sequence[float], generator: random.Random) -> int:
    """An index with a probability in proportion to what its weight is the logarithm of; one weight must be above 0."""
    most = max(weights)
    shares = [math.exp(w - most) for w in weights]
    left = generator.random() * math.fsum(shares)
    for index, share in enumerate(shares):
        left -= share
        if left < 0:
            return index
    return max(i for i, share in enumerate(shares) if share)  # rounding took the last sliver
