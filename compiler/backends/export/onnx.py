"""One network as an ONNX file: plain operators of opset 18, a dynamic batch axis, checked, and compared with
PyTorch in onnxruntime."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import statistics
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...diagnostics.backends import ExportDiffers, ExportFailed, ExportTooLarge
from ...diagnostics.model import RunError
from ...ir.graph import SpaceGraph
from ...record import record
from ...text.quoting import json_text, visible
from ...text.whole_files import write_whole
from ..networks.interface import BATCH_AXES, Interface, Port
from .of_data import metadata_of, scale
from .of_targets import class_names, targets_said
from .onnx_checksum import with_checksum
from .onnx_names import OUTPUT, PROVISIONAL_OUTPUT, name_ports, provisional
from .pixels import AXES, Pixels, bytes_shape, pixels_of, take_pixels

if TYPE_CHECKING:
    import onnx
    import onnx_ir as ir
    import torch
    from torch import nn

OPSET = 18
"""3D average pools of later opsets run thirty times slower in onnxruntime."""
BATCHES = (1, 3)
"""The batch sizes at which the file is compared."""
TOLERANCE = 1e-4
"""The greatest difference allowed, relative to the largest output (at least 1)."""
LIMIT = 2**31 - 2**20
"""What one protobuf message can hold, less some room for the graph."""
ROUNDS = 20


@record
class ExportReport:
    """``max_abs_diff``: batch size → the greatest difference from PyTorch's outputs (empty if not verified);
    ``largest_output``: batch size → the largest of PyTorch's outputs, without its sign.
    ``latency_ms``: the median time of one sample in onnxruntime with ``threads`` threads. ``ops``: how often each
    operator occurs."""

    path: Path
    max_abs_diff: Mapping[int, float]
    latency_ms: float | None
    ops: Mapping[str, int]
    bytes: int
    threads: int
    largest_output: Mapping[int, float]

    @property
    def relative_difference(self) -> Mapping[int, float]:
        """Batch size → the greatest difference as a part of the largest output; without those whose outputs are all
        0."""
        sizes = self.largest_output
        return {batch: value / sizes[batch] for batch, value in self.max_abs_diff.items() if sizes.get(batch)}


def export_onnx(
    model: nn.Module,
    path: str | os.PathLike[str],
    inputs: Sequence[Port] | None = None,
    metadata: Mapping[str, Any] | None = None,
    verify: bool = True,
    threads: int = 1,
    pixels: Sequence[Pixels] | None = None,
    names: Mapping[str, str] | None = None,
    normalisation: Mapping[str, Any] | None = None,
    classes: Sequence[Any] | None = None,
    targets: Mapping[str, Any] | None = None,
    preprocess: bool = False,
) -> ExportReport:
    """Write ``model`` (of :func:`build_module`, or any module with ``inputs`` given) to ``path``, whole or not at all.

    The batch axis is dynamic, all others are fixed. Only the prediction is exported. ``metadata`` goes into the file
    beside what is known
    of the space, strings as they are and other values as JSON. ``names``: what inputs and the output are called, by
    their names in the network (``output`` for the output); ``normalisation``, ``classes`` and ``targets``: as
    :mod:`.of_data` and :mod:`.of_targets` have them, what ``examples/deploy_onnx.py`` and `stdsl predict` read.
    ``pixels``: one for each input, in order; the file takes bytes with channels last, (N, H, W, C) or (N, T, H, W, C),
    and scales them so; with ``preprocess`` these follow from ``normalisation``.
    The model itself is not changed.
    Raises RunError: the network cannot be exported, is too large, or the file computes something else; ValueError:
    names, normalisation, classes or targets do not fit the network.
    """
    target = Path(path)
    if metadata is not None and not isinstance(metadata, Mapping):
        raise ValueError(f"`metadata` is a mapping of names to values, not a {type(metadata).__name__}")
    taken = tuple(inputs) if inputs is not None else _interface(model).inputs
    ports, output = _renamed(taken, {} if names is None else names)
    said: dict[str, Any] = {} if normalisation is None else scale(normalisation, ports)
    if classes is not None:
        if targets is not None:
            raise ValueError("`classes` and `targets` say what is told: give one of the two")
        said |= class_names(classes, _interface(model).outputs[0])
    if targets is not None:
        said |= targets_said(targets, _interface(model).outputs[0])
    if preprocess:
        pixels = pixels_of(said.get("normalisation", {}), ports)
        said |= {"normalisation": {}, "normalised_in_the_graph": said.get("normalisation", {})}
    texts = metadata_of({**said, **({} if metadata is None else metadata)})
    size = sum(p.numel() * 4 for p in model.parameters())
    if size > LIMIT:
        raise RunError([ExportTooLarge(None, size)])
    proto = _converted(model, ports, output)
    _describe(proto, model, ports, texts, pixels)
    _check(proto, ports)
    if pixels is not None:
        for port, own in zip(ports, pixels, strict=True):
            take_pixels(proto, port, own)
        _check_file(proto)
    differences: Mapping[int, float] = {}
    largest: Mapping[int, float] = {}
    latency: float | None = None

    def write(temporary: Path) -> None:
        nonlocal differences, largest, latency
        temporary.write_bytes(with_checksum(proto.SerializeToString(), proto.ir_version))
        if verify:
            differences, largest, latency = _compare(model, str(temporary), target, ports, threads, pixels)

    write_whole(target, write)
    ops = Counter(node.op_type for node in proto.graph.node)
    size = target.stat().st_size
    return ExportReport(target, differences, latency, dict(sorted(ops.items())), size, threads, largest)


def _interface(model: nn.Module) -> Interface:
    interface = getattr(model, "interface", None)
    if isinstance(interface, Interface):
        return interface
    if isinstance(getattr(model, "graph", None), SpaceGraph):
        raise TypeError("a supernet has no ONNX file: derive an architecture, and compile that")
    raise TypeError("the model is no network of stdsl.compile")


def _renamed(ports: Sequence[Port], names: Mapping[str, str]) -> tuple[tuple[Port, ...], str | None]:
    """The inputs as they are called in the file, and the output (None: as ever). Raises ValueError."""
    own = [port.name for port in ports]
    if not isinstance(names, Mapping) or not all(isinstance(name, str) for name in names.values()):
        raise ValueError("`names` maps names of the space to others, all of them texts")
    for name in names:
        if name not in (*own, OUTPUT):
            raise ValueError(f"`names` has `{name}`, and the network has {', '.join((*own, OUTPUT))}")
    output = names.get(OUTPUT) if OUTPUT not in own else None
    called = [names.get(name, name) for name in own]
    every = [*called, *([output] if output is not None else [])]
    if len(set(every)) < len(every) or not all(every):
        raise ValueError(f"inputs and the output need names of their own, not {', '.join(map(repr, every))}")
    return tuple(replace(port, name=name) for port, name in zip(ports, called, strict=True)), output


def _samples(ports: Sequence[Port], batch: int) -> list[torch.Tensor]:
    import torch

    generator = torch.Generator().manual_seed(batch)
    return [torch.randn(batch, *port.shape, generator=generator) for port in ports]


def _converted(model: nn.Module, ports: Sequence[Port], output: str | None) -> onnx.ModelProto:
    import torch

    from .prepare import prepared

    batch = torch.export.Dim("batch")
    samples = _samples(ports, 2)
    with _quiet(), torch.no_grad():
        try:
            program = torch.onnx.export(
                prepared(model, samples),
                tuple(samples),
                dynamo=True,
                opset_version=OPSET,
                external_data=False,
                dynamic_shapes=tuple({0: batch} for _ in ports),
                input_names=[provisional(i) for i in range(len(ports))],
                output_names=[PROVISIONAL_OUTPUT],
                verbose=False,
            )
        except Exception as error:  # the exporter raises errors of many kinds, all of which mean this
            raise RunError([ExportFailed(None, "converting the network", _first_line(error))]) from error
        assert program is not None
        _keep_constants(program.model.graph)
        proto: onnx.ModelProto = program.model_proto
    name_ports(proto, [port.name for port in ports], output or OUTPUT)
    return proto


def _keep_constants(graph: ir.Graph) -> None:
    """Give constants back that the exporter's rewriting lost: two clips of clips of one tensor have constants of the
    same name, and only the second is kept in the graph (onnxscript 0.7)."""
    kept = {id(value) for value in (*graph.inputs, *graph.initializers.values())}
    for node in graph:
        for value in node.inputs:
            lost = value is not None and value.producer() is None and id(value) not in kept
            if value is not None and lost and value.const_value is not None:
                kept.add(id(value))
                graph.register_initializer(value)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """The exporter prints, warns and logs at length; what fails is raised all the same."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    silence = io.StringIO()
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(silence), contextlib.redirect_stderr(silence):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _describe(
    proto: onnx.ModelProto,
    model: nn.Module,
    ports: Sequence[Port],
    metadata: Mapping[str, str],
    pixels: Sequence[Pixels] | None,
) -> None:
    """Put our metadata in, and take out the exporter's, which holds paths of this machine."""
    from stdsl import __version__

    graph = proto.graph
    for part in (*graph.node, *graph.value_info, *graph.initializer, *graph.input, *graph.output):
        del part.metadata_props[:]
        part.doc_string = ""
    del graph.metadata_props[:]
    del proto.metadata_props[:]
    graph.doc_string = proto.doc_string = ""
    proto.producer_name, proto.producer_version = "stdsl", __version__
    facts: dict[str, Any] = {"stdsl_version": __version__}
    interface = getattr(model, "interface", None)
    if isinstance(interface, Interface):
        graph.name = visible(interface.space)
        facts["space"] = interface.space
        facts["parameters"] = {name: _json(value) for name, value in interface.parameters}
        facts["architecture"] = interface.architecture
        facts["decisions"] = {path: _json(value) for path, value in interface.values}
    axes = BATCH_AXES if pixels is None else AXES
    shapes = [list(p.shape if pixels is None else bytes_shape(p)) for p in ports]
    facts["inputs"] = [
        {"name": p.name, "layout": p.layout, "axes": axes[p.layout], "shape": ["batch", *shape]}
        for p, shape in zip(ports, shapes, strict=True)
    ]
    for key, value in {**facts, **metadata}.items():
        entry = proto.metadata_props.add()
        entry.key = visible(key)
        entry.value = visible(value, lines=True) if isinstance(value, str) else json_text(value)


def _json(value: Any) -> Any:
    """What JSON can hold of a value; parameters may be operators or cells."""
    if isinstance(value, (list, tuple)):
        return [_json(v) for v in value]
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def _check(proto: onnx.ModelProto, ports: Sequence[Port]) -> None:
    """That the file is valid, has no operators of others, and is dynamic in the batch axis alone."""
    _check_file(proto)
    foreign = {node.op_type for node in proto.graph.node if node.domain not in ("", "ai.onnx")}
    if foreign or proto.functions:
        raise RunError([ExportFailed(None, "checking the file", f"it has operators of its own: {sorted(foreign)}")])
    for port, value in zip(ports, proto.graph.input, strict=True):
        dims = value.type.tensor_type.shape.dim
        if value.name != port.name or not dims[0].dim_param or tuple(d.dim_value for d in dims[1:]) != port.shape:
            shown = ", ".join(d.dim_param or str(d.dim_value) for d in dims)
            reason = f"input {value.name} came out as ({shown}) instead of (batch, {', '.join(map(str, port.shape))})"
            raise RunError([ExportFailed(None, "checking the file", reason)])


def _check_file(proto: onnx.ModelProto) -> None:
    import onnx

    try:
        onnx.checker.check_model(proto, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise RunError([ExportFailed(None, "checking the file", _first_line(error))]) from error


def _fed(
    ports: Sequence[Port], batch: int, pixels: Sequence[Pixels] | None
) -> tuple[dict[str, Any], list[torch.Tensor]]:
    """What the file is given, and what the network gets of it."""
    import numpy as np
    import torch

    if pixels is None:
        samples = _samples(ports, batch)
        return {port.name: x.numpy() for port, x in zip(ports, samples, strict=True)}, samples
    rng = np.random.default_rng(batch)
    fed = {port.name: rng.integers(0, 256, (batch, *bytes_shape(port)), dtype=np.uint8) for port in ports}
    taken = zip(ports, pixels, strict=True)
    return fed, [torch.from_numpy(own.scaled(fed[port.name], port.layout)) for port, own in taken]


def _compare(
    model: nn.Module, file: str, target: Path, ports: Sequence[Port], threads: int, pixels: Sequence[Pixels] | None
) -> tuple[dict[int, float], dict[int, float], float]:
    """The differences and the largest output by batch size, and the latency in milliseconds. Raises RunError."""
    import copy

    import onnxruntime
    import torch

    reference = copy.deepcopy(model).cpu().float().eval()
    try:
        session = onnxruntime.InferenceSession(file, session_options(threads), providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors have no common base
        raise RunError([ExportFailed(None, "loading the file in onnxruntime", _first_line(error))]) from error
    differences: dict[int, float] = {}
    sizes: dict[int, float] = {}
    for batch in BATCHES:
        feed, samples = _fed(ports, batch, pixels)
        with torch.no_grad():
            expected = reference(*samples)
        if isinstance(expected, dict):
            expected = next(iter(expected.values()))
        (actual,) = session.run(None, feed)
        largest = float(expected.abs().max())
        scale = max(1.0, largest)
        same_shape = tuple(actual.shape) == tuple(expected.shape)
        difference = float((torch.from_numpy(actual) - expected).abs().max()) if same_shape else float("inf")
        if not difference <= TOLERANCE * scale:
            raise RunError([ExportDiffers(None, str(target), difference, TOLERANCE * scale, batch, largest)])
        differences[batch], sizes[batch] = difference, largest
    feed, _ = _fed(ports, 1, pixels)
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        session.run(None, feed)
        times.append(time.perf_counter() - start)
    return differences, sizes, statistics.median(times) * 1000


def session_options(threads: int) -> Any:
    """Options of an onnxruntime session that keeps to so many threads and does not spin while it waits."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
