//! Time windows as keys (`TimeWindowing`, `SessionWindowing`): each row is repeated for its windows, and sessions that touch
//! become one, before the aggregate.

use datafusion::{
    common::{Column, ScalarValue},
    functions_aggregate::{
        min_max::{max_udaf, min_udaf},
        sum::sum_udaf,
    },
    logical_expr::{
        Expr as DfExpr, ExprFunctionExt, LogicalPlan, WindowFrame, WindowFrameBound, WindowFrameUnits,
        WindowFunctionDefinition, expr::WindowFunction, lit, when,
    },
};
use kindling_common::{SparkError, SparkResult};
use kindling_functions::{TypedExpr, error::from_datafusion};
use kindling_spec::{DataType, Expr, ExprKind, StructField};

use crate::{
    Attribute,
    resolver::{
        Resolved, Resolver,
        expression::{ExprContext, Text, Value, builtin_name},
        plan,
        with_windows::with_windows,
    },
};

/// The call of `window` or `session_window` that a key is, with the name given to it.
fn time_window(key: &Expr) -> Option<(&Expr, &'static str, Vec<String>)> {
    let (call, names) = match &key.kind {
        ExprKind::Alias { expr, names, .. } => (expr.as_ref(), names.clone()),
        _ => (key, vec![]),
    };
    let ExprKind::UnresolvedFunction(function) = &call.kind else { return None };
    let name = match builtin_name(&function.name)?.as_str() {
        "window" => "window",
        "session_window" => "session_window",
        _ => return None,
    };
    Some((call, name, names))
}

impl Resolver<'_> {
    /// Adds the columns of the time windows among the keys to the input.
    pub(super) fn with_time_windows(&mut self, input: Resolved, written: &[Expr]) -> SparkResult<Resolved> {
        let mut input = input;
        for key in written {
            let Some((call, name, aliases)) = time_window(key) else { continue };
            let scope = input.scope.clone();
            let mut context = ExprContext::new(&scope, "GROUP BY");
            context.generators = Some(vec![]);
            let value = self.expression(call, &mut context)?;
            // The same window twice is one.
            let Some(generator) = context.generators.and_then(|mut found| found.pop()) else { continue };
            let (plan, generated) = self.generate(input.plan, &generator, &aliases, &[])?;
            input.plan = plan;
            let Some(mut window) = generated.into_iter().next() else {
                return Err(SparkError::internal("a time window without a column"));
            };
            if name == "session_window" {
                let others: Vec<&Expr> = written
                    .iter()
                    .filter(|other| time_window(other).is_none_or(|(_, name, _)| name == "window"))
                    .collect();
                let mut partition = vec![];
                for other in others {
                    let mut context = ExprContext::new(&scope, "GROUP BY");
                    let value = self.expression(other, &mut context)?;
                    partition.push(self.normalized_for_grouping(value.typed)?.expr);
                }
                (input.plan, window) = self.merged_sessions(input.plan, &scope.attributes, partition, window)?;
            }
            input.scope.attributes.push(window.clone());
            input.scope.time_windows.push((value.text, window));
        }
        Ok(input)
    }

    /// Replaces each row's session by the one it merges into: a session starts where all before it have ended.
    fn merged_sessions(
        &mut self,
        input: LogicalPlan,
        visible: &[Attribute],
        partition: Vec<DfExpr>,
        window: Attribute,
    ) -> SparkResult<(LogicalPlan, Attribute)> {
        let DataType::Struct(fields) = &window.data_type else {
            return Err(SparkError::internal("a session is no struct"));
        };
        let time = fields.fields[0].data_type.clone();
        let mut columns = vec![];
        let text = Text { call: String::new(), arguments: vec![] };
        for index in [0, 1] {
            let field =
                |call: &kindling_functions::CallContext<'_>| kindling_functions::get_field(call, window.typed(), index);
            columns.push(self.with_call_context(&kindling_spec::Origin::None, &text, field)?.expr);
        }
        let new_column = |name: &str, t: &DataType| self.new_column(&StructField::new(name, t.clone(), true));
        let (start, end) = (new_column("start", &time), new_column("end", &time));
        let (first, last) = (new_column("first", &time), new_column("last", &time));
        let number = new_column("session", &DataType::Long);
        let mut items: Vec<(DfExpr, Attribute)> = visible.iter().map(|a| (a.column(), a.clone())).collect();
        let mut columns = columns.into_iter();
        for attribute in [&start, &end] {
            let value = columns.next().ok_or_else(|| SparkError::internal("a session without times"))?;
            items.push((value, attribute.clone()));
        }
        let times = plan::project_items(input, &items)?;
        // The latest end among the sessions before.
        let by_start = vec![start.column().sort(true, false)];
        let before = |upper: WindowFrameBound| {
            WindowFrame::new_bounds(
                WindowFrameUnits::Rows,
                WindowFrameBound::Preceding(ScalarValue::UInt64(None)),
                upper,
            )
        };
        let over = |udaf, argument: DfExpr, partition: Vec<DfExpr>, frame: Option<WindowFrame>| {
            let call = WindowFunction::new(WindowFunctionDefinition::AggregateUDF(udaf), vec![argument]);
            let call = DfExpr::WindowFunction(Box::new(call)).partition_by(partition);
            let call = match frame {
                Some(frame) => call.order_by(by_start.clone()).window_frame(frame),
                None => call.window_frame(WindowFrame::new(None)),
            };
            call.build().map_err(from_datafusion)
        };
        let one_before = WindowFrameBound::Preceding(ScalarValue::UInt64(Some(1)));
        let known = over(max_udaf(), end.column(), partition.clone(), Some(before(one_before)))?;
        let known_name = DfExpr::Column(Column::new_unqualified(known.schema_name().to_string()));
        let times = with_windows(times, vec![known])?;
        let starts = known_name.clone().is_null().or(start.column().gt(known_name));
        let is_first = when(starts, lit(1_i64)).otherwise(lit(0_i64)).map_err(from_datafusion)?;
        let flag = new_column("flag", &DataType::Long);
        let mut kept: Vec<(DfExpr, Attribute)> = visible.iter().map(|a| (a.column(), a.clone())).collect();
        kept.extend([&start, &end].map(|a| (a.column(), a.clone())));
        let mut items = kept.clone();
        items.push((is_first, flag.clone()));
        let flagged = plan::project_items(times, &items)?;
        let count = over(sum_udaf(), flag.column(), partition.clone(), Some(before(WindowFrameBound::CurrentRow)))?;
        let count_name = DfExpr::Column(Column::new_unqualified(count.schema_name().to_string()));
        let counted = with_windows(flagged, vec![count])?;
        let mut items = kept.clone();
        items.push((count_name, number.clone()));
        let numbered = plan::project_items(counted, &items)?;
        let mut session = partition;
        session.push(number.column());
        let bounds =
            [over(min_udaf(), start.column(), session.clone(), None)?, over(max_udaf(), end.column(), session, None)?];
        let names =
            bounds.each_ref().map(|call| DfExpr::Column(Column::new_unqualified(call.schema_name().to_string())));
        let bounded = with_windows(numbered, bounds.to_vec())?;
        let mut items: Vec<(DfExpr, Attribute)> = visible.iter().map(|a| (a.column(), a.clone())).collect();
        let [low, high] = names;
        items.push((low, first.clone()));
        items.push((high, last.clone()));
        let merged = plan::project_items(bounded, &items)?;
        let mut parts = vec![];
        for (name, attribute) in [("start", &first), ("end", &last)] {
            parts.push(Value::new(TypedExpr::string(name), name));
            parts.push(Value::of_attribute(attribute));
        }
        let whole = self.scalar("named_struct", parts)?;
        let result = Attribute { id: self.state.next_id(), nullable: false, ..window };
        let mut items: Vec<(DfExpr, Attribute)> = visible.iter().map(|a| (a.column(), a.clone())).collect();
        items.push((whole.typed.expr, result.clone()));
        Ok((plan::project_items(merged, &items)?, result))
    }
}
