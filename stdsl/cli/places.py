"""Messages about what an option names get the option as their place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stdsl.compiler.diagnostics.model import Diagnostic


@contextmanager
def of_option(option: str, value: object, *codes: str) -> Iterator[None]:
    """Inside, errors of these codes that have no place are shown at ``option``; a ``value`` of None was not given."""
    from stdsl.compiler.diagnostics.model import StdslError

    try:
        yield
    except StdslError as error:
        if value is None or not any(d.code in codes and d.span is None for d in error.diagnostics):
            raise
        found = [_placed(d, option, str(value)) if d.code in codes else d for d in error.diagnostics]
        raise type(error)(found) from None


def _placed(d: Diagnostic, option: str, value: str) -> Diagnostic:
    from stdsl.compiler.diagnostics.option import option_text

    if d.span is not None:
        return d
    text = option_text(f"{option} ", value)
    name = getattr(d, "name", None)
    if isinstance(name, str) and (at := text.shown.rfind(name)) >= 0:  # one of several in a list
        return replace(d, span=text.part(at, at + len(name)))
    return replace(d, span=text.value)
