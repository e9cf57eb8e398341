"""``stdsl info``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Literal

import click

from stdsl.cli.counting import counted_exactly
from stdsl.cli.options import Given, allow_extern, architecture, as_json, parameters, quiet, target
from stdsl.cli.output import document, fact, table
from stdsl.cli.spaces import open_space, the_architecture, warn_of_parameters
from stdsl.compiler.analysis.architecture import Architecture
from stdsl.compiler.analysis.circuits.of_space import CountResult, circuits
from stdsl.compiler.analysis.circuits.patience import A_QUARTER, AT_LENGTH
from stdsl.compiler.analysis.costs.depth_range import depth_range
from stdsl.compiler.analysis.costs.measures import measure_of
from stdsl.compiler.analysis.costs.of_architecture import cost_constraints, network_costs
from stdsl.compiler.analysis.costs.space_costs import CostRange, cost_range
from stdsl.compiler.analysis.count import count
from stdsl.compiler.analysis.layer_rows import layer_rows
from stdsl.compiler.analysis.receptive_field import ReceptiveField, receptive_field, views
from stdsl.compiler.analysis.relaxable import relaxable
from stdsl.compiler.analysis.shares import Share, shares_of
from stdsl.compiler.analysis.specialise import specialise
from stdsl.compiler.analysis.temporal_windows import window_rows
from stdsl.compiler.diagnostics.model import in_words
from stdsl.compiler.ir.decisions import Decision
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.ops.attributes import shown
from stdsl.compiler.ops.registry import primitives_of
from stdsl.compiler.text.figures import cost_title, figure, percent
from stdsl.compiler.text.quoting import visible
from stdsl.target import Target

Metric = Literal["params", "flops", "depth", "activations"]
_COSTS: tuple[Metric, ...] = ("params", "flops", "depth", "activations")


@click.command("info")
@target("space")
@parameters
@architecture
@click.option("--exact", is_flag=True, help="Count, and compare costs, where it takes longer than that, too.")
@click.option("--marginals", is_flag=True, help="The share of each option among the architectures, too.")
@allow_extern
@as_json
@quiet
def command(
    target: Target,
    parameters: Mapping[str, str],
    architecture: Given | None,
    exact: bool,
    marginals: bool,
    allow_extern: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Show what a space leaves open, and what its networks cost.

    The decisions, the number of architectures, the least, greatest and mean parameters, FLOPs (multiply-adds of one
    sample's forward pass), depth (the most convolutions and products on one path) and activations (the elements that
    these put out), and whether the space
    can become a mixture supernet. With --arch, the costs and the layers of that architecture. What extern operators do
    not state is unknown; with --allow-extern, their parameters are counted in what their code makes. What within
    constraints over costs takes more work than a quarter of a second's is not counted, and costs are bounded; --exact
    takes the time, as `stdsl count` does. With
    --marginals, of the architectures in which a decision is asked, the share that takes each option (of a `keep`: keeps
    each element), and of all the share in which it is asked.

    \b
    Example:
      stdsl info darts::darts_cifar
      stdsl info darts::darts_cifar --json
      stdsl info my.space::small --marginals
      stdsl info darts::darts_cifar --arch found.arch.json
    """
    if marginals and architecture is not None:
        raise click.UsageError("--marginals is about all architectures, --arch about one: ask one of the two")
    graph = open_space(target, parameters, allow_extern)
    arch = the_architecture(architecture, graph)
    warn_of_parameters(architecture, graph, parameters, quiet)
    if as_json:
        facts = _facts(graph, _counted(graph, exact, marginals, quiet), exact or marginals, marginals)
        document(facts | ({"architecture": _network(graph, arch)} if arch is not None else {}))
    elif arch is not None and architecture is not None:
        _print_network(graph, arch)
    else:
        _print_space(graph, _counted(graph, exact, marginals, quiet), exact or marginals, marginals)


def _counted(graph: SpaceGraph, exact: bool, marginals: bool, quiet: bool) -> CountResult:
    return counted_exactly(graph, quiet) if exact else count(graph, AT_LENGTH if marginals else A_QUARTER)


def _facts(graph: SpaceGraph, found: CountResult, exact: bool, marginals: bool) -> dict[str, Any]:
    shares = shares_of(graph) if marginals else None
    problems = relaxable(graph)
    facts: dict[str, Any] = {
        "space": graph.name,
        "count": {"min": str(found.low), "max": str(found.high), "exact": found.exact},
        "decisions": [
            {"path": d.path, "kind": d.kind, "options": list(d.options)}
            | (_shares(None if shares is None else shares[d.path]) if marginals else {})
            for d in graph.open
        ],
        **{metric: _range(graph, metric, exact) for metric in _COSTS},
        "relaxable": not problems,
    }
    return facts | ({"not_relaxable": [d.message for d in problems]} if problems else {})


def _shares(found: Share | None) -> dict[str, Any]:
    if found is None:
        return {"asked": None, "shares": None}
    return {"asked": float(found.asked), "shares": [float(share) for share in found.options]}


def _range(graph: SpaceGraph, metric: Metric, exact: bool) -> dict[str, Any] | None:
    """None where the block of an extern operator does not state it."""
    costs = _reach(graph, metric, exact)
    if costs is None:
        return None
    known = costs.exact and costs.mean is not None
    return {"min": costs.min, "max": costs.max, "mean": costs.mean, "exact": known, "mean_exact": costs.mean_exact}


def _reach(graph: SpaceGraph, metric: Metric, exact: bool) -> CostRange | None:
    patience = AT_LENGTH if exact else A_QUARTER
    return depth_range(graph, patience) if metric == "depth" else cost_range(graph, metric, patience)


def _network(graph: SpaceGraph, arch: Architecture) -> dict[str, Any]:
    network, primitives = specialise(graph, arch), primitives_of(graph)
    seen = views(network, primitives)
    return {
        "hash": arch.hash,
        **asdict(network_costs(network)),
        "receptive_field": asdict(receptive_field(network, seen, primitives)),
        "windows": [row.document() for row in window_rows(graph, network, primitives)],
        "layers": [row.document() for row in layer_rows(graph, network, seen)],
    }


def _print_space(graph: SpaceGraph, found: CountResult, exact: bool, marginals: bool) -> None:
    shown = f"{found.low:,}" if found.exact else f"between {found.low:,} and {found.high:,}"
    left = "" if found.exact or exact or not _countable(graph) else "; within its budgets not counted (--exact counts)"
    fact(f"{_title(graph)}: {shown} architecture{'' if found.high == 1 else 's'}{left}")
    shares = shares_of(graph) if marginals and graph.open else None
    if shares is not None:
        shared = [("decision", "kind", "asked", "options, and the share of each")]
        for d in graph.open:
            shared.append((d.path, _kind(d), percent(shares[d.path].asked), _with_shares(d, shares[d.path])))
        fact(f"\n{table(shared, right=(2,))}")
    elif graph.open:
        rows = [("decision", "kind", "options"), *((d.path, _kind(d), _options(d)) for d in graph.open)]
        fact(f"\n{table(rows)}")
        if marginals:
            fact("(the shares of options are not known: `stdsl explain E0444`)")
    rows_of_costs = [("", "least", "greatest", "mean")]
    notes: list[str] = []
    bounds: dict[str, list[str]] = {"least": [], "greatest": []}
    unknown: list[str] = []
    estimated: list[str] = []
    for metric in _COSTS:
        name = cost_title(metric)
        costs = _reach(graph, metric, exact)
        if costs is None:
            rows_of_costs.append((name, *3 * (figure(None),)))
            notes.append(_stated(graph, metric))
            continue
        least = ("" if costs.exact or costs.cheapest is not None else ">= ") + figure(costs.min)
        greatest = ("" if costs.exact or costs.dearest is not None else "<= ") + figure(costs.max)
        rows_of_costs.append((name, least, greatest, figure(costs.mean)))
        if not (costs.exact or costs.cheapest is not None):
            bounds["least"].append(name)
        if not (costs.exact or costs.dearest is not None):
            bounds["greatest"].append(name)
        if not costs.mean_exact:
            (unknown if costs.mean is None else estimated).append(name)
    notes += _bounding(bounds["least"], bounds["greatest"])
    notes += [f"the mean of {_listed(unknown)} is not known"] if unknown else []
    notes += [f"the mean of {_listed(estimated)} is estimated from a sample"] if estimated else []
    fact(f"\n{table(rows_of_costs, right=(1, 2, 3))}")
    if notes and not exact and (any(bounds.values()) or cost_constraints(graph)):
        notes.append("--exact takes the time to know more")
    for note in notes:
        fact(f"({visible(note)})")
    problems = relaxable(graph)
    fact(f"\nrelaxable: {'no' if problems else 'yes'}")
    for problem in problems:
        fact(f"  {visible(in_words(problem).message)}")
    if problems:
        fact("  (a search along sampled paths needs no mixture: strategies of the family `sampling`)")


def _bounding(least: list[str], greatest: list[str]) -> list[str]:
    """Which of the ends that are told are bounds."""
    if least and least == greatest:
        return [f"the least and greatest {_listed(least)} are bounds"]
    ends = (("least", least), ("greatest", greatest))
    return [
        f"the {end} {_listed(names)} {'are bounds' if len(names) > 1 else 'is a bound'}" for end, names in ends if names
    ]


def _countable(graph: SpaceGraph) -> bool:
    """Whether to count what is within constraints over costs may say more than to look at them does."""
    return circuits(graph).exact and any(measure_of(graph, c) is not None for c in cost_constraints(graph))


def _print_network(graph: SpaceGraph, arch: Architecture) -> None:
    network, primitives = specialise(graph, arch), primitives_of(graph)
    costs = asdict(network_costs(network))
    fact(f"{_title(graph)}: architecture {arch.hash[:12]}")
    totals = [(cost_title(name), figure(costs[name])) for name in ("params", "flops", "depth", "activations")]
    fact(f"\n{table(totals, right=(1,))}")
    known = views(network, primitives)
    field = receptive_field(network, known, primitives)
    if field.frames or field.frames is None:
        fact(f"\nreceptive field over time: {visible(_frames(field))}")
    windows = window_rows(graph, network, primitives)
    if windows:
        listed = [("windows on clips", "number", "mean length", "least", "greatest")]
        listed += [(w.operation, str(w.number), f"{float(w.mean):.1f}", str(w.least), str(w.greatest)) for w in windows]
        fact(f"\n{table(listed, right=(1, 2, 3, 4))}")
    layers = layer_rows(graph, network, known)
    frames = any(row.frames is not None for row in layers)
    rows: list[tuple[str, ...]] = [("layer", "operation", "shape", "params", "FLOPs", *(["frames"] if frames else []))]
    for row in layers:
        seen = ["" if row.frames is None else str(row.frames)] if frames else []
        rows.append((row.path, row.op, row.shape, figure(row.params), figure(row.flops), *seen))
    fact(f"\n{table(rows, right=(3, 4, 5) if frames else (3, 4))}")


def _frames(field: ReceptiveField) -> str:
    """How many frames are seen, of which clip where there are several, and by what all are."""
    if field.frames is None:
        return "not known, for an extern operator does not state what it sees"
    counts = [
        f"{count} frame{'' if count == 1 else 's'}{f' of {name}' if len(field.frames) > 1 else ''}"
        for name, count in field.frames.items()
    ]
    whole = f" ({', '.join(f'`{op}`' for op in field.whole)} then sees all)" if field.whole else ""
    return f"{', '.join(counts)}{whole}"


def _listed(names: Sequence[str]) -> str:
    """`params, FLOPs and activations`."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def _stated(graph: SpaceGraph, metric: str) -> str:
    names = ", ".join(f"`{extern.name}`" for extern in graph.not_stated(metric))
    return f"the block of {names} does not state {metric}"


def _title(graph: SpaceGraph) -> str:
    parameters = ", ".join(f"{name} = {shown(value)}" for name, value in graph.parameters)
    return visible(f"{graph.name}({parameters})" if parameters else graph.name)


def _kind(d: Decision) -> str:
    if d.kind != "keep" or d.sizes is None:
        return d.kind
    low, high = d.sizes
    return f"keep {low}" if low == high else f"keep {low}..{high}"


def _with_shares(d: Decision, found: Share) -> str:
    return ", ".join(f"{name} {percent(share)}" for name, share in zip(d.options, found.options, strict=True))


def _options(d: Decision) -> str:
    return ", ".join(d.options)
