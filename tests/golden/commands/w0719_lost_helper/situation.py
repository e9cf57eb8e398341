"""A machine with cores to spare and hardly any memory: each helper is killed as soon as it has begun."""

import sys

from stdsl.runtime import run
from stdsl.runtime.engines import local

KILLED = "import os, sys; print('allocating', file=sys.stderr, flush=True); os.kill(os.getpid(), 9)"


def prepare(monkeypatch):
    monkeypatch.setattr(run, "_helpers", lambda *_: 1)
    monkeypatch.setattr(local, "module_command", lambda *_, **__: [sys.executable, "-c", KILLED])
