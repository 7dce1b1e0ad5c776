"""Memory that will soon be looked at, asked for ahead of time: a hint to the processor, which changes no result.

The entries that a record meets lie anywhere in gigabytes. Waiting for one after the other was most of a search; asked for some dozens at a time,
their lines come from memory side by side (Chen, Ailamaki, Gibbons, Mowry 2004: group prefetching of hash joins).
"""

from collections.abc import Callable
from typing import Any, cast

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from matching.nametable import Array


def _asked_for(typing: Any, array: Any, at: Any) -> Any:  # noqa: ANN401 (the compiler's own interface has no types)
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401
        kind = signature.args[0]
        held = context.make_array(kind)(context, builder, arguments[0])
        place = context.cast(builder, arguments[1], signature.args[1], types.intp)
        indices = [place] + [context.get_constant(types.intp, 0)] * (kind.ndim - 1)
        pointer = cgutils.get_item_pointer(context, builder, kind, held, indices, wraparound=False)
        number = ir.IntType(32)
        address = ir.IntType(8).as_pointer()
        hint = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(ir.VoidType(), [address, number, number, number]),
            "llvm.prefetch.p0",
        )
        # to read, to be kept near, data
        builder.call(hint, [builder.bitcast(pointer, address), number(0), number(3), number(1)])
        return context.get_dummy_value()

    return types.void(array, at), generate


ask_for = cast("Callable[[Array, int], None]", intrinsic(_asked_for))
"""Ask for the element of an array, or for the row of one with two dimensions: array, first index."""
