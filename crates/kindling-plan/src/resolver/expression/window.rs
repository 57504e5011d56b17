//! `f(…) OVER (…)`.

use arrow::datatypes::IntervalMonthDayNano;
use datafusion::{
    common::{
        ScalarValue,
        tree_node::{Transformed, TreeNode},
    },
    logical_expr::{
        Expr as DfExpr, WindowFrame, WindowFrameBound, WindowFrameUnits, WindowFunctionDefinition, expr::WindowFunction,
    },
};
use kindling_common::{SparkError, SparkResult};
use kindling_functions::{FunctionKind, TypedExpr, WindowOptions, error::from_datafusion};
use kindling_spec::{DataType, DayTimeField, Expr, ExprKind, FrameBoundary, FrameType, Origin, WindowExpr};

use super::{
    ExprContext, Resolver, Text, Value,
    call::{builtin_name, replace_calls, sort_key},
    text,
};

/// Window functions whose own frame is rows up to the current one, as their text shows.
const ROW_FRAME: &[&str] = &["row_number", "rank", "dense_rank", "percent_rank", "ntile"];

/// Aggregates that look at the whole partition, so that neither an order nor a frame means anything.
const WHOLE_PARTITION: &[&str] = &["median", "percentile_cont", "percentile_disc", "listagg", "string_agg"];

impl Resolver<'_> {
    /// The bounds of a `RANGE` frame have to be what can be added to its order.
    fn check_range(
        &mut self,
        frame: &kindling_spec::WindowFrame,
        order_by: &[kindling_functions::SortKey],
        (frame_text, spec_text): (&str, &str),
    ) -> SparkResult<()> {
        let mut values = vec![];
        for (location, bound) in [("lower", &frame.lower), ("upper", &frame.upper)] {
            if let FrameBoundary::Value(offset) = bound {
                let scope = crate::resolver::scope::Scope::default();
                values.push((location, self.expression(offset, &mut ExprContext::new(&scope, "OVER"))?));
            }
        }
        let (Some((location, value)), [key]) = (values.first(), order_by) else { return Ok(()) };
        let (order, bound) = (&key.expr.data_type, &value.typed.data_type);
        // An offset takes the type of the order, and has to be one that can be added.
        if order.is_string() || *order == DataType::Boolean {
            return Err(SparkError::analysis("DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_UNACCEPTED_TYPE")
                .param("sqlExpr", format!("\"{frame_text}\""))
                .param("location", *location)
                .param("exprType", format!("\"{}\"", order.sql()))
                .param(
                    "expectedType",
                    "(\"NUMERIC\" or \"INTERVAL DAY TO SECOND\" or \"INTERVAL YEAR TO MONTH\" or \"INTERVAL\")",
                ));
        }
        let is_time = matches!(order, DataType::Timestamp | DataType::TimestampNtz);
        let fits = match order {
            order if order.is_numeric() => bound.is_numeric() || bound.is_string(),
            // Whole days, and only those that are ints or intervals of days.
            DataType::Date => match bound {
                DataType::Integer => true,
                DataType::DayTimeInterval { start, end } => (*start, *end) == (DayTimeField::Day, DayTimeField::Day),
                bound => is_interval(bound),
            },
            _ if is_time => is_interval(bound),
            order => is_interval(order) && is_interval(bound),
        };
        if fits {
            return Ok(());
        }
        Err(SparkError::analysis("DATATYPE_MISMATCH.RANGE_FRAME_INVALID_TYPE")
            .param("sqlExpr", format!("\"{spec_text}\""))
            .param("orderSpecType", format!("\"{}\"", order.sql()))
            .param("valueBoundaryType", format!("\"{}\"", bound.sql())))
    }

    pub(super) fn window(
        &mut self,
        window: &WindowExpr,
        expr: &Expr,
        context: &mut ExprContext<'_>,
    ) -> SparkResult<Value> {
        let window = &self.with_named_window(window)?;
        let ExprKind::UnresolvedFunction(function) = &window.function.kind else {
            return Err(self.not_a_window_function(&window.function, context));
        };
        let Some(entry) = builtin_name(&function.name).and_then(|name| kindling_functions::lookup(&name)) else {
            return self.expression(&window.function, context);
        };
        if context.windows.is_none() {
            return Err(SparkError::analysis("UNSUPPORTED_EXPR_FOR_OPERATOR")
                .param("invalidExprSqls", format!("\"{}() OVER ()\"", entry.name)));
        }
        let name = entry.name;
        let ignore_nulls = function.ignore_nulls == Some(true);
        let inside = std::mem::replace(&mut context.inside_aggregate, false);
        let windows = context.windows.take();
        let built = match entry.kind {
            FunctionKind::Aggregate(_) => self.aggregate_call(entry, name, function, &window.function, context),
            FunctionKind::Window(_) => self.arguments(&function.arguments, context).and_then(|arguments| {
                let texts: Vec<String> = arguments.iter().map(|value| value.text.clone()).collect();
                let mut text = text::window_call(name, &texts);
                if name == "nth_value" && ignore_nulls {
                    text.push_str(" ignore nulls");
                }
                let call_text = Text { call: text.clone(), arguments: texts };
                let typed = arguments.into_iter().map(|value| value.typed).collect();
                let options = WindowOptions { ignore_nulls };
                let typed =
                    self.with_call_context(&expr.origin, &call_text, |call| entry.build_window(call, typed, &options))?;
                Ok((typed, text))
            }),
            _ => Err(self.not_a_window_function(&window.function, context)),
        };
        context.windows = windows;
        context.inside_aggregate = inside;
        let (typed, function_text) = built?;
        // The offset of `lag` and `lead` as their frame's text has it.
        let offset = match function.arguments.get(1) {
            Some(offset) if matches!(name, "lag" | "lead") => self.expression(offset, context)?.text,
            _ => "1".to_string(),
        };
        let offset = if name == "lag" { format!("-{offset}").replace("--", "") } else { offset };

        let mut partition_by = Vec::with_capacity(window.partition_spec.len());
        let mut partition_text = Vec::with_capacity(window.partition_spec.len());
        for key in &window.partition_spec {
            let value = self.expression(key, context)?;
            partition_text.push(value.text);
            partition_by.push(self.normalized_for_grouping(value.typed)?.expr);
        }
        let mut order_by = Vec::with_capacity(window.order_spec.len());
        let mut order_text = Vec::with_capacity(window.order_spec.len());
        for order in &window.order_spec {
            let mut value = self.expression(&order.child, context)?;
            value.typed = self.normalized_for_grouping(value.typed)?;
            let (key, text) = sort_key(value, order)?;
            order_text.push(text);
            order_by.push(key);
        }
        if order_by.is_empty() && matches!(entry.kind, FunctionKind::Window(_)) {
            return Err(SparkError::analysis("WINDOW_FUNCTION_FRAME_NOT_ORDERED")
                .param("wf_name", name)
                .param("wf_expr", format!("{}()", name.to_uppercase())));
        }
        let is_window_function = matches!(entry.kind, FunctionKind::Window(_));
        let (frame, frame_text) = self.frame(window, name, &order_by, is_window_function, &offset)?;

        let mut clauses = vec![];
        if !partition_text.is_empty() {
            clauses.push(format!("PARTITION BY {}", partition_text.join(", ")));
        }
        if !order_text.is_empty() {
            clauses.push(format!("ORDER BY {}", order_text.join(", ")));
        }
        clauses.push(frame_text.clone());
        let spec_text = format!("({})", clauses.join(" "));
        let text = format!("{function_text} OVER {spec_text}");
        if function.is_distinct {
            return Err(
                SparkError::analysis("DISTINCT_WINDOW_FUNCTION_UNSUPPORTED").param("windowExpr", format!("\"{text}\""))
            );
        }
        if WHOLE_PARTITION.contains(&name) && (!window.order_spec.is_empty() || window.frame.is_some()) {
            return Err(SparkError::analysis("INVALID_WINDOW_SPEC_FOR_AGGREGATION_FUNC")
                .param("aggFunc", format!("\"{function_text}\"")));
        }
        if let (true, Some(frame)) = (is_window_function && ROW_FRAME.contains(&name), &window.frame)
            && !(frame.frame_type == FrameType::Rows
                && matches!(frame.lower, FrameBoundary::Unbounded)
                && matches!(frame.upper, FrameBoundary::CurrentRow))
        {
            return Err(SparkError::analysis("_LEGACY_ERROR_TEMP_1036")
                .param("wf", &frame_text)
                .param("required", "specifiedwindowframe(RowFrame, unboundedpreceding$(), currentrow$())"));
        }
        if let Some(frame) = window.frame.as_ref().filter(|frame| frame.frame_type == FrameType::Range) {
            self.check_range(frame, &order_by, (&frame_text, &spec_text))?;
        }

        let order_by: Vec<_> = order_by
            .into_iter()
            .map(|key| datafusion::logical_expr::SortExpr::new(key.expr.expr, key.ascending, key.nulls_first))
            .collect();
        let windowed = typed
            .expr
            .transform_up(|node| {
                let mut function = match node {
                    DfExpr::WindowFunction(function) => *function,
                    DfExpr::AggregateFunction(aggregate) => {
                        let params = aggregate.params;
                        let mut function =
                            WindowFunction::new(WindowFunctionDefinition::AggregateUDF(aggregate.func), params.args);
                        function.params.filter = params.filter;
                        function.params.distinct = params.distinct;
                        function.params.null_treatment = params.null_treatment;
                        function
                    }
                    other => return Ok(Transformed::no(other)),
                };
                function.params.partition_by.clone_from(&partition_by);
                function.params.order_by.clone_from(&order_by);
                function.params.window_frame = frame.clone();
                Ok(Transformed::yes(DfExpr::WindowFunction(Box::new(function))))
            })
            .map_err(from_datafusion)?
            .data;
        let calls = context.windows.get_or_insert_default();
        let replaced = replace_calls(windowed, |node| matches!(node, DfExpr::WindowFunction(_)), calls)?;
        Ok(Value::new(TypedExpr::new(replaced, typed.data_type, typed.nullable), text))
    }

    /// `OVER w`, and `OVER (w …)` as far as the parser keeps it.
    fn with_named_window(&self, window: &WindowExpr) -> SparkResult<WindowExpr> {
        let Some(name) = &window.window_name else { return Ok(window.clone()) };
        let found = self.windows.iter().rev().find(|(window, _)| self.names.same(window, name));
        let Some((_, named)) = found else {
            return Err(SparkError::analysis("MISSING_WINDOW_SPECIFICATION")
                .param("windowName", name.clone())
                .param("docroot", "https://spark.apache.org/docs/latest"));
        };
        let named = self.with_named_window(named)?;
        Ok(WindowExpr {
            function: window.function.clone(),
            partition_spec: if window.partition_spec.is_empty() {
                named.partition_spec
            } else {
                window.partition_spec.clone()
            },
            order_spec: if window.order_spec.is_empty() { named.order_spec } else { window.order_spec.clone() },
            frame: window.frame.clone().or(named.frame),
            window_name: None,
        })
    }

    fn not_a_window_function(&mut self, function: &Expr, context: &mut ExprContext<'_>) -> SparkError {
        match self.expression(function, context) {
            Ok(value) => {
                SparkError::analysis("UNSUPPORTED_EXPR_FOR_WINDOW").param("sqlExpr", format!("\"{}\"", value.text))
            }
            Err(error) => error,
        }
    }

    fn frame(
        &mut self,
        window: &WindowExpr,
        function: &str,
        order_by: &[kindling_functions::SortKey],
        is_window_function: bool,
        offset: &str,
    ) -> SparkResult<(WindowFrame, String)> {
        let unbounded = || ScalarValue::UInt64(None);
        let Some(frame) = &window.frame else {
            if let ("lag" | "lead", true) = (function, is_window_function) {
                // They look at one row, wherever it is; Spark shows the row in place of a frame.
                let frame = WindowFrame::new_bounds(
                    WindowFrameUnits::Rows,
                    WindowFrameBound::Preceding(unbounded()),
                    WindowFrameBound::Following(unbounded()),
                );
                return Ok((frame, format!("ROWS BETWEEN {offset} FOLLOWING AND {offset} FOLLOWING")));
            }
            let (units, end, text) = if is_window_function && ROW_FRAME.contains(&function) {
                (
                    WindowFrameUnits::Rows,
                    WindowFrameBound::CurrentRow,
                    "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW",
                )
            } else if order_by.is_empty() {
                (
                    WindowFrameUnits::Rows,
                    WindowFrameBound::Following(unbounded()),
                    "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING",
                )
            } else {
                (
                    WindowFrameUnits::Range,
                    WindowFrameBound::CurrentRow,
                    "RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW",
                )
            };
            let frame = WindowFrame::new_bounds(units, WindowFrameBound::Preceding(unbounded()), end);
            return Ok((frame, text.to_string()));
        };
        let units = match frame.frame_type {
            FrameType::Rows => WindowFrameUnits::Rows,
            FrameType::Range => WindowFrameUnits::Range,
        };
        let unit = if units == WindowFrameUnits::Rows { "ROWS" } else { "RANGE" };
        if units == WindowFrameUnits::Range && order_by.is_empty() {
            return Err(SparkError::analysis("DATATYPE_MISMATCH.RANGE_FRAME_WITHOUT_ORDER")
                .param("sqlExpr", format!("\"{unit}\"")));
        }
        let (lower, lower_text) = self.frame_bound(&frame.lower, true, units, order_by)?;
        let (upper, upper_text) = self.frame_bound(&frame.upper, false, units, order_by)?;
        let text = format!("{unit} BETWEEN {lower_text} AND {upper_text}");
        if let (FrameBoundary::Value(lower), FrameBoundary::Value(upper)) = (&frame.lower, &frame.upper) {
            let order = order_by.first().filter(|_| units == WindowFrameUnits::Range);
            let order = order.map_or(DataType::Integer, |key| key.expr.data_type.clone());
            self.check_bounds(lower, upper, &order, &text)?;
        }
        Ok((WindowFrame::new_bounds(units, lower, upper), text))
    }

    /// The bounds of a frame have one type, and the lower one comes first (Spark's `SpecifiedWindowFrame`).
    fn check_bounds(&mut self, lower: &Expr, upper: &Expr, order: &DataType, text: &str) -> SparkResult<()> {
        let scope = crate::resolver::scope::Scope::default();
        let mut bound = |expr: &Expr| -> SparkResult<Value> {
            let value = self.expression(expr, &mut ExprContext::new(&scope, "OVER"))?;
            // An offset from a number takes its type.
            Ok(if order.is_numeric() { Value { typed: self.cast_typed(value.typed, order)?, ..value } } else { value })
        };
        let (lower, upper) = (bound(lower)?, bound(upper)?);
        let quoted = |text: &str| format!("\"{text}\"");
        if lower.typed.data_type != upper.typed.data_type {
            return Err(SparkError::analysis("DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_DIFF_TYPES")
                .param("sqlExpr", quoted(text))
                .param("lower", quoted(&bound_text(&lower.text)))
                .param("upper", quoted(&bound_text(&upper.text)))
                .param("lowerType", quoted(&lower.typed.data_type.sql()))
                .param("upperType", quoted(&upper.typed.data_type.sql())));
        }
        let scalars = (kindling_functions::fold(&lower.typed)?, kindling_functions::fold(&upper.typed)?);
        match scalars {
            (Some(lower), Some(upper)) if lower.partial_cmp(&upper) == Some(std::cmp::Ordering::Greater) => {
                Err(SparkError::analysis("DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_WRONG_COMPARISON")
                    .param("sqlExpr", quoted(text))
                    .param("comparison", "less than or equal"))
            }
            _ => Ok(()),
        }
    }

    fn frame_bound(
        &mut self,
        bound: &FrameBoundary,
        is_lower: bool,
        units: WindowFrameUnits,
        order_by: &[kindling_functions::SortKey],
    ) -> SparkResult<(WindowFrameBound, String)> {
        let offset = match bound {
            FrameBoundary::CurrentRow => return Ok((WindowFrameBound::CurrentRow, "CURRENT ROW".into())),
            FrameBoundary::Unbounded if is_lower => {
                let bound = WindowFrameBound::Preceding(ScalarValue::UInt64(None));
                return Ok((bound, "UNBOUNDED PRECEDING".into()));
            }
            FrameBoundary::Unbounded => {
                let bound = WindowFrameBound::Following(ScalarValue::UInt64(None));
                return Ok((bound, "UNBOUNDED FOLLOWING".into()));
            }
            FrameBoundary::Value(offset) => offset,
        };
        let scope = crate::resolver::scope::Scope::default();
        let mut context = ExprContext::new(&scope, "OVER");
        let value = self.expression(offset, &mut context)?;
        let unacceptable = || {
            SparkError::analysis("DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_UNACCEPTED_TYPE")
                .param("sqlExpr", format!("\"{}\"", value.text))
                .param("location", if is_lower { "lower" } else { "upper" })
                .param("exprType", format!("\"{}\"", value.typed.data_type.sql()))
                .param("expectedType", "\"INT\"")
        };
        // Rows are counted in ints.
        if units == WindowFrameUnits::Rows
            && !matches!(value.typed.data_type, DataType::Byte | DataType::Short | DataType::Integer)
        {
            return Err(unacceptable());
        }
        let scalar = kindling_functions::fold(&value.typed)?.ok_or_else(unacceptable)?;
        let negative = is_negative(&scalar).ok_or_else(unacceptable)?;
        let magnitude = if negative { negated(&scalar)? } else { scalar.clone() };
        let shown = value.text.trim_start_matches("(- ").trim_end_matches(')');
        // A number that is cast to the type of the key does not show as what it was written as.
        let is_cast = matches!(order_by, [key] if units == WindowFrameUnits::Range
            && key.expr.data_type.is_numeric() && key.expr.data_type != value.typed.data_type);
        let is_interval = is_interval(&value.typed.data_type);
        let text = match (negative, &offset.origin) {
            (true, Origin::Sql(_)) if is_cast => format!("(- {magnitude}) FOLLOWING"),
            (true, Origin::Sql(_)) if is_interval => format!("{} PRECEDING", shown.replacen("'-", "'", 1)),
            (true, Origin::Sql(_)) => format!("{magnitude} PRECEDING"),
            _ if is_interval => format!("{shown} FOLLOWING"),
            _ => format!("{scalar} FOLLOWING"),
        };
        let magnitude = match (units, order_by) {
            (WindowFrameUnits::Rows, _) => {
                magnitude.cast_to(&arrow::datatypes::DataType::UInt64).map_err(from_datafusion)?
            }
            (_, [key]) if key.expr.data_type == DataType::Date => days(magnitude),
            (_, [key]) => {
                let target = kindling_common::to_arrow(&key.expr.data_type);
                // Timestamps take intervals as they are.
                magnitude.cast_to(&target).unwrap_or(magnitude)
            }
            _ => {
                return Err(SparkError::analysis("DATATYPE_MISMATCH.RANGE_FRAME_MULTI_ORDER")
                    .param("sqlExpr", format!("\"{text}\""))
                    .param("orderSpec", ""));
            }
        };
        let bound =
            if negative { WindowFrameBound::Preceding(magnitude) } else { WindowFrameBound::Following(magnitude) };
        Ok((bound, text))
    }
}

/// A bound as Spark writes it: `n PRECEDING` is the opposite of `n`.
fn bound_text(text: &str) -> String {
    match text.strip_prefix('-') {
        Some(rest) => format!("(- {rest})"),
        None if text.contains("'-") => format!("(- {})", text.replacen("'-", "'", 1)),
        None => text.to_string(),
    }
}

/// What is added to a date: its sum with a number or a duration is no date in Arrow (`WindowExecBase.createBoundOrdering`).
fn days(offset: ScalarValue) -> ScalarValue {
    const MICROS_PER_DAY: i64 = 86_400_000_000;
    let days = match &offset {
        ScalarValue::DurationMicrosecond(Some(micros)) => i32::try_from(micros / MICROS_PER_DAY).ok(),
        ScalarValue::Int32(Some(days)) => Some(*days),
        _ => None,
    };
    match days {
        Some(days) => ScalarValue::IntervalMonthDayNano(Some(IntervalMonthDayNano::new(0, days, 0))),
        None => offset,
    }
}

fn is_interval(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::CalendarInterval | DataType::YearMonthInterval { .. } | DataType::DayTimeInterval { .. }
    )
}

/// The opposite; DataFusion's own knows no durations.
fn negated(value: &ScalarValue) -> SparkResult<ScalarValue> {
    match value {
        ScalarValue::DurationMicrosecond(Some(micros)) => Ok(ScalarValue::DurationMicrosecond(micros.checked_neg())),
        other => other.arithmetic_negate().map_err(from_datafusion),
    }
}

fn is_negative(value: &ScalarValue) -> Option<bool> {
    let zero = ScalarValue::new_zero(&value.data_type()).ok()?;
    value.partial_cmp(&zero).map(|order| order == std::cmp::Ordering::Less)
}
