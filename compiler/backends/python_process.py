"""Starting Python, and programs in it, so that nothing of the current folder is imported.

A folder that somebody else made may hold a `torch.py`. What a process of ours imports is what this one would, without
that folder; and it is this very stdsl, wherever it was found.
"""

from __future__ import annotations

import json
import os
import site
import sys
from pathlib import Path
from typing import Final

import stdsl

_STARTING: Final = """
import json, sys
from importlib import util
module, stdsl, path, *arguments = sys.argv[1:]
sys.path[:] = json.loads(path)
spec = util.spec_from_file_location("stdsl", stdsl)
sys.modules["stdsl"] = package = util.module_from_spec(spec)
spec.loader.exec_module(package)
sys.argv[1:] = arguments
import runpy
runpy.run_module(module, run_name="__main__", alter_sys=True)
"""
_MISLEADING: Final = ("PYTHONPATH", "PYTHONSTARTUP", "PYTHONINSPECT", "PYTHONBREAKPOINT")
"""Variables that change what a Python program imports or does."""


def module_command(module: str, *arguments: str, with_current: bool = False) -> list[str]:
    """The command that runs a module of stdsl. ``with_current``: modules that are nowhere else are looked for in the
    current folder too."""
    root = stdsl.__file__
    assert root is not None
    path = search_path()
    path += [folder for folder in ([*sys.path] if with_current else []) if folder not in path]
    return [sys.executable, "-P", "-c", _STARTING, module, root, json.dumps(path), *arguments]


def search_path() -> list[str]:
    """Where this process looks for modules, without the current folder and the folder of the program."""
    main = getattr(sys.modules.get("__main__"), "__file__", None)
    left_out = {_real(os.curdir), *([_real(os.path.dirname(main))] if main else [])} - _installed()
    return [folder for folder in sys.path if os.path.isabs(folder) and _real(folder) not in left_out]


def environment() -> dict[str, str]:
    """The variables of this process for one in which Python may run."""
    kept = {name: value for name, value in os.environ.items() if name not in _MISLEADING}
    return {**kept, "PYTHONSAFEPATH": "1"}


def _installed() -> set[str]:
    """The folders of Python's own library and of what is installed."""
    folders = [*site.getsitepackages(), site.getusersitepackages(), str(Path(os.__file__).parent)]
    return {_real(folder) for folder in folders}


def _real(folder: str) -> str:
    return os.path.realpath(folder)
