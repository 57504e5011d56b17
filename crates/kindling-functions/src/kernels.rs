//! Typed row access for kernels: write a function of one row's values, get a vectorised kernel with nulls propagated.
//!
//! `call(ctx, "repeat").map2::<Str, I32, String>(args, DataType::String, true, |s, n| Ok(Some(s.repeat(n as usize))))`

use std::sync::Arc;

use arrow::{
    array::{
        Array, ArrayRef, BinaryArray, BinaryBuilder, BooleanArray, BooleanBuilder, Decimal128Array, PrimitiveArray,
        PrimitiveBuilder, StringArray, StringBuilder,
    },
    datatypes::{
        ArrowPrimitiveType, DataType as ArrowType, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type,
        Int32Type, Int64Type,
    },
};
use datafusion::{common::ScalarValue, logical_expr::ColumnarValue};
use kindling_common::{SparkError, SparkResult};
use kindling_spec::DataType;

use crate::{
    TypedExpr,
    error::from_datafusion,
    udf::{Call, relabel},
};

/// A kind of value that a kernel reads.
pub(crate) trait Value: 'static {
    /// What a row gives.
    type Ref<'a>: Copy;
    /// The array behind it.
    type Array: Array + 'static;
    /// The array, its logical type stripped where the physical one is meant.
    fn view(array: &ArrayRef) -> SparkResult<Self::Array>;
    /// The value of a row that is not null.
    fn value(array: &Self::Array, row: usize) -> Self::Ref<'_>;
}

macro_rules! primitive_value {
    ($($name:ident: $arrow:ident, $native:ty, $physical:expr;)*) => {$(
        /// A fixed-width value by its physical type; logical types over it are read as it.
        pub(crate) struct $name;
        impl Value for $name {
            type Ref<'a> = $native;
            type Array = PrimitiveArray<$arrow>;
            fn view(array: &ArrayRef) -> SparkResult<Self::Array> {
                downcast(&relabel(array, &$physical)?)
            }
            #[inline]
            fn value(array: &Self::Array, row: usize) -> $native {
                array.value(row)
            }
        }
    )*};
}

primitive_value! {
    I8: Int8Type, i8, ArrowType::Int8;
    I16: Int16Type, i16, ArrowType::Int16;
    I32: Int32Type, i32, ArrowType::Int32;
    I64: Int64Type, i64, ArrowType::Int64;
    F32: Float32Type, f32, ArrowType::Float32;
    F64: Float64Type, f64, ArrowType::Float64;
}

/// An unscaled decimal.
pub(crate) struct Dec;
/// A string.
pub(crate) struct Str;
/// Bytes.
pub(crate) struct Bin;
/// A boolean.
pub(crate) struct Bool;

impl Value for Dec {
    type Ref<'a> = i128;
    type Array = Decimal128Array;
    fn view(array: &ArrayRef) -> SparkResult<Self::Array> {
        downcast(array)
    }
    fn value(array: &Self::Array, row: usize) -> i128 {
        array.value(row)
    }
}

impl Value for Str {
    type Ref<'a> = &'a str;
    type Array = StringArray;
    fn view(array: &ArrayRef) -> SparkResult<Self::Array> {
        downcast(array)
    }
    fn value(array: &Self::Array, row: usize) -> &str {
        array.value(row)
    }
}

impl Value for Bin {
    type Ref<'a> = &'a [u8];
    type Array = BinaryArray;
    fn view(array: &ArrayRef) -> SparkResult<Self::Array> {
        if let Some(strings) = array.as_any().downcast_ref::<StringArray>() {
            return Ok(BinaryArray::from(strings.clone()));
        }
        downcast(array)
    }
    fn value(array: &Self::Array, row: usize) -> &[u8] {
        array.value(row)
    }
}

impl Value for Bool {
    type Ref<'a> = bool;
    type Array = BooleanArray;
    fn view(array: &ArrayRef) -> SparkResult<Self::Array> {
        downcast(array)
    }
    fn value(array: &Self::Array, row: usize) -> bool {
        array.value(row)
    }
}

/// The concrete array, or an internal error that names both types.
pub(crate) fn downcast<T: Array + Clone + 'static>(array: &ArrayRef) -> SparkResult<T> {
    array.as_any().downcast_ref::<T>().cloned().ok_or_else(|| {
        SparkError::internal(format!("a kernel was given {} for {}", array.data_type(), std::any::type_name::<T>()))
    })
}

/// An argument as rows of `V`; a scalar gives the same row always.
pub(crate) struct View<V: Value> {
    array: V::Array,
    scalar: bool,
}

impl<V: Value> View<V> {
    pub(crate) fn new(value: &ColumnarValue) -> SparkResult<Self> {
        match value {
            ColumnarValue::Array(array) => Ok(View { array: V::view(array)?, scalar: false }),
            ColumnarValue::Scalar(value) => {
                let array = value.to_array().map_err(from_datafusion)?;
                Ok(View { array: V::view(&array)?, scalar: true })
            }
        }
    }

    #[inline]
    pub(crate) fn get(&self, row: usize) -> Option<V::Ref<'_>> {
        let row = if self.scalar { 0 } else { row };
        if self.array.is_null(row) { None } else { Some(V::value(&self.array, row)) }
    }
}

impl View<I32> {
    /// One value of an array, zero where it is null.
    pub(crate) fn at(array: &ArrayRef, row: usize) -> SparkResult<i32> {
        Ok(I32::view(array)?.value(row))
    }
}

/// A kind of value that a kernel writes.
pub(crate) trait Out: Sized {
    /// Collects rows.
    fn collect(rows: usize, value: impl FnMut(usize) -> SparkResult<Option<Self>>) -> SparkResult<ArrayRef>;
}

macro_rules! primitive_out {
    ($($native:ty: $arrow:ident;)*) => {$(
        impl Out for $native {
            fn collect(rows: usize, mut value: impl FnMut(usize) -> SparkResult<Option<Self>>) -> SparkResult<ArrayRef> {
                let mut builder = PrimitiveBuilder::<$arrow>::with_capacity(rows);
                for row in 0..rows {
                    builder.append_option(value(row)?);
                }
                Ok(Arc::new(builder.finish()))
            }
        }
    )*};
}

primitive_out! {
    i8: Int8Type;
    i16: Int16Type;
    i32: Int32Type;
    i64: Int64Type;
    f32: Float32Type;
    f64: Float64Type;
    i128: Decimal128Type;
}

impl Out for bool {
    fn collect(rows: usize, mut value: impl FnMut(usize) -> SparkResult<Option<Self>>) -> SparkResult<ArrayRef> {
        let mut builder = BooleanBuilder::with_capacity(rows);
        for row in 0..rows {
            builder.append_option(value(row)?);
        }
        Ok(Arc::new(builder.finish()))
    }
}

impl Out for String {
    fn collect(rows: usize, mut value: impl FnMut(usize) -> SparkResult<Option<Self>>) -> SparkResult<ArrayRef> {
        let mut builder = StringBuilder::with_capacity(rows, rows * 16);
        for row in 0..rows {
            builder.append_option(value(row)?);
        }
        Ok(Arc::new(builder.finish()))
    }
}

impl Out for Vec<u8> {
    fn collect(rows: usize, mut value: impl FnMut(usize) -> SparkResult<Option<Self>>) -> SparkResult<ArrayRef> {
        let mut builder = BinaryBuilder::with_capacity(rows, rows * 16);
        for row in 0..rows {
            builder.append_option(value(row)?);
        }
        Ok(Arc::new(builder.finish()))
    }
}

/// A calendar interval as `(months, days, nanoseconds)`.
pub(crate) struct Cal;
impl Value for Cal {
    type Ref<'a> = arrow::datatypes::IntervalMonthDayNano;
    type Array = arrow::array::IntervalMonthDayNanoArray;
    fn view(array: &ArrayRef) -> SparkResult<Self::Array> {
        downcast(array)
    }
    fn value(array: &Self::Array, row: usize) -> Self::Ref<'_> {
        array.value(row)
    }
}

impl Out for arrow::datatypes::IntervalMonthDayNano {
    fn collect(rows: usize, mut value: impl FnMut(usize) -> SparkResult<Option<Self>>) -> SparkResult<ArrayRef> {
        let mut builder = arrow::array::IntervalMonthDayNanoBuilder::with_capacity(rows);
        for row in 0..rows {
            builder.append_option(value(row)?);
        }
        Ok(Arc::new(builder.finish()))
    }
}

/// Runs a row function; all-scalar calls run once and stay scalar.
pub(crate) fn collect_rows<R: Out>(
    values: &[ColumnarValue],
    rows: usize,
    value: impl FnMut(usize) -> SparkResult<Option<R>>,
) -> SparkResult<ColumnarValue> {
    let constant = values.iter().all(|value| matches!(value, ColumnarValue::Scalar(_)));
    let array = R::collect(if constant { 1 } else { rows }, value)?;
    if constant {
        return ScalarValue::try_from_array(&array, 0).map(ColumnarValue::Scalar).map_err(from_datafusion);
    }
    Ok(ColumnarValue::Array(array))
}

impl Call<'_, '_> {
    /// A function of one argument; null in, null out.
    pub fn map1<A: Value, R: Out>(
        self,
        args: Vec<TypedExpr>,
        data_type: DataType,
        nullable: bool,
        f: impl for<'a> Fn(A::Ref<'a>) -> SparkResult<Option<R>> + Send + Sync + 'static,
    ) -> TypedExpr {
        self.kernel(args, data_type, nullable, move |values, rows| {
            let a = View::<A>::new(&values[0])?;
            collect_rows(values, rows, |row| match a.get(row) {
                Some(a) => f(a),
                None => Ok(None),
            })
        })
    }

    /// A function of two arguments; null in, null out.
    pub fn map2<A: Value, B: Value, R: Out>(
        self,
        args: Vec<TypedExpr>,
        data_type: DataType,
        nullable: bool,
        f: impl for<'a> Fn(A::Ref<'a>, B::Ref<'a>) -> SparkResult<Option<R>> + Send + Sync + 'static,
    ) -> TypedExpr {
        self.kernel(args, data_type, nullable, move |values, rows| {
            let (a, b) = (View::<A>::new(&values[0])?, View::<B>::new(&values[1])?);
            collect_rows(values, rows, |row| match (a.get(row), b.get(row)) {
                (Some(a), Some(b)) => f(a, b),
                _ => Ok(None),
            })
        })
    }

    /// A function of three arguments; null in, null out.
    pub fn map3<A: Value, B: Value, C: Value, R: Out>(
        self,
        args: Vec<TypedExpr>,
        data_type: DataType,
        nullable: bool,
        f: impl for<'a> Fn(A::Ref<'a>, B::Ref<'a>, C::Ref<'a>) -> SparkResult<Option<R>> + Send + Sync + 'static,
    ) -> TypedExpr {
        self.kernel(args, data_type, nullable, move |values, rows| {
            let (a, b) = (View::<A>::new(&values[0])?, View::<B>::new(&values[1])?);
            let c = View::<C>::new(&values[2])?;
            collect_rows(values, rows, |row| match (a.get(row), b.get(row), c.get(row)) {
                (Some(a), Some(b), Some(c)) => f(a, b, c),
                _ => Ok(None),
            })
        })
    }

    /// A function of four arguments; null in, null out.
    pub fn map4<A: Value, B: Value, C: Value, D: Value, R: Out>(
        self,
        args: Vec<TypedExpr>,
        data_type: DataType,
        nullable: bool,
        f: impl for<'a> Fn(A::Ref<'a>, B::Ref<'a>, C::Ref<'a>, D::Ref<'a>) -> SparkResult<Option<R>> + Send + Sync + 'static,
    ) -> TypedExpr {
        self.kernel(args, data_type, nullable, move |values, rows| {
            let (a, b) = (View::<A>::new(&values[0])?, View::<B>::new(&values[1])?);
            let (c, d) = (View::<C>::new(&values[2])?, View::<D>::new(&values[3])?);
            collect_rows(values, rows, |row| match (a.get(row), b.get(row), c.get(row), d.get(row)) {
                (Some(a), Some(b), Some(c), Some(d)) => f(a, b, c, d),
                _ => Ok(None),
            })
        })
    }
}

/// Applies a binary operation of primitive values to arrays and scalars in any combination. Null slots are computed
/// too (vectorised), so `op` must be total.
pub(crate) fn binary<A, B, R>(
    left: &ColumnarValue,
    right: &ColumnarValue,
    op: impl Fn(A::Native, B::Native) -> R::Native,
) -> SparkResult<ColumnarValue>
where
    A: ArrowPrimitiveType,
    B: ArrowPrimitiveType,
    R: ArrowPrimitiveType,
{
    Ok(ColumnarValue::Array(match (left, right) {
        (ColumnarValue::Array(l), ColumnarValue::Array(r)) => {
            let (l, r) = (primitive::<A>(l)?, primitive::<B>(r)?);
            let out: PrimitiveArray<R> =
                arrow::compute::binary(&l, &r, op).map_err(|e| SparkError::internal(e.to_string()))?;
            Arc::new(out)
        }
        (ColumnarValue::Array(l), ColumnarValue::Scalar(r)) => {
            let (l, r) = (primitive::<A>(l)?, scalar::<B>(r)?);
            match r {
                Some(r) => Arc::new(l.unary::<_, R>(|l| op(l, r))),
                None => Arc::new(PrimitiveArray::<R>::new_null(l.len())),
            }
        }
        (ColumnarValue::Scalar(l), ColumnarValue::Array(r)) => {
            let (l, r) = (scalar::<A>(l)?, primitive::<B>(r)?);
            match l {
                Some(l) => Arc::new(r.unary::<_, R>(|r| op(l, r))),
                None => Arc::new(PrimitiveArray::<R>::new_null(r.len())),
            }
        }
        (ColumnarValue::Scalar(l), ColumnarValue::Scalar(r)) => {
            let value = match (scalar::<A>(l)?, scalar::<B>(r)?) {
                (Some(l), Some(r)) => Some(op(l, r)),
                _ => None,
            };
            return one::<R>(value);
        }
    }))
}

/// The same for an operation that may fail or give null; only rows without nulls are computed.
pub(crate) fn try_binary<A, B, R>(
    left: &ColumnarValue,
    right: &ColumnarValue,
    rows: usize,
    op: impl Fn(A::Native, B::Native) -> SparkResult<Option<R::Native>>,
) -> SparkResult<ColumnarValue>
where
    A: ArrowPrimitiveType,
    B: ArrowPrimitiveType,
    R: ArrowPrimitiveType,
{
    if let (ColumnarValue::Scalar(l), ColumnarValue::Scalar(r)) = (left, right) {
        let value = match (scalar::<A>(l)?, scalar::<B>(r)?) {
            (Some(l), Some(r)) => op(l, r)?,
            _ => None,
        };
        return one::<R>(value);
    }
    let side_a = Side::<A>::new(left)?;
    let side_b = Side::<B>::new(right)?;
    let mut builder = PrimitiveBuilder::<R>::with_capacity(rows);
    for row in 0..rows {
        match (side_a.get(row), side_b.get(row)) {
            (Some(l), Some(r)) => builder.append_option(op(l, r)?),
            _ => builder.append_null(),
        }
    }
    Ok(ColumnarValue::Array(Arc::new(builder.finish())))
}

/// A primitive argument, spread where it is a scalar.
pub(crate) enum Side<T: ArrowPrimitiveType> {
    Array(PrimitiveArray<T>),
    Scalar(Option<T::Native>),
}

impl<T: ArrowPrimitiveType> Side<T> {
    pub(crate) fn new(value: &ColumnarValue) -> SparkResult<Self> {
        Ok(match value {
            ColumnarValue::Array(array) => Side::Array(primitive::<T>(array)?),
            ColumnarValue::Scalar(value) => Side::Scalar(scalar::<T>(value)?),
        })
    }

    #[inline]
    pub(crate) fn get(&self, row: usize) -> Option<T::Native> {
        match self {
            Side::Array(array) => (!array.is_null(row)).then(|| array.value(row)),
            Side::Scalar(value) => *value,
        }
    }
}

fn one<R: ArrowPrimitiveType>(value: Option<R::Native>) -> SparkResult<ColumnarValue> {
    let array = PrimitiveArray::<R>::from_iter([value]);
    ScalarValue::try_from_array(&array, 0).map(ColumnarValue::Scalar).map_err(from_datafusion)
}

/// The array by its physical type.
pub(crate) fn primitive<T: ArrowPrimitiveType>(array: &ArrayRef) -> SparkResult<PrimitiveArray<T>> {
    match array.as_any().downcast_ref::<PrimitiveArray<T>>() {
        Some(array) => Ok(array.clone()),
        None => downcast(&relabel(array, &T::DATA_TYPE)?),
    }
}

pub(crate) fn scalar<T: ArrowPrimitiveType>(value: &ScalarValue) -> SparkResult<Option<T::Native>> {
    let array = primitive::<T>(&value.to_array().map_err(from_datafusion)?)?;
    Ok((!array.is_null(0)).then(|| array.value(0)))
}

/// Strings as their bytes, without copying.
pub(crate) fn downcast_binary(array: &ArrayRef) -> SparkResult<ArrayRef> {
    Ok(Arc::new(Bin::view(array)?))
}
