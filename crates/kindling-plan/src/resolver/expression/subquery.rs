//! Subqueries as expressions. Correlated ones keep outer references that DataFusion's rules turn into joins.

use std::sync::Arc;

use datafusion::{
    common::{
        Column, Spans,
        tree_node::{Transformed, TreeNode, TreeNodeRecursion},
    },
    logical_expr::{
        BinaryExpr, Expr as DfExpr, LogicalPlan, Subquery,
        expr::{Exists, InSubquery},
        lit, when,
    },
    scalar::ScalarValue,
};
use kindling_common::{SparkError, SparkResult, conf};
use kindling_functions::{
    TypedExpr, coercion,
    error::{from_datafusion, to_datafusion},
};
use kindling_spec::{DataType, Expr, SubqueryExpr, SubqueryKind, SubqueryPlan};

use super::{ExprContext, Resolver, Text, Value};
use crate::{
    Attribute,
    resolver::{Resolved, plan, scope::Scope},
};

impl Resolver<'_> {
    pub(super) fn subquery(&mut self, subquery: &SubqueryExpr, context: &mut ExprContext<'_>) -> SparkResult<Value> {
        match &subquery.kind {
            SubqueryKind::Scalar => {
                let inner = self.inner(&subquery.plan, context)?;
                let [column] = inner.attributes() else {
                    return Err(SparkError::analysis(
                        "INVALID_SUBQUERY_EXPRESSION.SCALAR_SUBQUERY_RETURN_MORE_THAN_ONE_OUTPUT_COLUMN",
                    )
                    .param("number", inner.attributes().len().to_string()));
                };
                let data_type = column.data_type.clone();
                let inner = if column.nullable { inner } else { self.maybe_null(inner)? };
                let (plan, text) = visible(inner)?;
                let typed = TypedExpr::new(DfExpr::ScalarSubquery(plan), data_type, true);
                Ok(Value::new(typed, format!("scalarsubquery({text})")))
            }
            SubqueryKind::Exists => {
                let inner = self.inner(&subquery.plan, context)?;
                let inner = self.with_legacy_counts(inner)?;
                if !is_filter(context.clause) {
                    let (_, text) = visible(inner.clone())?;
                    let expr = self.counts(inner.plan)?;
                    return Ok(Value::new(TypedExpr::new(expr, DataType::Boolean, false), format!("exists({text})")));
                }
                let (subquery, text) = visible(inner)?;
                let expr = DfExpr::Exists(Exists { subquery, negated: false });
                Ok(Value::new(TypedExpr::new(expr, DataType::Boolean, false), format!("exists({text})")))
            }
            SubqueryKind::In { values } => self.in_subquery(values, &subquery.plan, context),
            SubqueryKind::TableArgument { .. } => Err(SparkError::unsupported("TABLE arguments")),
        }
    }

    /// The only column as one that may be null: it is where there is no row.
    pub(in crate::resolver) fn maybe_null(&mut self, inner: Resolved) -> SparkResult<Resolved> {
        let [column] = inner.attributes() else { return Ok(inner) };
        let function = datafusion::logical_expr::ScalarUDF::from(crate::functions::MaybeNull::default());
        let attribute = Attribute { id: self.state.next_id(), nullable: true, ..column.clone() };
        let expr = function.call(vec![column.column()]);
        let plan = plan::project_items(inner.plan, &[(expr, attribute.clone())])?;
        Ok(Resolved::new(plan, vec![attribute]))
    }

    fn in_subquery(
        &mut self,
        values: &[Expr],
        subquery: &SubqueryPlan,
        context: &mut ExprContext<'_>,
    ) -> SparkResult<Value> {
        let left = self.arguments(values, context)?;
        let inner = self.inner(subquery, context)?;
        let inner = self.with_legacy_counts(inner)?;
        if left.len() != inner.attributes().len() {
            return Err(SparkError::analysis("DATATYPE_MISMATCH.IN_SUBQUERY_LENGTH_MISMATCH")
                .param("sqlExpr", "\"IN\"")
                .param("leftLength", left.len().to_string())
                .param("rightLength", inner.attributes().len().to_string())
                .param("leftColumns", left.iter().map(|v| format!("\"{}\"", v.text)).collect::<Vec<_>>().join(", "))
                .param(
                    "rightColumns",
                    inner.attributes().iter().map(|a| format!("\"{}\"", a.name)).collect::<Vec<_>>().join(", "),
                ));
        }
        let texts: Vec<String> = left.iter().map(|value| value.text.clone()).collect();
        let nullable = left.iter().any(|v| v.typed.nullable) || inner.attributes().iter().any(|a| a.nullable);
        if left.len() > 1 && nullable {
            // NULL in a row makes the comparison of that field unknown, not of the row as a whole.
            let typed: Vec<TypedExpr> = left.iter().map(|value| value.typed.clone()).collect();
            if let Some(expr) = self.row_in(&typed, inner.clone(), context)? {
                let (_, outer) = as_subquery(inner.plan);
                let text = in_text(&texts, &outer);
                return Ok(Value::new(TypedExpr::new(expr, DataType::Boolean, true), text));
            }
        }
        let (left, right) = match (left.as_slice(), inner.attributes()) {
            ([value], [column]) => (value.typed.clone(), column.typed()),
            (values, columns) => {
                // Several values compare as one struct.
                let fields = |list: Vec<Value>| -> Vec<Value> {
                    let named = |(i, value): (usize, Value)| {
                        let name = format!("_{i}");
                        [Value::new(TypedExpr::string(name.clone()), name), value]
                    };
                    list.into_iter().enumerate().flat_map(named).collect()
                };
                let left = self.scalar("named_struct", fields(values.to_vec()))?.typed;
                let right: Vec<Value> = columns.iter().map(Value::of_attribute).collect();
                (left, self.scalar("named_struct", fields(right))?.typed)
            }
        };
        let mismatch = || {
            SparkError::analysis("DATATYPE_MISMATCH.IN_SUBQUERY_DATA_TYPE_MISMATCH")
                .param("sqlExpr", "\"IN\"")
                .param("mismatchedColumns", texts.join(", "))
                .param("leftType", format!("\"{}\"", left.data_type.sql()))
                .param("rightType", format!("\"{}\"", right.data_type.sql()))
        };
        // Both sides are cast as an equality would cast them.
        let call_text = Text { call: "IN".into(), arguments: texts.clone() };
        let equality = self.with_call_context(&kindling_spec::Origin::None, &call_text, |call| {
            coercion::comparison(call, coercion::ComparisonOp::Equal, left.clone(), right.clone())
                .map_err(|_| mismatch())
        })?;
        let DfExpr::BinaryExpr(BinaryExpr { left, right, .. }) = equality.expr else {
            return Err(SparkError::internal("an equality that is none"));
        };
        let right = TypedExpr::new(*right, DataType::Null, nullable);
        let attribute = self.attribute("listquery", &right);
        let column = attribute.column();
        let projected = plan::project_items(inner.plan, &[(right.expr, attribute)])?;
        if !is_filter(context.clause) {
            let (_, outer) = as_subquery(projected.clone());
            let expr = self.in_value(*left, projected, column, nullable, context)?;
            let text = in_text(&texts, &outer);
            return Ok(Value::new(TypedExpr::new(expr, DataType::Boolean, nullable), text));
        }
        let (subquery, outer) = as_subquery(projected);
        let expr = DfExpr::InSubquery(InSubquery { expr: left, subquery, negated: false });
        let text = in_text(&texts, &outer);
        Ok(Value::new(TypedExpr::new(expr, DataType::Boolean, nullable), text))
    }

    /// `(a, b) IN (subquery)` with its three outcomes, field by field; `None` where a value is none of the columns around.
    fn row_in(
        &mut self,
        values: &[TypedExpr],
        inner: Resolved,
        context: &ExprContext<'_>,
    ) -> SparkResult<Option<DfExpr>> {
        let call_text = Text { call: "IN".into(), arguments: vec![] };
        let mut equal: Option<DfExpr> = None;
        for (value, column) in values.iter().zip(inner.attributes()) {
            let Ok(outer) = as_outer(value.expr.clone(), context) else { return Ok(None) };
            let outer = TypedExpr::new(outer, value.data_type.clone(), value.nullable);
            let compared = self.with_call_context(&kindling_spec::Origin::None, &call_text, |call| {
                coercion::comparison(call, coercion::ComparisonOp::Equal, outer, column.typed())
            });
            // What cannot be compared is an error of the rows as a whole.
            let Ok(compared) = compared else { return Ok(None) };
            equal = Some(match equal {
                Some(before) => before.and(compared.expr),
                None => compared.expr,
            });
        }
        let Some(equal) = equal else { return Ok(None) };
        let found = plan::filter(inner.plan.clone(), equal.clone())?;
        let unknown = plan::filter(inner.plan, equal.is_null())?;
        let (found, unknown) = if is_filter(context.clause) {
            let exists = |plan| DfExpr::Exists(Exists { subquery: as_subquery(plan).0, negated: false });
            (exists(found), exists(unknown))
        } else {
            (self.counts(found)?, self.counts(unknown)?)
        };
        when(found, lit(true))
            .when(unknown, DfExpr::Literal(ScalarValue::Boolean(None), None))
            .otherwise(lit(false))
            .map(Some)
            .map_err(from_datafusion)
    }

    /// The relation of `EXISTS` or `IN` as Spark's legacy setting has it: a correlated aggregate without keys gives no row
    /// where it has none to aggregate.
    fn with_legacy_counts(&self, inner: Resolved) -> SparkResult<Resolved> {
        if !self.conf.boolean(&conf::EXISTS_LEGACY_COUNT) {
            return Ok(inner);
        }
        Ok(Resolved { plan: without_empty_groups(inner.plan)?, ..inner })
    }

    /// Whether a subquery gives rows, as a value: DataFusion takes `EXISTS` in filters only.
    fn counts(&mut self, plan: LogicalPlan) -> SparkResult<DfExpr> {
        let count = datafusion::functions_aggregate::expr_fn::count(lit(1_i64));
        let name = Column::new_unqualified(count.schema_name().to_string());
        let aggregated = plan::aggregate(plan, vec![], vec![count])?;
        let positive = DfExpr::Column(name).gt(lit(0_i64));
        let attribute = self.attribute("exists", &TypedExpr::boolean(true));
        let projected = plan::project_items(aggregated, &[(positive, attribute)])?;
        let (subquery, _) = as_subquery(projected);
        Ok(datafusion::functions::expr_fn::coalesce(vec![DfExpr::ScalarSubquery(subquery), lit(false)]))
    }

    /// `value IN (subquery)` as a value, with its three outcomes.
    fn in_value(
        &mut self,
        value: DfExpr,
        plan: LogicalPlan,
        column: DfExpr,
        nullable: bool,
        context: &ExprContext<'_>,
    ) -> SparkResult<DfExpr> {
        let outer = as_outer(value.clone(), context)?;
        let found = self.counts(plan::filter(plan.clone(), column.clone().eq(outer))?)?;
        if !nullable {
            return Ok(found);
        }
        let any = self.counts(plan.clone())?;
        let nulls = self.counts(plan::filter(plan, column.is_null())?)?;
        let unknown = value.is_null().and(any).or(nulls);
        when(found, lit(true))
            .when(unknown, DfExpr::Literal(ScalarValue::Boolean(None), None))
            .otherwise(lit(false))
            .map_err(from_datafusion)
    }

    /// Resolves a subquery's relation; what the expression may refer to are its outer columns.
    fn inner(&mut self, subquery: &SubqueryPlan, context: &ExprContext<'_>) -> SparkResult<Resolved> {
        let mut outer = Scope::default();
        for scope in &context.scopes {
            let new = |a: &&Attribute| !outer_has(&outer, a);
            let attributes: Vec<Attribute> = scope.attributes.iter().filter(new).cloned().collect();
            let hidden: Vec<Attribute> = scope.hidden.iter().filter(new).cloned().collect();
            outer.attributes.extend(attributes);
            outer.hidden.extend(hidden);
        }
        self.outer.push(outer);
        self.starts_query = true;
        let resolved = match subquery {
            SubqueryPlan::Inline(relation) => self.relation(relation),
            SubqueryPlan::Reference(plan_id) => match self.references.get(plan_id).cloned() {
                Some(relation) => self.relation(&relation),
                None => Err(SparkError::internal(format!("no relation has plan id {plan_id}"))),
            },
        };
        self.outer.pop();
        resolved
    }
}

/// Clauses that become filters, where DataFusion turns subqueries into joins.
fn is_filter(clause: &str) -> bool {
    matches!(clause, "WHERE" | "HAVING" | "QUALIFY" | "JOIN")
}

fn in_text(values: &[String], outer: &str) -> String {
    let left = if values.len() == 1 { values.join("") } else { format!("({})", values.join(", ")) };
    format!("({left} IN (listquery({outer})))")
}

/// An expression over the columns around a subquery, as seen from inside of it.
fn as_outer(expr: DfExpr, context: &ExprContext<'_>) -> SparkResult<DfExpr> {
    let attributes = || context.scopes.iter().flat_map(|scope| scope.attributes.iter().chain(&scope.hidden));
    let unknown = expr
        .column_refs()
        .into_iter()
        .any(|column| !attributes().any(|attribute| attribute.internal_name() == column.name));
    if unknown {
        return Err(SparkError::unsupported("IN (subquery) over an aggregate outside WHERE and HAVING"));
    }
    expr.transform_up(|node| {
        let DfExpr::Column(column) = &node else { return Ok(Transformed::no(node)) };
        let found = attributes().find(|attribute| attribute.internal_name() == column.name);
        Ok(match found {
            Some(attribute) => Transformed::yes(DfExpr::OuterReferenceColumn(
                Arc::new(plan::internal_field(attribute)),
                column.clone(),
            )),
            None => Transformed::no(node),
        })
    })
    .map(|transformed| transformed.data)
    .map_err(from_datafusion)
}

fn outer_has(outer: &Scope, attribute: &Attribute) -> bool {
    outer.attributes.iter().chain(&outer.hidden).any(|a| a.id == attribute.id)
}

/// Refuses outer columns in operators that Spark cannot take them out of.
fn check_outer(plan: &LogicalPlan) -> SparkResult<()> {
    let mut misplaced = None;
    let _ = plan.apply(|node| {
        if matches!(node, LogicalPlan::Aggregate(_) | LogicalPlan::Sort(_) | LogicalPlan::Window(_)) {
            misplaced = misplaced.take().or_else(|| node.expressions().into_iter().find(DfExpr::contains_outer));
        }
        Ok(TreeNodeRecursion::Continue)
    });
    match misplaced {
        Some(expr) => Err(SparkError::analysis("UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.CORRELATED_REFERENCE")
            .param("sqlExprs", format!("\"{}\"", without_ids(&expr.schema_name().to_string())))),
        None => Ok(()),
    }
}

/// A text of plans without the ids of columns.
fn without_ids(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut parts = text.split('#');
    out.push_str(parts.next().unwrap_or(""));
    for part in parts {
        out.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    out
}

/// The subquery over the visible columns, and the text of its outer columns.
fn visible(inner: Resolved) -> SparkResult<(Subquery, String)> {
    let plan = plan::select_attributes(inner.plan, &inner.scope.attributes)?;
    check_outer(&plan)?;
    Ok(as_subquery(plan))
}

/// A plan whose topmost aggregate, when it is correlated and has no keys, gives no row for no rows.
fn without_empty_groups(plan: LogicalPlan) -> SparkResult<LogicalPlan> {
    match plan {
        LogicalPlan::Projection(_) | LogicalPlan::Filter(_) | LogicalPlan::SubqueryAlias(_) => plan
            .map_children(|child| without_empty_groups(child).map(Transformed::yes).map_err(to_datafusion))
            .map(|plan| plan.data)
            .map_err(from_datafusion),
        LogicalPlan::Aggregate(aggregate)
            if aggregate.group_expr.is_empty() && !aggregate.input.all_out_ref_exprs().is_empty() =>
        {
            let columns: Vec<DfExpr> = aggregate.schema.columns().into_iter().map(DfExpr::Column).collect();
            let rows = datafusion::functions_aggregate::expr_fn::count(lit(1_i64)).alias("rows in group");
            let calls = aggregate.aggr_expr.into_iter().chain([rows]).collect();
            let counted = plan::aggregate(aggregate.input.as_ref().clone(), vec![], calls)?;
            let some = DfExpr::Column(Column::new_unqualified("rows in group")).gt(lit(0_i64));
            plan::project(plan::filter(counted, some)?, columns)
        }
        other => Ok(other),
    }
}

fn as_subquery(plan: LogicalPlan) -> (Subquery, String) {
    let outer_ref_columns = plan.all_out_ref_exprs();
    let mut names = vec![];
    // Each reference shows, from the topmost operator down.
    let _ = plan.apply(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|part| {
                if let DfExpr::OuterReferenceColumn(_, column) = part {
                    names.push(column.name.rsplit_once('#').map_or(column.name.as_str(), |(name, _)| name).to_string());
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    });
    (Subquery { subquery: Arc::new(plan), outer_ref_columns, spans: Spans::new() }, names.join(", "))
}
