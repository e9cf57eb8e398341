"""Another process that holds the lock of the run directory."""

import fcntl

from stdsl.runtime.tracking import directory


def prepare(monkeypatch):
    real, calls = fcntl.flock, []

    def flock(file, operation):
        calls.append(operation)
        if len(calls) > 1:
            raise BlockingIOError
        real(file, operation)

    monkeypatch.setattr(directory.fcntl, "flock", flock)
