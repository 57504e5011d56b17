//! How accumulators become DataFusion aggregates. The functions themselves are in `functions/`.
//!
//! An aggregate is built for one call, as a scalar kernel is. `DISTINCT` and moving window frames are handled here for
//! all of them: a distinct aggregate collects its distinct rows, a moving frame keeps its rows and aggregates anew.

mod buffered;
mod distinct;
mod doubles;
mod recompute;
mod rows;
mod sketch;
mod sum;

use std::{
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
};

use arrow::{
    array::{ArrayRef, BooleanArray},
    datatypes::{DataType as ArrowType, Field, FieldRef},
};
use datafusion::{
    common::Result,
    logical_expr::{
        Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, Expr, GroupsAccumulator, Signature, Volatility,
        expr::{AggregateFunction, AggregateFunctionParams, NullTreatment, WindowFunctionParams},
        function::{AccumulatorArgs, StateFieldsArgs},
    },
};
use kindling_common::to_arrow;
use kindling_spec::DataType;

use crate::{AggregateOptions, TypedExpr};

pub(crate) use buffered::buffered;
pub(crate) use doubles::{DoublesFn, doubles};
pub(crate) use rows::{RowFold, row_fold};
pub(crate) use sketch::{SketchState, sketch};
pub(crate) use sum::{decimal_avg, numeric_sum};

type MakeAccumulator = Arc<dyn Fn() -> Box<dyn Accumulator> + Send + Sync>;
type MakeGroups = Arc<dyn Fn() -> Box<dyn GroupsAccumulator> + Send + Sync>;

/// An aggregate of ours, specialised for one call.
pub(crate) struct SparkUdaf {
    name: &'static str,
    key: String,
    return_type: ArrowType,
    nullable: bool,
    arg_types: Vec<ArrowType>,
    state: Vec<ArrowType>,
    signature: Signature,
    accumulator: MakeAccumulator,
    groups: Option<MakeGroups>,
}

impl fmt::Debug for SparkUdaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.name, self.key)
    }
}

impl PartialEq for SparkUdaf {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.key == other.key && self.return_type == other.return_type
    }
}

impl Eq for SparkUdaf {}

impl Hash for SparkUdaf {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
        self.key.hash(state);
    }
}

impl AggregateUDFImpl for SparkUdaf {
    fn name(&self) -> &str {
        self.name
    }

    fn schema_name(&self, params: &AggregateFunctionParams) -> Result<String> {
        // The key tells apart calls that differ only in what was fixed at build time.
        let args: Vec<String> = params.args.iter().map(|arg| arg.schema_name().to_string()).collect();
        let key = if self.key.is_empty() { String::new() } else { format!("[{}]", self.key) };
        let distinct = if params.distinct { "DISTINCT " } else { "" };
        let mut name = format!("{}{key}({distinct}{})", self.name, args.join(","));
        if params.null_treatment == Some(NullTreatment::IgnoreNulls) {
            name.push_str(" IGNORE NULLS");
        }
        if let Some(filter) = &params.filter {
            name.push_str(&format!(" FILTER (WHERE {})", filter.schema_name()));
        }
        Ok(name)
    }

    fn window_function_schema_name(&self, params: &WindowFunctionParams) -> Result<String> {
        let call = self.schema_name(&AggregateFunctionParams {
            args: params.args.clone(),
            distinct: params.distinct,
            filter: params.filter.clone(),
            order_by: vec![],
            null_treatment: params.null_treatment,
        })?;
        let keys: Vec<String> = params.partition_by.iter().map(|key| key.schema_name().to_string()).collect();
        let order: Vec<String> = params.order_by.iter().map(ToString::to_string).collect();
        Ok(format!("{call} PARTITION BY [{}] ORDER BY [{}] {}", keys.join(", "), order.join(", "), params.window_frame))
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[ArrowType]) -> Result<ArrowType> {
        Ok(self.return_type.clone())
    }

    fn return_field(&self, _arg_fields: &[FieldRef]) -> Result<FieldRef> {
        Ok(Arc::new(Field::new(self.name, self.return_type.clone(), self.nullable)))
    }

    fn is_nullable(&self) -> bool {
        self.nullable
    }

    fn coerce_types(&self, arg_types: &[ArrowType]) -> Result<Vec<ArrowType>> {
        Ok(arg_types.to_vec())
    }

    fn supports_null_handling_clause(&self) -> bool {
        true
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let inner = (self.accumulator)();
        Ok(if args.is_distinct { distinct::distinct(inner, &self.arg_types)? } else { inner })
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let name = args.name;
        if args.is_distinct {
            return Ok(distinct::state_fields(name, &self.arg_types));
        }
        let field = |(i, t): (usize, &ArrowType)| Arc::new(Field::new(format!("{name}[{i}]"), t.clone(), true));
        Ok(self.state.iter().enumerate().map(field).collect())
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs) -> bool {
        self.groups.is_some() && !args.is_distinct
    }

    fn create_groups_accumulator(&self, _args: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        match &self.groups {
            Some(make) => Ok(make()),
            None => Err(crate::udf::internal(format!("{} has no groups accumulator", self.name))),
        }
    }

    fn create_sliding_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let inner = self.accumulator(args)?;
        if inner.supports_retract_batch() {
            return Ok(inner);
        }
        let make = Arc::clone(&self.accumulator);
        Ok(Box::new(recompute::Recompute::new(make)))
    }

    fn default_value(&self, data_type: &ArrowType) -> Result<datafusion::common::ScalarValue> {
        // What an aggregate over no rows gives: `count`-like ones give a value.
        match (self.accumulator)().evaluate() {
            Ok(value) => Ok(value),
            Err(_) => datafusion::common::ScalarValue::try_from(data_type),
        }
    }
}

/// An aggregate in the making.
pub(crate) struct Aggregate {
    pub name: &'static str,
    /// Everything the accumulator captures, as text.
    pub key: String,
    pub data_type: DataType,
    pub nullable: bool,
    pub state: Vec<ArrowType>,
    pub accumulator: MakeAccumulator,
    pub groups: Option<MakeGroups>,
}

impl Aggregate {
    /// The aggregate over typed arguments.
    pub fn call(self, args: Vec<TypedExpr>, options: &AggregateOptions) -> TypedExpr {
        let udaf = SparkUdaf {
            name: self.name,
            key: self.key,
            return_type: to_arrow(&self.data_type),
            nullable: self.nullable,
            arg_types: args.iter().map(|arg| to_arrow(&arg.data_type)).collect(),
            state: self.state,
            signature: Signature::user_defined(Volatility::Immutable),
            accumulator: self.accumulator,
            groups: self.groups,
        };
        aggregate_expr(Arc::new(AggregateUDF::new_from_impl(udaf)), args, options, self.data_type, self.nullable)
    }
}

/// A DataFusion aggregate with its Spark type.
pub(crate) fn aggregate_expr(
    udaf: Arc<AggregateUDF>,
    args: Vec<TypedExpr>,
    options: &AggregateOptions,
    data_type: DataType,
    nullable: bool,
) -> TypedExpr {
    let treatment = options.ignore_nulls.then_some(NullTreatment::IgnoreNulls);
    let args = args.into_iter().map(|arg| arg.expr).collect();
    let filter = options.filter.clone().map(Box::new);
    let call = AggregateFunction::new_udf(udaf, args, options.distinct, filter, vec![], treatment);
    TypedExpr::new(Expr::AggregateFunction(call), data_type, nullable)
}

/// Each row as a group of its own: what `convert_to_state` means.
pub(crate) fn rows_as_groups(
    mut fresh: impl GroupsAccumulator,
    values: &[ArrayRef],
    filter: Option<&BooleanArray>,
) -> Result<Vec<ArrayRef>> {
    let rows = values.first().map_or(0, |array| array.len());
    let groups: Vec<usize> = (0..rows).collect();
    fresh.update_batch(values, &groups, filter, rows)?;
    fresh.state(EmitTo::All)
}
