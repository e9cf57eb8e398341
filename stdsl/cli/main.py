"""The command line. Importing this imports nothing heavy: a command's module is imported when the command is called."""

from __future__ import annotations

import atexit
import gc
import os
import sys
import warnings
from importlib import import_module
from typing import Any

import click

from stdsl import __version__
from stdsl.cli.failures import guarded, plainly, written
from stdsl.cli.index import COMMANDS
from stdsl.compiler.frontend.stack import unbroken

BRIEF = ("check", "count", "fmt", "info")
"""Commands that end before looking for garbage pays. Nor does it pay for any of them at the end of the process."""


class LazyGroup(click.Group):
    """Finds commands by name in :data:`COMMANDS`, and turns what they raise into messages and exit codes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # For click's suggestions of names; get_command never hands these out.
        self.commands = {name: click.Command(name, short_help=text) for name, text in COMMANDS.items()}

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"stdsl.cli.commands.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        with plainly():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        with guarded(ctx):
            return super().invoke(ctx)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="stdsl", message="%(prog)s %(version)s")
def cli() -> None:
    """Search spaces of neural networks as text: check, count and compile them, and search them.

    FILE::NAME is a space or a search of a file; FILE may be a name from the library, such as `darts`.

    \b
    Example:
      stdsl count darts::darts_cifar
      stdsl run examples/quickstart.space

    Exit codes: 0 fine, 1 diagnostics, 2 usage or configuration, 3 internal error.
    """


def _unwarned() -> None:
    """Warnings of NumPy about what our code computes do not reach the terminal: what is no finite number is told of
    where it is met. Those of code of the user's, and those that are asked for (`python -W`), do."""
    if not sys.warnoptions:
        warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"stdsl\.")


def _opened() -> None:
    """A standard stream that is closed (`>&-`) leads nowhere: no file that is opened later must take its number."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            if nowhere != number:
                os.dup2(nowhere, number)
                os.close(nowhere)
            stream = open(number, "w" if number else "r", encoding="utf-8", closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)


def main() -> None:
    """The entry point of the program ``stdsl``."""
    _opened()
    if sys.argv[1:2] and sys.argv[1] in BRIEF:
        gc.disable()
        if "--allow-extern" not in sys.argv:
            # Looking for plugins of pydantic reads what all installed packages say of themselves; none is of use here.
            os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    _unwarned()
    atexit.register(gc.freeze)
    with written():
        unbroken(cli.main, prog_name="stdsl")
