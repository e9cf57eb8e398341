"""Names that the grammar allows and nobody expects, and texts that try to become something else than text; spaces with
either in every place where they may stand."""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Mapping
from typing import Final

from torch import nn

KEYWORDS: Final = frozenset(
    """
    stdsl use let op ops cell meta extern space strategy search return choose keep maybe repeat each tied frozen any all
    where from on as for in if then else and or not true false none
    """.split()  # noqa: SIM905
)
_ATTRIBUTES = {name for name in dir(nn.Module()) if not name.startswith("__")}
_OURS = """
f F _true None_ None none_ True False Supernet SearchNetwork Network ROWS Row Terms torch nn drop_path DropPath self
cls forward print super class_ __init__ __class__ __dict__ __call__ _ __ _1 x x1 x_1 weights within mix meet product
pooled filtered recomputed weighted edge_weights interleave frames instants model outputs output input total average
joined mixed part part_2 conv conv_2 conv_k3x3 relu sum mean concat add decision_parameters decision_weights derive
rows source graph passes materialise keep_temperature is_frozen annotations channels stride kernel_size in_channels
out_channels padding ChannelScale channel_scale PaddedAvgPool float len range Tensor math stdsl_generated numpy os sys
"""
_PYTHON = {*keyword.kwlist, *keyword.softkwlist, *dir(builtins)}
NAMES: Final = (*sorted({*_PYTHON, *_ATTRIBUTES, *_OURS.split()} - KEYWORDS), "y" * 3000)

STRINGS: Final = (
    '"""\nimport pathlib; pathlib.Path("owned").touch()\n"""',
    "'''\nimport pathlib; pathlib.Path(\"owned\").touch()\n'''",
    '"); __import__("pathlib").Path("owned").touch(); ("',
    "'); __import__('pathlib').Path('owned').touch(); ('",
    '\\"""); open("owned", "w")#',
    "\\",
    '"',
    "'",
    '\\"',
    'a\nb\n---\nflowchart TB\nclick a href "javascript:alert(1)"\n',
    "\t",
    "%s %(x)s %d 100%",
    "{0} {m} {p} {{ 7 * 7 }} {% raw %} {# x #} ${x} $(touch owned) `touch owned`",
    "%%{init: {'securityLevel': 'loose'}}%%",
    "</title><script>alert(1)</script><img src=x onerror=alert(2)>",
    "--><svg onload=alert(1)>]]>",
    '"><a xlink:href="javascript:alert(1)">',
    "&lt;b&gt; &#60; &quot;",
    "[bold red]x[/bold red] [link=http://x]y[/] :smile: \\[x]",
    "::error file=x::y",
    "\x1b[2J\x1b]0;PWNED\x07\x1b]52;c;cm0gLXJm\x07\x9b31m\x00\x08\x7f\r",
    "\u202eesrever\u202c \u2066x\u2069 \u200f\u200e\u061c \u2028\u2029\ufeff\u00ad",
    "\U000e0001\U000e0041 é 中 🎉",
    ") + (",
    "x" * 3000,
    ("a, " * 100) + '"',
)

NAMED_SPACE: Final = """stdsl 1
extern op {extern}({parameter}: int = 3, {further}: string = "plain") on {input} from "{module}:{class}" {{
  params = 0
  flops = 0
}}
ops {ops}({parameter}) = {{
  {first}: (conv({parameter}, choose {{3x3, 1x1}} as {window}) -> bn),
  {second}: {op}({parameter}),
}}
op {op}({parameter}) on {input} = {input} -> conv({parameter}, 3x3) -> bn
cell {cell}({parameter}, {further} = 1) on {input} {{
  {value} = {input} -> {op}({parameter})
  {result} = [{input} -> pointwise({parameter}), {value}]
    -> each choose {ops}({parameter}) as {label}
    -> keep 1..2 as {keep}
    -> sum
  return {result}
}}
tied cell {outer}({parameter}) on {input} {{
  {value} = {input} -> {cell}({parameter}) -> {extern}({parameter})
  for {loop} in 1..2 {{ {list}[{loop}] = {value} -> maybe relu as {gate} }}
  return [*{list}] -> sum
}}
meta {meta}({parameter} = 4) on {first_input}: image(3, 8, 8), {second_input}: image(3, 8, 8) {{
  {value} = [{first_input}, {second_input}] -> sum -> {outer}({parameter})
  {middle} = {value} -> {outer}({parameter} * 2)
  {result} = {middle} -> global_avg_pool
  return {{{first_output}: {result} -> linear(3), {second_output}: {value} -> global_avg_pool -> linear(3)}}
}}
space {space}({parameter} = 4) = {meta}({parameter})
extern data {data}({parameter}: int = 3, {further}: string = "plain") from "{module}:{class}" {{
  inputs = {{{first_input}: image(3, 8, 8), {second_input}: image(3, 8, 8)}}
  classes = {parameter}
}}
extern loss {loss}({parameter}: int = 3, {further}: string = "plain") from "{module}:{class}" {{ }}
search {search} {{
  space = {space}
  data = {data}({further} = "fancy")
  loss = {loss}({parameter} = 2)
  strategy = gradient {{ steps = 1  batch = 2 }}
  retrain {{ steps = 1  batch = 2 }}
}}
"""
"""A space whose names are open: each role once, in one scope or several."""

ROLES: Final[Mapping[str, str]] = {
    "extern": "outside",
    "class": "Passing",
    "parameter": "c",
    "further": "d",
    "ops": "candidates",
    "first": "one",
    "second": "two",
    "window": "win",
    "op": "simple",
    "cell": "inner",
    "outer": "big",
    "input": "i",
    "value": "v",
    "result": "r",
    "middle": "m",
    "label": "kind",
    "keep": "inputs",
    "loop": "n",
    "list": "row",
    "gate": "on_off",
    "meta": "net",
    "first_input": "left",
    "second_input": "right",
    "first_output": "logits",
    "second_output": "aux",
    "space": "all_of_it",
    "data": "pairs",
    "loss": "apart",
    "search": "looking",
}
"""Roles of names with harmless ones."""


def named_space(names: Mapping[str, str], module: str) -> str:
    return NAMED_SPACE.format(**{**ROLES, **names, "module": module})


OUTSIDE: Final = """
import torch as hostile_torch

class Passing(hostile_torch.nn.Module):
    def __init__(self, **given):
        hostile_torch.nn.Module.__init__(self)

    def forward(self, x):
        return x

globals()[{name!r}] = Passing

class Held:
    targets = [i % 13 for i in range(40)]

    def __init__(self, **given):
        pass

    def __len__(self):
        return 40

    def __getitem__(self, index):
        return hostile_torch.full((1, 4, 8, 8), float(index % 5)), index % 13

class Told:
    def __init__(self, **given):
        pass

    def __call__(self, given, targets):
        return hostile_torch.nn.functional.cross_entropy(given, targets)
"""
"""A module for operators of the user's, a class of any name, which takes any parameters; and for data and a loss."""

TEXTS_SPACE: Final = """stdsl 1
let text = {0}
extern op e(mode: string = {0}, n: int = 3) on x from "hostile_outside:Passing" {{
  params = 0
  flops = 0
}}
cell block(c, note = {0}) on x = x -> conv(c, 1x3x3) -> e(mode = note) -> e(mode = choose {{{0}, "plain"}} as mode)
meta m(c = 4, note = {0}) on video: clip(1, 4, 8, 8) {{
  z = video -> e(mode = choose {{{0}, "plain"}} as top)
  a = z -> block(c) -> choose {{relu, named: e(mode = {0})}} as kind
  b = a -> block(c, note = text) -> choose {{relu, gelu}} as kind
  return b -> global_avg_pool -> linear(13)
}}
space s(c = 4, note = {0}) = m(c, note = note)
search q {{
  space = s(note = {0})
  data = motion_digits(frames = 4, size = 8, train = 32, valid = 32, test = 16)
  strategy = gradient {{ steps = 2 batch = 8 }}
  retrain {{ steps = 2 batch = 8 }}
}}
extern data held(mode: string = {0}, n: int = 3, place: path = {0}) from "hostile_outside:Held" {{
  inputs = clip(1, 4, 8, 8)
  classes = 13
}}
extern loss told(mode: string = {0}) from "hostile_outside:Told" {{ }}
search own {{
  space = s(note = {0})
  data = held(mode = {0}, place = {0})
  loss = told(mode = {0})
  strategy = gradient {{ steps = 2 batch = 8 }}
  retrain {{ steps = 2 batch = 8 }}
}}
"""
"""A space with one string in all places where strings may stand and be right."""

MISTAKES: Final = (
    "use {0} (x)",
    "extern op e on x from {0} {{ params = 0 }}",
    'extern op e(mode: string = {0}) on x from "m:E" {{ layout = {0} {0} = 1 }}',
    "extern data d from {0} {{ inputs = image(3, 8, 8) classes = 2 }}",
    'extern data d(mode: string = {0}) from "m:D" {{ inputs = {0} classes = {0} splits = [{0}] positions = {0} }}',
    'extern data d(mode: {0}) from "m:D" {{ inputs = {{a: image({0}, 8, 8)}} ignore = {0} valid = {0} {0} = 1 }}',
    "extern loss l from {0} {{ tasks = [{0}] }}",
    'extern loss l(mode: string = {0}) from "m:L" {{ tasks = {0} {0} = 1 }}',
    'extern loss l(mode: string) from "m:L" {{ }}\nsearch q {{ space = s data = {0} loss = l({0}) }}',
    "search q {{ space = s data = motion_digits loss = {0} evaluate {{ metric = {0} }} task = {0} }}",
    "meta m on image: image(3, 8, 8) = image -> conv(4, 3x3, pad = {0})",
    "meta m on image: image(3, 8, 8) = image -> relu({0})",
    "meta m on image: image(3, 8, 8) = image -> {0}",
    "meta m on image: image(3, 8, 8) = image -> choose {{{0}, {0}}}",
    "meta m on image: image(3, 8, 8) = image -> upsample(2) -> avg_pool({0})",
    "let v = {0} + 1",
    "let v = {0} -> relu",
    "let v = [1, 2][{0}]",
    "let v = if {0} then 1 else 2",
    "meta m on i: image(3, 8, 8) = i -> choose {{a: relu, b: gelu}} as k\nspace s = m where k == {0}",
    "meta m on i: image(3, 8, 8) = i -> choose {{a: relu, b: gelu}} as k\nspace s = m where {0} <= 3",
    "search q {{ space = {0} data = {0} strategy = {0} }}",
    "search q {{ space = s data = cifar10(root = {0}) strategy = gradient {{ steps = {0} batch = {0} }} }}",
    "search q {{ space = s data = motion_digits strategy = darts export {{ onnx = {0} source = {0} weights = {0} }} }}",
    "search q {{ space = s data = motion_digits strategy = darts needs = [{0}] phase {{ {0} = 1 }} {0} = 2 }}",
    "strategy t = gradient {{ discretize {{ count = {0} }} }}",
)
"""Declarations in which a string is wrong, or names what is not there."""


def space_string(text: str) -> str:
    """A string of the language, as a file has it: what has no escape stands there as it is."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'
