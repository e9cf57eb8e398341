"""Paths that train every alternative equally often."""

from __future__ import annotations

import random
from typing import Any

from stdsl.compiler.analysis.architecture import Architecture, of_answers
from stdsl.compiler.analysis.demand import next_question
from stdsl.compiler.analysis.values import encode
from stdsl.compiler.ir.decisions import Decision
from stdsl.compiler.ir.graph import SpaceGraph

from ...randomness import key
from ..parts import evenly


class FairPaths:
    """Of m paths behind each other, counted from 0, each of the m values of a choose, a count or a gate has one, in an
    order that is drawn anew for every m (Chu, Zhang, Xu, "FairNAS", ICCV 2021, strict fairness, where a step has m
    paths). Sets of kept elements are drawn evenly. Without a `where`, which could not be kept."""

    def __init__(self, graph: SpaceGraph, seed: int) -> None:
        self.graph, self.seed = graph, seed

    def path(self, number: int) -> Architecture:
        answers: dict[int, int] = {}
        while (decision := next_question(self.graph, answers)) is not None:
            answers |= encode(decision, self._value(decision, number))
        return of_answers(self.graph, answers)

    def _value(self, decision: Decision, number: int) -> Any:
        if decision.kind == "keep":
            return evenly(decision, key(self.seed, "fair", decision.path, number))
        values: list[Any] = [False, True] if decision.kind == "gate" else list(decision.options)
        if decision.kind == "count":
            values = [int(value) for value in decision.values]
        turn, place = divmod(number, len(values))
        random.Random(key(self.seed, "fair", decision.path, turn)).shuffle(values)
        return values[place]
