//! Changes of partitioning, and hints.

use datafusion::logical_expr::SortExpr;
use kindling_common::{SparkError, SparkResult};
use kindling_physical::JoinStrategyHint;
use kindling_spec::{DIRECT_SHUFFLE_PARTITION_ID, DataType, Expr, ExprKind, Literal, Relation};

use super::{
    Below, Resolved, Resolver,
    expression::{ExprContext, sort_key},
};
use crate::logical::{JoinHint, Repartition, RepartitionScheme, extension};

impl Resolver<'_> {
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
                let (key, _) = sort_key(value, &order);
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
            let names: Vec<String> = parameters.iter().filter_map(hinted_name).collect();
            let depth = self.hints.len();
            self.hints.extend(names.into_iter().map(|name| (name, strategy)));
            let resolved = self.relation(input);
            self.hints.truncate(depth);
            return resolved;
        }
        let input = self.relation(input)?;
        let (number, columns) = match parameters.split_first() {
            Some((Expr { kind: ExprKind::Literal(literal), .. }, rest)) => (as_count(literal), rest),
            _ => (None, parameters),
        };
        let columns: Vec<Expr> = columns.iter().map(as_column).collect();
        let scheme = match upper.as_str() {
            "COALESCE" => RepartitionScheme::Coalesce(number.ok_or_else(|| invalid_hint(&upper))?),
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
            "REBALANCE" => match self.scheme(&input, &columns, number)? {
                RepartitionScheme::Hash(keys, number) => RepartitionScheme::Rebalance(keys, number),
                _ => RepartitionScheme::Rebalance(vec![], number),
            },
            // Spark logs a warning about a hint it does not know and goes on.
            _ => return Ok(input),
        };
        Ok(repartitioned(input, scheme))
    }
}

fn invalid_hint(name: &str) -> SparkError {
    SparkError::internal(format!("{name} Hint expects a partition number as a parameter"))
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
fn hinted_name(parameter: &Expr) -> Option<String> {
    match &parameter.kind {
        ExprKind::UnresolvedAttribute { name_parts, .. } => name_parts.last().cloned(),
        ExprKind::Literal(Literal::String(name)) => Some(name.clone()),
        _ => None,
    }
}

/// A hint's parameter as a column: the DataFrame API sends names as strings.
fn as_column(parameter: &Expr) -> Expr {
    match &parameter.kind {
        ExprKind::Literal(Literal::String(name)) => Expr::column([name.clone()]),
        _ => parameter.clone(),
    }
}
