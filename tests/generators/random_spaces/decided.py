"""Numbers and lists of numbers that decisions change, bound to names."""

from __future__ import annotations

from . import conditions, numbers
from .block import Number, Numbers
from .writer import Writer


def decided(w: Writer, values: tuple[int, ...] = (1, 2, 3), p: float = 0.7) -> Number:
    """A decided number of this body, bound to a name."""
    written = ", ".join(map(str, values))
    consecutive = values == tuple(range(values[0], values[-1] + 1))
    if consecutive and w.chance(0.5):
        text = f"choose {values[0]}..{values[-1]}{w.label('d', 'number', values, p)}"
    elif len(values) > 2 and w.chance(0.25):
        rest = ", ".join(map(str, values[1:]))
        more = w.fresh("more")
        deep = f"choose {{{rest}}}{w.label('q', 'number', values[1:], 1)}"
        # A label that is compared with numbers must not have a computed alternative.
        text = f"choose {{{values[0]}, {more}: {deep}}}{w.label('d', 'other', (), p)}"
        w.show("nested choice of numbers")
    elif w.chance(0.2):
        names = [w.fresh("n") for _ in values]
        items = ", ".join(f"{name}: {numbers.exactly(w, v, 1)}" for name, v in zip(names, values, strict=True))
        text = f"choose {{{items}}}{w.label('d', 'other', (), p)}"
        w.show("named numbers")
    else:
        text = f"choose {{{written}}}{w.label('d', 'number', values, p)}"
    w.show("choose a number")
    number = Number(w.bind("n", text), values)
    w.block.numbers.append(number)
    if w.chance(0.3):
        number = computed(w, number)
    return number


def computed(w: Writer, number: Number) -> Number:
    """A number that follows from a decided one, with the same values."""
    d = number.name
    low, high = min(number.values), max(number.values)
    text = w.one(
        f"max({low}, {d})",
        f"min({high}, {d})",
        f"if {d} > {low} then {d} else {low}",
        f"[{', '.join(map(str, range(1, high + 1)))}][{d}]" if low > 0 else f"{d} + 0",
        f"({', '.join(map(str, range(1, high + 1)))}, 0)[{d}]" if low > 0 else f"2 * {d} // 2",
        f"ceil({d} / 1)",
        f"len([0 for i in 1..{d}])",
    )
    w.show("computed number")
    made = Number(w.bind("n", text), number.values)
    w.block.numbers.append(made)
    return made


def listed(w: Writer) -> Numbers:
    """A list of small odd numbers of which some may be absent, bound to a name."""
    values: tuple[int, ...] = (1, 3, 5)
    match w.rng.randrange(6):
        case 0 | 1:
            form, least = w.rng.choice((("1..2", 1), ("any", 1), ("2", 2), ("0..2", 0), ("all", 3)))
            w.show("kept numbers")
            text = f"[1, 3, 5] -> keep {form}{w.label('some', 'other', (), 0.7)}"
        case 2:
            w.show("chosen list of numbers")
            text = f"choose {{{w.fresh('p')}: [1, 3], {w.fresh('p')}: [5]}}{w.label('which', 'other', (), 0.7)}"
            least = 1
        case 3:
            number = decided(w, (1, 2, 3))
            w.show("list of numbers of decided length")
            text, least = f"[2 * i - 1 for i in 1..{number.name}]", 1
        case 4:
            w.show("list of numbers by a condition")
            text, least = f"if {conditions.condition(w)} then [1] else [3, 5]", 1
        case _:
            w.show("spliced numbers", "kept numbers")
            text = f"[*([1, 3] -> keep {w.one('0..1', '1')}{w.label('some', 'other', (), 1)}), 5]"
            least = 1
    made = Numbers(w.bind("ds", text), values, least)
    w.block.lists.append(made)
    return made


def odd(w: Writer) -> str:
    """A number for the size of a window: 1, 3 or 5."""
    made = [xs for xs in w.block.lists if xs.least] if w.chance(0.5) else []
    if made:
        xs = w.rng.choice(made)
        at = w.rng.randint(1, xs.least)
        return w.one(
            f"{xs.name}[{at}]", f"last({at}, {xs.name})[1]", f"2 * len({xs.name}) - 1", f"{xs.name}[len({xs.name})]"
        )
    if w.block.numbers and w.chance(0.6):
        number = w.rng.choice(w.block.numbers)
        return f"2 * {number.name} + 1" if min(number.values) < 1 else f"2 * {number.name} - 1"
    return numbers.exactly(w, w.rng.choice((1, 3)))
