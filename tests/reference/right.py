"""Holding the compiler and the interpreter to what is right."""

from __future__ import annotations

import stdsl

from .comparison import differences


def held(right: int | str, text: str) -> None:
    """``right``: how many architectures there are, or the code of the one kind of error."""
    text = f"stdsl 1{text}"
    assert differences(text) == []
    found: int | set[str]
    try:
        found = stdsl.loads(text).count()
    except stdsl.SpaceError as error:
        found = {d.code for d in error.diagnostics}
    assert found == (right if isinstance(right, int) else {right})
