//! `*`, `t.*`, `* EXCEPT (…)`, and regular expressions over column names.

use kindling_common::{SparkError, SparkResult};
use kindling_spec::{DataType, Expr, ExprKind};

use super::{ExprContext, Resolver, Value, column_regex::ColumnRegex};
use crate::{Attribute, attribute::quote_parts, resolver::scope::Found};

impl Resolver<'_> {
    /// The columns that a star or a regular expression stands for; `None` when the expression is neither.
    pub(in crate::resolver) fn expand_if_star(
        &mut self,
        expr: &Expr,
        context: &mut ExprContext<'_>,
    ) -> SparkResult<Option<Vec<Value>>> {
        match &expr.kind {
            ExprKind::UnresolvedStar { .. } | ExprKind::UnresolvedRegex { .. } => {
                self.expand_star(expr, context).map(Some).map_err(|error| error.at(&expr.origin))
            }
            _ => Ok(None),
        }
    }

    pub(in crate::resolver) fn expand_star(
        &mut self,
        expr: &Expr,
        context: &mut ExprContext<'_>,
    ) -> SparkResult<Vec<Value>> {
        let Some(scope) = context.scopes.first().copied() else { return Ok(vec![]) };
        match &expr.kind {
            ExprKind::UnresolvedStar { target, except, plan_id } => {
                let columns = match (target, plan_id) {
                    (_, Some(plan_id)) => {
                        scope.attributes.iter().filter(|a| a.depth_of(*plan_id).is_some()).cloned().collect()
                    }
                    (None, None) => scope.attributes.clone(),
                    (Some(target), None) => scope.qualified(self.names, target),
                };
                if let (Some(target), true) = (target, columns.is_empty())
                    && let Some(outer) = self.outer_star(target)?
                {
                    return Ok(outer);
                }
                if let (Some(target), true) = (target, columns.is_empty()) {
                    return self.expand_struct(target, context);
                }
                self.without(&columns, except)
            }
            ExprKind::UnresolvedRegex { pattern, table, plan_id } => {
                let regex = ColumnRegex::new(pattern, !self.names.case_sensitive)?;
                let fits = |attribute: &&Attribute| {
                    regex.matches(&attribute.name)
                        && plan_id.is_none_or(|plan_id| attribute.depth_of(plan_id).is_some())
                        && table.as_ref().is_none_or(|table| {
                            attribute.qualifier.last().is_some_and(|last| self.names.same(last, table))
                        })
                };
                Ok(scope.attributes.iter().filter(fits).map(Value::of_attribute).collect())
            }
            _ => Ok(vec![]),
        }
    }

    /// `t.*` of a relation around a lateral one.
    fn outer_star(&mut self, target: &[String]) -> SparkResult<Option<Vec<Value>>> {
        for index in (0..self.outer.len()).rev() {
            let Some(columns) = self.outer.get(index).map(|scope| scope.qualified(self.names, target)) else {
                continue;
            };
            if columns.is_empty() {
                continue;
            }
            let values = columns.into_iter().map(|attribute| {
                let parts = [attribute.name.clone()];
                self.outer_found(Found { attribute, nested: vec![] }, &parts)
            });
            return values.collect::<SparkResult<_>>().map(Some);
        }
        Ok(None)
    }

    /// `s.*` of a struct column.
    fn expand_struct(&mut self, target: &[String], context: &mut ExprContext<'_>) -> SparkResult<Vec<Value>> {
        let not_found = |context: &ExprContext<'_>| {
            let mut columns: Vec<String> = context
                .scopes
                .first()
                .map(|scope| scope.attributes.iter().map(|a| quote_parts(&[&a.name])).collect())
                .unwrap_or_default();
            columns.sort();
            SparkError::analysis("CANNOT_RESOLVE_STAR_EXPAND")
                .param("targetString", quote_parts(target))
                .param("columns", columns.join(", "))
        };
        let Ok(value) = self.attribute_reference(target, None, context) else { return Err(not_found(context)) };
        let DataType::Struct(fields) = &value.typed.data_type else { return Err(not_found(context)) };
        fields
            .clone()
            .fields
            .iter()
            .map(|field| {
                let mut taken = self.field(value.clone(), &field.name)?;
                taken.default_name = Some(field.name.clone());
                Ok(taken)
            })
            .collect()
    }

    fn without(&mut self, columns: &[Attribute], except: &[Vec<String>]) -> SparkResult<Vec<Value>> {
        let scope = crate::resolver::scope::Scope::new(columns.to_vec());
        let mut left_out = vec![];
        for name in except {
            match scope.find(self.names, name)? {
                Some(found) if found.nested.is_empty() => left_out.push(found.attribute.id),
                Some(_) => return Err(SparkError::unsupported("* EXCEPT of a nested field")),
                None => return Err(scope.unresolved(name)),
            }
        }
        Ok(columns.iter().filter(|column| !left_out.contains(&column.id)).map(Value::of_attribute).collect())
    }
}
