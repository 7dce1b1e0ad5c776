"""Rows of a table asked for before they are looked at: the processor fetches them meanwhile. A hint, which changes no answer.

Whoever fits a question lies anywhere in a table of gigabytes; without the hint each is waited for in its turn.
"""

from collections.abc import Callable
from typing import Any, cast

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from mock_population_api.mapped import Array

_TO_READ, _KEEP_NEAR, _DATA = 0, 3, 1


def _fetch(typing: Any, rows: Any, at: Any) -> Any:  # noqa: ANN401 (the compiler's interface has no types)
    def lowered(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401
        table = context.make_array(signature.args[0])(context, builder, arguments[0])
        byte, number = ir.IntType(8), ir.IntType(32)
        start = builder.bitcast(table.data, byte.as_pointer())
        # rows stand one after the other
        place = context.cast(builder, arguments[1], signature.args[1], types.intp)
        address = builder.gep(start, [builder.mul(place, table.itemsize)])
        kind = ir.FunctionType(ir.VoidType(), [byte.as_pointer(), number, number, number])
        hint = builder.module.declare_intrinsic("llvm.prefetch", [byte.as_pointer()], kind)
        builder.call(hint, [address, number(_TO_READ), number(_KEEP_NEAR), number(_DATA)])
        return context.get_dummy_value()

    return types.void(rows, at), lowered


fetch = cast("Callable[[Array, int], None]", intrinsic(_fetch))
"""Ask for the row of a contiguous table: table, position."""
