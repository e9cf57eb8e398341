"""One architecture as a network, and its costs."""

from __future__ import annotations

from stdsl.compiler.analysis.architecture import architecture
from stdsl.compiler.analysis.costs.of_architecture import Costs, costs
from stdsl.compiler.analysis.specialise import specialise


def ops(network):
    return [layer.op for layer in network.layers]


def conv(s, x, k=3, c=4):
    return s.op("conv", x, c=c, k=k)


def test_switches_gates_and_identities_are_gone(sketch):
    s = sketch()
    chosen = s.choose("x.kind", {"skip": s.op("identity", s.x), "conv": conv(s, s.x)})
    graph = s.finish(s.op("relu", s.gate("x.gate", chosen)))
    network = specialise(graph, architecture(graph, {"x.gate": True, "x.kind": "conv"}))
    assert ops(network) == ["input", "conv", "relu"]
    assert network.outputs == (("output", 2),)
    assert ops(specialise(graph, architecture(graph, {"x.gate": True, "x.kind": "skip"}))) == ["input", "relu"]


def test_zeros_leave_sums(sketch):
    s = sketch()
    parts = [s.choose(f"[{i}].kind", {"none": s.op("zero", s.x), "conv": conv(s, s.x)}) for i in range(3)]
    graph = s.finish(s.op("relu", s.sum(parts)))
    path = "[{}].kind".format
    two = architecture(graph, {path(0): "conv", path(1): "none", path(2): "conv"})
    assert ops(specialise(graph, two)) == ["input", "conv", "conv", "sum", "relu"]
    one = architecture(graph, {path(0): "none", path(1): "none", path(2): "conv"})
    assert ops(specialise(graph, one)) == ["input", "conv", "relu"]
    none = architecture(graph, {path(i): "none" for i in range(3)})
    network = specialise(graph, none)
    assert ops(network) == ["input", "zero", "relu"]
    assert network.layers[1].inputs == network.inputs
    assert network.layers[1].shape.dims == (4, 8, 8)


def test_what_only_a_zero_needs_is_gone(sketch):
    s = sketch()
    deep = conv(s, s.choose("deep.kind", {"a": conv(s, s.x), "b": s.op("relu", s.x)}))
    graph = s.finish(s.sum([s.op("zero", deep), s.op("relu", s.x)]))
    arch = architecture(graph, {"deep.kind": "a"})
    assert ops(specialise(graph, arch)) == ["input", "relu"]
    assert costs(graph, arch) == Costs(0, 0, 0, 0)


def test_zero_summands_of_additions(sketch):
    s = sketch()
    graph = s.finish(s.op("add", s.gate("g", conv(s, s.x)), s.op("relu", s.x)))
    assert ops(specialise(graph, architecture(graph, {"g": False}))) == ["input", "relu"]
    assert ops(specialise(graph, architecture(graph, {"g": True}))) == ["input", "conv", "relu", "add"]


def test_means_and_concats_keep_their_zeros(sketch):
    s = sketch()
    off = s.gate("g", conv(s, s.x))
    graph = s.finish(s.concat([off, s.op("relu", s.x)]))
    network = specialise(graph, architecture(graph, {"g": False}))
    assert ops(network) == ["input", "relu", "zero", "concat"]
    assert network.layers[3].inputs == (2, 1)
    assert network.layers[3].shape.dims == (8, 8, 8)


def test_attributes_and_shapes_in_numbers(sketch):
    s = sketch()
    d, k = s.choice("k", [1, 3, 5])
    width, c = s.choice("c", [2, 6])
    y = s.op("conv", s.x, asks=[d, width], c=c, k=s.diagrams.apply(lambda k: (k, k), k))
    graph = s.finish(s.op("bn", y))
    network = specialise(graph, architecture(graph, {"k": "5", "c": "6"}))
    assert network.layers[1].attrs["k"] == (5, 5)
    assert network.layers[1].attrs["c"] == 6
    assert network.layers[2].shape.dims == (6, 8, 8)
    got = costs(graph, architecture(graph, {"k": "5", "c": "6"}))
    assert got == Costs(params=4 * 6 * 25 + 12, flops=4 * 6 * 25 * 64, depth=1, activations=6 * 64)


def test_iterations_have_layers_of_their_own(sketch):
    s = sketch()
    graph = s.finish(s.repeat("n", 1, 4, s.x, lambda x, k: s.choose("kind", {"a": conv(s, x), "b": s.op("relu", x)})))
    network = specialise(graph, architecture(graph, {"n": 3, "kind": "a"}))
    assert ops(network) == ["input", "conv", "conv", "conv"]
    assert len({layer.node for layer in network.layers}) == 4
    assert costs(graph, architecture(graph, {"n": 3, "kind": "a"})).depth == 3


def test_other_outputs_cost_nothing(sketch):
    s = sketch()
    y = conv(s, s.x)
    graph = s.finish(y, conv(s, y))
    arch = architecture(graph, {})
    network = specialise(graph, arch)
    assert [name for name, _ in network.outputs] == ["output", "aux0"]
    assert len(network.layers) == 3
    assert costs(graph, arch).params == 4 * 4 * 9


def test_all_inputs_stay(sketch):
    s = sketch()
    other = s.builder.input("flow", s.type(s.x), s.scope, s.builder.nodes[0].span)
    graph = s.finish(s.choose("stream", {"rgb": s.op("relu", s.x), "flow": s.op("relu", other)}))
    network = specialise(graph, architecture(graph, {"stream": "flow"}))
    assert [layer.attrs.get("name") for layer in network.layers] == ["x", "flow", None]
    assert network.inputs == (0, 1)
    assert network.layers[2].inputs == (1,)
