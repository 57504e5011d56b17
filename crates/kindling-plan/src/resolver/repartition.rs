//! Changes of partitioning, and hints.

use datafusion::logical_expr::SortExpr;
use kindling_common::{ExceptionClass, SparkError, SparkResult};
use kindling_physical::JoinStrategyHint;
use kindling_spec::{DIRECT_SHUFFLE_PARTITION_ID, DataType, Expr, ExprKind, Literal, Relation};

use super::{
    Below, Resolved, Resolver,
    expression::{ExprContext, sort_key},
};
use crate::logical::{JoinHint, Repartition, RepartitionScheme, extension};

impl Resolver<'_> {
    /// The join hint for a table or an alias: a hint's name is the end of the relation's.
    pub(super) fn join_hint(&self, identifier: &[String]) -> Option<JoinStrategyHint> {
        let names = |hinted: &[String]| {
            identifier.len() >= hinted.len()
                && identifier[identifier.len() - hinted.len()..].iter().zip(hinted).all(|(a, b)| self.names.same(a, b))
        };
        self.hints.iter().rev().find(|(hinted, _)| names(hinted)).map(|(_, strategy)| *strategy)
    }

    pub(super) fn repartition(
        &mut self,
        input: &Relation,
        num_partitions: usize,
        shuffle: bool,
    ) -> SparkResult<Resolved> {
        let input = self.relation(input)?;
        let scheme = if shuffle {
            RepartitionScheme::RoundRobin(Some(num_partitions))
        } else {
            RepartitionScheme::Coalesce(num_partitions)
        };
        Ok(repartitioned(input, scheme))
    }

    pub(super) fn repartition_by_expression(
        &mut self,
        input: &Relation,
        expressions: &[Expr],
        num_partitions: Option<usize>,
    ) -> SparkResult<Resolved> {
        let input = self.relation(input)?;
        let scheme = self.scheme(&input, expressions, num_partitions)?;
        Ok(repartitioned(input, scheme))
    }

    fn scheme(
        &mut self,
        input: &Resolved,
        expressions: &[Expr],
        num_partitions: Option<usize>,
    ) -> SparkResult<RepartitionScheme> {
        let mut context = ExprContext::new(&input.scope, "REPARTITION");
        let is_range = expressions.iter().any(|expr| matches!(expr.kind, ExprKind::SortOrder(_)));
        if expressions.is_empty() {
            return Ok(RepartitionScheme::RoundRobin(num_partitions));
        }
        if let ([Expr { kind: ExprKind::UnresolvedFunction(function), .. }], Some(n)) = (expressions, num_partitions)
            && function.name.as_slice() == [DIRECT_SHUFFLE_PARTITION_ID]
            && let [id] = function.arguments.as_slice()
        {
            let id = self.expression(id, &mut context)?;
            if !matches!(id.typed.data_type, DataType::Byte | DataType::Short | DataType::Integer | DataType::Long) {
                return Err(SparkError::analysis("DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE")
                    .param("sqlExpr", format!("\"{DIRECT_SHUFFLE_PARTITION_ID}({})\"", id.text))
                    .param("paramIndex", "first")
                    .param("requiredType", "\"INT\"")
                    .param("inputSql", format!("\"{}\"", id.text))
                    .param("inputType", format!("\"{}\"", id.typed.data_type.sql())));
            }
            let id = self.cast_typed(id.typed, &DataType::Long)?;
            return Ok(RepartitionScheme::Direct(id.expr, n));
        }
        if is_range {
            let mut keys = vec![];
            for expr in expressions {
                let order = match &expr.kind {
                    ExprKind::SortOrder(order) => order.as_ref().clone(),
                    _ => kindling_spec::SortOrder {
                        child: expr.clone(),
                        direction: kindling_spec::SortDirection::Ascending,
                        null_ordering: None,
                    },
                };
                let value = self.expression(&order.child, &mut context)?;
                let (key, _) = sort_key(value, &order)?;
                keys.push(SortExpr::new(key.expr.expr, key.ascending, key.nulls_first));
            }
            return Ok(RepartitionScheme::Range(keys, num_partitions));
        }
        let keys = self.arguments(expressions, &mut context)?;
        Ok(RepartitionScheme::Hash(keys.into_iter().map(|value| value.typed.expr).collect(), num_partitions))
    }

    pub(super) fn hint(&mut self, input: &Relation, name: &str, parameters: &[Expr]) -> SparkResult<Resolved> {
        let upper = name.to_uppercase();
        let strategy = match upper.as_str() {
            "BROADCAST" | "BROADCASTJOIN" | "MAPJOIN" => Some(JoinStrategyHint::Broadcast),
            "MERGE" | "SHUFFLE_MERGE" | "MERGEJOIN" => Some(JoinStrategyHint::ShuffleMerge),
            "SHUFFLE_HASH" => Some(JoinStrategyHint::ShuffleHash),
            "SHUFFLE_REPLICATE_NL" => Some(JoinStrategyHint::ShuffleReplicateNl),
            _ => None,
        };
        if let Some(strategy) = strategy {
            if parameters.is_empty() {
                let input = self.relation(input)?;
                let plan = extension(JoinHint::new(input.plan, strategy));
                return Ok(Resolved { plan, ..input });
            }
            let names: Vec<Vec<String>> = parameters
                .iter()
                .map(|p| hinted_name(p).ok_or_else(|| bad_join_hint(&upper, p)))
                .collect::<SparkResult<_>>()?;
            let depth = self.hints.len();
            self.hints.extend(names.into_iter().map(|name| (name, strategy)));
            let resolved = self.relation(input);
            self.hints.truncate(depth);
            return resolved;
        }
        let input = self.relation(input)?;
        let (number, columns) = match parameters.split_first() {
            Some((Expr { kind: ExprKind::Literal(literal), .. }, rest)) if as_count(literal).is_some() => {
                (as_count(literal), rest)
            }
            _ => (None, parameters),
        };
        let scheme_of = ["COALESCE", "REPARTITION", "REPARTITION_BY_RANGE", "REBALANCE"];
        if !scheme_of.contains(&upper.as_str()) {
            // Spark goes on without a hint that it does not know.
            log::warn!("Unrecognized hint: {name}");
            return Ok(input);
        }
        let columns = as_columns(columns, &upper)?;
        if number == Some(0) {
            return Err(not_positive(0));
        }
        let scheme = match upper.as_str() {
            "COALESCE" => match (number, columns.as_slice()) {
                (Some(number), []) => RepartitionScheme::Coalesce(number),
                _ => {
                    return Err(SparkError::analysis("_LEGACY_ERROR_TEMP_1048").param("hintName", upper));
                }
            },
            "REPARTITION" if number.is_none() && columns.is_empty() => RepartitionScheme::Rebalance(vec![], None),
            "REPARTITION" => self.scheme(&input, &columns, number)?,
            "REPARTITION_BY_RANGE" => {
                let keys: Vec<Expr> = columns
                    .iter()
                    .map(|column| {
                        ExprKind::SortOrder(Box::new(kindling_spec::SortOrder {
                            child: column.clone(),
                            direction: kindling_spec::SortDirection::Ascending,
                            null_ordering: None,
                        }))
                        .into()
                    })
                    .collect();
                self.scheme(&input, &keys, number)?
            }
            _ => match self.scheme(&input, &columns, number)? {
                RepartitionScheme::Hash(keys, number) => RepartitionScheme::Rebalance(keys, number),
                _ => RepartitionScheme::Rebalance(vec![], number),
            },
        };
        Ok(repartitioned(input, scheme))
    }
}

/// An error of a hint's parameters.
fn invalid_hint(condition: &'static str, message: String) -> SparkError {
    SparkError { message_override: Some(message), ..SparkError::analysis(condition) }
}

fn bad_join_hint(name: &str, parameter: &Expr) -> SparkError {
    invalid_hint(
        "_LEGACY_ERROR_TEMP_1046",
        format!("Join strategy hint parameter should be an identifier or string but was {parameter:?} ({name})."),
    )
}

fn repartitioned(input: Resolved, scheme: RepartitionScheme) -> Resolved {
    let plan = extension(Repartition { input: input.plan, scheme });
    Resolved { plan, scope: input.scope, below: Below::Nothing }
}

fn as_count(literal: &Literal) -> Option<usize> {
    match literal {
        Literal::Integer(n) => usize::try_from(*n).ok(),
        Literal::Long(n) => usize::try_from(*n).ok(),
        _ => None,
    }
}

/// A table named in a join hint.
fn hinted_name(parameter: &Expr) -> Option<Vec<String>> {
    match &parameter.kind {
        ExprKind::UnresolvedAttribute { name_parts, .. } => Some(name_parts.clone()),
        ExprKind::Literal(Literal::String(name)) => Some(name.split('.').map(str::to_string).collect()),
        _ => None,
    }
}

/// The parameters of a hint as columns; a text is the name of one. The DataFrame API's names have become columns before.
fn as_columns(parameters: &[Expr], hint: &str) -> SparkResult<Vec<Expr>> {
    let mut invalid = vec![];
    let mut columns = Vec::with_capacity(parameters.len());
    for (index, parameter) in parameters.iter().enumerate() {
        match &parameter.kind {
            ExprKind::Literal(Literal::String(text)) => columns.push(named(text, parameter)?),
            ExprKind::Literal(Literal::Integer(n)) if index == 0 && *n < 0 => return Err(not_positive(i64::from(*n))),
            ExprKind::Literal(Literal::Integer(n)) => invalid.push(format!("\"{n}\"")),
            ExprKind::Literal(Literal::Long(n)) => invalid.push(format!("\"{n}\"")),
            ExprKind::Literal(other) => invalid.push(format!("\"{other:?}\"")),
            _ => columns.push(parameter.clone()),
        }
    }
    if invalid.is_empty() {
        return Ok(columns);
    }
    Err(SparkError::analysis("_LEGACY_ERROR_TEMP_1047")
        .param("hintName", hint)
        .param("invalidParams", invalid.join(", ")))
}

fn named(text: &str, parameter: &Expr) -> SparkResult<Expr> {
    let name_parts = kindling_sql::parse_multipart_identifier(text)?;
    let kind = ExprKind::UnresolvedAttribute { name_parts, plan_id: None, is_metadata_column: false };
    Ok(Expr { kind, origin: parameter.origin.clone() })
}

/// What `require` of Spark's repartition operators says.
fn not_positive(number: i64) -> SparkError {
    let message = format!("requirement failed: Number of partitions ({number}) must be positive.");
    SparkError { message_override: Some(message), ..SparkError::new(ExceptionClass::IllegalArgument, "") }
}
