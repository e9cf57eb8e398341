"""The check of whether a space can become a mixture supernet. Backends ask the same, so analysis answers it."""

from __future__ import annotations

from ..analysis.relaxable import relaxable

__all__ = ["relaxable"]
