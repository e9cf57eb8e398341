"""Files that come with the package."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable


def packaged(package: str) -> Traversable | Path:
    """The folder of a package. Only of one that is in no folder, but in an archive, ``importlib.resources`` is asked,
    which takes longer to import than a small file of cells to be checked."""
    found = find_spec(package)
    for place in (found.submodule_search_locations or ()) if found is not None else ():
        if (path := Path(place)).is_dir():
            return path
    from importlib.resources import files

    return files(package)
