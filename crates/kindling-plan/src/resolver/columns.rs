//! DataFrame methods that change columns, drop duplicates or sample rows.

use datafusion::logical_expr::Expr as DfExpr;
use kindling_common::{SparkError, SparkResult};
use kindling_functions::{AggregateOptions, TypedExpr};
use kindling_spec::{CastMode, DataType, Expr, ExprKind, Origin, PipeClause, Relation, SampleMethod, StructType};

use super::{
    Below, Resolved, Resolver,
    expression::{ExprContext, Text, Value},
    plan,
    scope::Scope,
};
use crate::{
    Attribute,
    logical::{Sample, SortWithinPartitions, extension, is_streaming},
};

impl Resolver<'_> {
    pub(super) fn with_columns(&mut self, input: &Relation, aliases: &[Expr]) -> SparkResult<Resolved> {
        let input = self.relation(input)?;
        let mut names: Vec<&str> = vec![];
        for alias in aliases {
            if let ExprKind::Alias { names: given, .. } = &alias.kind {
                for name in given {
                    if names.iter().any(|known| self.names.same(known, name)) {
                        return Err(SparkError::analysis("COLUMN_ALREADY_EXISTS")
                            .param("columnName", kindling_spec::quote_identifier(&self.names.key(name))));
                    }
                    names.push(name);
                }
            }
        }
        for alias in aliases {
            if let ExprKind::Alias { expr, names, .. } = &alias.kind
                && matches!(expr.kind, ExprKind::Pipe { clause: PipeClause::Set, .. })
                && input.scope.find(self.names, names)?.is_none()
            {
                return Err(input.scope.unresolved(names));
            }
        }
        // Existing columns are replaced in place, others come behind.
        let mut list: Vec<Expr> = vec![];
        let mut used = vec![false; aliases.len()];
        let scope = input.scope.clone();
        let mut positions: Vec<Option<usize>> = vec![];
        for attribute in &scope.attributes {
            let replaced = aliases.iter().position(|alias| {
                matches!(&alias.kind, ExprKind::Alias { names, .. }
                    if names.iter().any(|name| self.names.same(name, &attribute.name)))
            });
            if let Some(slot) = replaced.and_then(|index| used.get_mut(index)) {
                *slot = true;
            }
            positions.push(replaced);
        }
        let mut context = ExprContext::new(&scope, "SELECT");
        context.windows = Some(vec![]);
        context.generators = Some(vec![]);
        for alias in aliases {
            if self.holds_aggregate(alias)? {
                // As in Spark this is a global aggregate over the other columns, and so an error that names them.
                list.extend(scope.attributes.iter().map(|a| Expr::column([a.name.clone()])));
                list.push(alias.clone());
                return self.aggregate_list(input, &[], &list);
            }
        }
        let mut values = Vec::with_capacity(aliases.len());
        for alias in aliases {
            values.push(self.expression(alias, &mut context)?);
        }
        let windows = context.windows.take().unwrap_or_default();
        let generators = context.generators.take().unwrap_or_default();
        let mut plan = super::with_windows::with_windows(input.plan, windows)?;
        let mut named: Vec<(DfExpr, Attribute)> = Vec::with_capacity(values.len());
        for value in &values {
            match generators.iter().find(|generator| generator.placeholder == value.typed.expr) {
                Some(generator) => {
                    let (extended, generated) = self.generate(plan, generator, &value.aliases, &[])?;
                    plan = extended;
                    named.extend(generated.iter().map(|a| (a.column(), a.clone())));
                }
                None => named.push(self.named(value)),
            }
        }
        let mut items = Vec::with_capacity(scope.attributes.len() + named.len());
        for (attribute, position) in scope.attributes.iter().zip(positions) {
            match position.and_then(|index| named.get(index)) {
                Some(item) => items.push(item.clone()),
                None => items.push((attribute.column(), attribute.clone())),
            }
        }
        for (item, used) in named.into_iter().zip(used) {
            if !used {
                items.push(item);
            }
        }
        self.finish_projection(plan, items, scope)
    }

    pub(super) fn with_columns_renamed(
        &mut self,
        input: &Relation,
        renames: &[(String, String)],
    ) -> SparkResult<Resolved> {
        let input = self.relation(input)?;
        let mut names: Vec<String> = input.attributes().iter().map(|a| a.name.clone()).collect();
        for (existing, new) in renames {
            for name in names.iter_mut().filter(|name| self.names.same(name, existing)) {
                name.clone_from(new);
            }
        }
        self.renamed_in_place(input, &names)
    }

    /// Columns with other names; those whose name stays keep their ids.
    fn renamed_in_place(&mut self, input: Resolved, names: &[String]) -> SparkResult<Resolved> {
        let scope = input.scope.clone();
        let items: Vec<(DfExpr, Attribute)> = scope
            .attributes
            .iter()
            .zip(names)
            .map(|(attribute, name)| {
                let renamed = if attribute.name == *name {
                    attribute.clone()
                } else {
                    Attribute {
                        id: self.state.next_id(),
                        name: name.clone(),
                        qualifier: vec![],
                        plan_ids: vec![],
                        ..attribute.clone()
                    }
                };
                (attribute.column(), renamed)
            })
            .collect();
        self.finish_projection(input.plan, items, scope)
    }

    pub(super) fn drop_columns(
        &mut self,
        input: &Relation,
        columns: &[Expr],
        column_names: &[String],
    ) -> SparkResult<Resolved> {
        let input = self.relation(input)?;
        let mut dropped: Vec<u64> = vec![];
        for column in columns {
            let mut context = ExprContext::new(&input.scope, "DROP");
            match self.expression(column, &mut context) {
                Ok(value) => dropped.extend(value.attribute.map(|attribute| attribute.id)),
                // Columns that are not there are not an error.
                Err(error)
                    if error.condition.starts_with("UNRESOLVED_COLUMN")
                        || error.condition == "CANNOT_RESOLVE_DATAFRAME_COLUMN" => {}
                Err(error) => return Err(error),
            }
        }
        let keep = |a: &&Attribute| {
            !dropped.contains(&a.id) && !column_names.iter().any(|name| self.names.same(name, &a.name))
        };
        let kept: Vec<Attribute> = input.attributes().iter().filter(keep).cloned().collect();
        let items = kept.iter().map(|a| (a.column(), a.clone())).collect();
        let scope = input.scope.clone();
        self.finish_projection(input.plan, items, scope)
    }

    pub(super) fn renamed_to(&mut self, input: &Relation, column_names: &[String]) -> SparkResult<Resolved> {
        let input = self.relation(input)?;
        if input.attributes().len() != column_names.len() {
            return Err(SparkError::new(kindling_common::ExceptionClass::IllegalArgument, "ASSIGNMENT_ARITY_MISMATCH")
                .param("numExpr", input.attributes().len().to_string())
                .param("numTarget", column_names.len().to_string()));
        }
        self.renamed_in_place(input, column_names)
    }

    /// `df.to(schema)`: columns are found by name, reordered and cast where nothing is lost.
    pub(super) fn with_schema(&mut self, input: &Relation, schema: &StructType) -> SparkResult<Resolved> {
        let input = self.relation(input)?;
        let scope = Scope::new(input.attributes().to_vec());
        let mut items = Vec::with_capacity(schema.fields.len());
        for field in &schema.fields {
            let found = scope.find(self.names, std::slice::from_ref(&field.name))?;
            let Some(found) = found else {
                if field.nullable {
                    let null = TypedExpr::null(field.data_type.clone())?;
                    items.push((null.expr, self.new_column(field)));
                    continue;
                }
                return Err(scope.unresolved(std::slice::from_ref(&field.name)));
            };
            let attribute = found.attribute;
            if attribute.nullable && !field.nullable {
                return Err(SparkError::analysis("NULLABLE_COLUMN_OR_FIELD")
                    .param("name", kindling_spec::quote_identifier(&field.name)));
            }
            let value = Value::of_attribute(&attribute);
            let castable = attribute.data_type == field.data_type
                || kindling_functions::coercion::tightest_common_type(&attribute.data_type, &field.data_type, true)
                    .is_some_and(|common| common == field.data_type)
                || field.data_type == DataType::String
                || matches!(field.data_type, DataType::Struct(_) | DataType::Array { .. } | DataType::Map { .. });
            if !castable {
                return Err(SparkError::analysis("INVALID_COLUMN_OR_FIELD_DATA_TYPE")
                    .param("name", kindling_spec::quote_identifier(&field.name))
                    .param("type", format!("\"{}\"", attribute.data_type.sql()))
                    .param("expectedType", format!("\"{}\"", field.data_type.sql())));
            }
            let cast = self.cast(value, &field.data_type, CastMode::Session, &Origin::None)?;
            let mut column = self.new_column(field);
            column.nullable = attribute.nullable;
            column.metadata = field.metadata.clone().or(attribute.metadata);
            items.push((cast.typed.expr, column));
        }
        let below = input.scope.clone();
        self.finish_projection(input.plan, items, below)
    }

    pub(super) fn distinct(&mut self, input: &Relation) -> SparkResult<Resolved> {
        let input = self.relation(input)?;
        let columns = input.attributes().to_vec();
        self.distinct_resolved(input, &columns)
    }

    fn distinct_resolved(&mut self, input: Resolved, columns: &[Attribute]) -> SparkResult<Resolved> {
        for column in columns {
            if matches!(column.data_type, DataType::Map { .. } | DataType::Variant) {
                return Err(SparkError::analysis("UNSUPPORTED_FEATURE.SET_OPERATION_ON_MAP_TYPE")
                    .param("colName", kindling_spec::quote_identifier(&column.name))
                    .param("dataType", format!("\"{}\"", column.data_type.sql())));
            }
        }
        let items: Vec<(DfExpr, Attribute)> = columns
            .iter()
            .map(|column| match column.data_type {
                DataType::Float | DataType::Double => {
                    let fresh = Attribute { id: self.state.next_id(), ..column.clone() };
                    Ok((self.normalized_for_grouping(column.typed())?.expr, fresh))
                }
                _ => Ok((column.column(), column.clone())),
            })
            .collect::<SparkResult<_>>()?;
        let attributes: Vec<Attribute> = items.iter().map(|(_, attribute)| attribute.clone()).collect();
        let unchanged = attributes == columns;
        let selected = if unchanged {
            plan::select_attributes(input.plan, columns)?
        } else {
            plan::project_items(input.plan, &items)?
        };
        Ok(Resolved::new(plan::distinct(selected), attributes))
    }

    pub(super) fn deduplicate(
        &mut self,
        input: &Relation,
        columns: &[String],
        all_columns: bool,
        within_watermark: bool,
    ) -> SparkResult<Resolved> {
        let input = self.relation(input)?;
        if within_watermark && !is_streaming(&input.plan) {
            let message = "dropDuplicatesWithinWatermark is not supported with batch DataFrames/DataSets";
            return Err(SparkError::analysis("_LEGACY_ERROR_TEMP_3102").param("msg", message));
        }
        let all = input.attributes().to_vec();
        if all_columns || columns.is_empty() {
            return self.distinct_resolved(input, &all);
        }
        let mut keys: Vec<Attribute> = vec![];
        for name in columns {
            let found: Vec<&Attribute> = all.iter().filter(|a| self.names.same(&a.name, name)).collect();
            if found.is_empty() {
                return Err(input.scope.unresolved(std::slice::from_ref(name)));
            }
            keys.extend(found.into_iter().cloned());
        }
        // Each key's first row: the other columns are `first` of the group.
        let entry = kindling_functions::lookup("first").ok_or_else(|| SparkError::unsupported("function first"))?;
        let mut aggregates = vec![];
        let mut items = vec![];
        for column in &all {
            if keys.iter().any(|key| key.id == column.id) {
                items.push((column.column(), column.clone()));
                continue;
            }
            let text = Text { call: format!("first({})", column.name), arguments: vec![column.name.clone()] };
            let first = self.with_call_context(&Origin::None, &text, |call| {
                entry.build_aggregate(call, vec![column.typed()], &AggregateOptions::default())
            })?;
            let expr = super::expression::replace_calls(
                first.expr,
                |node| matches!(node, DfExpr::AggregateFunction(_)),
                &mut aggregates,
            )?;
            items.push((expr, Attribute { id: self.state.next_id(), ..column.clone() }));
        }
        let group = keys.iter().map(Attribute::column).collect();
        let aggregated = plan::aggregate(input.plan, group, aggregates)?;
        let plan = plan::project_items(aggregated, &items)?;
        Ok(Resolved::new(plan, items.into_iter().map(|(_, attribute)| attribute).collect()))
    }

    pub(super) fn sample(
        &mut self,
        input: &Relation,
        method: &SampleMethod,
        seed: Option<i64>,
        deterministic_order: bool,
    ) -> SparkResult<Resolved> {
        let (lower, upper, with_replacement) = match method {
            SampleMethod::Fraction { lower, upper, with_replacement } => (*lower, *upper, *with_replacement),
            SampleMethod::Rows(rows) => return self.limit(input, rows),
            SampleMethod::Bucket { numerator, denominator } => (0.0, *numerator as f64 / *denominator as f64, false),
        };
        let input = self.relation(input)?;
        let seed = seed.unwrap_or_else(|| self.state.random_seed() as i64);
        let mut plan = input.plan;
        if deterministic_order {
            let order = input
                .scope
                .attributes
                .iter()
                .filter(|a| !matches!(a.data_type, DataType::Map { .. } | DataType::Variant))
                .map(|a| datafusion::logical_expr::SortExpr::new(a.column(), true, true))
                .collect();
            plan = extension(SortWithinPartitions { input: plan, order });
        }
        let plan = extension(Sample { input: plan, lower, upper, with_replacement, seed });
        Ok(Resolved { plan, scope: input.scope, below: Below::Nothing })
    }
}
