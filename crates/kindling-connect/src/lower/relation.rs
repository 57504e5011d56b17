//! Relations.

use std::{collections::BTreeMap, sync::Arc};

use kindling_common::{SparkError, SparkResult};
use kindling_proto::connect::{
    self as proto, Relation as ProtoRelation, aggregate, join, parse, read::ReadType, relation::RelType, set_operation,
};
use kindling_spec::{
    Aggregate, AsOfJoin, DataSource, Expr, ExprKind, GroupType, Join, JoinCriteria, JoinType, Literal, NearestByJoin,
    Options, Origin, PythonUdf, Relation, RelationKind, SampleMethod, SetOpType, Unpivot,
};

use super::{
    catalog::lower_catalog,
    count,
    data_type::{lower_data_type, parse_schema},
    expression::{self, lower_expression, lower_literal_expression, lower_origin, lower_sort_order},
    invalid_plan, required,
};

type Input = Option<Box<ProtoRelation>>;

/// A protocol relation as an unresolved relation.
pub fn lower_relation(relation: &ProtoRelation) -> SparkResult<Relation> {
    let kind = lower_kind(required(relation.rel_type.as_ref(), "relation")?)?;
    let common = relation.common.as_ref();
    Ok(Relation {
        kind,
        plan_id: common.and_then(|common| common.plan_id),
        origin: common.and_then(|common| common.origin.as_ref()).map_or(Origin::None, lower_origin),
    })
}

#[allow(clippy::too_many_lines)] // The match over the protocol's relations: an arm each.
fn lower_kind(relation: &RelType) -> SparkResult<RelationKind> {
    Ok(match relation {
        RelType::Read(read) => lower_read(read)?,
        RelType::Project(project) => {
            let expressions = lower_all(&project.expressions)?;
            match &project.input {
                Some(input) => RelationKind::Project { input: Box::new(lower_relation(input)?), expressions },
                None => RelationKind::Project { input: Box::new(RelationKind::OneRow.into()), expressions },
            }
        }
        RelType::Filter(filter) => RelationKind::Filter {
            input: input(&filter.input)?,
            condition: lower_expression(required(filter.condition.as_ref(), "condition")?)?,
        },
        RelType::Join(join) => RelationKind::Join(Box::new(lower_join(join)?)),
        RelType::SetOp(set_op) => RelationKind::SetOperation {
            left: input(&set_op.left_input)?,
            right: input(&set_op.right_input)?,
            op: match set_op.set_op_type() {
                set_operation::SetOpType::Union => SetOpType::Union,
                set_operation::SetOpType::Intersect => SetOpType::Intersect,
                set_operation::SetOpType::Except => SetOpType::Except,
                set_operation::SetOpType::Unspecified => {
                    return Err(invalid_plan("set operation type is not set".to_string()));
                }
            },
            all: set_op.is_all.unwrap_or(false),
            by_name: set_op.by_name.unwrap_or(false),
            allow_missing_columns: set_op.allow_missing_columns.unwrap_or(false),
        },
        RelType::Sort(sort) => RelationKind::Sort {
            input: input(&sort.input)?,
            order: sort.order.iter().map(lower_sort_order).collect::<SparkResult<_>>()?,
            global: sort.is_global.unwrap_or(true),
        },
        RelType::Limit(limit) => {
            RelationKind::Limit { input: input(&limit.input)?, limit: Box::new(integer(limit.limit)) }
        }
        RelType::Offset(offset) => {
            RelationKind::Offset { input: input(&offset.input)?, offset: Box::new(integer(offset.offset)) }
        }
        RelType::Tail(tail) => RelationKind::Tail { input: input(&tail.input)?, limit: Box::new(integer(tail.limit)) },
        RelType::Aggregate(aggregate) => RelationKind::Aggregate(Box::new(lower_aggregate(aggregate)?)),
        RelType::Sql(sql) => lower_sql(sql)?,
        RelType::LocalRelation(local) => RelationKind::LocalRelation {
            data: local.data.as_ref().map(|data| Arc::from(data.as_ref())),
            schema: local.schema.as_deref().filter(|schema| !schema.is_empty()).map(parse_schema).transpose()?,
        },
        RelType::ChunkedCachedLocalRelation(cached) => RelationKind::CachedLocalRelation {
            data_hashes: cached.data_hashes.clone(),
            schema_hash: cached.schema_hash.clone(),
        },
        // One artifact holds a whole LocalRelation message; only clients before 4.1 send it.
        RelType::CachedLocalRelation(_) => unsupported("cached local relations of clients before 4.1"),
        RelType::Sample(sample) => RelationKind::Sample {
            input: input(&sample.input)?,
            method: SampleMethod::Fraction {
                lower: sample.lower_bound,
                upper: sample.upper_bound,
                with_replacement: sample.with_replacement.unwrap_or(false),
            },
            seed: sample.seed,
            deterministic_order: sample.deterministic_order,
        },
        RelType::Deduplicate(deduplicate) => RelationKind::Deduplicate {
            input: input(&deduplicate.input)?,
            columns: deduplicate.column_names.clone(),
            all_columns: deduplicate.all_columns_as_keys.unwrap_or(false),
            within_watermark: deduplicate.within_watermark.unwrap_or(false),
        },
        RelType::Range(range) => RelationKind::Range {
            start: range.start.unwrap_or(0),
            end: range.end,
            step: range.step,
            num_partitions: range.num_partitions.map(|n| count(n, "num_partitions")).transpose()?,
        },
        RelType::SubqueryAlias(alias) => {
            RelationKind::SubqueryAlias { input: input(&alias.input)?, alias: alias.alias.clone(), columns: vec![] }
        }
        RelType::Repartition(repartition) => RelationKind::Repartition {
            input: input(&repartition.input)?,
            num_partitions: count(repartition.num_partitions, "num_partitions")?,
            shuffle: repartition.shuffle.unwrap_or(false),
        },
        RelType::RepartitionByExpression(repartition) => RelationKind::RepartitionByExpression {
            input: input(&repartition.input)?,
            expressions: lower_all(&repartition.partition_exprs)?,
            num_partitions: repartition.num_partitions.map(|n| count(n, "num_partitions")).transpose()?,
        },
        RelType::ToDf(to_df) => {
            RelationKind::ToDf { input: input(&to_df.input)?, column_names: to_df.column_names.clone() }
        }
        RelType::WithColumnsRenamed(renamed) => {
            let mut renames: Vec<(String, String)> =
                renamed.renames.iter().map(|rename| (rename.col_name.clone(), rename.new_col_name.clone())).collect();
            #[allow(deprecated)] // Clients before 4.0 send the map.
            renames.extend(renamed.rename_columns_map.iter().map(|(old, new)| (old.clone(), new.clone())));
            RelationKind::WithColumnsRenamed { input: input(&renamed.input)?, renames }
        }
        RelType::WithColumns(with) => RelationKind::WithColumns {
            input: input(&with.input)?,
            aliases: with
                .aliases
                .iter()
                .map(|alias| Ok(expression::lower_alias(alias)?.into()))
                .collect::<SparkResult<_>>()?,
        },
        RelType::ShowString(show) => RelationKind::ShowString {
            input: input(&show.input)?,
            num_rows: usize::try_from(show.num_rows).unwrap_or(0),
            truncate: usize::try_from(show.truncate).unwrap_or(0),
            vertical: show.vertical,
        },
        RelType::HtmlString(html) => RelationKind::HtmlString {
            input: input(&html.input)?,
            num_rows: usize::try_from(html.num_rows).unwrap_or(0),
            truncate: usize::try_from(html.truncate).unwrap_or(0),
        },
        RelType::Drop(drop) => RelationKind::Drop {
            input: input(&drop.input)?,
            columns: lower_all(&drop.columns)?,
            column_names: drop.column_names.clone(),
        },
        RelType::Hint(hint) => RelationKind::Hint {
            input: input(&hint.input)?,
            name: hint.name.clone(),
            parameters: lower_all(&hint.parameters)?.into_iter().map(name_as_column).collect(),
        },
        RelType::Unpivot(unpivot) => RelationKind::Unpivot(Box::new(lower_unpivot(unpivot)?)),
        RelType::ToSchema(to) => match lower_data_type(required(to.schema.as_ref(), "schema")?)? {
            kindling_spec::DataType::Struct(schema) => RelationKind::ToSchema { input: input(&to.input)?, schema },
            other => return Err(invalid_plan(format!("schema must be a struct, not {}", other.simple_string()))),
        },
        RelType::MapPartitions(map) => RelationKind::MapPartitions {
            input: input(&map.input)?,
            function: Box::new(python_function(map.func.as_ref())?),
            is_barrier: map.is_barrier.unwrap_or(false),
        },
        RelType::GroupMap(map) => RelationKind::GroupMap {
            input: input(&map.input)?,
            grouping: lower_all(&map.grouping_expressions)?,
            function: Box::new(python_function(map.func.as_ref())?),
        },
        RelType::CoGroupMap(map) => RelationKind::CoGroupMap {
            left: input(&map.input)?,
            left_grouping: lower_all(&map.input_grouping_expressions)?,
            right: input(&map.other)?,
            right_grouping: lower_all(&map.other_grouping_expressions)?,
            function: Box::new(python_function(map.func.as_ref())?),
        },
        RelType::CollectMetrics(collect) => RelationKind::CollectMetrics {
            input: input(&collect.input)?,
            name: collect.name.clone(),
            metrics: lower_all(&collect.metrics)?,
        },
        RelType::Parse(parse) => RelationKind::Parse {
            input: input(&parse.input)?,
            format: match parse.format() {
                parse::ParseFormat::Csv => "csv".to_string(),
                parse::ParseFormat::Json => "json".to_string(),
                parse::ParseFormat::Xml => "xml".to_string(),
                parse::ParseFormat::Unspecified => return Err(invalid_plan("parse format is not set".to_string())),
            },
            schema: match parse.schema.as_ref().map(lower_data_type).transpose()? {
                Some(kindling_spec::DataType::Struct(schema)) => Some(schema),
                Some(other) => {
                    return Err(invalid_plan(format!("schema must be a struct, not {}", other.simple_string())));
                }
                None => None,
            },
            options: options(&parse.options),
        },
        RelType::CachedRemoteRelation(cached) => {
            RelationKind::CachedRemoteRelation { relation_id: cached.relation_id.clone() }
        }
        RelType::CommonInlineUserDefinedTableFunction(function) => {
            RelationKind::PythonTableFunction { function: Box::new(lower_table_function(function)?) }
        }
        RelType::WithRelations(with) => RelationKind::WithRelations {
            root: input(&with.root)?,
            references: with.references.iter().map(lower_relation).collect::<SparkResult<_>>()?,
        },
        RelType::Transpose(transpose) => RelationKind::Transpose {
            input: input(&transpose.input)?,
            index_columns: lower_all(&transpose.index_columns)?,
        },
        RelType::UnresolvedTableValuedFunction(function) => RelationKind::TableValuedFunction {
            name: kindling_sql::parse_multipart_identifier(&function.function_name)?,
            arguments: lower_all(&function.arguments)?,
        },
        RelType::LateralJoin(join) => RelationKind::Join(Box::new(Join {
            left: *input(&join.left)?,
            right: *input(&join.right)?,
            join_type: lower_join_type(join.join_type())?,
            criteria: match &join.join_condition {
                Some(condition) => JoinCriteria::On(lower_expression(condition)?),
                None => JoinCriteria::None,
            },
            lateral: true,
        })),
        RelType::FillNa(fill) => RelationKind::FillNa {
            input: input(&fill.input)?,
            columns: fill.cols.clone(),
            values: fill.values.iter().map(lower_literal_expression).collect::<SparkResult<_>>()?,
        },
        RelType::DropNa(drop) => RelationKind::DropNa {
            input: input(&drop.input)?,
            columns: drop.cols.clone(),
            min_non_nulls: drop.min_non_nulls.map(|n| usize::try_from(n).unwrap_or(0)),
        },
        RelType::Replace(replace) => RelationKind::ReplaceNa {
            input: input(&replace.input)?,
            columns: replace.cols.clone(),
            replacements: replace.replacements.iter().map(lower_replacement).collect::<SparkResult<_>>()?,
        },
        RelType::Summary(summary) => {
            RelationKind::Summary { input: input(&summary.input)?, statistics: summary.statistics.clone() }
        }
        RelType::Describe(describe) => {
            RelationKind::Describe { input: input(&describe.input)?, columns: describe.cols.clone() }
        }
        RelType::Crosstab(crosstab) => RelationKind::Crosstab {
            input: input(&crosstab.input)?,
            column1: crosstab.col1.clone(),
            column2: crosstab.col2.clone(),
        },
        RelType::Cov(cov) => {
            RelationKind::Cov { input: input(&cov.input)?, column1: cov.col1.clone(), column2: cov.col2.clone() }
        }
        RelType::Corr(corr) => RelationKind::Corr {
            input: input(&corr.input)?,
            column1: corr.col1.clone(),
            column2: corr.col2.clone(),
            method: corr.method.clone(),
        },
        RelType::ApproxQuantile(quantile) => RelationKind::ApproxQuantile {
            input: input(&quantile.input)?,
            columns: quantile.cols.clone(),
            probabilities: quantile.probabilities.clone(),
            relative_error: quantile.relative_error,
        },
        RelType::FreqItems(items) => {
            RelationKind::FreqItems { input: input(&items.input)?, columns: items.cols.clone(), support: items.support }
        }
        RelType::SampleBy(sample) => RelationKind::SampleBy {
            input: input(&sample.input)?,
            column: Box::new(lower_expression(required(sample.col.as_ref(), "col")?)?),
            fractions: sample
                .fractions
                .iter()
                .map(|fraction| {
                    let stratum = lower_literal_expression(required(fraction.stratum.as_ref(), "stratum")?)?;
                    Ok((stratum, fraction.fraction))
                })
                .collect::<SparkResult<_>>()?,
            seed: sample.seed,
        },
        RelType::Catalog(catalog) => RelationKind::Command(Box::new(lower_catalog(catalog)?)),
        RelType::WithWatermark(watermark) => RelationKind::WithWatermark {
            input: input(&watermark.input)?,
            event_time: watermark.event_time.clone(),
            delay_threshold: watermark.delay_threshold.clone(),
        },
        RelType::ApplyInPandasWithState(_) => unsupported("applyInPandasWithState"),
        RelType::AsOfJoin(join) => RelationKind::AsOfJoin(Box::new(lower_as_of_join(join)?)),
        RelType::NearestByJoin(join) => RelationKind::NearestByJoin(Box::new(NearestByJoin {
            left: *input(&join.left)?,
            right: *input(&join.right)?,
            ranking: lower_expression(required(join.ranking_expression.as_ref(), "ranking expression")?)?,
            num_results: join.num_results,
            join_type: join.join_type.clone(),
            mode: join.mode.clone(),
            direction: join.direction.clone(),
        })),
        RelType::Zip(_) => unsupported("zip"),
        RelType::CommonInlineUserDefinedDataSource(_) => unsupported("Python data sources"),
        RelType::RelationChanges(_) => unsupported("table changes"),
        RelType::MlRelation(_) => unsupported("pyspark.ml"),
        RelType::Extension(_) => unsupported("relation extensions of the protocol"),
        RelType::Unknown(_) => return Err(invalid_plan("unknown relation".to_string())),
    })
}

fn unsupported(name: &str) -> RelationKind {
    RelationKind::Unsupported { name: name.to_string() }
}

fn input(relation: &Input) -> SparkResult<Box<Relation>> {
    Ok(Box::new(lower_relation(required(relation.as_deref(), "input relation")?)?))
}

fn lower_all(expressions: &[proto::Expression]) -> SparkResult<Vec<Expr>> {
    expression::lower_all(expressions)
}

fn integer(value: i32) -> Expr {
    Expr::literal(Literal::Integer(value))
}

pub(super) fn options<'a>(options: impl IntoIterator<Item = (&'a String, &'a String)>) -> Options {
    options.into_iter().map(|(key, value)| (key.clone(), value.clone())).collect()
}

fn lower_read(read: &proto::Read) -> SparkResult<RelationKind> {
    Ok(match required(read.read_type.as_ref(), "read type")? {
        ReadType::NamedTable(table) => RelationKind::NamedTable {
            name: kindling_sql::parse_multipart_identifier(&table.unparsed_identifier)?,
            options: options(&table.options),
            temporal: None,
            is_streaming: read.is_streaming,
        },
        ReadType::DataSource(source) => RelationKind::DataSource(DataSource {
            format: source.format.clone().filter(|format| !format.is_empty()),
            schema: source.schema.clone().filter(|schema| !schema.is_empty()),
            options: options(&source.options),
            paths: source.paths.clone(),
            predicates: source.predicates.clone(),
            is_streaming: read.is_streaming,
        }),
    })
}

fn lower_join(join: &proto::Join) -> SparkResult<Join> {
    let criteria = match &join.join_condition {
        Some(condition) => JoinCriteria::On(lower_expression(condition)?),
        None if !join.using_columns.is_empty() => JoinCriteria::Using(join.using_columns.clone()),
        None => JoinCriteria::None,
    };
    if join.join_data_type.is_some_and(|types| types.is_left_struct || types.is_right_struct) {
        return Err(SparkError::unsupported("joinWith"));
    }
    Ok(Join {
        left: *input(&join.left)?,
        right: *input(&join.right)?,
        join_type: lower_join_type(join.join_type())?,
        criteria,
        lateral: false,
    })
}

fn lower_as_of_join(join: &proto::AsOfJoin) -> SparkResult<AsOfJoin> {
    Ok(AsOfJoin {
        left: *input(&join.left)?,
        right: *input(&join.right)?,
        left_as_of: lower_expression(required(join.left_as_of.as_ref(), "left as-of column")?)?,
        right_as_of: lower_expression(required(join.right_as_of.as_ref(), "right as-of column")?)?,
        criteria: match &join.join_expr {
            Some(condition) => JoinCriteria::On(lower_expression(condition)?),
            None if !join.using_columns.is_empty() => JoinCriteria::Using(join.using_columns.clone()),
            None => JoinCriteria::None,
        },
        join_type: join.join_type.clone(),
        tolerance: join.tolerance.as_ref().map(lower_expression).transpose()?,
        allow_exact_matches: join.allow_exact_matches,
        direction: join.direction.clone(),
    })
}

fn lower_join_type(join_type: join::JoinType) -> SparkResult<JoinType> {
    Ok(match join_type {
        join::JoinType::Inner => JoinType::Inner,
        join::JoinType::FullOuter => JoinType::FullOuter,
        join::JoinType::LeftOuter => JoinType::LeftOuter,
        join::JoinType::RightOuter => JoinType::RightOuter,
        join::JoinType::LeftAnti => JoinType::LeftAnti,
        join::JoinType::LeftSemi => JoinType::LeftSemi,
        join::JoinType::Cross => JoinType::Cross,
        join::JoinType::Unspecified => return Err(invalid_plan("join type is not set".to_string())),
    })
}

fn lower_aggregate(aggregate: &proto::Aggregate) -> SparkResult<Aggregate> {
    let pivot = match &aggregate.pivot {
        Some(pivot) => Some((
            lower_expression(required(pivot.col.as_ref(), "pivot column")?)?,
            pivot.values.iter().map(lower_literal_expression).collect::<SparkResult<_>>()?,
        )),
        None => None,
    };
    Ok(Aggregate {
        input: *input(&aggregate.input)?,
        group_type: match aggregate.group_type() {
            aggregate::GroupType::Groupby | aggregate::GroupType::Pivot => GroupType::GroupBy,
            aggregate::GroupType::Rollup => GroupType::Rollup,
            aggregate::GroupType::Cube => GroupType::Cube,
            aggregate::GroupType::GroupingSets => GroupType::GroupingSets,
            aggregate::GroupType::Unspecified => return Err(invalid_plan("group type is not set".to_string())),
        },
        grouping: lower_all(&aggregate.grouping_expressions)?,
        grouping_sets: aggregate
            .grouping_sets
            .iter()
            .map(|set| lower_all(&set.grouping_set))
            .collect::<SparkResult<_>>()?,
        aggregates: lower_all(&aggregate.aggregate_expressions)?,
        with_grouping_expressions: true,
        pivot,
    })
}

pub(super) fn lower_sql(sql: &proto::Sql) -> SparkResult<RelationKind> {
    let mut named_arguments: BTreeMap<String, Expr> = BTreeMap::new();
    for (name, value) in &sql.named_arguments {
        named_arguments.insert(name.clone(), lower_expression(value)?);
    }
    let mut positional_arguments = lower_all(&sql.pos_arguments)?;
    #[allow(deprecated)] // Clients before 4.0 send literals.
    {
        for (name, value) in &sql.args {
            named_arguments.insert(name.clone(), Expr::literal(lower_literal_expression(value)?));
        }
        for value in &sql.pos_args {
            positional_arguments.push(Expr::literal(lower_literal_expression(value)?));
        }
    }
    Ok(RelationKind::Sql { query: sql.query.clone(), named_arguments, positional_arguments })
}

fn lower_unpivot(unpivot: &proto::Unpivot) -> SparkResult<Unpivot> {
    let values = match &unpivot.values {
        Some(values) => Some(
            values.values.iter().map(|value| Ok((vec![lower_expression(value)?], None))).collect::<SparkResult<_>>()?,
        ),
        None => None,
    };
    Ok(Unpivot {
        input: *input(&unpivot.input)?,
        ids: Some(lower_all(&unpivot.ids)?),
        values,
        variable_column_name: unpivot.variable_column_name.clone(),
        value_column_names: vec![unpivot.value_column_name.clone()],
        include_nulls: true,
    })
}

fn lower_replacement(replacement: &proto::na_replace::Replacement) -> SparkResult<(Literal, Literal)> {
    Ok((
        lower_literal_expression(required(replacement.old_value.as_ref(), "old value")?)?,
        lower_literal_expression(required(replacement.new_value.as_ref(), "new value")?)?,
    ))
}

fn python_function(function: Option<&proto::CommonInlineUserDefinedFunction>) -> SparkResult<PythonUdf> {
    expression::lower_user_defined_function(required(function, "function")?)
}

pub(super) fn lower_table_function(function: &proto::CommonInlineUserDefinedTableFunction) -> SparkResult<PythonUdf> {
    use proto::common_inline_user_defined_table_function::Function;
    let Function::PythonUdtf(python) = required(function.function.as_ref(), "function")?;
    Ok(PythonUdf {
        name: function.function_name.clone(),
        deterministic: function.deterministic,
        arguments: lower_all(&function.arguments)?,
        output_type: python.return_type.as_ref().map_or(Ok(kindling_spec::DataType::Null), lower_data_type)?,
        eval_type: python.eval_type,
        command: python.command.to_vec(),
        python_ver: python.python_ver.clone(),
    })
}

/// A hint's parameter: names come as strings (`SparkConnectPlanner.transformHint`).
fn name_as_column(parameter: Expr) -> Expr {
    match &parameter.kind {
        ExprKind::Literal(Literal::String(name)) => match kindling_sql::parse_multipart_identifier(name) {
            Ok(parts) => Expr::column(parts),
            Err(_) => Expr::column([name.clone()]),
        },
        _ => parameter,
    }
}
