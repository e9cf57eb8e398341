"""The commands and what each does in a line, known without importing any of them."""

from __future__ import annotations

from typing import Final

COMMANDS: Final[dict[str, str]] = {
    "new": "Make a small project to start from.",
    "check": "Report all mistakes of files, before anything runs.",
    "fmt": "Bring files into the one canonical layout.",
    "info": "Show what a space leaves open, and what its networks cost.",
    "count": "Print how many architectures a space has.",
    "sample": "Draw architectures of a space, all equally likely.",
    "graph": "Draw a space or one of its architectures.",
    "compile": "Write a supernet, a network, an ONNX file or the graph as text.",
    "plan": "Show what a search will do and about what it takes.",
    "run": "Search, retrain, evaluate and export.",
    "derive": "Take other networks from the weights of a search along paths.",
    "show": "Show the results of a run.",
    "predict": "Classify files with the network that a run has exported.",
    "explain": "Explain the code of a message.",
    "data": "List the data sets that searches can name, and look at those of a search.",
}
"""Name → the first sentence of its help. The command ``x`` is ``command`` in ``stdsl/cli/commands/x.py``."""
