"""The plain-Python Arrow against the real one: the same tables, the same bytes understood both ways."""

import datetime as dt
import decimal
import pathlib
import sys

import pyarrow as real
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

from kindling import arrow as ours  # noqa: E402

UTC = dt.timezone.utc


def schema(pa):
    return pa.schema(
        [
            pa.field("i8", pa.int8()),
            pa.field("i", pa.int32(), False),
            pa.field("l", pa.int64(), metadata={b"SPARK::metadata::json": b'{"a":1}'}),
            pa.field("f", pa.float32()),
            pa.field("d", pa.float64()),
            pa.field("s", pa.string()),
            pa.field("b", pa.binary()),
            pa.field("bo", pa.bool_()),
            pa.field("dec", pa.decimal128(10, 2)),
            pa.field("da", pa.date32()),
            pa.field("ts", pa.timestamp("us", tz="UTC")),
            pa.field("ntz", pa.timestamp("us")),
            pa.field("du", pa.duration("us")),
            pa.field("t", pa.time64("ns")),
            pa.field("li", pa.list_(pa.field("element", pa.int32()))),
            pa.field("m", pa.map_(pa.string(), pa.float64())),
            pa.field("st", pa.struct([pa.field("x", pa.int32()), pa.field("y", pa.list_(pa.string()))])),
            pa.field("n", pa.null()),
        ]
    )


COLUMNS = [
    [1, None, -3],
    [1, 2, 3],
    [None, 2**40, -1],
    [1.5, None, float("inf")],
    [1.0, 2.0, None],
    ["a", None, "äöü€😀"],
    [b"x", b"", None],
    [True, None, False],
    [decimal.Decimal("1.20"), None, decimal.Decimal("-12345678.99")],
    [dt.date(2020, 1, 1), None, dt.date(1, 1, 1)],
    [dt.datetime(2020, 1, 1, 1, 2, 3, 456789, tzinfo=UTC), None, dt.datetime(1900, 1, 1, tzinfo=UTC)],
    [dt.datetime(2020, 1, 1, 1, 2, 3, 4), None, dt.datetime(9999, 12, 31)],
    [dt.timedelta(days=1, microseconds=5), None, dt.timedelta(-1)],
    [dt.time(1, 2, 3, 4), None, dt.time(0)],
    [[1, None], None, []],
    [{"a": 1.0, "b": None}, None, {}],
    [{"x": 1, "y": ["a", None]}, None, {"x": None, "y": None}],
    [None] * 3,
]


def table(pa):
    arrays = [pa.array(column, field.type) for column, field in zip(COLUMNS, schema(pa))]
    return pa.Table.from_arrays(arrays, schema=schema(pa))


def stream(pa, value):
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, value.schema) as writer:
        writer.write_table(value)
    return sink.getvalue().to_pybytes()


def test_pyarrow_reads_what_we_write():
    read = real.ipc.open_stream(stream(ours, table(ours))).read_all()
    read.validate(full=True)
    assert read.schema.equals(table(real).schema, check_metadata=True)
    assert read.equals(table(real))


def test_we_read_what_pyarrow_writes():
    read = ours.ipc.open_stream(stream(real, table(real))).read_all()
    assert read.schema == schema(ours)
    for name in read.column_names:
        assert read.column(name).to_pylist() == table(real).column(name).to_pylist(), name


def test_a_table_without_columns_keeps_its_rows():
    empty = ours.Table.from_struct_array(ours.array([{}] * 3))
    assert real.ipc.open_stream(stream(ours, empty)).read_all().num_rows == 3


@pytest.mark.parametrize(
    ("values", "type"), [(["a"], "int64"), ([1.5], "int64"), ([2**40], "int32"), ([True], "float64"), ([1], "string")]
)
def test_values_that_do_not_fit_are_refused(values, type):
    with pytest.raises((ours.ArrowInvalid, ours.ArrowTypeError)):
        ours.array(values, getattr(ours, type)())


def test_a_list_in_a_table_can_be_walked():
    lists = [[1.0, 2.0], None, []]
    for module in (real, ours):
        table = module.Table.from_arrays([module.array(lists, module.list_(module.float64()))], names=["q"])
        assert [q.as_py() for q in table[0][0]] == [1.0, 2.0]
        assert (len(table[0][0]), table[0][0][1].as_py(), len(table[0][2])) == (2, 2.0, 0)
    with pytest.raises(TypeError):
        iter(ours.array([1])[0])
