"""Whether a text is right: what the compiler says of all architectures at once, and the interpreter of one after the
other."""

from __future__ import annotations

from reference import SpaceError, load, outcomes

import stdsl


def found_by_check(text: str) -> set[str]:
    """The codes of the errors of a space, which the compiler finds without going through its architectures."""
    try:
        stdsl.loads(text)
    except stdsl.SpaceError as error:
        return {d.code for d in error.diagnostics if d.code.startswith("E")}
    return set()


def found_by_enumeration(text: str, limit: int) -> set[str]:
    """What is wrong with some architecture, in words; TooMany where there are more than ``limit``."""
    try:
        found = outcomes(load(text), limit)
    except SpaceError as error:
        return {str(error)}
    return {str(one.error) for one in found if one.error} if found else {"there is no architecture"}


def same_verdict(text: str, limit: int) -> bool:
    """Whether the text is right. AssertionError where the two disagree on that."""
    codes, errors = found_by_check(text), found_by_enumeration(text, limit)
    if codes and not errors:
        raise AssertionError(f"the compiler finds {sorted(codes)}, the interpreter nothing\n{text}")
    if errors and not codes:
        raise AssertionError(f"the compiler finds nothing, the interpreter {sorted(errors)[:3]}\n{text}")
    return not codes
