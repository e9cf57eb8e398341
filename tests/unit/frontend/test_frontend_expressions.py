"""How expressions group."""

from __future__ import annotations

import pytest

from stdsl.compiler.diagnostics.model import Sink
from stdsl.compiler.diagnostics.source import Source
from stdsl.compiler.frontend import ast
from stdsl.compiler.frontend.parser import parse


def expr(text: str) -> ast.Expr:
    sink = Sink()
    file = parse(Source("e.space", f"stdsl 1\nlet it = {text}"), sink)
    assert sink.diagnostics == ()
    (let,) = file.declarations
    assert isinstance(let, ast.Let)
    return let.value


def grouped(e: ast.Expr) -> str:
    """The expression with all its parentheses."""
    match e:
        case ast.Literal_(text=text):
            return text
        case ast.Name(id=name):
            return name
        case ast.Binary(op=op, left=left, right=right):
            return f"({grouped(left)} {op} {grouped(right)})"
        case ast.Unary(op=op, operand=operand):
            return f"({op} {grouped(operand)})"
        case ast.Pipe(left=left, right=right):
            return f"({grouped(left)} -> {grouped(right)})"
        case ast.If(condition=c, then=t, otherwise=o):
            return f"(if {grouped(c)} then {grouped(t)} else {grouped(o)})"
        case ast.Choose(operand=operand, label=label):
            return f"(choose {grouped(operand)}{_label(label)})"
        case ast.Maybe(operand=operand, label=label):
            return f"(maybe {grouped(operand)}{_label(label)})"
        case ast.Keep(size=size, label=label):
            return f"(keep {size if isinstance(size, str) else grouped(size)}{_label(label)})"
        case ast.Each(operand=operand):
            return f"(each {grouped(operand)})"
        case ast.Frozen(operand=operand):
            return f"(frozen {grouped(operand)})"
        case ast.Repeat(count=count, body=body, tied=tied):
            return f"({'tied ' if tied else ''}repeat {grouped(count)} {{{grouped(body)}}})"
        case ast.Call(callee=callee, arguments=arguments):
            inside = ", ".join((f"{a.name.id}=" if a.name else "") + grouped(a.value) for a in arguments)
            return f"{grouped(callee)}({inside})"
        case ast.Index(base=base, index=index, before=before):
            return f"{grouped(base)}[{'<' if before else ''}{grouped(index)}]"
        case ast.Attribute(base=base, name=name):
            return f"{grouped(base)}.{name.id}"
        case ast.Tuple(items=items, crossed=crossed):
            return ("x" if crossed else "") + "(" + ", ".join(map(grouped, items)) + ",)"
        case ast.List(items=items):
            return "[" + ", ".join(map(grouped, items)) + "]"
        case ast.Splat(value=value):
            return f"*{grouped(value)}"
        case ast.Comprehension(body=body, target=target, source=source):
            return f"[{grouped(body)} for {target.id} in {grouped(source)}]"
        case ast.Set(items=items):
            return "{" + ", ".join((f"{a.name.id}: " if a.name else "") + grouped(a.value) for a in items) + "}"
    raise AssertionError(e)


def _label(label: ast.Identifier | None) -> str:
    return f" as {label.id}" if label else ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a + b * c", "(a + (b * c))"),
        ("a - b - c", "((a - b) - c)"),
        ("a // b % c", "((a // b) % c)"),
        ("-a ** -b ** c", "(- (a ** (- (b ** c))))"),
        ("-a * b", "((- a) * b)"),
        ("1..n + 1", "(1 .. (n + 1))"),
        ("x in 1..3 and not y or z", "(((x in (1 .. 3)) and (not y)) or z)"),
        ("a not in [b]", "(a not in [b])"),
        ("a -> b -> c", "((a -> b) -> c)"),
        ("if a then b else c -> d", "(if a then b else (c -> d))"),
        ("a -> (if b then c else d)", "(a -> (if b then c else d))"),
        ("xs -> each choose {a, b} as k -> keep 2 as m", "((xs -> (each (choose {a, b} as k))) -> (keep 2 as m))"),
        ("choose a or b", "(choose (a or b))"),
        ("maybe repeat choose 1..3 as n { f } as g", "(maybe (repeat (choose (1 .. 3) as n) {f}) as g)"),
        ("tied repeat n { a -> b }", "(tied repeat n {(a -> b)})"),
        ('choose frozen f(weights = "w") as k', '(choose (frozen f(weights="w")) as k)'),
        ("keep any", "(keep any)"),
        ("keep 0..1", "(keep (0 .. 1))"),
        ("choose {conv, itgm}(c, 1x3x3)", "(choose {conv, itgm}(c, x(1, 3, 3,)))"),
        ("{none: zero, skip}", "{none: zero, skip}"),
        ("[x, *y, *xs[<i]]", "[x, *y, *xs[<i]]"),
        ("[x * y]", "[(x * y)]"),
        ("[f(i) for i in 1..n]", "[f(i) for i in (1 .. n)]"),
        ("(a,)", "(a,)"),
        ("x.op.in", "x.op.in"),
        ("f(a, b = c,)(d)[1].e", "f(a, b=c)(d)[1].e"),
        ("choose log(1e-5..1e-2)", "(choose log((1e-5 .. 1e-2)))"),
    ],
)
def test_grouping(text: str, expected: str) -> None:
    assert grouped(expr(text)) == expected


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("16", 16),
        ("0.025", 0.025),
        ("3e-4", 3e-4),
        ("600M", 600_000_000),
        ("1.5M", 1_500_000),
        ("0.1K", 100),
        ("1e1K", 10_000.0),
        ("2T", 2 * 10**12),
        ("true", True),
        ("none", None),
        (r'"a \"b\" \\ \n"', 'a "b" \\ \n'),
    ],
)
def test_literals(text: str, value: object) -> None:
    literal = expr(text)
    assert isinstance(literal, ast.Literal_)
    assert literal.value == value
    assert type(literal.value) is type(value)
    assert literal.text == text


def test_spans() -> None:
    def spans(text: str) -> list[str]:
        e = expr(text)
        assert isinstance(e, ast.Binary)
        return [e.span.text, e.left.span.text, e.right.span.text]

    assert spans("(a + b) * f(c)[1]") == ["(a + b) * f(c)[1]", "(a + b)", "f(c)[1]"]
    crossed = expr("1x32x3")
    assert isinstance(crossed, ast.Tuple)
    assert [item.span.text for item in crossed.items] == ["1", "32", "3"]
