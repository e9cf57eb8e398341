"""What commands print of a run that came to its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from .exit_codes import DIAGNOSTICS
from .output import document, message

if TYPE_CHECKING:
    from stdsl.runtime.elastic import ElasticFront
    from stdsl.runtime.result import RunResult


def tell(result: RunResult, as_json: bool, of_failures: str = "") -> None:
    """The result, and what failed of it, which makes the exit; ``of_failures``: what to do about each."""
    from stdsl.runtime.report.table import render_result
    from stdsl.runtime.report.terminal import Terminal

    if as_json:
        document(dict(result.document))
    else:
        render_result(result.document, Terminal())
    for failed in result.failures:
        message(f"error[{failed['code']}]: {failed['message']}")
        if of_failures:
            message(f"  = help: {of_failures}")
    if result.failures:
        click.get_current_context().exit(DIAGNOSTICS)


def tell_front(front: ElasticFront, as_json: bool, afterwards: Callable[[], None] = lambda: None) -> None:
    """The networks of several budgets, and what failed of any, which makes the exit; ``afterwards``: what is done
    before that."""
    from stdsl.runtime.report.front_table import render_elastic
    from stdsl.runtime.report.terminal import Terminal

    if as_json:
        document(front.document())
    else:
        render_elastic(front, Terminal())
    afterwards()
    failures = [(point, failed) for point in front.points if point.result for failed in point.result.failures]
    for point, failed in failures:
        message(f"error[{failed['code']}], budget {point.budget:,}: {failed['message']}")
    if failures:
        click.get_current_context().exit(DIAGNOSTICS)
