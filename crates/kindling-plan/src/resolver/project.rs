//! `SELECT list`.

use datafusion::logical_expr::{Expr as DfExpr, LogicalPlan};
use kindling_common::SparkResult;
use kindling_functions::FunctionKind;
use kindling_spec::{Expr, ExprKind, Relation};

use super::{Below, Resolved, Resolver, expression::ExprContext, plan, with_windows::with_windows};
use crate::Attribute;

impl Resolver<'_> {
    pub(super) fn project(&mut self, input: &Relation, expressions: &[Expr]) -> SparkResult<Resolved> {
        let input = self.relation(input)?;
        self.project_resolved(input, expressions)
    }

    pub(super) fn project_resolved(&mut self, input: Resolved, expressions: &[Expr]) -> SparkResult<Resolved> {
        for expr in expressions {
            if self.holds_aggregate(expr)? {
                return self.aggregate_list(input, &[], expressions);
            }
        }
        let scope = input.scope.clone();
        let mut context = ExprContext::new(&scope, "SELECT");
        context.windows = Some(vec![]);
        context.generators = Some(vec![]);
        let values = self.items(expressions, &mut context)?;
        let windows = context.windows.take().unwrap_or_default();
        let generators = context.generators.take().unwrap_or_default();
        let mut plan = with_windows(input.plan, windows)?;
        let mut items = Vec::with_capacity(values.len());
        for value in &values {
            match generators.iter().find(|generator| generator.placeholder == value.typed.expr) {
                Some(generator) => {
                    let (extended, generated) = self.generate(plan, generator, &value.aliases, &[])?;
                    plan = extended;
                    items.extend(generated.iter().map(|attribute| (attribute.column(), attribute.clone())));
                }
                None => items.push(self.named(value)),
            }
        }
        self.finish_projection(plan, items, scope)
    }

    /// Projects to items; a column that comes twice keeps its id only the first time.
    pub(super) fn finish_projection(
        &mut self,
        plan: LogicalPlan,
        items: Vec<(DfExpr, Attribute)>,
        below: super::scope::Scope,
    ) -> SparkResult<Resolved> {
        let items = self.with_unique_ids(items);
        let plan = plan::project_items(plan, &items)?;
        let attributes = items.into_iter().map(|(_, attribute)| attribute).collect();
        Ok(Resolved { below: Below::Project(Box::new(below)), ..Resolved::new(plan, attributes) })
    }

    /// `select(a, a)` has two columns of one id in Spark; a DataFusion schema cannot, so the second gets a new id.
    pub(super) fn with_unique_ids(&self, items: Vec<(DfExpr, Attribute)>) -> Vec<(DfExpr, Attribute)> {
        let mut seen = std::collections::HashSet::new();
        items
            .into_iter()
            .map(|(expr, mut attribute)| {
                if !seen.insert(attribute.id) {
                    attribute.id = self.state.next_id();
                }
                (expr, attribute)
            })
            .collect()
    }

    /// Whether an expression holds an aggregate call that is not a window's function.
    pub(super) fn holds_aggregate(&self, expr: &Expr) -> SparkResult<bool> {
        let any = |list: &[Expr]| -> SparkResult<bool> {
            for expr in list {
                if self.holds_aggregate(expr)? {
                    return Ok(true);
                }
            }
            Ok(false)
        };
        match &expr.kind {
            ExprKind::UnresolvedFunction(function) => {
                let entry =
                    super::expression::builtin_name(&function.name).and_then(|name| kindling_functions::lookup(&name));
                if entry.is_some_and(|entry| matches!(entry.kind, FunctionKind::Aggregate(_))) {
                    return Ok(true);
                }
                any(&function.arguments)
            }
            ExprKind::Alias { expr, .. } | ExprKind::Cast { expr, .. } => self.holds_aggregate(expr),
            ExprKind::SortOrder(order) => self.holds_aggregate(&order.child),
            ExprKind::Window(window) => {
                let ExprKind::UnresolvedFunction(function) = &window.function.kind else { return Ok(false) };
                let orders: Vec<Expr> = window.order_spec.iter().map(|order| order.child.clone()).collect();
                Ok(any(&function.arguments)? || any(&window.partition_spec)? || any(&orders)?)
            }
            ExprKind::UnresolvedExtractValue { child, extraction } => {
                Ok(self.holds_aggregate(child)? || self.holds_aggregate(extraction)?)
            }
            ExprKind::UpdateFields { child, value, .. } => Ok(self.holds_aggregate(child)?
                || match value {
                    Some(value) => self.holds_aggregate(value)?,
                    None => false,
                }),
            ExprKind::ExpressionString(text) => {
                let parsed = kindling_sql::parse_named_expression(text, &self.parser_options())?;
                self.holds_aggregate(&parsed)
            }
            ExprKind::LambdaFunction { body, .. } => self.holds_aggregate(body),
            ExprKind::Pipe { child, .. } => self.holds_aggregate(child),
            _ => Ok(false),
        }
    }
}
