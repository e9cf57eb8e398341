"""What is known of whether `where` can be satisfied."""

from __future__ import annotations

from ...analysis.architecture import Architecture
from ...diagnostics.model import Diagnostic
from ...record import record


@record
class Satisfiable:
    """An architecture within the constraints, or else what is wrong: an error (there is none) or a warning."""

    architecture: Architecture | None
    diagnostic: Diagnostic | None = None
