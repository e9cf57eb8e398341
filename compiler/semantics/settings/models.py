"""The model behind a call or a strategy that stands in settings."""

from __future__ import annotations

from ...families.registry import settings_of_family
from ...schemas.base import Settings
from ...schemas.expectation import Expectation


def model_of(tag: tuple[str, str], expected: Expectation) -> type[Settings] | None:
    """That of a branch with this tag where ``expected`` stands. A setting knows the calls that it takes,
    those that a single family has among them. None for a call that it does not take."""
    kind, name = tag
    return settings_of_family(name) if kind == "family" else expected.constructor(name)
