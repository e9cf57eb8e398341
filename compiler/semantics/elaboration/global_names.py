"""What a name means that no block binds: declarations, imports, constants, and what is built in."""

from __future__ import annotations

from ...diagnostics.names import UndefinedName
from ...diagnostics.source import Span
from ...frontend import ast
from ...ops.registry import PRIMITIVES
from ..builtins import BUILTIN_NAMES, LIST_FUNCTIONS, REDUCERS
from ..modules import Module
from . import expressions, externs
from .arithmetic import FUNCTIONS
from .context import Context, Env
from .state.limits import Abandoned
from .state.state import State
from .values import ERROR, Builtin, PrimitiveOp, ReduceOp, Same, SetTemplate, Template, Value


def global_name(state: State, name: str, span: Span, module: Module, env: Env | None) -> Value:
    """What a name means that is not bound in a block: a declaration, an import, or something built in."""
    declared = module.lookup(name)
    if declared is not None:
        declaration, home = declared
        if isinstance(declaration, ast.Let):
            return constant(state, declaration, home)
        if isinstance(declaration, ast.OpDecl):
            return Template(declaration, home, name, span)
        if isinstance(declaration, ast.OpsDecl):
            return SetTemplate(declaration, home, span)
        if isinstance(declaration, ast.ExternDecl):
            primitive = externs.extern_primitive(state, declaration, home)
            return ERROR if primitive is None else PrimitiveOp(primitive, {}, span)
        return declaration
    if name in module.import_spans:
        return ERROR  # the import failed, and was reported
    if name in PRIMITIVES:
        return PrimitiveOp(PRIMITIVES[name], {}, span)
    if name in REDUCERS:
        return ReduceOp(name, span)
    if name in FUNCTIONS or name in LIST_FUNCTIONS:
        return Builtin(name, span)
    if name == "same":
        return Same(lambda channels: channels)
    if span in module.undefined:
        return ERROR
    known = (*(env.local_names() if env else ()), *module.names(), *BUILTIN_NAMES)
    state.report(UndefinedName(span, name, tuple(dict.fromkeys(known))))
    return ERROR


_EVALUATING = object()


def constant(state: State, declaration: ast.Let, module: Module) -> Value:
    """The value of a `let`, computed once."""
    name = declaration.name.id
    value = module.constants.get(name)
    if value is _EVALUATING:
        state.mistakes.recursion(declaration.name.span, (name, name))
        return ERROR
    if value is None:
        module.constants[name] = _EVALUATING
        before = len(state.decided.touched)
        env = Env(module, Context("", "", 0, (0, "", ()), 0, constant=declaration.name.span))
        try:
            value = expressions.evaluate(state, declaration.value, env)
        except Abandoned:
            module.constants[name] = ERROR
            raise
        # A decision in it was reported where it is made.
        module.constants[name] = value = ERROR if len(state.decided.touched) > before else value
    return value
