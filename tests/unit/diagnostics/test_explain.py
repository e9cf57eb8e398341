"""The long texts of diagnostics."""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module

import pytest

from stdsl.cli.index import COMMANDS
from stdsl.compiler.diagnostics.explain import explain, load_kinds
from stdsl.compiler.diagnostics.model import KINDS, Severity

load_kinds()


@pytest.mark.parametrize("code", sorted(KINDS))
def test_every_kind_has_a_text(code: str) -> None:
    found = KINDS[code]
    assert re.fullmatch(r"[EW]0[1-8]\d\d", code)
    assert (code[0] == "W") == (found.severity is Severity.WARNING)
    assert found.title
    assert len(found.explanation.strip()) > 60
    text = explain(code)
    assert text is not None
    assert found.explanation.strip() in text


@pytest.mark.parametrize("code", sorted(KINDS))
def test_commands_and_options_that_it_names_are_there(code: str) -> None:
    """In backticks, and on the lines of examples."""
    for name, rest in re.findall(r"(?:^ {4}|`)stdsl ([a-z]+)([^`\n]*)", KINDS[code].explanation, re.MULTILINE):
        assert name in COMMANDS
        words = rest.partition("  ")[0]  # what stands apart is a remark
        for option in re.findall(r"(?<=\s)--?[a-z][a-z-]*", words):
            assert option in options_of(name), (name, option)


@cache
def options_of(name: str) -> frozenset[str]:
    """Of a command, and of those below it."""
    waiting, found = [import_module(f"stdsl.cli.commands.{name}").command], set[str]()
    while waiting:
        command = waiting.pop()
        found.update(option for parameter in command.params for option in parameter.opts)
        waiting += getattr(command, "commands", {}).values()
    return frozenset(found)


def test_case_does_not_matter() -> None:
    assert explain(" e0101 ") == explain("E0101")


def test_unknown_codes() -> None:
    assert explain("E9999") is None
