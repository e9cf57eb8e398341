"""What the program's exit status says."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from stdsl.compiler.diagnostics.model import Diagnostic

FINE: Final = 0
DIAGNOSTICS: Final = 1
USAGE: Final = 2
INTERNAL: Final = 3
INTERRUPTED: Final = 130
"""As shells have it for a program that Ctrl-C ended."""

_ABOUT_THE_CALL: Final = frozenset(
    """
    E0206 E0207 E0651 E0652 E0704 E0705 E0708 E0710 E0716 E0741
    E0722 E0723 E0779
    """.split()  # noqa: SIM905
)
"""Files, names, run directories and devices that the command line names and that are not there."""


_BY_THE_CALL: Final = frozenset({"E0654"})
"""One of these says that all others are of the call's making."""


def exit_code(diagnostics: Iterable[Diagnostic]) -> int:
    """2 where all errors are about the call itself (a missing file, a name that it lacks, a wrong `-p` or `--set`),
    1 where a text is wrong, 0 where there are warnings at most."""
    errors = [d for d in diagnostics if d.severity.value == "error"]
    if not errors:
        return FINE
    if any(d.code in _BY_THE_CALL for d in errors):
        return USAGE
    return USAGE if all(_about_the_call(d) for d in errors) else DIAGNOSTICS


def _about_the_call(d: Diagnostic) -> bool:
    from stdsl.compiler.diagnostics.option import OptionText

    if d.span is None:
        return d.code in _ABOUT_THE_CALL
    return any(isinstance(span.source, OptionText) for span in (d.span, *(label.span for label in d.secondary)))
