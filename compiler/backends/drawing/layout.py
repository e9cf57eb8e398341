"""Lays DOT text out as SVG or PNG: by the graphviz-pure package, else by the system's `dot`."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Literal

from ...diagnostics.backends import DrawingFailed
from ...diagnostics.model import RunError
from ..python_process import environment
from .dot import to_dot
from .picture import Picture

SECONDS = 120


def to_svg(picture: Picture) -> str:
    """The picture as SVG text. Raises RunError if nothing can lay it out."""
    return _laid_out(to_dot(picture), "svg").decode("utf-8")


def to_png(picture: Picture) -> bytes:
    """The picture as a PNG image. Raises RunError if nothing can lay it out."""
    return _laid_out(to_dot(picture), "png")


def programs() -> list[str]:
    """The layout programs at hand, the preferred one first."""
    beside = shutil.which("graphviz-pure", path=str(Path(sys.executable).parent))
    found = [beside, shutil.which("graphviz-pure"), shutil.which("dot")]
    return list(dict.fromkeys(program for program in found if program))


def _laid_out(dot: str, format: Literal["svg", "png"]) -> bytes:
    reason = "neither graphviz-pure nor dot is installed"
    for program in programs():
        try:
            done = subprocess.run(
                [program, f"-T{format}"],
                input=dot.encode("utf-8"),
                capture_output=True,
                timeout=SECONDS,
                env={**environment(), "LC_ALL": "C.UTF-8"},
            )
        except subprocess.TimeoutExpired:
            reason = f"it took more than {SECONDS} s; the graph is too large"
            continue
        except OSError as error:
            reason = error.strerror or str(error)
            continue
        if done.returncode == 0 and done.stdout:
            return done.stdout
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        reason = lines[0] if lines else f"{Path(program).name} ended with {done.returncode}"
    raise RunError([DrawingFailed(None, reason)])
