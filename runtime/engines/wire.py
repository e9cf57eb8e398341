"""Messages between the processes of an engine: JSON behind its length, over sockets."""

from __future__ import annotations

import json
import socket
import struct
from typing import Any

_LENGTH = struct.Struct("!I")
_CHUNK = 1 << 16


def send(connection: socket.socket, message: Any, files: tuple[int, ...] = ()) -> None:
    """Send a message, and open files with it. Raises OSError where nobody reads."""
    content = json.dumps(message).encode()
    head = _LENGTH.pack(len(content))
    if files:
        socket.send_fds(connection, [head], list(files))
    else:
        connection.sendall(head)
    connection.sendall(content)


def receive(connection: socket.socket, files: int = 0) -> tuple[Any, list[int]] | None:
    """The next message, and up to so many open files that came with it; None at the end of the connection."""
    if files:
        head, found, _, _ = socket.recv_fds(connection, _LENGTH.size, files)
    else:
        head, found = connection.recv(_LENGTH.size), []
    if not head:
        return None
    head += _exactly(connection, _LENGTH.size - len(head))
    return json.loads(_exactly(connection, _LENGTH.unpack(head)[0])), found


def _exactly(connection: socket.socket, size: int) -> bytes:
    found = bytearray()
    while len(found) < size:
        part = connection.recv(min(_CHUNK, size - len(found)))
        if not part:
            raise EOFError("the connection ends within a message")
        found += part
    return bytes(found)


class Inbox:
    """Messages that arrive piece by piece at a connection that is not waited for."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._buffer = bytearray()

    def read(self) -> tuple[list[Any], bool]:
        """What is complete now, and whether that was the end."""
        part = self._part()
        if part is None:
            return [], False
        self._buffer += part
        return self._complete(), not part

    def rest(self) -> list[Any]:
        """What is complete of all that has arrived, where the process at the other end is gone: others that it began
        may hold the connection open."""
        while part := self._part():
            self._buffer += part
        return self._complete()

    def _part(self) -> bytes | None:
        """Some of what has arrived; None where that is nothing yet."""
        try:
            return self._connection.recv(_CHUNK)
        except (BlockingIOError, InterruptedError):
            return None
        except OSError:
            return b""

    def _complete(self) -> list[Any]:
        found = []
        while len(self._buffer) >= _LENGTH.size:
            end = _LENGTH.size + _LENGTH.unpack(self._buffer[: _LENGTH.size])[0]
            if len(self._buffer) < end:
                break
            found.append(json.loads(self._buffer[_LENGTH.size : end]))
            del self._buffer[:end]
        return found
