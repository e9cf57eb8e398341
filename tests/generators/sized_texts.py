"""Texts of a small network that is applied to inputs of several sizes, mostly tiny ones.

What an operator makes of sides hangs on all its settings at once, and to be given other shapes by mistake takes
settings of one operator that say the same as those of another: they are drawn from few numbers here, so that such
coincidences, which the spaces of :mod:`random_spaces` hardly ever hold, come up all the time.
"""

from __future__ import annotations

import random

NUMBERS = (1, 1, 2, 3)
SIDES = (1, 1, 2, 3, 4, 6, 9)


def sized_text(rng: random.Random) -> str:
    """A text with a network and five spaces of it, which may have mistakes at some sizes."""
    names = ["x"]
    lines = []
    for i in range(rng.randint(2, 5)):
        steps = " -> ".join(_operator(rng, f"d{i}{step}") for step in range(rng.choice((1, 1, 2))))
        lines.append(f"  y{i} = {rng.choice(names)} -> {steps}\n")
        names.append(f"y{i}")
    spaces = [f"space s{i} = m({', '.join(_sizes(rng))})\n" for i in range(5)]
    meta = "meta m(h = 1, w = 1, c = 4) on x: image(c, h, w)"
    return f"stdsl 1\n{meta} {{\n{''.join(lines)}  return {_returned(rng, names)}\n}}\n{''.join(spaces)}"


def _sizes(rng: random.Random) -> list[str]:
    changed = rng.sample(("h", "w"), rng.randint(0, 2)) + rng.choice((["c"], [], [], []))
    return [f"{name} = {rng.choice((2, 4, 6) if name == 'c' else SIDES)}" for name in changed]


def _number(rng: random.Random, label: str) -> str:
    """A setting: a number, one for each axis, or a choice."""
    match rng.randrange(6):
        case 0 | 1:
            options = sorted(rng.sample((1, 2, 3), rng.randint(2, 3)))
            return f"(choose {{{', '.join(map(str, options))}}} as {label})"
        case 2:
            return f"{rng.choice(NUMBERS)}x{rng.choice(NUMBERS)}"
    return str(rng.choice(NUMBERS))


def _one_open(rng: random.Random, label: str) -> str:
    """An operator of which one setting is chosen, and the others are 1."""
    op, settings = rng.choice((("conv(4, ", "ksd"), ("depthwise(", "ksd"), ("max_pool(", "ks"), ("avg_pool(", "ks")))
    open_ = rng.choice(settings)
    chosen = f"(choose {{{rng.choice(('1, 2', '1, 3', '1, 2, 3'))}}} as {label})"
    named = {"s": "stride", "d": "dilation"}.get(open_)
    return f"{op}{chosen})" if named is None else f"{op}1, {named} = {chosen})"


def _operator(rng: random.Random, label: str) -> str:
    if rng.random() < 0.4:
        return _one_open(rng, label)
    stride = f", stride = {_number(rng, label + 's')}" if rng.random() < 0.6 else ""
    pad = rng.choice(("", "", "", ", pad = none"))
    dilation = f", dilation = {_number(rng, label + 'e')}" if rng.random() < 0.3 else ""
    kernel = _number(rng, label + "k")
    match rng.randrange(10):
        case 0 | 1 | 2:
            return f"conv({rng.choice(('4', '6', 'same'))}, {kernel}{stride}{dilation}{pad})"
        case 3:
            return f"depthwise({kernel}{stride}{dilation}{pad})"
        case 4:
            return f"{rng.choice(('max_pool', 'avg_pool'))}({kernel}{stride}{pad})"
        case 5:
            return f"subsample({kernel})"
        case 6:
            return f"upsample({kernel})"
        case 7:
            return rng.choice(("group_norm(2)", "channel_shuffle(2)", "layer_norm", "scale", "bn"))
        case 8:
            return f"choose {{conv(4, {kernel}), pointwise(4), zero(1)}} as {label}o"
    return rng.choice(("relu", "identity", "softmax", "global_avg_pool -> pointwise(4)"))


def _returned(rng: random.Random, names: list[str]) -> str:
    some = rng.sample(names[1:], rng.randint(1, len(names) - 1))
    match rng.randrange(4):
        case 0:
            return f"[{', '.join(f'{name} -> global_avg_pool' for name in some)}] -> concat"
        case 1:
            return f"[{', '.join(some)}] -> sum"
        case 2:
            return f"{names[-1]} -> flatten -> linear(3)"
    return names[-1]
