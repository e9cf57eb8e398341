"""Texts that would take for ever: a diagnostic, soon."""

from __future__ import annotations

import subprocess
import sys

import pytest

from stdsl.compiler.checks.check import check_text
from stdsl.compiler.diagnostics.source import Source

META = "\nmeta m on x: image(4, 8, 8) {{ {} }}\nspace s = m()\n"
TWICE = "\n".join(f"op p{i} on x = x -> p{i - 1} -> p{i - 1}" for i in range(1, 41))
CHOOSES = "\n".join(f"op p{i} on x {{ u = x -> p{i - 1}  v = u -> p{i - 1}  return v }}" for i in range(1, 41))
LISTS = "l1 = [x, x]  " + "  ".join(f"l{i + 1} = [*l{i}, *l{i}]" for i in range(1, 40))

CASES = [
    ("", "return x -> repeat 1000000000 { relu }", ["E0224"]),
    ("", "return x -> repeat 100 { repeat 100 { repeat 100 { relu } } }", ["E0224"]),
    ("", "n = choose 1..1000000000 as w  return x -> pointwise(n)", ["E0224"]),
    ("", "c = choose 1..1000 as c  d = choose 1..1000 as d  return x -> conv(c * d, 3)", ["E0225"]),
    ("", "return x -> choose {" + ", ".join(f"a{i}: relu" for i in range(1001)) + "}", ["E0224"]),
    ("", "for i in 1..1000000 { h[i] = x }  return h -> sum", ["E0224"]),
    ("", "for i in 1..9000 { for j in 1..9000 { _z = 1 }  h[i] = x }  return h -> sum", ["E0224"]),
    ("", "_y = [[[i for _ in 1..9000] for _ in 1..9000] for i in 1..9000]  return x", ["E0224"]),
    ("", LISTS + "  return l40 -> sum", ["E0224"]),
    ("", "return [x for _ in 1..3000] -> keep any -> sum", ["E0224"]),
    ("", "return [x for _ in 1..900] -> keep 300 -> sum", ["E0225"]),
    ("op p0 on x = x -> relu\n" + TWICE, "return x -> p40", ["E0224"]),
    ("op p0 on x = x -> choose {relu, gelu}\n" + CHOOSES, "return x -> p40", ["E0224"]),
    ("op w(f) on x = x -> f(f)", "return x -> w(w)", ["E0223"]),
    ("op w(f) on x = x -> f(f) -> f(f)", "return x -> w(w)", ["E0223"]),
    ("op p = relu -> q\nop q = bn -> p", "return x -> p", ["E0223"]),
    ("let A = B\nlet B = A", "return x -> conv(A, 3)", ["E0223"]),
    ("let A = 2 ** 2 ** 100", "return x -> conv(A, 3)", ["E0222"]),
]


@pytest.mark.parametrize(("declared", "body", "codes"), CASES, ids=range(len(CASES)))
def test_limits(declared, body, codes):
    found = check_text(Source("limits", "stdsl 1\n" + declared + META.format(body)))
    assert [d.code for d in found] == codes


def test_many_iterations_within_the_limits_work():
    assert check_text(Source("limits", "stdsl 1\n" + META.format("return x -> repeat 5000 { relu }"))) == ()


def test_settings_are_not_imported_for_files_without_any():
    program = (
        "import sys\n"
        "from stdsl.compiler.checks.check import check_text\n"
        "from stdsl.compiler.diagnostics.source import Source\n"
        f"assert not check_text(Source('x', {'stdsl 1' + META.format('return x -> relu')!r}))\n"
        "assert not {'pydantic', 'torch', 'networkx'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("calls", [("d49()", "e19()"), ("e19()", "d49()")])
def test_what_is_copied_is_as_deep_as_what_is_elaborated(calls):
    """d49 is within the limit, e19 goes on from there beyond it, whichever is called first."""
    ops = ["op d0 on x = x -> relu", *(f"op d{i} on x = x -> d{i - 1}()" for i in range(1, 50))]
    ops += ["op e0 on x = x -> d49()", *(f"op e{i} on x = x -> e{i - 1}()" for i in range(1, 20))]
    body = "\n".join(f"  {name} = image -> {call}" for name, call in zip("ab", calls, strict=True))
    text = "\n".join(
        ["stdsl 1", *ops, "meta net on image: image(3, 8, 8) {", body, "  return a + b", "}", "space s = net"]
    )
    assert [d.code for d in check_text(Source("deep.space", text))] == ["E0223"]
