//! Calls of functions with a SQL body (Spark's `SQLFunctionExpression` and `SQLTableFunction`).
//!
//! The body is resolved over columns that stand for the parameters; then the arguments take their place. It sees neither
//! the CTEs nor the columns of the query that calls it, and keeps the ANSI mode that it was made under.

use std::{collections::BTreeMap, sync::Arc};

use arrow::datatypes::{Field, FieldRef};
use datafusion::{
    common::{
        Result as DfResult, not_impl_err,
        tree_node::{Transformed, TreeNode, TreeNodeRecursion},
    },
    logical_expr::{Expr as DfExpr, LogicalPlan, Subquery},
};
use kindling_common::{SparkError, SparkResult, to_arrow};
use kindling_functions::{TypedExpr, error::from_datafusion};
use kindling_spec::{Expr, ExprKind, FunctionBody, Origin, Relation, RelationKind, StructType, UnresolvedFunction};

use super::{
    Resolved, Resolver,
    expression::{ExprContext, Value},
    plan,
    scope::Scope,
    subquery_alias::qualified,
};
use crate::{
    Attribute,
    attribute::quote_parts,
    catalog::{BodyTraits, FunctionResult, SqlFunction},
};

/// Parameters as columns, and what each stands for.
struct Parameters {
    scope: Scope,
    values: BTreeMap<String, DfExpr>,
    /// The columns that the arguments refer to.
    columns: BTreeMap<String, FieldRef>,
}

impl Resolver<'_> {
    /// The SQL function of a name.
    pub(super) fn sql_function(&self, name: &[String]) -> SparkResult<Option<SqlFunction>> {
        self.state.catalog.function(name)
    }

    /// `f(arguments)` as a value.
    pub(super) fn sql_function_call(
        &mut self,
        function: &SqlFunction,
        call: &UnresolvedFunction,
        origin: &Origin,
        context: &mut ExprContext<'_>,
    ) -> SparkResult<Value> {
        let FunctionResult::Scalar(returns) = &function.returns else {
            return Err(
                SparkError::analysis("NOT_A_SCALAR_FUNCTION").param("functionName", quote_parts(&function.name))
            );
        };
        self.reads_data |= function.traits.reads_data;
        let (values, texts) = self.routine_arguments(function, &call.arguments, origin, context)?;
        let text = format!("{}({})", function.name.join("."), texts.join(", "));
        let mut columns: BTreeMap<String, FieldRef> = BTreeMap::new();
        for value in &values {
            // A call of an aggregate is a column by now, which no scope has.
            if let DfExpr::Column(column) = &value.expr {
                let field = Field::new(&column.name, to_arrow(&value.data_type), value.nullable);
                columns.insert(column.name.clone(), Arc::new(field));
            }
        }
        for attribute in context.scopes.iter().flat_map(|scope| scope.attributes.iter().chain(&scope.hidden)) {
            columns.insert(attribute.internal_name(), Arc::new(plan::internal_field(attribute)));
        }
        let parameters = Parameters { columns, ..self.parameters(function, values)? };
        let typed = self.in_routine(function, |resolver| {
            let typed = resolver.routine_body(function, &parameters)?;
            resolver.cast_typed(typed, returns)
        })?;
        let expr = with_arguments(typed.expr, &parameters).map_err(from_datafusion)?;
        Ok(Value::new(TypedExpr::new(expr, returns.clone(), true), text))
    }

    /// `FROM f(arguments)`.
    pub(super) fn sql_table_function(&mut self, function: &SqlFunction, arguments: &[Expr]) -> SparkResult<Resolved> {
        let FunctionResult::Table(columns) = &function.returns else {
            return Err(SparkError::analysis("NOT_A_TABLE_FUNCTION").param("functionName", quote_parts(&function.name)));
        };
        self.reads_data |= function.traits.reads_data;
        let scope = Scope::default();
        let mut context = ExprContext::new(&scope, "FROM");
        let (values, _) = self.routine_arguments(function, arguments, &Origin::None, &mut context)?;
        let parameters = self.parameters(function, values)?;
        let resolved = self.in_routine(function, |resolver| resolver.routine_rows(function, columns, &parameters))?;
        let plan = plan_with_arguments(resolved.plan, &parameters).map_err(from_datafusion)?;
        let name = function.name.last().cloned().into_iter().collect();
        Ok(qualified(Resolved { plan, ..resolved }, name))
    }

    /// What a new function returns; its body is resolved for its errors.
    pub fn check_function(mut self, function: &SqlFunction) -> SparkResult<(FunctionResult, BodyTraits)> {
        let parameters = self.parameters(function, vec![])?;
        for parameter in &function.definition.parameters {
            if let Some((_, default)) = &parameter.default {
                let scope = Scope::default();
                let value = self.expression(default, &mut ExprContext::new(&scope, "DEFAULT"))?;
                let origin = default.origin.clone();
                self.cast(value, &parameter.data_type, kindling_spec::CastMode::Session, &origin)?;
            }
        }
        let table = function.definition.return_table.clone();
        let mut traits = BodyTraits::default();
        let result = self.in_routine(function, |resolver| match &table {
            Some(columns) => {
                let resolved = resolver.routine_rows(function, columns, &parameters)?;
                note_plan(&resolved.plan, &mut traits);
                Ok(FunctionResult::Table(StructType {
                    fields: resolved
                        .attributes()
                        .iter()
                        .map(|a| Attribute { nullable: true, ..a.clone() }.field())
                        .collect(),
                }))
            }
            None => {
                let typed = resolver.routine_body(function, &parameters)?;
                note_expr(&typed.expr, &mut traits);
                let returns = function.definition.return_type.clone().unwrap_or_else(|| typed.data_type.clone());
                let text = super::expression::Text { call: body_text(function), arguments: vec![body_text(function)] };
                resolver.with_call_context(&Origin::None, &text, |call| {
                    kindling_functions::cast(call, typed, &returns, kindling_spec::CastMode::Session)
                })?;
                Ok(FunctionResult::Scalar(returns))
            }
        })?;
        if !function.is_temporary()
            && let Some((kind, name)) = self.temporary_used.first()
        {
            return Err(SparkError::analysis("INVALID_TEMP_OBJ_REFERENCE")
                .param("obj", "FUNCTION")
                .param("objName", quote_parts(&function.name))
                .param("tempObj", *kind)
                .param("tempObjName", quote_parts(std::slice::from_ref(name))));
        }
        traits.reads_data |= self.reads_data;
        Ok((result, traits))
    }

    /// The arguments in the order of the parameters, cast to their types, with the texts of those that were given.
    fn routine_arguments(
        &mut self,
        function: &SqlFunction,
        arguments: &[Expr],
        origin: &Origin,
        context: &mut ExprContext<'_>,
    ) -> SparkResult<(Vec<TypedExpr>, Vec<String>)> {
        let parameters = &function.definition.parameters;
        let mut given: Vec<Option<Value>> = vec![None; parameters.len()];
        let mut texts = vec![];
        let mut positional = 0;
        let mut named = false;
        for argument in arguments {
            if let ExprKind::NamedArgument { name, value } = &argument.kind {
                named = true;
                let routine = quote_parts(function.name.last().map(std::slice::from_ref).unwrap_or(&[]));
                let Some(index) = parameters.iter().position(|p| self.names.same(&p.name, name)) else {
                    let proposal: Vec<String> =
                        parameters.iter().map(|p| kindling_spec::quote_identifier(&p.name)).collect();
                    return Err(SparkError::analysis("UNRECOGNIZED_PARAMETER_NAME")
                        .param("routineName", routine)
                        .param("argumentName", kindling_spec::quote_identifier(name))
                        .param("proposal", proposal.join(" ")));
                };
                let value = self.expression(value, context)?;
                texts.push(value.text.clone());
                let Some(slot) = given.get_mut(index) else { continue };
                if slot.is_some() {
                    let condition = if index < positional {
                        "DUPLICATE_ROUTINE_PARAMETER_ASSIGNMENT.BOTH_POSITIONAL_AND_NAMED"
                    } else {
                        "DUPLICATE_ROUTINE_PARAMETER_ASSIGNMENT.DOUBLE_NAMED_ARGUMENT_REFERENCE"
                    };
                    return Err(SparkError::analysis(condition)
                        .param("routineName", routine)
                        .param("parameterName", kindling_spec::quote_identifier(name)));
                }
                *slot = Some(value);
                continue;
            }
            if named {
                return Err(SparkError::analysis("UNEXPECTED_POSITIONAL_ARGUMENT")
                    .param("routineName", quote_parts(&function.name))
                    .param("parameterName", ""));
            }
            for value in self.arguments(std::slice::from_ref(argument), context)? {
                texts.push(value.text.clone());
                match given.get_mut(positional) {
                    Some(slot) => *slot = Some(value),
                    None => return Err(self.wrong_number(function, arguments.len()).at(origin)),
                }
                positional += 1;
            }
        }
        let mut values = Vec::with_capacity(parameters.len());
        for (parameter, value) in parameters.iter().zip(given) {
            let value = match (value, &parameter.default) {
                (Some(value), _) => value,
                (None, Some((_, default))) => {
                    let scope = Scope::default();
                    self.expression(default, &mut ExprContext::new(&scope, "DEFAULT"))?
                }
                (None, None) if named => {
                    return Err(SparkError::analysis("REQUIRED_PARAMETER_NOT_FOUND")
                        .param("routineName", quote_parts(&function.name))
                        .param("parameterName", kindling_spec::quote_identifier(&parameter.name))
                        .param("index", values.len().to_string()));
                }
                (None, None) => return Err(self.wrong_number(function, arguments.len()).at(origin)),
            };
            let ansi = std::mem::replace(&mut self.functions.ansi, function.ansi);
            let cast = self.cast(value, &parameter.data_type, kindling_spec::CastMode::Session, origin);
            self.functions.ansi = ansi;
            values.push(cast?.typed);
        }
        Ok((values, texts))
    }

    fn wrong_number(&self, function: &SqlFunction, actual: usize) -> SparkError {
        let parameters = &function.definition.parameters;
        let fewest = parameters.iter().filter(|parameter| parameter.default.is_none()).count();
        let expected = if fewest == parameters.len() {
            fewest.to_string()
        } else {
            let numbers: Vec<String> = (fewest..=parameters.len()).map(|n| n.to_string()).collect();
            format!("[{}]", numbers.join(", "))
        };
        SparkError::analysis("WRONG_NUM_ARGS.WITHOUT_SUGGESTION")
            .param("functionName", quote_parts(&function.name))
            .param("expectedNum", expected)
            .param("actualNum", actual.to_string())
            .param("docroot", "https://spark.apache.org/docs/4.2.0")
    }

    fn parameters(&mut self, function: &SqlFunction, values: Vec<TypedExpr>) -> SparkResult<Parameters> {
        let qualifier: Vec<String> = function.name.last().cloned().into_iter().collect();
        let attributes: Vec<Attribute> = function
            .definition
            .parameters
            .iter()
            .map(|parameter| {
                let stand_in = TypedExpr::boolean(true);
                Attribute {
                    data_type: parameter.data_type.clone(),
                    nullable: true,
                    qualifier: qualifier.clone(),
                    ..self.attribute(parameter.name.clone(), &stand_in)
                }
            })
            .collect();
        let values = attributes.iter().zip(values).map(|(attribute, value)| (attribute.internal_name(), value.expr));
        Ok(Parameters { values: values.collect(), scope: Scope::new(attributes), columns: BTreeMap::new() })
    }

    /// Runs `f` as from within a function's body.
    fn in_routine<T>(&mut self, function: &SqlFunction, f: impl FnOnce(&mut Self) -> SparkResult<T>) -> SparkResult<T> {
        let name = function.name.join(".").to_lowercase();
        if self.routines.contains(&name) {
            let path: Vec<String> = self.routines.iter().chain([&name]).cloned().collect();
            return Err(SparkError::analysis("CYCLIC_FUNCTION_REFERENCE").param("path", path.join(" -> ")));
        }
        let ctes = std::mem::take(&mut self.ctes);
        let windows = std::mem::take(&mut self.windows);
        let outer = std::mem::take(&mut self.outer);
        let ansi = std::mem::replace(&mut self.functions.ansi, function.ansi);
        self.routines.push(name);
        let result = f(self);
        self.routines.pop();
        self.functions.ansi = ansi;
        self.outer = outer;
        self.windows = windows;
        self.ctes = ctes;
        result
    }

    fn routine_body(&mut self, function: &SqlFunction, parameters: &Parameters) -> SparkResult<TypedExpr> {
        // A query of one value and no relation is that value.
        let body = match &function.definition.body {
            FunctionBody::Query(query, _) => value_of(query),
            _ => None,
        };
        match body.map(|body| FunctionBody::Expr(Box::new(body.clone()), body_text(function))) {
            Some(body) => self.routine_value(function, parameters, &body),
            None => self.routine_value(function, parameters, &function.definition.body),
        }
    }

    fn routine_value(
        &mut self,
        function: &SqlFunction,
        parameters: &Parameters,
        body: &FunctionBody,
    ) -> SparkResult<TypedExpr> {
        match body {
            FunctionBody::Expr(body, _) => {
                let mut context = ExprContext::new(&parameters.scope, "FUNCTION");
                let value = self.expression(body, &mut context).map_err(|error| match error.condition {
                    "UNSUPPORTED_EXPR_FOR_OPERATOR" | "UNSUPPORTED_GENERATOR.OUTSIDE_SELECT" => {
                        SparkError::analysis("USER_DEFINED_FUNCTIONS.CANNOT_CONTAIN_COMPLEX_FUNCTIONS")
                            .param("queryText", body_text(function))
                    }
                    _ => error,
                })?;
                Ok(value.typed)
            }
            FunctionBody::Query(query, _) => {
                self.outer.push(parameters.scope.clone());
                let resolved = self.relation(query);
                self.outer.pop();
                let resolved = resolved?;
                let [column] = resolved.attributes() else {
                    return Err(SparkError::analysis(
                        "INVALID_SUBQUERY_EXPRESSION.SCALAR_SUBQUERY_RETURN_MORE_THAN_ONE_OUTPUT_COLUMN",
                    )
                    .param("number", resolved.attributes().len().to_string()));
                };
                let data_type = column.data_type.clone();
                let resolved = if column.nullable { resolved } else { self.maybe_null(resolved)? };
                let plan = plan::select_attributes(resolved.plan, &resolved.scope.attributes)?;
                Ok(TypedExpr::new(DfExpr::ScalarSubquery(subquery_of(plan)), data_type, true))
            }
            FunctionBody::Class(class) => Err(SparkError::unsupported(format!("the Java function {class}"))),
        }
    }

    fn routine_rows(
        &mut self,
        function: &SqlFunction,
        columns: &StructType,
        parameters: &Parameters,
    ) -> SparkResult<Resolved> {
        let FunctionBody::Query(query, _) = &function.definition.body else {
            return Err(SparkError::analysis("USER_DEFINED_FUNCTIONS.SQL_TABLE_UDF_BODY_MUST_BE_A_QUERY")
                .param("name", quote_parts(&function.name)));
        };
        self.outer.push(parameters.scope.clone());
        let resolved = self.relation(query);
        self.outer.pop();
        let resolved = resolved?;
        let found = resolved.attributes().to_vec();
        if columns.fields.is_empty() {
            return Ok(resolved);
        }
        if found.len() != columns.fields.len() {
            return Err(SparkError::analysis("USER_DEFINED_FUNCTIONS.RETURN_COLUMN_COUNT_MISMATCH")
                .param("outputSize", found.len().to_string())
                .param("returnParamSize", columns.fields.len().to_string())
                .param("name", quote_parts(&function.name)));
        }
        let mut items = vec![];
        for (from, to) in found.iter().zip(&columns.fields) {
            let typed = self.cast_typed(from.typed(), &to.data_type)?;
            items.push((typed.expr, self.new_column(to)));
        }
        let plan = plan::project_items(resolved.plan, &items)?;
        Ok(Resolved::new(plan, items.into_iter().map(|(_, attribute)| attribute).collect()))
    }
}

/// Notes what an expression of a body does.
fn note_expr(expr: &DfExpr, traits: &mut BodyTraits) {
    traits.volatile |= expr.is_volatile();
    // The visitor cannot fail.
    let _ = expr.apply(|part| {
        match part {
            DfExpr::ScalarSubquery(subquery) => note_plan(&subquery.subquery, traits),
            DfExpr::Exists(exists) => note_plan(&exists.subquery.subquery, traits),
            DfExpr::InSubquery(list) => note_plan(&list.subquery.subquery, traits),
            _ => {}
        }
        Ok(TreeNodeRecursion::Continue)
    });
}

/// Notes what a query of a body does.
fn note_plan(plan: &LogicalPlan, traits: &mut BodyTraits) {
    let _ = plan.apply_with_subqueries(|node| {
        traits.reads_data |= matches!(node, LogicalPlan::TableScan(_));
        traits.volatile |= node.expressions().iter().any(DfExpr::is_volatile);
        Ok(TreeNodeRecursion::Continue)
    });
}

/// The value of a query that reads no relation: `SELECT x + 1`.
fn value_of(query: &Relation) -> Option<&Expr> {
    let RelationKind::Project { input, expressions } = &query.kind else { return None };
    match (&input.kind, expressions.as_slice()) {
        (RelationKind::OneRow, [value]) if !matches!(value.kind, ExprKind::UnresolvedStar { .. }) => Some(value),
        _ => None,
    }
}

fn body_text(function: &SqlFunction) -> String {
    match &function.definition.body {
        FunctionBody::Expr(_, text) | FunctionBody::Query(_, text) | FunctionBody::Class(text) => text.clone(),
    }
}

fn subquery_of(plan: LogicalPlan) -> Subquery {
    let outer_ref_columns = plan.all_out_ref_exprs();
    Subquery { subquery: Arc::new(plan), outer_ref_columns, spans: datafusion::common::Spans::new() }
}

/// An expression of a body with the arguments in place of the parameters.
fn with_arguments(expr: DfExpr, parameters: &Parameters) -> DfResult<DfExpr> {
    let inside = |subquery: Subquery| -> DfResult<Subquery> {
        Ok(subquery_of(plan_with_arguments(subquery.subquery.as_ref().clone(), parameters)?))
    };
    expr.transform_up(|part| {
        Ok(match part {
            DfExpr::Column(column) => match parameters.values.get(&column.name) {
                Some(value) => Transformed::yes(value.clone()),
                None => Transformed::no(DfExpr::Column(column)),
            },
            DfExpr::ScalarSubquery(subquery) => Transformed::yes(DfExpr::ScalarSubquery(inside(subquery)?)),
            DfExpr::Exists(mut exists) => {
                exists.subquery = inside(exists.subquery)?;
                Transformed::yes(DfExpr::Exists(exists))
            }
            DfExpr::InSubquery(mut list) => {
                list.subquery = inside(list.subquery)?;
                Transformed::yes(DfExpr::InSubquery(list))
            }
            other => Transformed::no(other),
        })
    })
    .map(|transformed| transformed.data)
}

/// A plan of a body with the arguments in place of the parameters, which are outer columns to it.
fn plan_with_arguments(plan: LogicalPlan, parameters: &Parameters) -> DfResult<LogicalPlan> {
    plan.transform_up_with_subqueries(|node| {
        let node = node.map_expressions(|expr| {
            let name = expr.schema_name().to_string();
            let replaced = expr.transform_up(|part| {
                Ok(match part {
                    DfExpr::OuterReferenceColumn(_, ref column) => match parameters.values.get(&column.name) {
                        Some(value) => Transformed::yes(as_outer(value.clone(), &parameters.columns)?),
                        None => Transformed::no(part),
                    },
                    DfExpr::ScalarSubquery(subquery) => {
                        Transformed::yes(DfExpr::ScalarSubquery(subquery_of(subquery.subquery.as_ref().clone())))
                    }
                    DfExpr::Exists(mut exists) => {
                        exists.subquery = subquery_of(exists.subquery.subquery.as_ref().clone());
                        Transformed::yes(DfExpr::Exists(exists))
                    }
                    DfExpr::InSubquery(mut list) => {
                        list.subquery = subquery_of(list.subquery.subquery.as_ref().clone());
                        Transformed::yes(DfExpr::InSubquery(list))
                    }
                    other => Transformed::no(other),
                })
            })?;
            // Items of lists keep their names.
            let is_item = matches!(replaced.data, DfExpr::Alias(_)) || replaced.data.schema_name().to_string() == name;
            Ok(if is_item || !replaced.transformed { replaced } else { Transformed::yes(replaced.data.alias(name)) })
        })?;
        let node = match node.data {
            LogicalPlan::Subquery(subquery) => {
                Transformed::yes(LogicalPlan::Subquery(subquery_of(subquery.subquery.as_ref().clone())))
            }
            other => Transformed::new(other, node.transformed, node.tnr),
        };
        node.map_data(|plan| plan.recompute_schema())
    })
    .map(|transformed| transformed.data)
}

/// An argument as seen from inside a query: its columns are those of the query around.
fn as_outer(expr: DfExpr, columns: &BTreeMap<String, FieldRef>) -> DfResult<DfExpr> {
    expr.transform_up(|part| {
        Ok(match part {
            DfExpr::Column(column) => match columns.get(&column.name) {
                Some(field) => Transformed::yes(DfExpr::OuterReferenceColumn(Arc::clone(field), column)),
                None => return not_impl_err!("a SQL function with a query over {}", column.name),
            },
            other => Transformed::no(other),
        })
    })
    .map(|transformed| transformed.data)
}
