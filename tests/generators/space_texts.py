"""Random texts of spaces that are right, made of pieces that together show every construct of the language.

All tensors of a text have one shape, so that any piece can follow any other; what a piece does inside is its affair.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

SHAPES = {"image": (4, 6, 6), "clip": (4, 4, 6, 6), "tokens": (5, 4), "features": (4,)}
"""The shapes of samples: sizes as the language writes them. All have 4 channels."""

COMMON = ("relu", "sigmoid", "gelu", "tanh", "silu", "elu", "leaky_relu(0.2)", "identity", "dropout(0.1)")
COMMON += ("scale", "bias")
UNITS = {
    "image": (
        "conv(4, 3x3)",
        "conv(same, 3x3, dilation = 2)",
        "conv(4, 2, bias = true)",
        "conv(4, 3x1, groups = 2)",
        "pointwise()",
        "pointwise(4, bias = true)",
        "depthwise(3x3)",
        "bn",
        "group_norm(2)",
        "max_pool(3x3)",
        "avg_pool(3x3)",
        "avg_pool(2x2)",
        "channel_shuffle(2)",
        "relu_conv_bn()",
        "skip",
        "relu6",
        "hswish",
    ),
    "clip": (
        "conv(4, 3x3x3)",
        "conv(same, 1x3x3, dilation = 2)",
        "conv(4, 3x1x1, groups = 2)",
        "pointwise()",
        "depthwise(3x3x3)",
        "temporal_gaussian(same, 3x1x1)",
        "bn",
        "max_pool(3x3x3)",
        "avg_pool(1x3x3)",
        "skip",
    ),
    "tokens": ("linear(4)", "linear(4, bias = false)", "layer_norm", "linear(8) -> gelu -> linear(4)", "softmax"),
    "features": ("linear(4)", "linear(4, bias = false)", "layer_norm", "linear(8) -> relu -> linear(4)"),
}
WINDOWS = {
    "image": ("3x3", "(k, 3)", "(k, k)", "k"),
    "clip": ("1x3x3", "(k, 3, 3)", "(k, 1, 1)", "k"),
}


@dataclass(frozen=True)
class SpaceText:
    """``text`` of a file with the space `s`; ``constructs`` that it shows."""

    text: str
    constructs: frozenset[str]


@dataclass
class Writer:
    """Writes one text. Pieces return an expression for a tensor of the common shape."""

    rng: random.Random
    layout: str = "image"
    declared: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    where: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    names: list[str] = field(default_factory=lambda: ["x"])
    many: int = 0

    # -- parts

    def show(self, *constructs: str) -> None:
        self.used.update(constructs)

    def fresh(self, stem: str) -> str:
        self.many += 1
        return f"{stem}{self.many}"

    def tensor(self) -> str:
        """A tensor made before, rather a late one."""
        return self.names[-1 - min(self.rng.randrange(len(self.names)), self.rng.randrange(len(self.names)))]

    def unit(self) -> str:
        """An operator that keeps the shape."""
        unit = self.rng.choice(UNITS[self.layout] if self.rng.random() < 0.7 else COMMON)
        if "relu_conv_bn" in unit:
            self.show("use from the library")
        if "->" in unit:
            self.show("composition")
            return f"({unit})"
        return unit

    def learnt(self) -> str:
        """An operator that keeps the shape and has weights."""
        return {"image": "conv(4, 3x3)", "clip": "conv(4, 1x3x3)"}.get(self.layout, "linear(4)")

    def alternatives(self, low: int = 2) -> str:
        n = self.rng.randint(low, 3)
        self.show("named alternatives")
        return ", ".join(f"{'abc'[i]}: {self.unit()}" for i in range(n))

    def choice(self) -> str:
        """A choice between operators, in parentheses where it stands in a pipe."""
        self.show("choose")
        label = ""
        if self.rng.random() < 0.6:
            self.show("label")
            label = f" as {self.fresh('kind')}"
        return f"choose {{{self.alternatives()}}}{label}"

    def op(self) -> str:
        """Something simple to apply."""
        return self.choice() if self.rng.random() < 0.4 else self.unit()

    def line(self, text: str) -> None:
        self.lines.append(f"  {text}")

    # -- pieces

    def pipe(self) -> str:
        return f"{self.tensor()} -> {self.unit()} -> {self.op()}"

    def alternative_tensors(self) -> str:
        self.show("choose a tensor")
        return f"choose {{first: {self.tensor()}, second: {self.tensor()} -> {self.unit()}}} as {self.fresh('side')}"

    def nested(self) -> str:
        self.show("nested choices", "choose")
        inner = f"deep: choose {{{self.alternatives()}}} as {self.fresh('inner')}"
        return f"{self.tensor()} -> choose {{plain: {self.unit()}, {inner}}} as {self.fresh('outer')}"

    def ops_set(self) -> str:
        name = self.fresh("set")
        self.show("ops", "choose from ops")
        if self.rng.random() < 0.5:
            self.show("ops with parameters")
            self.declared.append(f"ops {name}(p = 0.1) = {{{self.alternatives()}, drop: dropout(p)}}")
            return f"{self.tensor()} -> choose {name}({self.rng.choice(('', '0.2'))}) as {self.fresh('kind')}"
        self.declared.append(f"ops {name} = {{{self.alternatives()}, same_again: identity, zero}}")
        self.show("zero")
        return f"{self.tensor()} -> choose {name}"

    def applied_set(self) -> str:
        if self.layout not in WINDOWS:
            return self.pipe()
        self.show("set applied to arguments", "choose a number", "let", "tuple", "choose from a constant")
        name, label = self.fresh("LENGTHS"), self.fresh("length")
        self.declared.append(f"let {name} = {{1, 3}}")
        k = f"(choose {name} as {label}, {', '.join('3' for _ in SHAPES[self.layout][2:])})"
        return f"{self.tensor()} -> choose {{conv, other: conv}}(4, {k}) as {self.fresh('kind')}"

    def chosen_number(self) -> str:
        if self.layout not in WINDOWS:
            n = self.fresh("hidden")
            self.show("choose a number", "choose from a range", "arithmetic")
            self.line(f"{n} = choose 1..3 as {self.fresh('width')}")
            return f"{self.tensor()} -> linear(2 * {n} + 1) -> relu -> linear(4)"
        k = self.fresh("k")
        self.show("choose a number", "window from a decision", "tuple")
        self.line(f"{k} = choose {{1, 3, 5}} as {self.fresh('length')}")
        return f"{self.tensor()} -> conv(4, {self.rng.choice(WINDOWS[self.layout][1:]).replace('k', k)})"

    def chosen_tuple(self) -> str:
        if self.layout not in WINDOWS:
            return self.pipe()
        self.show("choose a tuple", "crossed sizes")
        sizes = {"image": "{1x3, 3x1, square: 3x3}", "clip": "{1x3x3, 3x1x1, cube: 3x3x3}"}[self.layout]
        return f"{self.tensor()} -> conv(4, choose {sizes} as {self.fresh('size')})"

    def chosen_width(self) -> str:
        back = "linear(4)" if self.layout not in WINDOWS else "pointwise(4)"
        go = "linear" if self.layout not in WINDOWS else "pointwise"
        self.show("choose a number", "number that depends on a decision", "attribute")
        n, y = self.fresh("n"), self.fresh("wide")
        self.line(f"{n} = choose {{1, 2, 4}} as {self.fresh('factor')}")
        self.line(f"{y} = {self.tensor()} -> {go}(2 * {n})")
        return f"{y} -> {go}(max({y}.channels // 2, 1)) -> relu -> {back}"

    def keep(self) -> str:
        n = self.rng.randint(2, 4)
        kinds = {"keep 2": "keep a number", "keep 1..2": "keep a range", "keep any": "keep any"}
        kinds |= {"keep all": "keep all", f"keep 0..{n}": "keep none or more", "keep 1": "keep a number"}
        form = self.rng.choice(list(kinds))
        reduce = self.rng.choice(("sum", "sum", "mean"))
        self.show(kinds[form], reduce, "list")
        each = ""
        if self.rng.random() < 0.7:
            self.show("each")
            each = f" -> each {self.op()}"
        items = ", ".join(f"{self.tensor()} -> {self.unit()}" if i % 2 else self.tensor() for i in range(n))
        label = ""
        if self.rng.random() < 0.5:
            label = f" as {self.fresh('inputs')}"
        return f"[{items}]{each} -> {form}{label} -> {reduce}"

    def concat(self) -> str:
        self.show("concat", "list")
        back = "linear(4)" if self.layout not in WINDOWS else "pointwise(4)"
        kept = ""
        if self.rng.random() < 0.5:
            kept = f" -> keep 1..2 as {self.fresh('parts')}"
            self.show("keep a range")
        return f"[{self.tensor()} -> {self.op()}, {self.tensor()}]{kept} -> concat -> {back}"

    def slots(self) -> str:
        self.show("keep in slots", "cell with several inputs", "cell")
        name = self.fresh("pair")
        self.declared.append(f"cell {name} on a, b {{ u = a -> {self.unit()}  return u + (b -> {self.learnt()}) }}")
        items = f"{self.tensor()}, {self.tensor()} -> {self.unit()}, {self.tensor()}"
        return f"[{items}] -> keep 2 as {self.fresh('two')} -> {name}"

    def gate(self) -> str:
        if self.rng.random() < 0.5:
            self.show("maybe of a tensor")
            return f"[{self.tensor()}, maybe {self.tensor()} as {self.fresh('gate')}] -> sum"
        self.show("maybe of an operator")
        return f"{self.tensor()} -> maybe ({self.op()}) as {self.fresh('gate')}"

    def gated_choice(self) -> str:
        self.show("maybe of an operator", "choose")
        return f"{self.tensor()} + ({self.tensor()} -> maybe (choose {{{self.alternatives()}}}))"

    def repeat(self) -> str:
        form = self.rng.choice(("repeat 2", "repeat choose 1..3", "repeat choose 0..2", "tied repeat choose 1..2"))
        form = self.rng.choice((form, "tied repeat 2"))
        self.show({"repeat 2": "repeat", "tied repeat 2": "tied repeat"}.get(form, "repeat choose"))
        if form.startswith("tied"):
            self.show("tied repeat")
        if "choose" in form and self.rng.random() < 0.6:
            form += f" as {self.fresh('repeats')}"
        return f"{self.tensor()} -> {form} {{ {self.op()} }}"

    def loop(self) -> str:
        y, n = self.fresh("y"), self.rng.randint(2, 3)
        self.show("for", "part of a list", "splat", "last element")
        body = f"[{self.tensor()}, *{y}[<i]] -> each {self.op()} -> keep any as {self.fresh('inputs')} -> sum"
        self.line(f"for i in 1..{n} {{ {y}[i] = {body} }}")
        return f"{y}[{n}]"

    def loop_with_locals(self) -> str:
        y = self.fresh("y")
        self.show("for", "seed of a list", "index", "name local to an iteration")
        self.line(f"{y}[0] = {self.tensor()}")
        self.line(f"for i in 1..2 {{ t = {y}[i - 1] -> {self.op()}  {y}[i] = t -> {self.unit()} }}")
        return f"{y} -> sum" if self.rng.random() < 0.5 else f"last(1, {y}) -> sum"

    def decided_bound(self) -> str:
        y, n = self.fresh("y"), self.fresh("n")
        label = self.fresh("width")
        self.show("bound that is decided", "for", "choose from a range")
        self.line(f"{n} = choose 1..3 as {label}")
        self.line(f"for i in 1..{n} {{ {y}[i] = {self.tensor()} -> {self.op()} }}")
        return f"{y} -> {self.rng.choice(('sum', 'mean'))}"

    def shares(self) -> str:
        if self.layout not in WINDOWS:
            return self.decided_bound()
        y, n = self.fresh("y"), self.fresh("n")
        self.show("share", "bound that is decided", "concat")
        self.line(f"{n} = choose 1..3 as {self.fresh('width')}")
        self.line(f"for i in 1..{n} {{ {y}[i] = {self.tensor()} -> pointwise(share(4, {n}, i)) }}")
        return f"{y} -> concat -> {self.unit()}"

    def comprehension(self) -> str:
        self.show("comprehension", "list")
        y = self.fresh("y")
        self.line(f"{y} = [{self.tensor()} -> {self.op()} for i in 1..{self.rng.randint(1, 3)}]")
        if self.rng.random() < 0.5:
            self.show("splat", "index")
            return f"[*{y}, {y}[1] -> {self.unit()}] -> sum"
        self.show("last elements")
        return f"last(2, [{self.tensor()}, *{y}]) -> mean"

    def conditional(self) -> str:
        n = self.fresh("n")
        self.show("if", "comparison", "choose a number")
        self.line(f"{n} = choose 1..4 as {self.fresh('size')}")
        test = self.rng.choice(
            (f"{n} > 2", f"{n} in [1, 4]", f"{n} % 2 == 0 and {n} < 4", f"not ({n} == 1 or {n} == 3)")
        )
        self.show(*(word for word in ("in", "and", "or", "not") if f" {word} " in f" {test} "))
        return f"{self.tensor()} -> (if {test} then {self.unit()} else {self.unit()})"

    def conditional_on_shape(self) -> str:
        if self.layout not in WINDOWS:
            return self.conditional()
        self.show("if", "attribute", "op on its input", "tensor parameter")
        name, y = self.fresh("fit"), self.fresh("small")
        self.declared.append(
            f"op {name}(like) on a = a -> (if a.height > like.height then max_pool(2, stride = 2) else identity)"
        )
        stride = "2x2" if self.layout == "image" else "1x2x2"
        time = "2" if self.layout == "image" else "1x2x2"
        self.declared[-1] = self.declared[-1].replace("max_pool(2, stride = 2)", f"max_pool({time}, stride = {stride})")
        self.line(
            f"{y} = {self.tensor()} -> choose {{down: max_pool({time}, stride = {stride}), relu}} as {self.fresh('r')}"
        )
        factor = stride
        self.show("shape that depends on a decision")
        z = self.fresh("fitted")
        self.line(f"{z} = {self.tensor()} -> {name}(like = {y})")
        return f"{y} + {z} -> (if {y}.height < 6 then upsample({factor}) else identity)"

    def operator_sum(self) -> str:
        self.show("operator arithmetic")
        sign = self.rng.choice("+*")
        return f"{self.tensor()} -> ({self.unit()} {sign} {self.unit()}) -> {self.learnt()}"

    def tensor_product(self) -> str:
        self.show("tensor arithmetic")
        if self.layout in WINDOWS:
            self.show("broadcast", "op on its input")
            name = self.fresh("gated")
            self.declared.append(f"op {name}(c) on a = a * (a -> global_avg_pool -> pointwise(c) -> sigmoid)")
            return f"{self.tensor()} -> {name}(4)"
        return f"{self.tensor()} * ({self.tensor()} -> sigmoid) + {self.tensor()}"

    def declared_op(self) -> str:
        name = self.fresh("unit")
        self.show("op", "parameter with a default", "composition")
        back = "linear(c)" if self.layout not in WINDOWS else "pointwise(c)"
        self.declared.append(f"op {name}(c = 4, times = 2) = {back} -> repeat times {{ {self.unit()} }}")
        self.show("repeat")
        call = self.rng.choice((name, f"{name}()", f"{name}(4, 1)", f"{name}(times = 1)"))
        return f"{self.tensor()} -> {call}"

    def shared_value(self) -> str:
        self.show("operator bound to a name", "one decision for several consumers")
        f = self.fresh("f")
        self.line(f"{f} = {self.choice()}")
        return f"({self.tensor()} -> {f}) + ({self.tensor()} -> {f})"

    def template(self) -> str:
        name = self.fresh("block")
        self.show("operator parameter", "cell")
        self.declared.append(f"cell {name}(inner) on a {{ b = a -> inner  c = a -> inner  return b + c }}")
        passed = self.fresh("inside")
        self.declared.append(f"op {passed} = {self.op()}")
        return f"{self.tensor()} -> {name}({self.rng.choice((passed, self.unit()))})"

    def tied_cell(self) -> str:
        name = self.fresh("normal")
        self.show("tied cell")
        self.declared.append(f"tied cell {name} on a = a -> choose {{{self.alternatives()}}} as kind -> {self.unit()}")
        return f"{self.tensor()} -> {name} -> {self.unit()} -> {name}"

    def tied_by_value(self) -> str:
        name = self.fresh("motif")
        self.show("tied by a parameter")
        self.declared.append(f"tied(k) cell {name}(k, c) on a = a -> maybe ({self.op()}) as active -> dropout(c)")
        return f"({self.tensor()} -> {name}(1, 0.1)) + ({self.tensor()} -> {name}(1, 0.2) -> {name}(2, 0.1))"

    def any_length(self) -> str:
        name = self.fresh("merge")
        self.show("inputs of any length", "cell")
        self.declared.append(f"cell {name} on *xs = xs -> each {self.op()} -> sum")
        return f"[{self.tensor()}, {self.tensor()}, {self.tensor()}] -> {name}"

    def frozen(self) -> str:
        self.show("frozen")
        return f"{self.tensor()} -> frozen {self.learnt()}"

    def arithmetic(self) -> str:
        self.show("arithmetic", "functions of numbers", "power")
        go = "linear" if self.layout not in WINDOWS else "pointwise"
        a = self.rng.choice(("ceil(2.5) + floor(1.5)", "min(4, 7) * round(1.2)", "2 ** 2", "abs(-8) // 2", "7 % 4 + 1"))
        b = self.rng.choice(("ceil(sqrt(16))", "round(exp(log(4)))", "9 / 3 + 1", "max(1, 4)", "0.004K", "0.004K"))
        if "K" in b:
            self.show("suffix")
            b = "ceil(0.004K)"
        return f"{self.tensor()} -> {go}({a}) -> relu -> {go}(round({b}))"

    def valid_window(self) -> str:
        if self.layout != "image":
            return self.pipe()
        self.show("valid window", "stride")
        return f"{self.tensor()} -> conv(4, 2x2, stride = 2, pad = none) -> upsample(2) -> {self.unit()}"

    def strided(self) -> str:
        if self.layout != "image":
            return self.pipe()
        self.show("stride", "factorised reduction")
        halves = "skip(2), pool: max_pool(3x3, stride = 2), zero(stride = 2)"
        return f"{self.tensor()} -> choose {{{halves}}} as {self.fresh('kind')} -> upsample(2x2)"

    # -- the whole

    def constrain(self, labels: list[str]) -> None:
        """Constraints that leave most architectures."""
        if labels and self.rng.random() < 0.7:
            self.show("where over a label")
            self.where.append(f"{labels[0]} <= 3")
        if len(labels) > 1 and self.rng.random() < 0.7:
            self.show("where over two labels")
            self.where.append(f"{labels[0]} <= {labels[1]} + 2")

    def cost(self) -> None:
        if self.rng.random() < 0.3:
            self.show("where over costs")
            self.where.append(self.rng.choice(("flops <= 100M", "params in 0..10M", "depth <= 500")))


PIECES = (
    Writer.pipe,
    Writer.alternative_tensors,
    Writer.nested,
    Writer.ops_set,
    Writer.applied_set,
    Writer.chosen_number,
    Writer.chosen_tuple,
    Writer.chosen_width,
    Writer.keep,
    Writer.keep,
    Writer.keep,
    Writer.concat,
    Writer.slots,
    Writer.gate,
    Writer.gated_choice,
    Writer.repeat,
    Writer.repeat,
    Writer.loop,
    Writer.loop_with_locals,
    Writer.decided_bound,
    Writer.shares,
    Writer.comprehension,
    Writer.conditional,
    Writer.conditional_on_shape,
    Writer.operator_sum,
    Writer.tensor_product,
    Writer.declared_op,
    Writer.shared_value,
    Writer.template,
    Writer.tied_cell,
    Writer.tied_by_value,
    Writer.any_length,
    Writer.frozen,
    Writer.arithmetic,
    Writer.valid_window,
    Writer.strided,
)

CONSTRUCTS = frozenset(
    """
    use from the library|composition|named alternatives|choose|label|choose a tensor|nested choices|ops
    choose from ops|ops with parameters|zero|set applied to arguments|choose a number|let|tuple
    choose from a constant|choose from a range|arithmetic|window from a decision|choose a tuple|crossed sizes
    number that depends on a decision|attribute|keep a number|keep a range|keep any|keep all|keep none or more|sum|mean
    list|each|concat|keep in slots|cell with several inputs|cell|maybe of a tensor|maybe of an operator|repeat
    repeat choose|tied repeat|for|part of a list|splat|last element|seed of a list|index|name local to an iteration
    bound that is decided|share|comprehension|last elements|if|comparison|in|and|or|not|op on its input
    tensor parameter|shape that depends on a decision|operator arithmetic|tensor arithmetic|broadcast|op
    parameter with a default|operator bound to a name|one decision for several consumers|operator parameter
    tied cell|tied by a parameter|inputs of any length|frozen|functions of numbers|power|suffix|valid window|stride
    factorised reduction|where over a label|where over two labels|where over costs|size in where|pin in where
    several inputs|several outputs|parameter of a space|hole of a meta|image|clip|tokens|features
    """.replace("\n", "|").split("|")
)
CONSTRUCTS = frozenset(c.strip() for c in CONSTRUCTS if c.strip())


def space_text(rng: random.Random) -> SpaceText:
    """A random text with a space `s` of small networks."""
    layout = rng.choices(tuple(SHAPES), (6, 2, 1, 1))[0]
    w = Writer(rng, layout)
    w.show(layout)
    sizes = ", ".join(map(str, SHAPES[layout]))
    inputs = f"x: {layout}({sizes})"
    if rng.random() < 0.15:
        inputs += f", other: {layout}({sizes})"
        w.names.append("other")
        w.show("several inputs")
    labels: list[str] = []
    for _ in range(rng.randint(1, 5)):
        piece = rng.choice(PIECES)
        expression = piece(w)
        name = w.fresh("v")
        w.line(f"{name} = {expression}")
        w.names.append(name)
    if rng.random() < 0.15:
        for _ in range(2):
            n, label = w.fresh("n"), w.fresh("grade")
            labels.append(label)
            w.line(f"{n} = choose 1..4 as {label}")
            name = w.fresh("v")
            w.line(f"{name} = {w.tensor()} -> repeat {n} {{ {w.unit()} }}")
            w.names.append(name)
            w.show("choose from a range")
        w.constrain(labels)
        w.line(f"all_of_them = [{', '.join(w.names[-2:])}] -> sum")
        w.names.append("all_of_them")
    if rng.random() < 0.12:
        w.show("size in where", "keep any")
        w.line(f"sized = [{w.tensor()}, {w.tensor()}, {w.tensor()}] -> keep any as few -> sum")
        w.names.append("sized")
        w.where.append('size("**.few") <= 2')
    if rng.random() < 0.12:
        w.show("pin in where")
        w.line(f"pinned = {w.tensor()} -> choose {{left: {w.unit()}, right: {w.unit()}}} as hand")
        w.names.append("pinned")
        w.where.append('pin("**.hand", "left")')
    w.cost()
    used = " + ".join(dict.fromkeys(w.names[-3:]))
    last = "(x -> learnt) + " if rng.random() < 0.5 else ""
    if last:
        w.show("hole of a meta", "operator parameter")
    result = f"{last}{used}"
    if rng.random() < 0.15:
        w.show("several outputs")
        result = f"{{main: {result}, aux: {w.tensor()} -> relu}}"
    parameters = "learnt" if last else "spare = 1"
    arguments = w.learnt() if last else ""
    head = "stdsl 1\n"
    if "relu_conv_bn" in "".join(w.declared + w.lines):
        head += "use std.image (relu_conv_bn)\n"
    where = f" where {', '.join(w.where)}" if w.where else ""
    space = f"space s(spare = 3) = m({arguments})" if rng.random() < 0.3 else f"space s = m({arguments})"
    if "(spare = 3)" in space:
        w.show("parameter of a space")
    body = "\n".join(w.lines)
    text = "\n".join(
        [head, *w.declared, f"meta m({parameters}) on {inputs} {{", body, f"  return {result}", "}", space + where]
    )
    return SpaceText(text + "\n", frozenset(w.used))
