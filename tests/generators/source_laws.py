"""What holds for the source file of one architecture: alone, it is the same network."""

from __future__ import annotations

import builtins
from typing import Any

import torch
from pairs import Pair

import stdsl

ALLOWED = ("torch", "math", "__future__", "extern_blocks")
"""What a generated file may import."""


def executed(text: str) -> dict[str, Any]:
    """The names of a source file that was run by itself. ImportError where it imports anything else than torch."""

    def guarded(name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:
        if level or name.partition(".")[0] not in ALLOWED:
            raise ImportError(f"the source imports {name}")
        return builtins.__import__(name, globals, locals, fromlist, level)

    names: dict[str, Any] = {"__name__": "net", "__builtins__": {**vars(builtins), "__import__": guarded}}
    exec(compile(text, "net.py", "exec"), names)
    return names


def check_source(pair: Pair) -> None:
    """The same weights by the same names, the same outputs bit by bit, in training and in evaluation."""
    text = stdsl.source(pair.space, pair.arch)
    model = executed(text)["Network"]()
    model.load_state_dict(pair.module.state_dict(), strict=True)
    inputs = pair.batch(2)
    with torch.no_grad():
        expected, found = pair.module(*inputs), model.eval()(*inputs)
        assert torch.equal(expected, found), f"differs by {(expected - found).abs().max()}"
        torch.manual_seed(pair.seed)
        trained = pair.module.train()(*inputs)
        torch.manual_seed(pair.seed)
        again = model.train()(*inputs)
        pair.module.eval()
        pair.module.load_state_dict(model.state_dict())
    assert isinstance(trained, dict) == isinstance(again, dict)
    for name, value in trained.items() if isinstance(trained, dict) else [("", trained)]:
        other = again[name] if isinstance(again, dict) else again
        assert torch.equal(value, other), f"output {name} differs in training"
