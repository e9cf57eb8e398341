"""Random texts of small spaces in which outputs can lose their inputs: gates, keeps of none, lists of open length,
products, zeros of the text, calls, one or two inputs and outputs."""

from __future__ import annotations

import random


def gated_text(rng: random.Random) -> str:
    """A text of one space. All tensors are of one shape, and every decision has a label of its own."""
    return _Text(rng).whole()


class _Text:
    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.labels = 0
        self.budget = rng.randint(3, 7)

    def whole(self) -> str:
        inputs = ["x", "y"][: self.rng.choice((1, 1, 2))]
        head = ", ".join(f"{name}: image(2, 4, 4)" for name in inputs)
        lines = [f"  a = {self.tensor(inputs, 3)}", f"  b = {self.tensor([*inputs, 'a'], 3)}"]
        ends = [f"{self.tensor(['a', 'b', *inputs], 2)} -> global_avg_pool -> linear(3)"]
        if self.rng.random() < 0.3:
            ends.append(f"{self.rng.choice(['a', 'b'])} -> conv(2, 1x1) -> global_avg_pool -> linear(2)")
        result = ends[0] if len(ends) == 1 else f"{{first: {ends[0]}, second: {ends[1]}}}"
        where = self.rng.choice(["", "", " where flops >= 12", " where params >= 12"])
        cells = [
            "op squeeze on z = z * (z -> global_avg_pool -> pointwise(z.channels) -> sigmoid)",
            "op attend on z = z * (z -> maybe conv(same, 1x1) as attended)",
            "cell block on z = [z, z -> maybe conv(2, 3x3) as more] -> sum",
            "cell only on z = z -> maybe conv(2, 1x1) as present -> relu",
        ]
        body = "\n".join([*lines, f"  return {result}"])
        return "\n".join(["stdsl 1", *cells, f"meta net on {head} {{", body, "}", f"space s = net{where}", ""])

    def label(self) -> str:
        self.labels += 1
        return f"d{self.labels}"

    def operator(self) -> str:
        plain = ["relu", "conv(2, 3x3)", "conv(2, 1x1, bias = true)", "bn", "sigmoid", "squeeze", "identity"]
        return self.rng.choice([*plain, "only", "block", "attend"]) if self.spend(0) else self.rng.choice(plain)

    def spend(self, cost: int) -> bool:
        self.budget -= cost
        return self.budget >= 0

    def tensor(self, names: list[str], depth: int) -> str:
        name = self.rng.choice(names)
        if depth == 0 or not self.spend(1):
            return name
        below = depth - 1
        match self.rng.randrange(8):
            case 0:
                return f"({self.tensor(names, below)} -> maybe {self.operator()} as {self.label()})"
            case 1:
                return f"({self.tensor(names, below)} * {self.tensor(names, below)})"
            case 2:
                kept = self.rng.choice(["0..1", "0..2", "1..2", "2"])
                parts = f"{self.tensor(names, below)}, {self.tensor(names, below)}"
                return f"([{parts}] -> keep {kept} as {self.label()} -> {self.rng.choice(['sum', 'mean'])})"
            case 3:
                others = self.rng.choice(["none: zero", "skip: identity", "more: conv(2, 3x3)"])
                label = self.label()
                return f"({self.tensor(names, below)} -> choose {{{others}, taken: {self.operator()}}} as {label})"
            case 4:
                count = f"(choose {self.rng.choice(['0..1', '1..2'])} as {self.label()})"
                return f"([{name} -> {self.operator_alone()} for _ in 1..{count}] -> sum)"
            case 5:
                return f"(maybe {self.tensor(names, below)} as {self.label()})"
            case 6:
                return f"({self.tensor(names, below)} -> repeat choose 0..1 as {self.label()} {{ only }})"
            case _:
                return f"({self.tensor(names, below)} -> {self.operator()})"

    def operator_alone(self) -> str:
        return self.rng.choice(["relu", "conv(2, 3x3)", "squeeze"])
