"""``stdsl data``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from stdsl.cli.options import allow_extern, as_json, overrides, quiet, target
from stdsl.cli.output import document, fact, table, tell
from stdsl.target import Target

if TYPE_CHECKING:
    from stdsl.runtime.data.facts.inspection import InputFacts, Inspection

_CLASSES, _FILES = 20, 10
"""So many classes and files are listed; JSON has all."""


@click.group("data")
def command() -> None:
    """List the data sets that searches can name, and look at those of a search.

    \b
    Example:
      stdsl data list
      stdsl data check my.space::first
    """


@command.command("check")
@target("search")
@overrides
@allow_extern
@as_json
@quiet
def check(target: Target, overrides: Mapping[str, str], allow_extern: bool, as_json: bool, quiet: bool) -> None:
    """Read all samples of a search's data once, and of other data that it is trained or measured on at the end.

    Counts of each class in each split, shapes and means of what a network gets, files that are damaged or left out, and
    samples that would stop a run. The exit code is 1 where a run would stop.

    \b
    Example:
      stdsl data check my.space::first
      stdsl data check my.space --set data.valid=0.3 --json
    """
    from stdsl.compiler.checks.limits import limits
    from stdsl.compiler.diagnostics.model import Diagnostic, RunError
    from stdsl.runtime.prepare.preparation import load_job

    texts = [f"{key}={text}" for key, text in overrides.items()]
    job = load_job(target.file, target.name, texts, allow_extern)
    refused = tuple(limits(job.search))
    if refused:
        raise RunError(refused)
    # With PyTorch, which what is refused so far does not need.
    from stdsl.runtime.data.facts.doubts import doubts
    from stdsl.runtime.data.facts.inspection import inspect
    from stdsl.runtime.prepare.opening import looked_at, opened_for
    from stdsl.runtime.report.console import ConsoleReporter

    datasets, faults = looked_at(job)
    found: dict[str, Inspection] = {}
    doubtful: list[Diagnostic] = []
    stops = False
    with ConsoleReporter(quiet=quiet or as_json) as reporter:
        for role, dataset in datasets.items():
            key, settings = job.config.data_key(role), job.config.data_of(role)
            own = found[key] = inspect(dataset.dataset, reporter)
            share = getattr(settings, "damaged", 0.0)
            too_many = len(own.damaged) > share * sum(own.sizes.values())
            stops = stops or bool(own.wrong) or too_many
            if not as_json:
                if job.config.several_data:
                    fact(("\n" if len(found) > 1 else "") + f"{key}: {settings.kind} ({dataset.place})\n")
                for text in _told(own, share if too_many else None):
                    fact(text)
            doubtful += doubts(dataset.dataset, settings.kind, job.config.place(key))
    if as_json:
        document({key: own.document() for key, own in found.items()})
    tell(doubtful)
    if faults:
        raise RunError(faults)
    opened_for(job)
    click.get_current_context().exit(1 if stops else 0)


def _told(found: Inspection, exceeded: float | None) -> Iterator[str]:
    """``exceeded``: the share of all files that may be damaged, where more are."""
    yield from _targets(found)
    facts = [(own.name, _shape(own.shape), *_figures(own)) for own in found.inputs]
    yield table([("input", "shape", "mean", "deviation", "least", "greatest"), *facts], right=range(2, 6))
    for split in found.counts:
        counted = zip(found.targets["names"], found.counts[split], strict=False)
        lacking = [name for name, count in counted if not count]
        if lacking:
            yield f"\nno sample in `{split}` of {_listed(lacking)}"
    yield from (f"\n{remark}" for remark in found.remarks)
    damaged, replace = "damaged, left out of a run", "replace or delete them"
    if exceeded is not None:
        damaged, replace = "damaged, a run ends", f"{replace}, or allow more than {exceeded:g} with `damaged = …`"
    for files, what, advice in (
        (found.damaged, damaged, replace),
        (found.wrong, "wrong, a run stops there", "correct the files that they come from"),
    ):
        if files:
            yield f"\n{len(files):,} {what}; {advice}:"
            yield "\n".join(f"  {name}: {reason}" for name, reason in list(files.items())[:_FILES])
            if len(files) > _FILES:
                yield f"  … {len(files) - _FILES:,} more"


def _targets(found: Inspection) -> Iterator[str]:
    """Counts of classes or labels, or what the numbers to tell are like."""
    names, kind = found.targets["names"], found.targets["kind"]
    splits = tuple(found.sizes)
    if kind == "numbers":
        numbers = [(own, split) for split in splits for own in found.numbers[split]]
        facts = [(own.name, split, f"{found.sizes[split]:,}", *_figures(own)) for own, split in numbers]
        titles = ("target", "split", "samples", "mean", "deviation", "least", "greatest")
        yield table([titles, *facts], right=range(2, 7)) + "\n"
        return
    rows = [(name, *(f"{found.counts[split][i]:,}" for split in splits)) for i, name in enumerate(names[:_CLASSES])]
    if len(names) > _CLASSES:
        rows.append((f"… {len(names) - _CLASSES:,} more", *("" for _ in splits)))
    if any(found.void.values()):
        rows.append(("left out", *(f"{found.void[split]:,}" for split in splits)))
    if kind == "classes" and found.targets.get("positions"):
        positions = {split: sum(found.counts[split]) + found.void[split] for split in splits}
        rows.append(("positions", *(f"{positions[split]:,}" for split in splits)))
        rows.append(("samples", *(f"{found.sizes[split]:,}" for split in splits)))
    else:
        rows.append(("together", *(f"{found.sizes[split]:,}" for split in splits)))
    heads = ("class" if kind == "classes" else "label", *splits)
    yield table([heads, *rows], right=range(1, 1 + len(splits))) + "\n"


def _figures(own: InputFacts) -> tuple[str, ...]:
    return tuple(f"{x:.3g}" for x in (own.mean, own.deviation, own.least, own.greatest))


def _shape(shape: Sequence[int]) -> str:
    return f"({', '.join(map(str, shape))})"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_FILES]) + (", …" if len(names) > _FILES else "")


@command.command("list")
@as_json
@quiet
def list_(as_json: bool, quiet: bool) -> None:
    """Known data sets, their settings, and the folders that they expect.

    \b
    Example:
      stdsl data list
      stdsl data list --json
    """
    rows = _rows()
    if as_json:
        document(rows)
        return
    for row in rows:
        fact(f"{row['name']}{'' if row['runs'] else '  (can be checked; this version cannot run on it)'}")
        fact(f"  {row['about']}")
        fact(f"  folder: {row['folder'] or 'none, it comes with stdsl'}")
        settings = [(f"  {s['name']}", s["default"], s["about"]) for s in row["settings"]]
        fact(f"{table(settings)}\n")


def _rows() -> list[dict[str, Any]]:
    from stdsl.compiler.schemas.constructors import DATA

    rows = []
    for name, model in DATA.items():
        settings = []
        folder = None
        for key, field in model.model_fields.items():
            if key in model.hidden:
                continue
            if key == "root":
                folder = field.description
            default = "must be given" if field.is_required() else f"= {_text(field.default)}"
            settings.append({"name": key, "default": default, "about": field.description or ""})
        about = (model.__doc__ or "").strip().split("\n")[0]
        rows.append(
            {"name": name, "about": about, "folder": folder, "runs": model.reader is not None, "settings": settings}
        )
    return rows


def _text(value: Any) -> str:
    """A default as one would write it in a search."""
    match value:
        case None:
            return "none"
        case bool():
            return "true" if value else "false"
        case str():
            return f'"{value}"'
        case tuple() | list():
            return f"[{', '.join(_text(v) for v in value)}]"
    return str(value)
