"""What reads a data set, as its schema says."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from stdsl.compiler.diagnostics.source import Span
from stdsl.compiler.schemas.data import Data

from .own.checked import Checked


def open_dataset(settings: Data, seed: int, folder: Path, place: Span | None = None) -> Checked:
    """The data set of ``settings``. ``folder``: what relative paths start from; ``place``: the text that asks for it.

    Raises RunError when its files are missing or damaged, and later when a sample is.
    """
    assert settings.reader is not None, "what cannot be read is refused before"
    module, _, name = settings.reader.partition(":")
    reader = getattr(import_module(f".{module}", __package__), name)
    return Checked(reader(settings, seed, folder, place), settings.kind, place)
