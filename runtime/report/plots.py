"""What all plots have in common: Altair, and the files that it writes."""

from __future__ import annotations

import io
from importlib import import_module
from typing import Any, Literal

from stdsl.compiler.diagnostics.data import PackageNeeded
from stdsl.compiler.diagnostics.model import RunError

Format = Literal["html", "svg", "png"]
FORMATS: tuple[Format, ...] = ("html", "svg", "png")


def altair() -> Any:
    """The module. Raises RunError where it is not installed."""
    try:
        # By name: what mypy says must not depend on whether the extra is installed.
        return import_module("altair")
    except ImportError:
        raise _needed("Altair") from None


def saved(chart: Any, format: Format) -> bytes:
    """A chart as a file; a page needs nothing from elsewhere. Raises RunError where what makes pictures of charts is
    not installed."""
    try:
        import_module("vl_convert")  # which Altair asks for when it saves a file
    except ImportError:
        raise _needed("vl-convert-python") from None
    buffer: Any = io.StringIO() if format in ("html", "svg") else io.BytesIO()
    chart.save(buffer, format, **({"inline": True} if format == "html" else {}))
    content = buffer.getvalue()
    return content.encode() if isinstance(content, str) else bytes(content)


def _needed(package: str) -> RunError:
    return RunError([PackageNeeded(None, "a plot", package, "report")])
