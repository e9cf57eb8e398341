from __future__ import annotations

import secrets
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "generators"))

from postgres_server import Server, missing, own


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    reason = missing()
    if reason is not None:
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="stdsl-postgres-"))
    own(folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    made = Server(folder, port, secrets.token_hex(16))
    made.make()
    made.start()
    yield made
    made.stop()
    shutil.rmtree(folder, ignore_errors=True)
