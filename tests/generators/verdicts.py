"""Whether a text is right: what the compiler says of all architectures at once, and the interpreter of one after the
other."""

from __future__ import annotations

from reference import SpaceError, load, outcomes
from reference.comparison import differences
from reference.unasked import with_all_that_is_bound

import stdsl
from stdsl.compiler.analysis.relaxable import relaxable
from stdsl.compiler.backends.networks.supernet_text import supernet_source


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


def found_unasked(text: str, limit: int) -> bool:
    """Whether some value is wrong once everything that is bound is asked for."""
    return any(one.error for one in outcomes(load(text), limit, with_all_that_is_bound))


def same_verdict(text: str, limit: int) -> bool:
    """Whether the text is right. AssertionError where the two disagree on that: the check may be stricter only where
    a value that nothing asks for is wrong."""
    codes, errors = found_by_check(text), found_by_enumeration(text, limit)
    if codes and not errors and not found_unasked(text, limit):
        raise AssertionError(f"the compiler finds {sorted(codes)}, the interpreter nothing\n{text}")
    if errors and not codes:
        raise AssertionError(f"the compiler finds nothing, the interpreter {sorted(errors)[:3]}\n{text}")
    return not codes


def goes_on(text: str, limit: int) -> None:
    """What is right is so to the end: the same architectures and costs in the compiler and the interpreter, a network
    of some, a supernet where `info` says that there is one. Raises what goes wrong."""
    found = differences(text, limit=limit, networks=0)
    assert not found, f"{found[:3]}\n{text}"
    space = stdsl.loads(text)
    for seed in range(2):
        stdsl.source(space, space.sample(seed))
    if not relaxable(space.graph):
        supernet_source(space.graph)
