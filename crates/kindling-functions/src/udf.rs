//! How a kernel becomes a DataFusion expression.
//!
//! A `SparkUdf` is built for one call: its types, time zone and ANSI mode are fixed, so the kernel decides nothing a
//! row. Two calls are the same function when name, key and result type are; the origin is no part of that, as in
//! Spark's semantic equality.

use std::{
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
};

use arrow::{
    array::{Array, ArrayRef, make_array},
    datatypes::{DataType as ArrowType, Field, FieldRef},
};
use datafusion::{
    common::{DataFusionError, ScalarValue, config::ConfigOptions},
    logical_expr::{
        ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
    },
};
use kindling_common::{SparkError, SparkResult, to_arrow};
use kindling_spec::{DataType, Origin};

use crate::{
    CallContext, TypedExpr,
    error::{from_datafusion, to_datafusion},
};

/// Computes a batch: arguments and number of rows in, one value a row (or a scalar) out.
pub(crate) type Kernel = Arc<dyn Fn(&[ColumnarValue], usize) -> SparkResult<ColumnarValue> + Send + Sync>;

/// A scalar function of ours, specialised for one call.
pub(crate) struct SparkUdf {
    name: &'static str,
    key: String,
    return_type: ArrowType,
    nullable: bool,
    origin: Origin,
    signature: Signature,
    lazy: bool,
    kernel: Kernel,
}

impl fmt::Debug for SparkUdf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.name, self.key)
    }
}

impl PartialEq for SparkUdf {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.key == other.key && self.return_type == other.return_type
    }
}

impl Eq for SparkUdf {}

impl Hash for SparkUdf {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
        self.key.hash(state);
    }
}

impl ScalarUDFImpl for SparkUdf {
    fn name(&self) -> &str {
        self.name
    }

    fn schema_name(&self, args: &[Expr]) -> datafusion::common::Result<String> {
        // The key tells apart calls that differ only in what was fixed at build time.
        let args: Vec<String> = args.iter().map(|arg| arg.schema_name().to_string()).collect();
        let key = if self.key.is_empty() { String::new() } else { format!("[{}]", self.key) };
        Ok(format!("{}{key}({})", self.name, args.join(",")))
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[ArrowType]) -> datafusion::common::Result<ArrowType> {
        Ok(self.return_type.clone())
    }

    fn return_field_from_args(&self, _args: ReturnFieldArgs) -> datafusion::common::Result<FieldRef> {
        Ok(Arc::new(Field::new(self.name, self.return_type.clone(), self.nullable)))
    }

    fn coerce_types(&self, arg_types: &[ArrowType]) -> datafusion::common::Result<Vec<ArrowType>> {
        Ok(arg_types.to_vec())
    }

    fn short_circuits(&self) -> bool {
        self.lazy
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> datafusion::common::Result<ColumnarValue> {
        let value = (self.kernel)(&args.args, args.number_rows).map_err(|e| to_datafusion(e.at(&self.origin)))?;
        conform(value, &self.return_type).map_err(to_datafusion)
    }
}

/// Gives a value the declared type where only names and flags of nested fields, or the logical type over the same
/// physical layout, differ.
fn conform(value: ColumnarValue, data_type: &ArrowType) -> SparkResult<ColumnarValue> {
    if value.data_type() == *data_type {
        return Ok(value);
    }
    Ok(match value {
        ColumnarValue::Array(array) => ColumnarValue::Array(relabel(&array, data_type)?),
        ColumnarValue::Scalar(value) => {
            let array = value.to_array().map_err(from_datafusion)?;
            let array = relabel(&array, data_type)?;
            ColumnarValue::Scalar(ScalarValue::try_from_array(&array, 0).map_err(from_datafusion)?)
        }
    })
}

/// The same buffers under another type of the same layout.
pub(crate) fn relabel(array: &ArrayRef, data_type: &ArrowType) -> SparkResult<ArrayRef> {
    if array.data_type() == data_type {
        return Ok(Arc::clone(array));
    }
    if array.data_type() == &ArrowType::Null {
        return Ok(arrow::array::new_null_array(data_type, array.len()));
    }
    // Some of DataFusion's functions give views.
    if let ArrowType::Utf8View | ArrowType::BinaryView = array.data_type() {
        return arrow::compute::cast(array, data_type).map_err(crate::error::from_arrow_error);
    }
    relabel_data(array.to_data(), data_type).map(make_array)
}

fn relabel_data(data: arrow::array::ArrayData, data_type: &ArrowType) -> SparkResult<arrow::array::ArrayData> {
    use ArrowType::{List, Map, Struct};
    let mismatch = || SparkError::internal(format!("a kernel gave {} for {data_type}", data.data_type()));
    if data.data_type() == data_type {
        return Ok(data);
    }
    if data.data_type() == &ArrowType::Null {
        return Ok(arrow::array::new_null_array(data_type, data.len()).to_data());
    }
    let children: Vec<_> = match (data.data_type(), data_type) {
        (List(_), List(field)) | (Map(_, _), Map(field, _)) | (List(_), Map(field, _)) | (Map(_, _), List(field)) => {
            let child = data.child_data().first().cloned().ok_or_else(mismatch)?;
            vec![relabel_data(child, field.data_type())?]
        }
        (Struct(from), Struct(to)) if from.len() == to.len() => {
            let children: SparkResult<Vec<_>> = data
                .child_data()
                .iter()
                .zip(to.iter())
                .map(|(child, field)| relabel_data(child.clone(), field.data_type()))
                .collect();
            children?
        }
        (from, to) if same_layout(from, to) => vec![],
        _ => return Err(mismatch()),
    };
    let builder = data.into_builder().data_type(data_type.clone()).child_data(children);
    builder.build().map_err(|e| SparkError::internal(e.to_string()))
}

/// Whether both types have one fixed-width value buffer of the same width.
fn same_layout(from: &ArrowType, to: &ArrowType) -> bool {
    match (from.primitive_width(), to.primitive_width()) {
        (Some(a), Some(b)) => a == b,
        _ => false,
    }
}

/// Options of a call beyond its kernel.
pub(crate) struct Call<'c, 'x> {
    ctx: &'c CallContext<'x>,
    name: &'static str,
    key: String,
    volatility: Volatility,
    lazy: bool,
}

/// Starts a call of `name`.
pub(crate) fn call<'c, 'x>(ctx: &'c CallContext<'x>, name: &'static str) -> Call<'c, 'x> {
    Call { ctx, name, key: String::new(), volatility: Volatility::Immutable, lazy: false }
}

impl Call<'_, '_> {
    /// Everything that the kernel captures, as text: it is the function's identity beside its name.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = key.into();
        self
    }

    /// Not deterministic: never folded, never shared.
    pub fn volatile(mut self) -> Self {
        self.volatility = Volatility::Volatile;
        self
    }

    /// Builds the expression around a kernel over columnar values.
    pub fn kernel(
        self,
        args: Vec<TypedExpr>,
        data_type: DataType,
        nullable: bool,
        kernel: impl Fn(&[ColumnarValue], usize) -> SparkResult<ColumnarValue> + Send + Sync + 'static,
    ) -> TypedExpr {
        let udf = SparkUdf {
            name: self.name,
            key: self.key,
            return_type: to_arrow(&data_type),
            nullable,
            origin: self.ctx.origin.clone(),
            signature: Signature::user_defined(self.volatility),
            lazy: self.lazy,
            kernel: Arc::new(kernel),
        };
        let args = args.into_iter().map(|arg| arg.expr).collect();
        TypedExpr::new(ScalarUDF::new_from_impl(udf).call(args), data_type, nullable)
    }

    /// Builds the expression around a kernel over arrays; scalars are spread, a call on scalars alone runs on one row.
    pub fn arrays(
        self,
        args: Vec<TypedExpr>,
        data_type: DataType,
        nullable: bool,
        kernel: impl Fn(&[ArrayRef], usize) -> SparkResult<ArrayRef> + Send + Sync + 'static,
    ) -> TypedExpr {
        let volatile = self.volatility == Volatility::Volatile;
        self.kernel(args, data_type, nullable, move |values, rows| {
            let constant = !volatile && values.iter().all(|value| matches!(value, ColumnarValue::Scalar(_)));
            let rows = if constant { 1 } else { rows };
            let arrays: SparkResult<Vec<ArrayRef>> =
                values.iter().map(|value| value.to_array(rows).map_err(from_datafusion)).collect();
            let array = kernel(&arrays?, rows)?;
            if constant {
                let scalar = ScalarValue::try_from_array(&array, 0).map_err(from_datafusion)?;
                return Ok(ColumnarValue::Scalar(scalar));
            }
            Ok(ColumnarValue::Array(array))
        })
    }

    /// Builds the expression around a function of DataFusion's, with this call's name, type and query context.
    pub fn delegate(
        self,
        inner: Arc<ScalarUDF>,
        args: Vec<TypedExpr>,
        data_type: DataType,
        nullable: bool,
    ) -> SparkResult<TypedExpr> {
        let fields: Vec<FieldRef> = args
            .iter()
            .enumerate()
            .map(|(i, arg)| Arc::new(Field::new(format!("c{i}"), to_arrow(&arg.data_type), arg.nullable)))
            .collect();
        let literals: Vec<Option<&ScalarValue>> = args.iter().map(TypedExpr::as_literal).collect();
        let return_field = inner
            .return_field_from_args(ReturnFieldArgs { arg_fields: &fields, scalar_arguments: &literals })
            .map_err(from_datafusion)?;
        let config_options = Arc::new(ConfigOptions::default());
        Ok(self.kernel(args, data_type, nullable, move |values, number_rows| {
            let args = ScalarFunctionArgs {
                args: values.to_vec(),
                arg_fields: fields.clone(),
                number_rows,
                return_field: Arc::clone(&return_field),
                config_options: Arc::clone(&config_options),
            };
            inner.invoke_with_args(args).map_err(from_datafusion)
        }))
    }
}

/// Evaluates to a `DataFusionError` for code that runs inside DataFusion's traits.
pub(crate) fn internal(message: impl Into<String>) -> DataFusionError {
    to_datafusion(SparkError::internal(message))
}
