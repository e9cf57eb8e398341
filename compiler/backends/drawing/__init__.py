"""Drawings of spaces and networks: DOT and Mermaid text, SVG, PNG, and self-contained HTML."""

from __future__ import annotations

from .dot import to_dot
from .html import to_html
from .layout import to_png, to_svg
from .mermaid import to_mermaid
from .network import network_picture
from .picture import Picture
from .space import space_picture

__all__ = [
    "Picture",
    "network_picture",
    "space_picture",
    "to_dot",
    "to_html",
    "to_mermaid",
    "to_png",
    "to_svg",
]
