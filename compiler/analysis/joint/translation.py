"""What depends on the decisions of a sibling, as something that depends on those of the space that is searched."""

from __future__ import annotations

from ...ir.decisions import Decision
from ...ir.diagram import Case, Diagram, Diagrams, inner_nodes
from ...ir.graph import SpaceGraph
from ...ir.sibling import Sibling
from ..costs.additive import default_answers


def sibling_of(searched: SpaceGraph, other: SpaceGraph) -> Sibling:
    """``other`` as a sibling of ``searched``, whose architectures carry over to it (:mod:`..derivation.carry`):
    decisions are the same where their paths are, alternatives where their names are, and elements of keeps where their
    places are."""
    twins = {decision.path: decision for decision in other.open}
    own: dict[int, tuple[int, tuple[int, ...]]] = {}
    settled = dict(default_answers(other))
    for decision in searched.open:
        if decision.path in twins:
            twin = twins[decision.path]
            for there, here in zip(decision.variables, twin.variables, strict=False):
                own[here.index] = (there.index, _answers(decision, twin))
            settled |= {v.index: 0 for v in twin.variables[len(decision.variables) :]}
    for variable in own:
        del settled[variable]
    return Sibling(other, own, settled, shown_name(searched, other))


def _answers(decision: Decision, twin: Decision) -> tuple[int, ...]:
    if decision.kind in ("keep", "gate"):
        return (0, 1)
    return tuple(twin.options.index(option) for option in decision.options)


def shown_name(searched: SpaceGraph, other: SpaceGraph) -> str:
    """What messages call a sibling; two spaces of one declaration differ in their parameters."""
    if other.name != searched.name:
        return other.name
    return f"{other.name}({', '.join(f'{name} = {value}' for name, value in other.parameters)})"


def translated(diagrams: Diagrams, sibling: Sibling, case: Case) -> Case:
    """A case of the sibling's diagrams as one of ``diagrams``, those of the space that is searched: the same value for
    every architecture that carries over. Raises DiagramTooLarge."""
    done: dict[int, Case] = {}

    def known(kid: Case) -> Case:
        return done[kid.uid] if type(kid) is Diagram else kid

    # Children depend on later variables alone.
    for node in sorted(inner_nodes(case), key=lambda node: -node.variable.index):
        index = node.variable.index
        if index in sibling.settled:
            done[node.uid] = known(node.children[sibling.settled[index]])
            continue
        variable, here = sibling.own[index]
        done[node.uid] = _choice(diagrams, variable, [known(node.children[answer]) for answer in here])
    return known(case)


def _choice(diagrams: Diagrams, index: int, kids: list[Case]) -> Case:
    """The kid of the answer to a variable, wherever the variables of the kids stand in the order."""
    variable = diagrams.variables[index]
    if all(type(kid) is not Diagram or kid.variable.index > index for kid in kids):
        return diagrams.case(variable, kids)
    chosen = kids[-1]
    for answer in range(len(kids) - 2, -1, -1):
        # What is not chosen may be impossible.
        chosen = diagrams.ite(diagrams.test(variable, answer), kids[answer], chosen)
    return chosen
