"""`count`, `info`, `sample` and `graph`."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
V2 = ROOT / "spaces" / "published" / "darts_v2.arch.json"


def test_count_prints_the_integer_alone(stdsl: Any, small: str) -> None:
    result = stdsl("count", f"{small}::small")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "8\n", "")


def test_count_of_the_darts_space(stdsl: Any) -> None:
    assert stdsl("count", "darts::darts_cifar").stdout == "1076746950455072400\n"
    assert stdsl("count", "darts::darts_cifar", "-p", "layers=20").stdout == "1076746950455072400\n"


def test_count_is_an_interval_under_a_budget_that_is_no_sum(stdsl: Any, tmp_path: Path) -> None:
    path = tmp_path / "deep.space"
    path.write_text(
        "stdsl 1\nmeta net on x: image(3, 8, 8) {\n  g[0] = x\n  h[0] = x\n"
        "  for i in 1..12 {\n    g[i] = g[i - 1] -> choose {a: conv(same, 1x1), skip} as kind\n"
        "    h[i] = h[i - 1] -> choose {a: conv(same, 1x1), b: conv(same, 3x3), skip} as kind\n  }\n"
        "  return g[12] + h[12]\n}\nspace s = net where depth <= 5\n",
        encoding="utf-8",
    )
    low, dots, high = stdsl("count", f"{path}::s").stdout.strip().partition("..")
    assert dots
    assert int(low) >= 1
    assert int(high) == 6**12


def test_the_depth_of_a_chain_of_blocks_is_a_budget_like_any_other(stdsl: Any, tmp_path: Path) -> None:
    """Eight blocks of three layers, excited ones of five, each may be skipped; two to four layers beside them."""
    path = tmp_path / "mobile.space"
    path.write_text(
        "stdsl 1\nop mb(k) on x = x -> pointwise(16) -> depthwise((k, k)) -> pointwise(8)\n"
        "op se on x = x * (x -> global_avg_pool -> pointwise(2) -> relu -> pointwise(x.channels) -> sigmoid)\n"
        "cell block(k) on x {\n  y = x -> mb(k) -> choose {plain: identity, se} as squeeze\n  return x + y\n}\n"
        "meta net on x: image(3, 16, 16) {\n  b[0] = x -> conv(8, 3x3)\n"
        "  for i in 1..8 { b[i] = b[i - 1] -> choose {small: block(3), large: block(5), skip: identity} as kind }\n"
        "  return b[8] -> repeat choose 1..3 as tail { conv(8, 1x1) }\n}\n"
        "space s = net where depth in 15..22\nspace both = net where depth <= 22, params <= 3K\n",
        encoding="utf-8",
    )
    ways = Counter({1: 1})
    for block in [*[{0: 1, 3: 2, 5: 2}] * 8, {1: 1, 2: 1, 3: 1}]:
        ways = Counter(
            {d: n for d in range(60) if (n := sum(ways[d - own] * times for own, times in block.items() if own <= d))}
        )
    within = {depth: n for depth, n in ways.items() if 15 <= depth <= 22}
    total = sum(within.values())
    assert stdsl("count", f"{path}::s").stdout == f"{total}\n"
    told = stdsl("info", f"{path}::s").stdout
    assert f"s: {total:,} architectures" in told
    assert re.search(r"^depth +15 +22 +\d+$", told, re.MULTILINE)
    facts = json.loads(stdsl("info", f"{path}::s", "--json", "--exact").stdout)["depth"]
    mean = sum(d * n for d, n in within.items()) / total
    assert facts == {"min": 15, "max": 22, "mean": pytest.approx(mean), "exact": True, "mean_exact": True}
    sampled = stdsl("sample", f"{path}::s", "-n", "3", "--seed", "1")
    assert f"drawn from the {total:,} architectures within `where`" in sampled.stderr
    for line in sampled.stdout.splitlines():
        values = json.dumps(json.loads(line)["values"])
        own = json.loads(stdsl("info", f"{path}::s", "--arch", values, "--json").stdout)["architecture"]
        assert 15 <= own["depth"] <= 22
    assert 0 < int(stdsl("count", f"{path}::both").stdout) < sum(n for d, n in ways.items() if d <= 22)


def test_count_within_a_budget_of_a_small_space_is_exact(stdsl: Any, small: str) -> None:
    architectures = [json.loads(line) for line in stdsl("sample", f"{small}::budget", "-n", "200").stdout.splitlines()]
    different = {a["hash"] for a in architectures}
    assert stdsl("count", f"{small}::budget").stdout == f"{len(different)}\n"
    assert 0 < len(different) < 8


def test_count_json(stdsl: Any, small: str) -> None:
    found = json.loads(stdsl("count", f"{small}::small", "--json").stdout)
    assert found == {"space": "small", "count": {"min": "8", "max": "8", "exact": True}}


def test_info_json_has_the_documented_keys(stdsl: Any, small: str) -> None:
    found = json.loads(stdsl("info", f"{small}::small", "--json").stdout)
    assert list(found) == ["space", "count", "decisions", "params", "flops", "depth", "activations", "relaxable"]
    assert found["space"] == "small"
    assert found["count"] == {"min": "8", "max": "8", "exact": True}
    assert found["decisions"] == [
        {"path": "y[1].kind", "kind": "choose", "options": ["identity", "conv"]},
        {"path": "y[2].kind", "kind": "choose", "options": ["identity", "conv"]},
        {"path": "y.inputs", "kind": "keep", "options": ["1", "2"]},
    ]
    for metric in ("params", "flops", "depth", "activations"):
        assert list(found[metric]) == ["min", "max", "mean", "exact", "mean_exact"]
        assert found[metric]["exact"] is True
        assert found[metric]["min"] <= found[metric]["mean"] <= found[metric]["max"]
    assert found["relaxable"] is True


def test_info_of_a_space_that_no_mixture_can_hold(stdsl: Any) -> None:
    found = json.loads(stdsl("info", "evanet::resnet", "--json").stdout)
    assert found["relaxable"] is False
    assert found["not_relaxable"]
    assert "relaxable: no" in stdsl("info", "evanet::resnet").stdout


def test_info_for_people(stdsl: Any, small: str) -> None:
    text = stdsl("info", f"{small}::small").stdout
    assert text.startswith("small(c = 4): 8 architectures\n")
    assert "y[1].kind  choose     identity, conv" in text
    assert "y.inputs   keep 1..2  1, 2" in text
    assert "relaxable: yes" in text


def test_info_with_the_share_of_each_option(stdsl: Any, tmp_path: Path) -> None:
    file = tmp_path / "s.space"
    file.write_text(
        "stdsl 1\nmeta net on x: image(3, 8, 8) {\n"
        "  y = x -> choose {small: pointwise(4), large: conv(4, choose {3, 5} as size)} as kind\n"
        "  return y -> global_avg_pool -> linear(2)\n}\n"
        "space s = net where params <= 200\n",
        encoding="utf-8",
    )
    text = stdsl("info", str(file), "--marginals").stdout.splitlines()
    assert text[0] == "s: 2 architectures"
    assert [line.split() for line in text[3:5]] == [
        ["y.large.size", "choose", "50.0%", "3", "100%,", "5", "0%"],
        ["y.kind", "choose", "100%", "small", "50.0%,", "large", "50.0%"],
    ]
    found = json.loads(stdsl("info", str(file), "--marginals", "--json").stdout)["decisions"]
    assert [(d["asked"], d["shares"]) for d in found] == [(0.5, [1.0, 0.0]), (1.0, [0.5, 0.5])]
    assert "asked" not in stdsl("info", str(file), "--json").stdout
    assert stdsl("info", str(file), "--marginals", "--arch", "x.arch.json").exit_code == 2


def test_bounds_of_costs_are_not_shown_as_costs(stdsl: Any, tmp_path: Path) -> None:
    """Where within two budgets no least and greatest cost is known, the budgets are bounds of them."""
    file = tmp_path / "s.space"
    file.write_text(
        "stdsl 1\nmeta net on x: image(3, 32, 32) {\n  h[0] = x -> conv(16, 3x3)\n  for i in 1..14 {\n"
        "    h[i] = h[i - 1] -> conv((choose {16, 24, 40, 56} as w), choose {1, 3, 5} as k)\n  }\n"
        "  return h[14] -> global_avg_pool -> linear(2)\n}\n"
        "space s = net where flops in 151M..152M, params in 140K..150K\n",
        encoding="utf-8",
    )
    text = stdsl("info", str(file)).stdout
    assert ">= 151,000,000  <= 152,000,000" in text
    assert "(the least and greatest params, FLOPs and activations are bounds)" in text
    file.write_text(
        file.read_text().replace("in 151M..152M", "<= 152M").replace("in 140K..150K", "<= 150K"), encoding="utf-8"
    )
    text = stdsl("info", str(file)).stdout
    assert "<= 152,000,000" in text
    assert ">=" not in text
    assert "(the greatest params and FLOPs are bounds)" in text


def test_info_shows_what_activations_a_budget_leaves(stdsl: Any, tmp_path: Path) -> None:
    """A budget of activations is no help where nothing tells what there are."""
    file = tmp_path / "s.space"
    file.write_text(
        "stdsl 1\nmeta net on x: image(3, 8, 8) {\n"
        "  return x -> conv((choose {4, 8, 16} as width), 3x3) -> global_avg_pool -> linear(2)\n}\n"
        "space s = net where activations <= 514\n",
        encoding="utf-8",
    )
    lines = [line.split() for line in stdsl("info", str(file)).stdout.splitlines()]
    assert ["activations", "258", "514", "386"] in lines


ENTANGLED = """stdsl 1
ops mix(k) = {ds: depthwise(k) -> pointwise(), full: conv(same, k), skip}
tied cell block on x {
  for i in 1..3 {
    y[i] = [x, *y[<i]] -> each choose mix(choose {3x3, 5x3, 7x1} as window) as kind -> keep 1..min(2, i) -> sum
  }
  return y[3]
}
meta net on x: image(3, 8, 8) {
  w = choose {8, 16, 24, 32} as width
  s = x -> conv(w, 3x3) -> repeat choose 1..3 as one { block }
  d = s -> conv((choose {16, 32, 48} as width2), 3x3) -> repeat choose 1..3 as two { block }
  return d -> global_avg_pool -> linear(2)
}
space a = net
space b = net where params <= 1G
"""


def test_ends_of_costs_are_computed_without_a_budget_as_within_one(stdsl: Any, tmp_path: Path) -> None:
    """`--exact` knew the ends of a space within budgets, and only bounds of the same space without any."""
    file = tmp_path / "s.space"
    file.write_text(ENTANGLED, encoding="utf-8")
    free, within = (json.loads(stdsl("info", f"{file}::{name}", "--exact", "--json").stdout) for name in ("a", "b"))
    assert [free[m] for m in ("params", "flops")] == [within[m] for m in ("params", "flops")]
    assert free["params"]["exact"]
    assert free["flops"]["exact"]


def test_info_with_a_parameter(stdsl: Any, small: str) -> None:
    wide = json.loads(stdsl("info", f"{small}::small", "-p", "c=8", "--json").stdout)
    narrow = json.loads(stdsl("info", f"{small}::small", "--json").stdout)
    assert wide["params"]["min"] > narrow["params"]["min"]


def test_the_published_cells_have_the_published_size(stdsl: Any) -> None:
    call = ("info", "darts::darts_cifar", "-p", "c=36", "-p", "layers=20", "--arch", str(V2))
    assert "params         3,349,342\n" in stdsl(*call).stdout
    found = json.loads(stdsl(*call, "--json").stdout)["architecture"]
    assert found["params"] == 3_349_342
    assert round(found["flops"] / 1e6) == 528
    assert sum(layer["params"] for layer in found["layers"]) == found["params"]
    assert sum(layer["flops"] for layer in found["layers"]) == found["flops"]
    assert found["layers"][0]["shape"] == "image(3, 32, 32)"


def test_what_a_network_sees_of_a_clip(stdsl: Any, tmp_path: Path) -> None:
    file = tmp_path / "clip.space"
    body = "video -> itgm(4, 5x3x3) -> max_pool(3x3x3, 2) -> conv(4, 3x3x3) -> global_avg_pool -> linear(2)"
    file.write_text(f"stdsl 1\nuse std.video (itgm)\nmeta net on video: clip(3, 16, 8, 8) = {body}\nspace s = net\n")
    found = json.loads(stdsl("info", str(file), "--json").stdout)["architecture"]
    assert found["receptive_field"] == {"frames": {"video": 11}, "whole": ["global_avg_pool"]}
    assert [row["operation"] for row in found["windows"]] == ["conv", "itgm", "max_pool"]
    assert found["windows"][1] == {"operation": "itgm", "number": 1, "mean": 5.0, "least": 5, "greatest": 5}
    assert [row["frames"] for row in found["layers"]] == [1, 1, 5, 7, 11, None, None]
    (tmp_path / "a.arch.json").write_text(stdsl("sample", str(file)).stdout)
    text = stdsl("info", str(file), "--arch", str(tmp_path / "a.arch.json")).stdout
    assert "receptive field over time: 11 frames (`global_avg_pool` then sees all)" in text
    assert ["itgm", "1", "5.0", "5", "5"] in [line.split() for line in text.splitlines()]


def test_a_space_that_leaves_nothing_open_is_its_own_architecture(stdsl: Any, small: str) -> None:
    found = json.loads(stdsl("info", f"{small}::fixed", "--json").stdout)
    assert found["count"] == {"min": "1", "max": "1", "exact": True}
    assert found["architecture"]["params"] == 3 * 4 * 9 + 4 * 3 + 3


def test_an_architecture_of_another_space(stdsl: Any, small: str) -> None:
    result = stdsl("info", f"{small}::small", "--arch", str(V2))
    assert result.exit_code == 1
    assert "E0608" in result.stderr
    assert result.stdout == ""


def test_sample_writes_a_line_each_and_the_same_for_the_same_seed(stdsl: Any, small: str) -> None:
    first = stdsl("sample", f"{small}::small", "-n", "5", "--seed", "3")
    assert first.exit_code == 0
    assert len(first.stdout.splitlines()) == 5
    assert all(json.loads(line)["space"] == "small" for line in first.stdout.splitlines())
    assert stdsl("sample", f"{small}::small", "-n", "5", "--seed", "3").stdout == first.stdout
    assert stdsl("sample", f"{small}::small", "-n", "5", "--seed", "4").stdout != first.stdout


def test_sample_into_a_folder_can_be_read_back(stdsl: Any, small: str, tmp_path: Path) -> None:
    folder = tmp_path / "samples"
    result = stdsl("sample", f"{small}::small", "-n", "3", "-o", str(folder))
    files = sorted(folder.iterdir())
    assert [f.name for f in files] == [f"small-{i:04d}.arch.json" for i in (1, 2, 3)]
    assert result.stdout.split() == [str(f) for f in files]
    for file in files:
        assert stdsl("info", f"{small}::small", "--arch", str(file)).exit_code == 0


def test_sample_states_how_many_were_within_the_budget(stdsl: Any, small: str) -> None:
    result = stdsl("sample", f"{small}::budget", "-n", "2")
    assert "architectures within `where`" in result.stderr
    assert stdsl("sample", f"{small}::budget", "-n", "2", "-q").stderr == ""


def test_graph_prints_mermaid(stdsl: Any, small: str) -> None:
    result = stdsl("graph", f"{small}::small")
    assert result.exit_code == 0
    assert "flowchart TB" in result.stdout


@pytest.mark.parametrize(
    ("suffix", "start"), [("dot", b"digraph"), ("mmd", b"---"), ("svg", b"<"), ("html", b"<!"), ("png", b"\x89PNG")]
)
def test_graph_writes_every_format(stdsl: Any, small: str, tmp_path: Path, suffix: str, start: bytes) -> None:
    target = tmp_path / f"x.{suffix}"
    result = stdsl("graph", f"{small}::small", "-o", str(target))
    assert (result.exit_code, result.stdout) == (0, "")
    assert target.read_bytes().lower().startswith(start.lower())


def test_graph_of_one_architecture(stdsl: Any, tmp_path: Path) -> None:
    target = tmp_path / "x.dot"
    stdsl("graph", "darts::darts_cifar", "-p", "c=36", "-p", "layers=20", "--arch", str(V2), "-o", str(target))
    assert "3,349,342 parameters" in target.read_text(encoding="utf-8")


def test_graph_refuses_unknown_formats(stdsl: Any, small: str, tmp_path: Path) -> None:
    result = stdsl("graph", f"{small}::small", "-o", str(tmp_path / "x.jpeg"))
    assert result.exit_code == 2
    assert ".svg" in result.stderr
    assert not (tmp_path / "x.jpeg").exists()


def test_layers_have_the_names_of_the_text(stdsl: Any, tmp_path: Path) -> None:
    path = tmp_path / "x.space"
    path.write_text(
        "stdsl 1\n"
        "op half(c) on x { y = x -> relu  return y -> conv(c, 3x3) }\n"
        "tied cell pair(c) on s { for i in 1..2 { x[i] = [s, *x[<i]] -> sum -> half(c) }  return x -> concat }\n"
        "meta net on image: image(3, 8, 8) {\n"
        "  stem = image -> conv(4, 3x3) -> bn\n"
        "  first = stem -> pair(4)\n"
        "  return first -> global_avg_pool -> linear(3)\n"
        "}\n"
        "space s = net\n",
        encoding="utf-8",
    )
    rows = json.loads(stdsl("info", str(path), "--json").stdout)["architecture"]["layers"]
    assert [(row["path"], row["op"]) for row in rows] == [
        ("image", "input image"),
        ("stem", "conv"),
        ("stem", "bn"),
        ("first.x[1].y", "relu"),
        ("first.x[1]", "conv"),
        ("first.x[2]", "sum"),
        ("first.x[2].y", "relu"),
        ("first.x[2]", "conv"),
        ("first", "concat"),
        ("net", "global_avg_pool"),
        ("net", "linear"),
    ]


def test_a_parameter_that_depends_on_a_decision_is_shown_by_its_cases(stdsl: Any, tmp_path: Path) -> None:
    file = tmp_path / "s.space"
    head = "stdsl 1\nmeta m(n) on x: image(3, 6, 6) = x -> conv(n, 3)\n"
    file.write_text(f"{head}space s(n = choose {{2, 4}} as width) = m(n)\n")
    assert stdsl("info", str(file)).stdout.startswith("s(n = 2 | 4): 2 architectures")
