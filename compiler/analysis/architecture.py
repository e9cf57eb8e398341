"""Architectures: a value for every active decision of a space, and their files."""

from __future__ import annotations

import json
import os
from collections.abc import ItemsView, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from ..diagnostics.architectures import (
    ConstraintViolated,
    InactiveDecision,
    MissingDecision,
    NewerArchitectureFormat,
    SpaceChanged,
    UnknownDecision,
    UnreadableArchitecture,
    ValueNotAllowed,
)
from ..diagnostics.model import ArchitectureError, Diagnostic
from ..ir.diagram import evaluate
from ..ir.graph import DecisionConstraint, SpaceGraph
from ..text.documents import NoSuchNumber, parsed_json
from ..text.likeness import alike
from ..text.quoting import json_text
from ..text.reading import read_file, reason_of
from ..text.whole_files import write_whole
from .demand import active
from .values import NotAllowed, Value, decode, describe_allowed, encode, meant

FORMAT = 1


@dataclass(frozen=True)
class DecisionTable:
    """What an architecture was made for: the space's name and parameters, and (path, kind, options) of each
    decision."""

    space: str
    parameters: tuple[tuple[str, Any], ...]
    rows: tuple[tuple[str, str, tuple[str, ...]], ...]

    @staticmethod
    def of(graph: SpaceGraph) -> DecisionTable:
        rows = tuple((d.path, d.kind, d.options) for d in graph.open)
        return DecisionTable(graph.name, tuple((k, _plain(v)) for k, v in graph.parameters), rows)

    @cached_property
    def hash(self) -> str:
        """SHA-256 (hex) of the rows, whatever their order, without the space's name and parameters."""
        return _digest(sorted((path, kind, list(options)) for path, kind, options in self.rows))

    def changes(self, new: DecisionTable) -> tuple[str, ...]:
        """What must be done to this table to get ``new``, a line each."""
        before, after = {row[0]: row for row in self.rows}, {row[0]: row for row in new.rows}
        lines = [f"`{path}` is gone" for path in before if path not in after]
        lines += [f"`{path}` is new" for path in after if path not in before]
        for path, (_, kind, options) in before.items():
            if path not in after:
                continue
            _, new_kind, new_options = after[path]
            if kind != new_kind:
                lines.append(f"`{path}` was a {kind} and is a {new_kind}")
            elif options != new_options:
                lost = [o for o in options if o not in new_options]
                found = [o for o in new_options if o not in options]
                parts = [f"lost {', '.join(lost)}"] if lost else []
                parts += [f"got {', '.join(found)}"] if found else []
                lines.append(f"`{path}` {' and '.join(parts) or 'has its alternatives in another order'}")
        return tuple(lines)


class Architecture(Mapping[str, Value]):
    """An immutable mapping from the path of each active decision to its value.

    A choose's alternative's name (str), the places of a keep's elements counted from 1 (tuple of ints), a gate's bool,
    a count's number (int). Equal values make equal architectures; :func:`architecture` is what makes valid ones.
    """

    __slots__ = ("_hash", "_values", "table")

    def __init__(self, values: Mapping[str, Value], table: DecisionTable) -> None:
        self._values = dict(values)
        self._hash: str | None = None
        self.table = table

    def __getitem__(self, path: str) -> Value:
        return self._values[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def items(self) -> ItemsView[str, Value]:
        return self._values.items()

    def __hash__(self) -> int:
        return hash(self.hash)

    def __eq__(self, other: object) -> bool:
        return self.hash == other.hash if isinstance(other, Architecture) else NotImplemented

    def __repr__(self) -> str:
        return f"Architecture({self.table.space}, {self.hash[:12]}, {self._values!r})"

    @property
    def hash(self) -> str:
        """SHA-256 (hex) of the paths and values, and of nothing else: a space of another width or depth leaves it
        alone."""
        if self._hash is None:
            self._hash = _digest(sorted((path, _plain(value)) for path, value in self._values.items()))
        return self._hash

    def to_json(self) -> dict[str, Any]:
        """The document that :meth:`save` writes."""
        return {
            "format": FORMAT,
            "space": self.table.space,
            "parameters": dict(self.table.parameters),
            "hash": self.hash,
            "values": plain_values(self._values),
            "table_hash": self.table.hash,
            "table": [{"path": p, "kind": k, "options": list(o)} for p, k, o in self.table.rows],
        }

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write an ``.arch.json`` file, whole or not at all."""
        text = f"{json_text(self.to_json(), indent=1)}\n"
        write_whole(Path(path), lambda temporary: _write(temporary, text))


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def architecture(graph: SpaceGraph, mapping: Mapping[str, Any]) -> Architecture:
    """The architecture of a mapping from paths to values: exactly the active decisions, with allowed values.

    Raises ArchitectureError, which holds a diagnostic for all that is missing, unknown, not active or not allowed.
    """
    found: list[Diagnostic] = []
    answers: dict[int, int] = {}
    bad: set[int] = set()
    for path, value in mapping.items():
        decision = graph.by_path.get(path)
        if decision is None or decision.trivial:
            near = alike(path, [d.path for d in graph.open], 1)
            found.append(UnknownDecision(None, path, graph.name, near[0] if near else None, decision is not None))
            continue
        try:
            answers |= encode(decision, value)
        except NotAllowed:
            bad.add(decision.id)
            found.append(
                ValueNotAllowed(decision.span, path, _shown(value), describe_allowed(decision), meant(decision, value))
            )
    demand = active(graph, answers)
    for id in demand.unanswered:
        if id not in bad:
            d = graph.decisions[id]
            found.append(MissingDecision(d.span, d.path, d.kind, describe_allowed(d)))
    if not demand.unanswered:  # else what else is active is not known
        asked = set(demand.decisions)
        given = (graph.by_path[path] for path in mapping if path in graph.by_path)
        found.extend(
            InactiveDecision(d.span, d.path) for d in given if not d.trivial and d.id not in asked and d.id not in bad
        )
    if not found:
        found.extend(violations(graph, answers, demand.decisions))
    if found:
        raise ArchitectureError(found)
    return of_answers(graph, answers)


def violations(graph: SpaceGraph, answers: Mapping[int, int], decisions: tuple[int, ...]) -> list[Diagnostic]:
    """The constraints over decisions that the answers break, when ``decisions`` (ids) are active."""
    asked = set(decisions)
    return [
        ConstraintViolated(c.span, tuple(graph.decisions[id].path for id in sorted(c.needs)))
        for c in graph.constraints
        if isinstance(c, DecisionConstraint) and c.needs <= asked and evaluate(c.condition, answers) is not True
    ]


def of_answers(graph: SpaceGraph, answers: Mapping[int, int]) -> Architecture:
    """The architecture behind answers that are complete and valid; answers to inactive decisions are left out."""
    asked = sorted(active(graph, answers).decisions)
    values = {graph.decisions[id].path: decode(graph.decisions[id], answers) for id in asked}
    return Architecture(values, table_of(graph))


def answers_of(graph: SpaceGraph, arch: Mapping[str, Any]) -> dict[int, int]:
    """Variable index → answer, for an architecture of this graph (KeyError or NotAllowed if it is none)."""
    answers: dict[int, int] = {}
    for path, value in arch.items():
        answers |= encode(graph.by_path[path], value)
    return answers


def table_of(graph: SpaceGraph) -> DecisionTable:
    """The decision table of a graph, made once."""
    table = graph.__dict__.get("_decision_table")
    if table is None:
        table = graph.__dict__["_decision_table"] = DecisionTable.of(graph)
    assert isinstance(table, DecisionTable)
    return table


def load(path: str | os.PathLike[str], graph: SpaceGraph, carry: bool = False, unedited: bool = False) -> Architecture:
    """Read an ``.arch.json`` file as an architecture of ``graph``.

    The decision table must be the one it was made for (the parameters of the space may differ: they do not depend on
    it). With ``carry`` it need not: then it is enough that the active paths and the names of their values agree.
    ``unedited``: its values must be those that were saved. Raises ArchitectureError.
    """
    old, values = _read(path, unedited)
    changes = () if carry else old.changes(table_of(graph))
    if changes:
        raise ArchitectureError([SpaceChanged(graph.span, graph.name, changes, old.space)])
    return architecture(graph, values)


def saved(path: str | os.PathLike[str], unedited: bool = False) -> Architecture:
    """What an ``.arch.json`` file holds, as it stands there, whatever spaces there are: to compare and to name.
    ``unedited``: its values must be those that were saved. Raises ArchitectureError."""
    table, values = _read(path, unedited)
    return Architecture(values, table)


def differences(old: Architecture, new: Architecture) -> tuple[tuple[str, str | None, str | None], ...]:
    """Where two architectures differ: path, old value, new value, both as text, None where a decision is not active."""

    def text(arch: Architecture, path: str) -> str | None:
        value = _plain(arch.get(path))
        return value if value is None or isinstance(value, str) else _shown(value)

    both = ((path, text(old, path), text(new, path)) for path in {**old, **new})
    return tuple(row for row in both if row[1] != row[2])


def made_with(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The parameters of the space that an ``.arch.json`` file was made with. Raises ArchitectureError."""
    table, _ = _read(path)
    return dict(table.parameters)


def parameters_of(graph: SpaceGraph) -> dict[str, Any]:
    """Those of a space, as such files hold them."""
    return dict(table_of(graph).parameters)


def _read(path: str | os.PathLike[str], unedited: bool = False) -> tuple[DecisionTable, dict[str, Any]]:
    name, bare = os.fspath(path), False
    try:
        document = parsed_json(read_file(path))
        if not isinstance(document, dict):
            raise _Misshapen("it is not a JSON object")
        format = document.get("format", FORMAT)
        if isinstance(format, int) and format > FORMAT:
            raise ArchitectureError([NewerArchitectureFormat(None, name, format, FORMAT)])
        bare = not {"table", "values"} & document.keys()
        if bare:
            raise _Misshapen("it has neither `table` nor `values`, and seems to be values alone")
        table, values = _table(document), _part(document, "values", dict)
        if unedited and document.get("hash") != Architecture(values, table).hash:
            raise _Misshapen("its values and their hash do not agree: it was changed by hand or damaged")
        return table, values
    except OSError as error:
        reason = reason_of(error)
    except _Misshapen as error:
        reason = str(error)
    except RecursionError:
        reason = "it is nested too deeply"
    except (json.JSONDecodeError, UnicodeDecodeError):
        reason = "it is not JSON"
    except NoSuchNumber as error:
        reason = str(error)
    except ValueError:  # of all that is JSON, Python refuses this alone
        reason = "a number in it has thousands of digits"
    raise ArchitectureError([UnreadableArchitecture(None, name, reason, bare)])


class _Misshapen(Exception):
    """What is wrong with a JSON document, as it is told."""


_Part = TypeVar("_Part")


def _part(document: Any, key: str, kind: type[_Part], of: str = "it") -> _Part:
    if not isinstance(document, dict):
        raise _Misshapen(f"{of} is not an object")
    if key not in document:
        raise _Misshapen(f"{of} has no `{key}`")
    found = document[key]
    if not isinstance(found, kind):
        words = {dict: "an object", list: "a list", str: "a text", int: "a whole number"}
        raise _Misshapen(f"`{key}` is not {words[kind]}" if of == "it" else f"`{key}` of {of} is not {words[kind]}")
    return found


def _table(document: dict[str, Any]) -> DecisionTable:
    format = _part(document, "format", int)
    if format != FORMAT:
        raise _Misshapen(f"its format is {format}")
    rows = []
    for number, row in enumerate(_part(document, "table", list), 1):
        place = f"row {number} of its table"
        options = _part(row, "options", list, place)
        rows.append((_part(row, "path", str, place), _part(row, "kind", str, place), tuple(map(str, options))))
    parameters = _part(document, "parameters", dict)
    table = DecisionTable(_part(document, "space", str), tuple(parameters.items()), tuple(rows))
    if _part(document, "table_hash", str) != table.hash:
        raise _Misshapen("its table and the table's hash do not agree: it was changed by hand or damaged")
    return table


def plain_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of decisions as JSON has them, by their paths; :func:`architecture` takes them so."""
    return {path: _plain(value) for path, value in values.items()}


def values_of(plain: Mapping[str, Any]) -> dict[str, Any]:
    """The values of decisions that :func:`plain_values` wrote."""
    return {path: tuple(value) if isinstance(value, list) else value for path, value in plain.items()}


def _plain(value: Any) -> Any:
    """The JSON form of a value: tuples as lists, everything that JSON does not know by its text."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return str(value)


def _shown(value: Any) -> str:
    text = json.dumps(_plain(value), ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _digest(data: Any) -> str:
    import hashlib  # it loads OpenSSL

    return hashlib.sha256(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
