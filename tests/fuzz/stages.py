"""What is done with a mutant: everything that a command would do with it, and what must hold of that."""

from __future__ import annotations

import ast as python
import json
import math
import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from stdsl.compiler.analysis.architecture import Architecture
from stdsl.compiler.analysis.architecture import architecture as make_architecture
from stdsl.compiler.analysis.circuits.patience import A_QUARTER
from stdsl.compiler.analysis.costs.of_architecture import costs, unknown_costs
from stdsl.compiler.analysis.costs.space_costs import cost_range
from stdsl.compiler.analysis.count import count
from stdsl.compiler.analysis.feasible import feasible
from stdsl.compiler.analysis.relaxable import relaxable
from stdsl.compiler.analysis.sampling import draw
from stdsl.compiler.analysis.specialise import specialise
from stdsl.compiler.checks.check import check_module
from stdsl.compiler.checks.opening import space_in
from stdsl.compiler.checks.where.satisfiable import satisfiable
from stdsl.compiler.diagnostics.model import KINDS, Diagnostic, Edit, Sink, StdslError
from stdsl.compiler.diagnostics.render import render
from stdsl.compiler.diagnostics.source import Source
from stdsl.compiler.frontend.dump import dump
from stdsl.compiler.frontend.formatter import format_source
from stdsl.compiler.frontend.parser import parse
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.ir.printer import print_ir
from stdsl.compiler.semantics.elaboration.values import Scalar
from stdsl.compiler.semantics.modules import Loader

from .mutations import Mutant

SPACES = 2
"""So many spaces of a file are looked at closely."""
SMALL = (300_000, 20_000_000, 400, 2_000_000)
"""Parameters, multiply-adds, nodes and numbers in a sample that a network may have to be built."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Refused(Exception):
    """Something that must hold does not."""


@dataclass
class Examination:
    """One mutant on its way. ``deep``: the share of accepted spaces that go through generated text; ``networks``: the
    share of these that are built and run."""

    mutant: Mutant
    rng: random.Random
    deep: float = 0.3
    networks: float = 0.1
    stage: str = "read"
    reached: Counter[str] = field(default_factory=Counter)

    def enter(self, stage: str) -> None:
        self.stage = stage
        self.reached[stage] += 1

    def source(self, text: str) -> Source:
        return Source("mutant.space", text, self.mutant.folder / "mutant.space")

    def run(self) -> None:
        """Raises what goes wrong, Refused where something does not hold."""
        text = self.mutant.text
        self.enter("parse")
        sink = Sink()
        file = parse(self.source(text), sink)
        right = not sink.errors
        dump(file)
        self.enter("check")
        source = self.source(text)
        found, graphs = _checked(source)
        self.enter("render")
        shown(found, source)
        self.enter("fix")
        mended = fixed(text, found, source)
        if mended != text:
            _checked(self.source(mended))
        self.enter("format")
        self.format(text, right, found)
        if not graphs:
            return
        self.reached["accepted"] += 1
        wrong = any(d.severity.value == "error" for d in found)
        for graph in self.rng.sample(graphs, min(len(graphs), SPACES)):
            self.space(text, graph, wrong)

    def format(self, text: str, right: bool, found: Sequence[Diagnostic]) -> None:
        if not right:
            _must_raise(lambda: format_source(self.source(text)))
            return
        formatted = format_source(self.source(text))
        again = format_source(self.source(formatted))
        _same("formatting twice", formatted, again)
        if self.rng.random() < 0.3:
            self.enter("check formatted")
            other, _ = _checked(self.source(formatted))
            # How many there are depends on where lines break: a name that is not there is told of once a line.
            _same("diagnostics of the formatted text", *(sorted({d.code for d in ds}) for ds in (found, other)))

    def space(self, text: str, graph: SpaceGraph, wrong: bool) -> None:
        if not wrong:
            self.enter("load")
            sink = Sink()
            module = Loader(sink).source(self.source(text))
            # What depends on decisions is no value that somebody gives.
            given = {name: value for name, value in graph.parameters if not isinstance(value, Scalar)}
            loadable = space_in(module, graph.name, given, sink).graph
            _same("the graph of `check` and that of `load`", print_ir(graph), print_ir(loadable))
        try:
            arch = self.facts(graph)
        except StdslError as error:
            shown(error.diagnostics, None)
            return
        if arch is None or self.rng.random() > self.deep:
            return
        self.generated(graph, arch)

    def facts(self, graph: SpaceGraph) -> Architecture | None:
        """What `info` and `sample` say without `--exact`; an architecture, where one was found."""
        self.enter("info")
        verdict = satisfiable(graph).diagnostic
        if verdict is not None and verdict.severity.value == "error":
            return None
        ranges = {metric: cost_range(graph, metric, A_QUARTER) for metric in ("params", "flops", "activations")}
        relaxable(graph)
        self.enter("count")
        number = count(graph, A_QUARTER)
        if not 0 <= number.low <= number.high:
            raise Refused(f"a count of {number}")
        self.enter("sample")
        drawn = draw(graph, self.rng.randrange(100), 1).architectures
        if not drawn:
            return None
        (arch,) = drawn
        if number.high < 1:
            raise Refused("an architecture of an empty space")
        _same("an architecture", make_architecture(graph, dict(arch)), arch)
        found = costs(graph, arch)
        for metric, span in ranges.items():
            value = getattr(found, metric)
            _same("what is not stated is unknown", span is None, metric in unknown_costs(graph))
            if span is not None and not span.min <= value <= span.max:
                raise Refused(f"{metric} of {getattr(found, metric)} outside {span}")
        self.enter("rank")
        exact = feasible(graph, A_QUARTER) if number.exact else None
        if exact is not None:
            _same("count", exact.count, number.low)
            place = self.rng.randrange(exact.count)
            _same("rank", exact.rank(exact.unrank(place)), place)
        return arch

    def generated(self, graph: SpaceGraph, arch: Architecture) -> None:
        """What `compile` and `graph` write."""
        from stdsl.compiler.backends.drawing import network_picture, space_picture, to_dot, to_mermaid
        from stdsl.compiler.backends.networks.source import source
        from stdsl.compiler.backends.networks.supernet_text import supernet_source

        self.enter("draw")
        network = specialise(graph, arch)
        for picture in (space_picture(graph), network_picture(graph, network)):
            to_dot(picture)
            to_mermaid(picture)
        if graph.externs:
            return
        self.enter("module")
        is_python(source(graph, arch))
        mixed = not relaxable(graph)
        if mixed:
            self.enter("supernet")
            is_python(supernet_source(graph)[0])
        figures = costs(graph, arch)
        numbers = sum(math.prod(graph.nodes[node].type.dims) for node in graph.inputs)
        size = (figures.params or 0, figures.flops or 0, len(graph.nodes), numbers)
        if self.rng.random() < self.networks and all(a <= b for a, b in zip(size, SMALL, strict=True)):
            from .networks import run_module, run_supernet

            self.enter("network")
            run_module(graph, arch)
            greatest = [span.max for m in ("params", "flops") if (span := cost_range(graph, m, A_QUARTER)) is not None]
            if mixed and len(greatest) == 2 and greatest[0] <= SMALL[0] and greatest[1] <= SMALL[1]:
                self.enter("mixture")
                run_supernet(graph)


def _checked(source: Source) -> tuple[Sequence[Diagnostic], tuple[SpaceGraph, ...]]:
    sink = Sink()
    graphs = check_module(Loader(sink).source(source), sink).graphs
    return sink.diagnostics, graphs


def shown(found: Sequence[Diagnostic], source: Source | None) -> None:
    """Every diagnostic can be shown in every form, and lies within its text."""
    for d in found:
        for span in (d.span, *(label.span for label in d.labels)):
            if span is not None and not 0 <= span.start <= span.end <= len(span.source.text):
                raise Refused(f"{d.code} at {span.start} to {span.end} of {len(span.source.text)}")
        if d.code not in KINDS or not d.message:
            raise Refused(f"no message: {d.code}")
    twice = [code for code, n in Counter((d.code, d.span) for d in found if d.span is not None).items() if n > 1]
    if twice:
        raise Refused(f"two messages for one place: {twice[0][0]}")
    for colour in (False, True):
        text = render(found, "full", color=colour)
        if not colour and _CONTROL.search(text):
            raise Refused(f"a control character in a message: {_CONTROL.search(text)!r}")
    for form in ("concise", "github"):
        text = render(found, form, color=False)
        if text.count("\n") != len(found) or _CONTROL.search(text):
            raise Refused(f"more than a line for a message: {text[:2000]!r}")
    if len(json.loads(render(found, "json", color=False))) != len(found):
        raise Refused("not all diagnostics in JSON")


def fixed(text: str, found: Sequence[Diagnostic], source: Source) -> str:
    """The text with the corrections that diagnostics offer and that do not overlap."""
    taken: list[Edit] = []
    for d in found:
        edits = d.fix.edits if d.fix is not None else ()
        inside = all(e.span.source is source for e in edits)
        if inside and all(e.span.end < t.span.start or t.span.end < e.span.start for e in edits for t in taken):
            taken += edits
    for edit in sorted(taken, key=lambda e: e.span.start, reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


def is_python(text: str) -> None:
    """A generated file is Python, and imports nothing but torch and stdsl."""
    for node in python.walk(python.parse(text)):
        names = []
        if isinstance(node, python.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, python.ImportFrom):
            names = [node.module or ""]
        for name in names:
            if name.partition(".")[0] not in ("torch", "stdsl", "__future__", "math", "collections", "typing"):
                raise Refused(f"a generated file imports {name}")
    compile(text, "generated", "exec")


def _same(what: str, first: object, second: object) -> None:
    if first != second:
        raise Refused(f"{what} differs: {str(first)[:2000]} and {str(second)[:2000]}")


def _must_raise(action: Callable[[], object]) -> None:
    try:
        action()
    except StdslError:
        return
    raise Refused("a text with syntax errors is formatted")
