"""From what a command raises to a message and an exit code; a user never sees a traceback."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import click

from stdsl.cli.exit_codes import DIAGNOSTICS, FINE, INTERNAL, INTERRUPTED, USAGE, exit_code
from stdsl.cli.output import message, tell
from stdsl.compiler.text.quoting import visible

_REFUSED = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""What the system says where a disk is full, or answers no more: nobody's mistake."""


@contextmanager
def guarded(ctx: click.Context) -> Iterator[None]:
    """Inside, commands may raise StdslError, Interrupted and whatever else goes wrong."""
    try:
        with plainly():
            yield
        sys.stdout.flush()
    except (click.ClickException, click.exceptions.Exit, click.Abort):
        raise
    except BrokenPipeError:
        _leave_the_pipe()
        ctx.exit(FINE)
    except SystemExit as end:
        # Nothing of stdsl's ends a command so: without a word it would look like success.
        message(f"error: Python code that was loaded ended the program (`exit({end.code!r})`)")
        message("  = help: code of a data set, a loss or an operator raises an exception where it cannot go on")
        ctx.exit(DIAGNOSTICS)
    except KeyboardInterrupt:
        message("stopped")
        ctx.exit(INTERRUPTED)
    except Exception as error:
        ctx.exit(_code(error))


@contextmanager
def written() -> Iterator[None]:
    """Inside, what is said outside of commands (of help, of the version, of mistakes) may find no place."""
    try:
        yield
    except OSError as error:
        if error.errno not in _REFUSED:
            raise
        sys.exit(_unwritten(error))


@contextmanager
def plainly() -> Iterator[None]:
    """Inside, what click says of the command line's words commands no terminal."""
    try:
        yield
    except click.ClickException as error:
        vars(error)["message"] = visible(error.message, lines=True)
        raise


def _code(error: Exception) -> int:
    from stdsl.compiler.diagnostics.model import StdslError

    if isinstance(error, StdslError):
        tell(error.diagnostics)
        return exit_code(error.diagnostics)
    if isinstance(error, OSError) and error.errno in _REFUSED:
        return _unwritten(error)
    if isinstance(error, ImportError) and error.name in ("torch", "onnx", "onnxruntime"):
        message(f"error: this command needs the package `{error.name}`, which cannot be imported ({error})")
        return 2
    refused = "DefaultCPUAllocator: can't allocate memory" in str(error)
    if isinstance(error, MemoryError) or refused or type(error).__name__ == "OutOfMemoryError":
        reason = (str(error).splitlines() or [""])[0].rpartition("DefaultCPUAllocator: ")[2]
        message(f"error: there is not enough memory{f': {reason}' if reason else ''}")
        message("  = help: make the space or the batch smaller, or use a machine with more memory")
        return DIAGNOSTICS
    return _internal(error)


def _unwritten(error: OSError) -> int:
    """Say what could not be written; what nobody can take is not tried again at exit."""
    place = f" to {visible(str(error.filename))}" if error.filename else ""
    with suppress(OSError):
        message(f"error: cannot write{place}: {(error.strerror or str(error)).lower()}")
    _leave_the_pipe()
    return USAGE


def _internal(error: Exception) -> int:
    import tempfile  # neither is of use but here
    import traceback

    from stdsl import __version__

    text = f"stdsl {__version__}, Python {sys.version.split()[0]}\n{' '.join(sys.argv)}\n\n"
    text += "".join(traceback.format_exception(error))
    message(f"internal error: {type(error).__name__}: {error}")
    if os.environ.get("STDSL_TRACEBACK") == "1":
        message(text)
        message("This is a mistake of stdsl's: please report it with the text above.")
        return INTERNAL
    handle, path = tempfile.mkstemp(prefix="stdsl-error-", suffix=".txt")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(visible(text, lines=True))
    message(f"This is a mistake of stdsl's: please report it with the file {path}")
    return INTERNAL


def _leave_the_pipe() -> None:
    """Nobody takes what goes to standard output or standard error any more; Python must not complain when it flushes
    them at exit."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
