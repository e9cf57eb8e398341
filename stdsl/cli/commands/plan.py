"""``stdsl plan``."""

from __future__ import annotations

from collections.abc import Mapping

import click

from stdsl.cli.options import allow_extern, as_json, device, overrides, quiet, target
from stdsl.cli.output import document, tell
from stdsl.cli.places import of_option
from stdsl.target import Target


@click.command("plan")
@target("search")
@overrides
@device
@allow_extern
@as_json
@quiet
def command(
    target: Target, overrides: Mapping[str, str], device: str, allow_extern: bool, as_json: bool, quiet: bool
) -> None:
    """Show what a search will do and about what it takes.

    Steps, sizes, memory and time of each stage, before anything heavy starts; the times are of this machine, give or
    take a factor of two. What `stdsl run` would refuse is an error here too.

    \b
    Example:
      stdsl plan examples/quickstart.space
      stdsl plan my.space::first --set strategy.epochs=10
    """
    from stdsl.compiler.checks.limits import limits
    from stdsl.compiler.checks.warnings import warnings
    from stdsl.compiler.diagnostics.model import RunError
    from stdsl.runtime.prepare.preparation import load_job

    job = load_job(target.file, target.name, [f"{key}={text}" for key, text in overrides.items()], allow_extern)
    refused = tuple(limits(job.search))
    if refused:
        raise RunError(refused)
    # With PyTorch, which what is refused so far does not need.
    from stdsl.runtime.prepare.memory import oversized, total_memory
    from stdsl.runtime.prepare.plan import plan, render_plan
    from stdsl.runtime.report.terminal import Terminal
    from stdsl.runtime.training.placement import available

    with of_option("--device", device, "E0708"):
        found = plan(job, device)
        memory = total_memory(available(device).device)
    told = (*job.warnings, *warnings(job.config, job.graph))
    if told and not quiet:
        tell(told)
    if as_json:
        document(found.document())
    else:
        render_plan(found, Terminal())
    too_large = tuple(oversized(found, job.config, memory))
    if too_large:
        raise RunError(too_large)
