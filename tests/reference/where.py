"""Constraints of spaces on one architecture."""

from __future__ import annotations

import re
from itertools import product
from typing import Any, TypeGuard

from . import arithmetic
from . import syntax as s
from .arithmetic import within
from .costs import costs
from .environment import Env
from .evaluate import evaluate
from .files import File
from .operators import subtree
from .places import root
from .runs import Decision, Run, SpaceError, Undecided, Unsupported, undecided
from .spaces import Outcome, Space
from .values import Range

COSTS = ("flops", "params", "depth", "activations")


class Answer:
    """What a decision came out at: compared by name with strings, else by value."""

    def __init__(self, name: Any, value: Any, names: tuple[str, ...] = ()) -> None:
        self.name, self.value, self.names = name, value, names


def allows(space: Space, one: Outcome, known: list[Decision]) -> bool:
    """``known``: all decisions of the space, among which those are found that belong together."""
    return all(holds(constraint, space, one, known) for constraint in space.where)


def holds(node: s.Node, space: Space, one: Outcome, known: list[Decision]) -> bool:
    names = names_of(node)
    if any(name in COSTS for name in names):
        if isinstance(node, s.Binary) and node.sign == "and":
            return all(holds(part, space, one, known) for part in (node.left, node.right))
        if one.error:
            return True
        found = costs(one)
        return evaluated(node, space, {c: getattr(found, c) for c in COSTS})
    if isinstance(node, s.Call) and isinstance(node.what, s.Name) and node.what.name == "pin":
        return pinned(node, one)
    parameters = space.parameters.names
    labels = [n for n in names if n not in parameters and not n.startswith("size ")]
    groups = {label: [d for d in known if meant(label, d.path, d.label)] for label in labels}
    found = {n: kept_in_all(n[5:], one) for n in names if n.startswith("size ")}
    return all(evaluated(node, space, {**found, **bound}) for bound in combinations(groups, one))


def unmatched(node: s.Node, space: Space) -> list[str]:
    """Labels in a constraint that no text bears."""
    if isinstance(node, s.Call) and isinstance(node.what, s.Name) and node.what.name == "pin":
        names = [text_of(node.arguments[0][1])]
    else:
        names = [n.removeprefix("size ") for n in names_of(node) if n not in (*COSTS, *space.parameters.names)]
    borne = labels_of(space.file)
    return [n for n in names if "." not in n and "*" not in n and n not in borne]


def labels_of(file: File) -> set[str]:
    """All labels in a file and in those that it uses."""
    found = {getattr(node, "label", None) for text in file.declared.values() for node in subtree(text)}
    return {label for label in found if label}.union(*(labels_of(other) for other, _ in file.used.values()))


def names_of(node: Any) -> list[str]:
    """Labels, parameters, costs and patterns that a constraint speaks of; `size("…")` as one name."""
    if isinstance(node, s.Name):
        return [node.name]
    if is_pattern(node):
        return [node.value]
    if isinstance(node, s.Call) and isinstance(node.what, s.Name):
        if node.what.name == "size":
            return [f"size {text_of(node.arguments[0][1])}"]
        return list(dict.fromkeys(n for _, a in node.arguments for n in names_of(a)))
    if isinstance(node, s.Binary):
        return list(dict.fromkeys(names_of(node.left) + names_of(node.right)))
    if isinstance(node, s.Unary):
        return names_of(node.what)
    if isinstance(node, (s.TupleOf, s.ListOf, s.SetOf)):
        found = []
        for item in node.items:
            found += names_of(item[1] if isinstance(item, tuple) else item)
        return list(dict.fromkeys(found))
    if isinstance(node, s.If):
        return list(dict.fromkeys(names_of(node.test) + names_of(node.then) + names_of(node.other)))
    return []


def is_pattern(node: Any) -> TypeGuard[s.Literal]:
    """A string with stars or points is a pattern of paths, another one the name of an alternative."""
    return isinstance(node, s.Literal) and isinstance(node.value, str) and any(c in node.value for c in "*.")


def text_of(node: s.Node) -> str:
    if isinstance(node, s.Literal) and isinstance(node.value, str):
        return node.value
    raise SpaceError("E0214", "a pattern is a string")


def matches(pattern: str, path: str) -> bool:
    """`*` is one segment with any index, `**` any number of segments."""

    def match(parts: list[str], segments: list[str]) -> bool:
        if not parts:
            return not segments
        if parts[0] == "**":
            return any(match(parts[1:], segments[i:]) for i in range(len(segments) + 1))
        return bool(segments) and one(parts[0], segments[0]) and match(parts[1:], segments[1:])

    def one(part: str, segment: str) -> bool:
        if part == "*":
            return True
        return re.fullmatch(re.escape(part).replace(r"\*", r"[^\[\]]*"), segment) is not None

    return match(pattern.split("."), path.split("."))


def meant(pattern: str, path: str, label: str | None) -> bool:
    """What has stars or points is a pattern of paths, anything else a label."""
    return matches(pattern, path) if "." in pattern or "*" in pattern else label == pattern


def kept_in_all(pattern: str, one: Outcome) -> int:
    assert one.run
    kept = [(d, len(one.run.answers[d.key])) for d in one.decisions if d.kind == "keep"]
    return sum(n for d, n in (*kept, *one.run.sites.values()) if meant(pattern, d.path, d.label))


def combinations(groups: dict[str, list[Decision]], one: Outcome) -> list[dict[str, Answer]]:
    """Every combination of instances within their innermost common scope that are all active."""
    assert one.run
    found = []
    active = {d.key for d in one.decisions}
    for combination in product(*([d for d in group if d.key in active] for group in groups.values())):
        if innermost(combination, groups):
            found.append({n: answer(d, one.run) for n, d in zip(groups, combination, strict=True)})
    return found


def common(scopes: list[tuple[Any, ...]]) -> tuple[Any, ...]:
    shared = []
    for level in zip(*scopes, strict=False):
        if any(key != level[0] for key in level):
            break
        shared.append(level[0])
    return tuple(shared)


def innermost(combination: tuple[Decision, ...], groups: dict[str, list[Decision]]) -> bool:
    """Whether no instance of these has a nearer partner that bears the same label as its partner here."""
    for i, first in enumerate(combination):
        for second, label in zip(combination[i + 1 :], list(groups)[i + 1 :], strict=True):
            here = len(common([first.scopes, second.scopes]))
            mine = list(groups)[i]
            if any(len(common([first.scopes, other.scopes])) > here for other in groups[label]):
                return False
            if any(len(common([second.scopes, other.scopes])) > here for other in groups[mine]):
                return False
    return True


def answer(decision: Decision, run: Run) -> Answer:
    given = run.answers[decision.key]
    if decision.kind == "gate":
        return Answer("on" if given else "off", given, ("on", "off"))
    if decision.kind == "keep":
        return Answer(str(len(given)), len(given))
    if decision.kind == "choose":
        return Answer(given, meaning(decision, given, run), decision.options)
    return Answer(str(given), given, tuple(map(str, decision.options)))


def meaning(decision: Decision, given: Any, run: Run) -> Any:
    """What was chosen, where that is a number, a tuple or a truth value; else its name."""
    if decision.meaning is None:
        return given
    try:
        value = decision.meaning(Run(undecided, run.answers, run.made), given)
    except Undecided:
        return given
    return value if isinstance(value, (bool, int, float, tuple, str)) or value is None else given


def pinned(node: s.Call, one: Outcome) -> bool:
    assert one.run
    pattern, wanted = (a for _, a in node.arguments)
    if not isinstance(wanted, s.Literal):
        raise Unsupported("pin at something computed")
    text = wanted.value if isinstance(wanted.value, str) else wanted.text
    for decision in one.decisions:
        if meant(text_of(pattern), decision.path, decision.label):
            found = answer(decision, one.run)
            if text not in found.names:
                raise SpaceError("E0414", f"{decision.path} has no alternative {text}")
            if found.name != text:
                return False
    return True


def evaluated(node: s.Node, space: Space, names: dict[str, Any]) -> bool:
    """The constraint with its names standing for numbers and answers."""
    env = Env(space.file, root(), {}, parent=space.parameters)
    value = value_of(node, env, names)
    if isinstance(value, Answer):
        value = value.value
    if not isinstance(value, bool):
        raise SpaceError("E0214", "a constraint is true or false")
    return value


def value_of(node: s.Node, env: Env, names: dict[str, Any]) -> Any:
    if isinstance(node, s.Name) and node.name in names:
        return names[node.name]
    if is_pattern(node) and node.value in names:
        return names[node.value]
    if isinstance(node, s.Call) and isinstance(node.what, s.Name) and node.what.name == "size":
        return names[f"size {text_of(node.arguments[0][1])}"]
    if isinstance(node, s.Call) and isinstance(node.what, s.Name) and node.what.name in arithmetic.FUNCTIONS:
        values = [plain(value_of(a, env, names)) for _, a in node.arguments]
        return arithmetic.FUNCTIONS[node.what.name](*values)
    if isinstance(node, s.Unary):
        value = plain(value_of(node.what, env, names))
        return not value if node.sign == "not" else -value
    if isinstance(node, s.TupleOf):
        return tuple(plain(value_of(i, env, names)) for i in node.items)
    if isinstance(node, (s.ListOf, s.SetOf)):
        return [value_of(i, env, names) for _, i in node.items]
    if isinstance(node, s.If):
        return value_of(node.then if plain(value_of(node.test, env, names)) else node.other, env, names)
    if not isinstance(node, s.Binary):
        return evaluate(node, env, Run(lambda d: None))
    left = value_of(node.left, env, names)
    if node.sign in ("and", "or"):
        if plain(left) is (node.sign == "or"):
            return plain(left)
        return plain(value_of(node.right, env, names))
    right = value_of(node.right, env, names)
    if node.sign == "..":
        return Range(plain(left), plain(right))
    if node.sign in ("==", "!="):
        return alike(left, right) is (node.sign == "==")
    if node.sign in ("in", "not in"):
        if not isinstance(right, (Range, list)):
            raise SpaceError("E0214", "in looks into a list, a set or a range")
        inside = within(plain(left), right) if isinstance(right, Range) else any(alike(left, r) for r in right)
        return inside is (node.sign == "in")
    if node.sign in arithmetic.ORDERS:
        return arithmetic.ordered(node.sign, plain(left), plain(right))
    return arithmetic.calculate(node.sign, plain(left), plain(right))


def plain(value: Any) -> Any:
    return value.value if isinstance(value, Answer) else value


def alike(a: Any, b: Any) -> bool:
    """With a string, a decision between operators or tensors is compared by the name of its alternative."""
    for one, name in ((a, b), (b, a)):
        if isinstance(one, Answer) and isinstance(name, str):
            if isinstance(one.value, (int, float, tuple)) and not isinstance(one.value, bool):
                raise SpaceError("E0414", f"a number or tuple is not {name!r}")
            if name not in one.names:
                raise SpaceError("E0414", f"there is no alternative {name!r}")
            return bool(one.name == name)
    a, b = plain(a), plain(b)
    if isinstance(a, list) or isinstance(b, list):
        raise SpaceError("E0214", "a list is not compared")
    return arithmetic.equal(a, b)
