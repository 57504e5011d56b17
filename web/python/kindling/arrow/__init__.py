"""The part of pyarrow that the Spark Connect client stands on, in plain Python.

Loading pyarrow costs tens of megabytes and seconds, so a cell that does not import it must not pay for it. Types, arrays
made of Python values, tables and the IPC stream format are here; compute, pandas and files are not. Names, defaults and
errors are pyarrow's, because the client's code is.
"""

from . import ipc, types
from .errors import ArrowException, ArrowInvalid, ArrowKeyError, ArrowNotImplementedError, ArrowTypeError
from .schema import Field, Schema, field, schema
from .types import (
    DataType,
    Decimal128Type,
    FixedSizeBinaryType,
    ListType,
    MapType,
    StructType,
    TimestampType,
    binary,
    bool_,
    date32,
    date64,
    decimal128,
    duration,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    large_binary,
    large_list,
    large_string,
    large_utf8,
    list_,
    map_,
    month_day_nano_interval,
    null,
    string,
    struct,
    time32,
    time64,
    timestamp,
    uint8,
    uint16,
    uint32,
    uint64,
    utf8,
)
from .array import Array, ChunkedArray, Scalar, array, chunked_array, concat_arrays
from .table import RecordBatch, Table
from .ipc import Buffer, BufferOutputStream

# At least the version whose `to_pylist` the client no longer works around.
__version__ = "25.0.1"
