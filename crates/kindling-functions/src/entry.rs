//! What a function is: its names, its arity, its kind, and how a typed call becomes a typed expression.

use std::{collections::HashMap, sync::LazyLock};

use datafusion::logical_expr::Expr;
use kindling_common::{SparkError, SparkResult};
use kindling_spec::{DataType, StructType};

use crate::{CallContext, TypedExpr, functions, nullability};

/// How many arguments a function takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arity {
    /// Fewest.
    pub min: usize,
    /// Most; `usize::MAX` when there is no limit.
    pub max: usize,
}

/// A function of Spark's registry.
#[derive(Debug)]
pub struct FunctionEntry {
    /// Name in lower case.
    pub name: &'static str,
    /// Number of arguments.
    pub arity: Arity,
    /// Kind and builder.
    pub kind: FunctionKind,
}

/// Types and nullability of a lambda's variables, from the arguments so far, its position and its number of variables.
pub type LambdaParameters =
    fn(&CallContext<'_>, &[Option<LambdaArgument>], usize, usize) -> SparkResult<Vec<(DataType, bool)>>;
/// The builder of a scalar function.
pub type BuildScalar = fn(&CallContext<'_>, Vec<TypedExpr>) -> SparkResult<TypedExpr>;
/// The builder of an aggregate function.
pub type BuildAggregate = fn(&CallContext<'_>, Vec<TypedExpr>, &AggregateOptions) -> SparkResult<TypedExpr>;
/// The builder of a window function.
pub type BuildWindow = fn(&CallContext<'_>, Vec<TypedExpr>, &WindowOptions) -> SparkResult<TypedExpr>;
/// The builder of a generator.
pub type BuildGenerator = fn(&CallContext<'_>, Vec<TypedExpr>) -> SparkResult<GeneratorCall>;

/// Kind of a function, with its builder.
#[derive(Debug, Clone, Copy)]
pub enum FunctionKind {
    /// One value a row.
    Scalar(BuildScalar),
    /// One value a group. The result holds exactly one `Expr::AggregateFunction`, possibly below a scalar expression.
    Aggregate(BuildAggregate),
    /// Only valid with `OVER`. The result holds exactly one `Expr::WindowFunction` with an empty window, possibly below
    /// a scalar expression; the caller fills in partition, order and frame.
    Window(BuildWindow),
    /// Many rows a row.
    Generator(BuildGenerator),
    /// A function with lambda arguments.
    HigherOrder(HigherOrder),
}

/// What follows an aggregate's arguments.
#[derive(Debug, Clone, Default)]
pub struct AggregateOptions {
    /// `DISTINCT`
    pub distinct: bool,
    /// `FILTER (WHERE …)`, a boolean.
    pub filter: Option<Expr>,
    /// `IGNORE NULLS`
    pub ignore_nulls: bool,
    /// `WITHIN GROUP (ORDER BY …)`
    pub order_by: Vec<SortKey>,
}

/// An ordering key.
#[derive(Debug, Clone)]
pub struct SortKey {
    /// The key.
    pub expr: TypedExpr,
    /// `ASC`
    pub ascending: bool,
    /// `NULLS FIRST`
    pub nulls_first: bool,
}

/// What follows a window function's arguments.
#[derive(Debug, Clone, Default)]
pub struct WindowOptions {
    /// `IGNORE NULLS`
    pub ignore_nulls: bool,
}

/// A typed generator call; the resolver plans it.
#[derive(Debug, Clone)]
pub struct GeneratorCall {
    /// Name in lower case without `_outer`: `explode`, `posexplode`, `inline`, `stack`, `json_tuple`.
    pub name: &'static str,
    /// Whether a row without values still gives one row of nulls.
    pub outer: bool,
    /// One expression of type `ARRAY<STRUCT<…>>` whose elements are the rows; its fields are `output`.
    pub rows: TypedExpr,
    /// Columns with their default names.
    pub output: StructType,
}

/// A function with lambda arguments.
///
/// The resolver resolves the ordinary arguments, asks `parameters` for the types of a lambda's variables, binds them to
/// columns with fresh names, resolves the body over those columns, and calls `build` with every argument.
#[derive(Debug, Clone, Copy)]
pub struct HigherOrder {
    /// Positions of the arguments that may be lambdas (`array_sort`'s second is optional).
    pub lambdas: &'static [usize],
    /// Types of the variables of the lambda at a position, given the arguments resolved so far (`None` for those not
    /// yet resolved) and the number of variables it was written with.
    pub parameters: LambdaParameters,
    /// Builds the call.
    pub build: fn(&CallContext<'_>, Vec<LambdaArgument>) -> SparkResult<TypedExpr>,
}

/// An argument of a higher-order function.
#[derive(Debug, Clone)]
pub enum LambdaArgument {
    /// An ordinary argument.
    Value(TypedExpr),
    /// A lambda.
    Lambda(ResolvedLambda),
}

/// A lambda whose body is resolved over columns named as its variables.
#[derive(Debug, Clone)]
pub struct ResolvedLambda {
    /// Names of the variables' columns, in order; unique in the plan.
    pub parameters: Vec<String>,
    /// The body. Other columns in it are captured from the row.
    pub body: TypedExpr,
}

const fn entry(name: &'static str, min: usize, max: usize, kind: FunctionKind) -> FunctionEntry {
    FunctionEntry { name, arity: Arity { min, max }, kind }
}

pub(crate) const MANY: usize = usize::MAX;

pub(crate) const fn scalar(name: &'static str, min: usize, max: usize, build: BuildScalar) -> FunctionEntry {
    entry(name, min, max, FunctionKind::Scalar(build))
}

pub(crate) const fn aggregate(name: &'static str, min: usize, max: usize, build: BuildAggregate) -> FunctionEntry {
    entry(name, min, max, FunctionKind::Aggregate(build))
}

pub(crate) const fn window(name: &'static str, min: usize, max: usize, build: BuildWindow) -> FunctionEntry {
    entry(name, min, max, FunctionKind::Window(build))
}

pub(crate) const fn generator(name: &'static str, min: usize, max: usize, build: BuildGenerator) -> FunctionEntry {
    entry(name, min, max, FunctionKind::Generator(build))
}

pub(crate) const fn higher_order(name: &'static str, min: usize, max: usize, function: HigherOrder) -> FunctionEntry {
    entry(name, min, max, FunctionKind::HigherOrder(function))
}

/// Functions that only DataFrames reach (Spark's internal registry).
const INTERNAL: &[&str] = &["collect_frequent_items", "product", "unwrap_udt"];

impl FunctionEntry {
    /// Whether SQL does not know the function.
    pub fn is_internal(&self) -> bool {
        INTERNAL.contains(&self.name)
    }

    /// `WRONG_NUM_ARGS` when the number of arguments is not right.
    pub fn check_arity(&self, actual: usize) -> SparkResult<()> {
        let Arity { min, max } = self.arity;
        if (min..=max).contains(&actual) {
            return Ok(());
        }
        let expected = if max == MANY {
            format!("> {}", min.saturating_sub(1))
        } else if min == max {
            min.to_string()
        } else {
            let numbers: Vec<String> = (min..=max).map(|n| n.to_string()).collect();
            format!("[{}]", numbers.join(", "))
        };
        Err(SparkError::analysis("WRONG_NUM_ARGS.WITHOUT_SUGGESTION")
            .param("functionName", format!("`{}`", self.name))
            .param("expectedNum", expected)
            .param("actualNum", actual.to_string())
            .param("docroot", "https://spark.apache.org/docs/4.2.0"))
    }

    /// Builds a call of a scalar function.
    pub fn build_scalar(&self, ctx: &CallContext<'_>, args: Vec<TypedExpr>) -> SparkResult<TypedExpr> {
        self.check_arity(args.len()).map_err(|e| e.at(&ctx.origin))?;
        match self.kind {
            FunctionKind::Scalar(build) => {
                let binary = args.first().is_some_and(|arg| arg.data_type == DataType::Binary);
                let mut call = build(ctx, args).map_err(|e| e.at(&ctx.origin))?;
                call.nullable |= nullability::is_always_nullable(self.name, binary);
                Ok(call)
            }
            _ => Err(SparkError::internal(format!("{} is not a scalar function", self.name))),
        }
    }

    /// Builds a call of an aggregate function.
    pub fn build_aggregate(
        &self,
        ctx: &CallContext<'_>,
        args: Vec<TypedExpr>,
        options: &AggregateOptions,
    ) -> SparkResult<TypedExpr> {
        self.check_arity(args.len()).map_err(|e| e.at(&ctx.origin))?;
        match self.kind {
            FunctionKind::Aggregate(build) => build(ctx, args, options).map_err(|e| e.at(&ctx.origin)),
            _ => Err(SparkError::internal(format!("{} is not an aggregate function", self.name))),
        }
    }

    /// Builds a call of a window function.
    pub fn build_window(
        &self,
        ctx: &CallContext<'_>,
        args: Vec<TypedExpr>,
        options: &WindowOptions,
    ) -> SparkResult<TypedExpr> {
        self.check_arity(args.len()).map_err(|e| e.at(&ctx.origin))?;
        match self.kind {
            FunctionKind::Window(build) => build(ctx, args, options).map_err(|e| e.at(&ctx.origin)),
            _ => Err(SparkError::internal(format!("{} is not a window function", self.name))),
        }
    }
}

static REGISTRY: LazyLock<HashMap<&'static str, &'static FunctionEntry>> =
    LazyLock::new(|| functions::families().into_iter().flatten().map(|entry| (entry.name, entry)).collect());

/// Finds a function by name, in any case.
pub fn lookup(name: &str) -> Option<&'static FunctionEntry> {
    match REGISTRY.get(name) {
        Some(entry) => Some(entry),
        None => REGISTRY.get(name.to_lowercase().as_str()).copied(),
    }
}

/// Every function, by name (`SHOW FUNCTIONS`).
pub fn all() -> Vec<&'static FunctionEntry> {
    let mut entries: Vec<_> = REGISTRY.values().copied().filter(|entry| !entry.is_internal()).collect();
    entries.sort_by_key(|entry| entry.name);
    entries
}
