"""Arrow tables whose year-month intervals pyarrow can read.

pyarrow has no class for `Interval(YEAR_MONTH)`. Their layout is that of `int32`, so a batch is handed over through
Arrow's C data interface with that type put in their place.
"""

import ctypes

import pyarrow as pa


class CSchema(ctypes.Structure):
    """`ArrowSchema` of the C data interface."""


CSchema._fields_ = [
    ("format", ctypes.c_char_p),
    ("name", ctypes.c_char_p),
    ("metadata", ctypes.c_void_p),
    ("flags", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("children", ctypes.POINTER(ctypes.POINTER(CSchema))),
    ("dictionary", ctypes.POINTER(CSchema)),
    ("release", ctypes.c_void_p),
    ("private_data", ctypes.c_void_p),
]

MONTHS, INT32 = b"tiM", b"i"


def batches(table: pa.Table) -> list[pa.RecordBatch]:
    return [readable(batch) for batch in table.to_batches()]


def readable(batch: pa.RecordBatch) -> pa.RecordBatch:
    schema = CSchema()
    # `ArrowArray` is 80 bytes on 64-bit machines; it passes through unseen.
    array = (ctypes.c_uint64 * 10)()
    batch._export_to_c(ctypes.addressof(array), ctypes.addressof(schema))
    months_to_int(schema)
    return pa.RecordBatch._import_from_c(ctypes.addressof(array), ctypes.addressof(schema))


def months_to_int(schema: CSchema) -> None:
    if schema.format == MONTHS:
        schema.format = INT32
    for index in range(schema.n_children):
        months_to_int(schema.children[index].contents)
