"""Alternatives: what they are called, and what they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import syntax as s
from .environment import Env, Thunk, constant
from .places import Place
from .runs import Run, SpaceError
from .values import Alternative, Declared, Range, SetValue

Same = Callable[[Run], Any] | None


def alternatives(node: s.Node, env: Env, site: Place, same: Same, run: Run) -> dict[str, Alternative]:
    """The alternatives of what stands behind `choose`, at a place. ``same`` is what `same` means."""
    from .evaluate import evaluate

    if isinstance(node, s.SetOf):
        return inline(node, env, run)
    if isinstance(node, s.Call) and isinstance(node.what, s.SetOf):
        return applied(node, env, run)
    if isinstance(node, s.Call):
        value = evaluate(node.what, env, run)
        if isinstance(value, Declared) and value.text.keyword == "ops":
            return of_declared(
                Declared(value.text, value.file, value.called_as, node.arguments, env, env.place),
                env.place.at(node),
                same,
                run,
            )
        if isinstance(value, SetValue):
            return applied(node, env, run, value)
    return offered(evaluate(node, env, run), site.at(node), same, run)


def offered(value: Any, site: Place, same: Same, run: Run) -> dict[str, Alternative]:
    if isinstance(value, Declared) and value.text.keyword == "ops":
        return of_declared(value, value.place or site, same, run)
    if isinstance(value, SetValue):
        return value.alternatives
    if isinstance(value, Range):
        return {str(n): Alternative(lambda n=n: constant(n)) for n in range(value.low, value.high + 1)}
    raise SpaceError("E0209", f"a {type(value).__name__} is nothing to choose from")


def inline(node: s.SetOf, env: Env, run: Run) -> dict[str, Alternative]:
    found: dict[str, Alternative] = {}
    context = run.context()
    for written, item in node.items:
        name = written or named(item)
        if name in found:
            raise SpaceError("E0303", f"two alternatives are called {name}")

        def make(name: str = name, item: s.Node = item) -> Thunk:
            inside = env.child(env.place.entered(name, node))
            inside.context = context
            return inside.thunk(item)

        found[name] = run.elaborate(lambda make=make: Alternative(make), env, node, name)
    return found


def applied(node: s.Call, env: Env, run: Run, value: SetValue | None = None) -> dict[str, Alternative]:
    """A set applied to arguments: they are elaborated once, every alternative is applied to them."""
    from .evaluate import evaluate
    from .operators import called

    given = value or evaluate(node.what, env, run)
    found = {}
    context = run.context()
    for name, alternative in given.alternatives.items():

        def one(r: Run, name: str = name, alternative: Alternative = alternative) -> Any:
            return called(alternative.thunk.force(r), node.arguments, env, node, r, env.place.entered(name, node))

        make = run.elaborate(lambda one=one: Alternative(lambda: Thunk(one, context, lambda: True)), env, node, name)
        found[name] = make
    return found


def opened(value: Any, node: s.Node, env: Env, run: Run) -> Any:
    """A declared `ops` by its name as the set that it is, elaborated for what stands here."""
    if isinstance(value, Declared) and value.text.keyword == "ops":
        return SetValue(offered(value, env.place.at(node), None, run))
    return value


def of_declared(value: Declared, site: Place, same: Same, run: Run) -> dict[str, Alternative]:
    """The alternatives of an `ops`, elaborated at a place."""
    from .operators import parameters

    def make() -> Env:
        env = Env(value.file, site.of_set(value.text), run.context(), same=same)
        parameters(value, env, same)
        return env

    env = run.elaborate(make, value.text, value.arguments, value.env, site.key, same)
    return alternatives(value.text.result, env, env.place, same, run)


def named(node: s.Node) -> str:
    """What an alternative without a written name is called."""
    if isinstance(node, s.Name):
        return node.name
    if isinstance(node, s.Call):
        return named(node.what)
    if isinstance(node, s.Unary) and node.sign == "-" and isinstance(node.what, s.Literal):
        return f"-{node.what.text}"
    if isinstance(node, s.Literal):
        return node.value if isinstance(node.value, str) else node.text
    raise SpaceError("E0302", "an alternative needs a name")
