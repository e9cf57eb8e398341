"""What to write in the place of a space that another one is to be made of."""

from __future__ import annotations

from ...diagnostics.settings import listed
from ...frontend import ast
from ...frontend.one_line import one_line
from ..modules import Module
from .affected import names_in


def made_of(space: ast.SpaceDecl, home: Module, here: Module) -> str:
    """Advice for the module ``here``, which names a space of ``home``: the meta that it is made of, with what is to be
    imported to write it."""
    own = {parameter.name.id for parameter in space.parameters}
    missing: list[str] = []
    taken: list[str] = []
    for name in sorted(names_in((space.value, space.where)), key=lambda name: name.span.start):
        meant, known = home.lookup(name.id), here.lookup(name.id)
        if name.id in (*own, *missing) or meant is None or (known is not None and known[0] is meant[0]):
            continue
        missing.append(name.id)
        taken += [name.id] if known is not None else []
    bring = f"import {listed(tuple(missing), ' and ')}" if missing else ""
    others = ", ".join(f"`{name} as …`" for name in taken)
    if taken:
        bring += f" ({others}, for {'that name is' if len(taken) == 1 else 'those names are'} taken here)"
    values = " and ".join(f"a value for `{parameter.name.id}`" for parameter in space.parameters)
    bounds = ", ".join(one_line(constraint.span) for constraint in space.where)
    parts = (
        f"{bring}, and write `{one_line(space.value.span)}`" if bring else f"write `{one_line(space.value.span)}`",
        f", as `{space.name.id}` does",
        f", with {values}" if values else "",
        f", and its `where {bounds}` with what this one adds" if bounds else "",
    )
    return f"a space is made of a meta: {''.join(parts)}"
