"""A page of its own with the drawing inside."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...text.quoting import visible
from ..codegen.render import render
from .layout import to_svg
from .picture import Picture


def to_html(picture: Picture, rows: Sequence[tuple[str, str]] = ()) -> str:
    """A self-contained page: the picture as inlined SVG, and a table of ``rows`` (a decision and its alternatives, or
    its value).

    Raises RunError if nothing can lay the picture out.
    """
    svg = to_svg(picture)
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r'(<svg[^>]*?)\swidth="[^"]*"\sheight="[^"]*"', r"\1", svg, count=1)
    return render(
        "drawing.html.jinja",
        title=visible(picture.title),
        facts=visible(" · ".join(picture.facts)),
        svg=svg,
        rows=[(visible(name), visible(text)) for name, text in rows],
    )
