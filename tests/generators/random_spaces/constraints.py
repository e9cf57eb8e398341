"""`where`: constraints that leave some architectures, by construction: each label is in one of them at most, and all of
them hold where every label has the value that was picked for it."""

from __future__ import annotations

from .block import Label
from .registry import other
from .writer import Writer

other("where over a label", "where over two labels", "implication in where", "size in where", "pin in where")
other("pattern in where", "gate in where", "keep in where", "choice in where", "where over costs", "parameter in where")
other("if in where", "arithmetic in where", "in in where")
COSTS = (
    "flops <= 100M",
    "100M >= flops",
    "params in 0..10M",
    "params < 1e7",
    "depth <= 500",
    "depth in 0..1K",
    "activations >= 0",
    "activations > -1",
    "0.5G > activations",
    "0 <= flops and params <= 10M",
)


def constrain(w: Writer, parameter: str | None) -> None:
    """Now and then some constraints. ``parameter``: one of the space, whose value is at least 3."""
    usable = [label for label in w.labels if label.values]
    w.rng.shuffle(usable)
    for _ in range(w.rng.choice((0, 1, 1, 1, 2))):
        if len(usable) > 1 and w.chance(0.4):
            a, b = usable.pop(), usable.pop()
            w.where.append(both(w, a, b))
        elif usable:
            w.where.append(single(w, usable.pop(), parameter))
    if w.chance(0.15):
        w.show("where over costs")
        w.where.append(w.rng.choice(COSTS))


def text_of(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)


def single(w: Writer, label: Label, parameter: str | None) -> str:
    """A condition over one label that holds for one of its values at least."""
    name, value = label.name, w.rng.choice(label.values)
    shown = text_of(value)
    if w.chance(0.15):
        w.show("pattern in where")
        name = f'"**.{name}"'
    if label.pinnable and w.chance(0.2):
        w.show("pin in where")
        pin = {True: '"on"', False: '"off"'}[value] if label.kind == "gate" else w.one(shown, f'"{value}"')
        pin = pin if not isinstance(value, str) else f'"{value}"'
        return f'pin("{w.one("**." + label.name, label.name)}", {pin})'
    match label.kind:
        case "gate":
            w.show("gate in where")
            return (f"{name}" if value else f"not {name}") if w.chance(0.5) else f"{name} {w.one('==')} {shown}"
        case "choose":
            w.show("choice in where")
            rest = [text_of(v) for v in label.values if v != value]
            forms = [f"{name} == {shown}", f"{name} in [{shown}]", f"({name} == {shown} or false)"]
            if rest:
                forms += [f"{name} != {rest[0]}", f"{name} not in [{rest[0]}]", f"not ({name} == {rest[-1]})"]
            if any(" in " in f for f in forms):
                w.show("in in where")
            return w.rng.choice(forms)
        case "keep" if w.chance(0.5):
            w.show("size in where")
            # Where the label is in a loop or a cell, there may be many of them.
            bound = max(v for v in label.values if isinstance(v, int)) * 50 if not label.once else value
            return f'size("{w.one("**." + label.name, label.name)}") <= {bound}'
    w.show("keep in where" if label.kind == "keep" else "where over a label")
    forms = [
        f"{name} == {shown}",
        f"{shown} >= {name}",
        f"{name} in {shown}..{shown}",
        f"{name} in [{shown}, 77]",
        f"{name} < {shown} + 1",
        f"{name} * 2 - {name} == {shown}",
        f"{name} % 2 == {shown} % 2",
        f"({name} > 77 or {name} <= {shown})",
        f"(if {name} > 1 then true else {shown} <= 1)"
        if isinstance(value, int) and value <= 1
        else f"not ({name} == 77)",
    ]
    if parameter is not None and isinstance(value, int) and value <= 3:
        w.show("parameter in where")
        forms.append(f"{name} <= {parameter}")
    w.show("arithmetic in where", "if in where")
    return w.rng.choice(forms)


def both(w: Writer, a: Label, b: Label) -> str:
    """A condition over two labels that holds for one pair of their values at least."""
    w.show("where over two labels")
    one, two = (holds(w, label) for label in (a, b))
    other_one = f"not ({one})"
    match w.rng.randrange(5):
        case 0:
            w.show("implication in where")
            return f"{other_one} or {two}"
        case 1:
            w.show("implication in where", "if in where")
            return f"if {one} then {two} else true"
        case 2 if a.kind in ("number", "count", "keep") and b.kind in ("number", "count", "keep"):
            most = max(v for v in a.values if isinstance(v, int))
            return f"{a.name} <= {b.name} + {most}"
        case 3:
            return f"({one}) or ({two})"
        case _:
            w.show("implication in where")
            return f"({one}) == ({two}) or {two}"


def holds(w: Writer, label: Label) -> str:
    """A condition that holds for one of the values."""
    value = w.rng.choice(label.values)
    if label.kind == "gate":
        return label.name if value else f"not {label.name}"
    return f"{label.name} == {text_of(value)}"
