//! `*`, `t.*`, `* EXCEPT (…)`, and regular expressions over column names.

use kindling_common::{SparkError, SparkResult};
use kindling_functions::TypedExpr;
use kindling_spec::{DataType, Expr, ExprKind, Literal};

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
                    let fields = self.expand_struct(target, context)?;
                    return if except.is_empty() { Ok(fields) } else { self.struct_without(fields, except) };
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
        let columns = self.outer.last().map(|scope| scope.qualified(self.names, target)).unwrap_or_default();
        if columns.is_empty() {
            return Ok(None);
        }
        let values = columns.into_iter().map(|attribute| {
            let parts = [attribute.name.clone()];
            self.outer_found(Found { attribute, nested: vec![] }, &parts)
        });
        values.collect::<SparkResult<_>>().map(Some)
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
            let Some(found) = scope.find(self.names, name)? else { return Err(scope.unresolved(name)) };
            left_out.push((found.attribute.id, found.nested));
        }
        let values = columns.iter().map(|column| {
            let paths = left_out.iter().filter(|(id, _)| *id == column.id).map(|(_, path)| path.as_slice());
            (Value::of_attribute(column), paths.collect())
        });
        self.pruned(values.collect(), except)
    }

    /// `s.* EXCEPT (…)` of a struct column: names start at its fields.
    fn struct_without(&mut self, fields: Vec<Value>, except: &[Vec<String>]) -> SparkResult<Vec<Value>> {
        let name_of = |value: &Value| value.default_name.clone().unwrap_or_default();
        let names: Vec<String> = fields.iter().map(name_of).collect();
        for path in except {
            if !path.first().is_some_and(|first| names.iter().any(|name| self.names.same(name, first))) {
                let candidates: Vec<Vec<String>> = names.iter().map(|name| vec![name.clone()]).collect();
                let proposal = crate::resolver::suggest::order_by_similarity(path, &candidates);
                return Err(SparkError::analysis("UNRESOLVED_COLUMN.WITH_SUGGESTION")
                    .param("objectName", quote_parts(path))
                    .param("proposal", proposal.join(", ")));
            }
        }
        let rule = self.names;
        let values = fields.into_iter().map(|value| {
            let name = name_of(&value);
            let paths = except.iter().filter_map(|path| {
                let (first, rest) = path.split_first()?;
                rule.same(first, &name).then_some(rest)
            });
            (value, paths.collect())
        });
        self.pruned(values.collect(), except)
    }

    /// Values without what paths lead to below them; the empty path is the value itself.
    fn pruned(&mut self, values: Vec<(Value, Vec<&[String]>)>, except: &[Vec<String>]) -> SparkResult<Vec<Value>> {
        let mut kept = vec![];
        for (value, paths) in values {
            match paths.as_slice() {
                [] => kept.push(value),
                [[]] => {}
                paths if paths.iter().any(|path| path.is_empty()) => {
                    let written: Vec<String> = except.iter().map(|name| name.join(".")).collect();
                    return Err(SparkError::analysis("EXCEPT_OVERLAPPING_COLUMNS").param("columns", written.join(", ")));
                }
                paths => kept.push(self.pruned_struct(value, paths, except)?),
            }
        }
        Ok(kept)
    }

    fn pruned_struct(&mut self, value: Value, paths: &[&[String]], except: &[Vec<String>]) -> SparkResult<Value> {
        let DataType::Struct(fields) = value.typed.data_type.clone() else {
            return Err(SparkError::analysis("INVALID_EXTRACT_BASE_FIELD_TYPE")
                .param("base", format!("\"{}\"", value.text))
                .param("other", format!("\"{}\"", value.typed.data_type.sql())));
        };
        for name in paths.iter().filter_map(|path| path.first()) {
            self.find_field(&fields.fields, name)?;
        }
        let rule = self.names;
        let mut below = vec![];
        for field in &fields.fields {
            let mut taken = self.field(value.clone(), &field.name)?;
            taken.default_name = Some(field.name.clone());
            let rest = paths.iter().filter_map(|path| {
                let (first, rest) = path.split_first()?;
                rule.same(first, &field.name).then_some(rest)
            });
            below.push((taken, rest.collect()));
        }
        let mut arguments = vec![];
        for field in self.pruned(below, except)? {
            let name = Literal::String(field.default_name.clone().unwrap_or_default());
            arguments.push(Value::new(TypedExpr::literal(&name)?, String::new()));
            arguments.push(field);
        }
        let name = value.attribute.as_ref().map(|attribute| attribute.name.clone()).or(value.default_name.clone());
        let mut made = self.scalar("named_struct", arguments)?;
        made.default_name = name;
        Ok(made)
    }
}
