"""Strategies as chains: a family at the bottom, on it the settings of one strategy after the other."""

from __future__ import annotations

from dataclasses import replace

from ...diagnostics.families import FamilyNotAllowed, FamilyNotLoaded
from ...diagnostics.settings import MissingSetting, WrongArgument, WrongSetting
from ...diagnostics.strategies import StrategyCycle, UnknownParameterType, UnknownStrategy, WrongFormula
from ...diagnostics.values import TooLarge
from ...families.registry import FAMILIES, announced, foreign, settings_of_family
from ...frontend import ast
from ...schemas.expectation import Expectation
from ...schemas.formula import Constant, Formula
from ...schemas.hyper import Tunable
from ...schemas.over import MEANINGS, Over, Variables
from ..modules import library_home
from .environment import Env, Stop, Thunk, variables_of_type
from .layers import lay
from .numbers import compute, plural, show
from .tree import Branch, Leaf
from .values import value

MAX_CHAIN = 100
"""The most strategies that may stand on top of each other, each copying the one below."""

_TYPES = {"int": int, "float": float, "bool": bool, "str": str}
_NOUNS = {"int": "a whole number", "float": "a number", "bool": "`true` or `false`", "str": "a text in quotes"}


def strategy_tree(expr: ast.Expr, env: Env, chain: tuple[ast.StrategyDecl, ...] = ()) -> Branch:
    """The settings of `name`, `name(arguments)` or `name { … }`. Raises :class:`Stop` where there is none."""
    if isinstance(expr, ast.Configured):
        tree = strategy_tree(expr.base, env, chain)
        return _lay(tree, expr.section, env)
    call = expr if isinstance(expr, ast.Call) else None
    callee = call.callee if call is not None else expr
    if not isinstance(callee, ast.Name):
        raise env.report.stop(WrongSetting(expr.span, "strategy", "a strategy, or a family", *_something(expr)))
    found = env.module.lookup(callee.id)
    if found is None and (callee.id in FAMILIES or _announced(callee, env)):
        if call is not None and call.arguments:
            fault = "is a family and takes no arguments; its settings stand in braces"
            env.report.add(WrongArgument(call.span, callee.id, fault, ()))
        return Branch(expr.span, tag=("family", callee.id))
    declaration, module = found if found is not None else (None, env.module)
    if not isinstance(declaration, ast.StrategyDecl):
        if env.is_broken(callee.id):
            raise Stop
        home = library_home(callee.id)
        raise env.report.stop(UnknownStrategy(callee.span, callee.id, _strategies(env), tuple(FAMILIES), home))
    if declaration in chain:
        raise env.report.stop(_circle(chain[chain.index(declaration) :]))
    if len(chain) >= MAX_CHAIN:
        what = f"a strategy on top of {len(chain)} others"
        raise env.report.stop(TooLarge(callee.span, what, f"at most {MAX_CHAIN}"))
    inside = Env(module, env.report, _bind(declaration, expr, env, Env(module, env.report)), env.tunable)
    return declared_tree(declaration, inside, chain)


def _something(expr: ast.Expr) -> tuple[str, str | None]:
    """What stands where a strategy is due, and what to write."""
    if isinstance(expr, ast.Literal_) and isinstance(expr.value, str) and expr.value.isidentifier():
        return f"the text {expr.text}", f"names stand without quotes: `{expr.value}`"
    return "something else", "name a strategy, or a family with its settings: `gradient { … }`"


def _announced(callee: ast.Name, env: Env) -> bool:
    """Whether another package announces a family of that name. Raises :class:`Stop` where it may not, or cannot, be
    loaded (reported)."""
    entry = announced().get(callee.id)
    if entry is None:
        return False
    if not env.module.allow_extern:
        raise env.report.stop(FamilyNotAllowed(callee.span, callee.id, entry.value))
    try:
        foreign(callee.id)
    except ImportError as error:
        raise env.report.stop(FamilyNotLoaded(callee.span, callee.id, entry.value, str(error))) from error
    return True


def declared_tree(declaration: ast.StrategyDecl, env: Env, chain: tuple[ast.StrategyDecl, ...] = ()) -> Branch:
    """The settings of a declaration with its parameters bound in ``env``."""
    tree = strategy_tree(declaration.base, env, (*chain, declaration))
    return replace(_lay(tree, declaration.section, env), span=declaration.name.span)


def own_parameters(declaration: ast.StrategyDecl, env: Env) -> Env:
    """``env`` with the parameters of a strategy that is looked at by itself: defaults, else unknown."""
    return replace(env, parameters=_bind(declaration, None, env, env, alone=True))


def _circle(chain: tuple[ast.StrategyDecl, ...]) -> StrategyCycle:
    """Always told from the side of the strategy with the least name."""
    start = min(range(len(chain)), key=lambda i: chain[i].name.id)
    turned = (*chain[start:], *chain[:start])
    return StrategyCycle(turned[0].base.span, tuple(d.name.id for d in (*turned, turned[0])))


def _lay(tree: Branch, section: ast.Section, env: Env) -> Branch:
    assert tree.tag is not None
    family = tree.tag[1]
    model = settings_of_family(family)
    return lay(tree, section, model, f"family `{family}`", replace(env, tunable=issubclass(model, Tunable)))


def _strategies(env: Env) -> tuple[str, ...]:
    found = ((name, env.module.lookup(name)) for name in env.module.names())
    return tuple(name for name, f in found if f is not None and isinstance(f[0], ast.StrategyDecl))


def _bind(
    declaration: ast.StrategyDecl, reference: ast.Expr | None, env: Env, inside: Env, alone: bool = False
) -> dict[str, Thunk]:
    """Arguments of a ``reference`` to a strategy (read in ``env``) and defaults (read in ``inside``, which sees the
    earlier parameters)."""
    call = reference if isinstance(reference, ast.Call) else None
    name = declaration.name.id
    known = tuple(p.name.id for p in declaration.parameters)
    given: dict[str, ast.Expr] = {}
    for i, argument in enumerate(call.arguments if call else ()):
        key = argument.name.id if argument.name is not None else known[i] if i < len(known) else None
        if key is None or key not in known:
            many = f"takes at most {plural(len(known), 'argument')}"
            fault = f"has no parameter `{key}`" if key else many
            env.report.add(WrongArgument(argument.span, name, fault, known))
        elif key in given:
            env.report.add(WrongArgument(argument.span, name, f"gets `{key}` twice", known))
        else:
            given[key] = argument.value
    bound: dict[str, Thunk] = {}
    missing: list[str] = []
    for parameter in declaration.parameters:
        key = parameter.name.id
        over = _over(parameter, inside)
        expr = given.get(key, parameter.default)
        if expr is None and not alone:
            missing.append(key)
        thunk = Thunk(expr, env if key in given else replace(inside, parameters=dict(bound)), over)
        bound[key] = thunk if _has_type(parameter, thunk) else replace(thunk, expr=None)
    if missing:
        place = reference.span if reference is not None else declaration.name.span
        words = ("an argument",) * len(missing)
        env.report.add(MissingSetting(place, tuple(missing), f"strategy `{name}`", words))
    return bound


def _over(parameter: ast.Parameter, env: Env) -> Variables | None:
    kind = parameter.type
    if kind is None:
        return None
    variables = variables_of_type(kind)
    known = isinstance(kind, ast.Name) and kind.id in _TYPES
    if not known and (variables is None or not variables.names or not set(variables.names) <= MEANINGS.keys()):
        env.report.add(UnknownParameterType(kind.span, kind.span.text))
        return None
    return variables


def _has_type(parameter: ast.Parameter, thunk: Thunk) -> bool:
    """Whether an argument has the type of its parameter; looked at even where no setting uses it."""
    if parameter.type is None or thunk.expr is None:
        return True
    key, env = parameter.name.id, replace(thunk.env, setting=parameter.name.id)
    try:
        if thunk.over is not None:
            return _is_formula(key, thunk.expr, thunk.over, env)
        if not isinstance(parameter.type, ast.Name) or parameter.type.id not in _TYPES:
            return True
        kind = parameter.type.id
        found = compute(thunk.expr, env)
    except Stop:
        return False
    fits = isinstance(found, (int, float) if kind == "float" else _TYPES[kind])
    if fits and (kind == "bool" or not isinstance(found, bool)):
        return True
    env.report.add(WrongSetting(thunk.expr.span, key, _NOUNS[kind], show(found)))
    return False


def _is_formula(key: str, expr: ast.Expr, over: Variables, env: Env) -> bool:
    node = value(key, expr, Expectation(over=over, whole_only=False), env)
    if not isinstance(node, Leaf):
        return False
    if not isinstance(node.data, (int, float, Formula)) or isinstance(node.data, bool):
        found = show(node.data)
        env.report.add(WrongSetting(expr.span, key, Expectation(over=over, whole_only=False).describe(), found))
        return False
    formula = node.data if isinstance(node.data, Formula) else Constant(node.data)
    for fault in Over(formula, over.names).faults():
        env.report.add(WrongFormula(expr.span, key, over.names, fault))
        return False
    return True
