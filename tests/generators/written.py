"""What a text shows of the grammar and of what may be named: productions, primitives with their parameters, functions,
names of the library, attributes, costs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from functools import cache

from lark import Lark
from reference.primitives import PRIMITIVES as KNOWN

from stdsl.compiler.diagnostics.model import Sink
from stdsl.compiler.diagnostics.source import Source
from stdsl.compiler.frontend import ast, parser, tables
from stdsl.compiler.frontend.automaton import END
from stdsl.compiler.frontend.items import cut
from stdsl.compiler.frontend.tokens import Token
from stdsl.compiler.ops.registry import PRIMITIVES
from stdsl.compiler.semantics.elaboration.arithmetic import FUNCTIONS
from stdsl.compiler.semantics.elaboration.global_names import LIST_FUNCTIONS, REDUCERS
from stdsl.compiler.semantics.elaboration.where import METRICS
from stdsl.compiler.semantics.modules import library_source

LIBRARY = ("std.image", "std.video", "std.backbones")
ATTRIBUTES = ("channels", "frames", "height", "width", "length")


@cache
def larks() -> Lark:
    """The grammar's parser as lark makes it; ours has its tables, and what a rule is made of is not in them."""
    return tables.build()


@contextmanager
def recorded() -> Iterator[set[str]]:
    """The productions that lark's parser reduces by, as `keep -> KEEP ANY label`, while this goes on."""
    callbacks = larks().parser.parser.parser.callbacks
    found: set[str] = set()
    before = dict(callbacks)

    def noting(rule: object, build: object):
        def reduce(children: object) -> object:
            found.add(production(rule))
            return build(children)

        return reduce

    callbacks.update({rule: noting(rule, build) for rule, build in before.items()})
    try:
        yield found
    finally:
        callbacks.update(before)


def production(rule) -> str:
    return f"{rule.origin.name} -> {' '.join(symbol.name for symbol in rule.expansion)}"


def every_production() -> set[str]:
    return {production(rule) for rule in larks().parser.parser.parser.callbacks}


def parsed(text: str) -> ast.File:
    sink = Sink()
    file = parser.parse(Source("text.space", text), sink)
    assert not sink.errors, sink.errors
    return file


def shown(text: str) -> tuple[set[str], set[str]]:
    """The productions that a text shows, and the names of :func:`every_name`."""
    tokens = [token for token in tables.load().scanner.tokens(text) if token.type != "COMMENT"]
    with recorded() as found:
        for item in cut(tokens[2:]):
            state = larks().parse_interactive(start="item")
            for token in [*item, Token(END, "")]:
                state.feed_token(token)
    return found, names(parsed(text))


def every_name() -> set[str]:
    """All that a text may name without declaring it, and each parameter of each primitive; of the primitives those that
    the interpreter of the tests knows, to which random spaces are held."""
    found = {f"{name}({p.name})" for name in KNOWN for p in PRIMITIVES[name].parameters}
    found |= {*KNOWN, *FUNCTIONS, *LIST_FUNCTIONS, *REDUCERS, "same", *METRICS, "pin", "size"}
    found |= {f".{name}" for name in ATTRIBUTES}
    for module in LIBRARY:
        source = library_source(module)
        assert source is not None
        found |= {f"{module}.{d.name.id}" for d in parsed(source.text).declarations}
    return found


def names(file: ast.File) -> set[str]:
    """Those of :func:`every_name` that a file shows."""
    found = {f"{use.target}.{imported.name.id}" for use in file.uses for imported in use.names}
    for node in nodes(file.declarations):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(f".{node.name.id}")
        elif isinstance(node, ast.Call) and isinstance(node.callee, ast.Name) and node.callee.id in PRIMITIVES:
            declared = PRIMITIVES[node.callee.id].parameters
            for place, argument in enumerate(node.arguments):
                name = argument.name.id if argument.name else declared[place].name
                found.add(f"{node.callee.id}({name})")
    return found


def nodes(node: object) -> Iterator[ast.Node]:
    """A node and all in it."""
    if isinstance(node, tuple):
        for part in node:
            yield from nodes(part)
    elif isinstance(node, ast.Node):
        yield node
        for field in fields(node):
            if field.name != "span":
                yield from nodes(getattr(node, field.name))
