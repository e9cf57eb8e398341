"""Running sums in lines of sixteen numbers, in machine code.

A table of one number for each column is made of lines. What comes in a column is added to it and to all behind it in
its line, which a processor does at once; what is in the lines before is added up line by line, when it is asked for. So
a number of what comes in up to a column is the sum of two.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from .compiling import compiled, instruction

LINE = 16


def whole_lines(columns: int) -> int:
    """The columns of as many lines as there are."""
    return -(-columns // LINE) * LINE


@instruction
def add_behind(_: Any, table: Any, line: Any, lane: Any, number: Any) -> Any:
    """Add a number to those of a line, which begins at a place of a table, from a lane on."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        kind = context.get_data_type(signature.args[0].dtype)
        vector = ir.VectorType(kind, LINE)
        place = builder.bitcast(builder.gep(data, [args[1]]), vector.as_pointer())

        def everywhere(value: Any) -> Any:
            value = builder.trunc(value, kind) if kind.width < 64 else value
            one = builder.insert_element(ir.Constant(vector, ir.Undefined), value, ir.IntType(32)(0))
            lanes = ir.Constant(ir.VectorType(ir.IntType(32), LINE), [0] * LINE)
            return builder.shuffle_vector(one, ir.Constant(vector, ir.Undefined), lanes)

        behind = builder.icmp_unsigned(">=", ir.Constant(vector, list(range(LINE))), everywhere(args[2]))
        added = builder.select(behind, everywhere(args[3]), ir.Constant(vector, [0] * LINE))
        known = builder.load(place, align=kind.width // 8)
        builder.store(builder.add(known, added), place, align=kind.width // 8)
        return context.get_dummy_value()

    return types.void(table, line, lane, number), generate


@compiled
def put(table: Any, columns: Any, counts: Any) -> Any:
    """Put so many ways into columns; how many there are in all."""
    total = np.int64(0)
    for i in range(len(columns)):
        column = np.uint64(columns[i])
        lane = column & np.uint64(LINE - 1)
        add_behind(table, column - lane, lane, np.uint64(counts[i]))
        total += counts[i]
    return total


@compiled
def before_lines(table: Any, before: Any) -> Any:
    """How many ways there are in the lines before each; how many in all."""
    total = np.int64(0)
    for line in range(len(before)):
        before[line] = total
        total += np.int64(table[np.uint64(line) * np.uint64(LINE) + np.uint64(LINE - 1)])
    return total
