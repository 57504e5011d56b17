//! From the unresolved plan to a DataFusion plan whose columns are [`Attribute`]s.
//!
//! One file a relation; this one holds the match. Spark's analyzer applies rules until nothing changes; here
//! children are resolved first and a node once. What needs to look below a node (`ORDER BY` of a column that the
//! select list leaves out, `HAVING`) uses [`Below`].

mod aggregate;
mod bucketing;
mod char_type;
mod collect_metrics;
mod columns;
mod expression;
mod filter;
mod generate;
mod join;
mod lateral;
mod limit;
mod local;
mod nearest_join;
mod parse;
mod plan;
mod project;
mod qualify;
mod range;
mod recursive_cte;
mod repartition;
mod routine;
mod scope;
mod set_operation;
mod sort;
mod sql_text;
mod stat_functions;
mod statistics;
mod streaming;
mod subquery_alias;
mod suggest;
mod table;
mod unpivot;
mod values;
mod view_schema;
mod with_windows;
mod xml;

use std::{collections::BTreeMap, sync::atomic::AtomicU64};

use datafusion::logical_expr::LogicalPlan;
use kindling_common::{RuntimeConfig, SparkError, SparkResult, conf};
use kindling_functions::{FunctionConf, SessionTimeZone, TypedExpr};
use kindling_physical::JoinStrategyHint;
use kindling_spec::{Cte, Relation, RelationKind, WindowExpr};

use self::{
    aggregate::AggregateState,
    recursive_cte::BoundRows,
    scope::{NameMatch, Scope},
};
pub(crate) use self::{
    char_type::raw_schema,
    view_schema::{default_schema_mode, schema_mode},
};
use crate::{AnalyzedPlan, Attribute, SessionState};

/// A resolved relation.
#[derive(Debug, Clone)]
pub(crate) struct Resolved {
    /// The plan; its schema holds at least the columns of `scope`.
    pub plan: LogicalPlan,
    /// What names may refer to.
    pub scope: Scope,
    /// What can still be reached below the topmost node.
    pub below: Below,
}

/// A resolved query whose plan may have columns that its user cannot see, such as the second key of a `USING` join.
#[derive(Debug, Clone)]
pub(crate) struct Untrimmed {
    /// The plan.
    pub plan: LogicalPlan,
    /// The visible columns.
    pub output: Vec<Attribute>,
    /// As in [`AnalyzedPlan`].
    pub analyzed_at: i64,
}

impl Untrimmed {
    /// Where the visible columns are in the plan.
    pub fn columns(&self) -> Vec<usize> {
        let fields = self.plan.schema().fields();
        let find = |name: String| fields.iter().position(|field| *field.name() == name);
        self.output.iter().filter_map(|attribute| find(attribute.internal_name())).collect()
    }
}

/// What lies below the topmost node, for `ORDER BY`, `WHERE` and `HAVING` over it.
#[derive(Debug, Clone)]
pub(crate) enum Below {
    /// Nothing that may be reached.
    Nothing,
    /// The node is a projection (maybe with filters and sorts above): the columns it was made from.
    Project(Box<Scope>),
    /// The node is an aggregate with its select list.
    Aggregate(Box<AggregateState>),
}

impl Resolved {
    /// A relation with nothing to reach below.
    pub fn new(plan: LogicalPlan, attributes: Vec<Attribute>) -> Resolved {
        Resolved { plan, scope: Scope::new(attributes), below: Below::Nothing }
    }

    /// The visible columns.
    pub fn attributes(&self) -> &[Attribute] {
        &self.scope.attributes
    }
}

/// A CTE in scope, with how many of the CTEs before it it may see.
#[derive(Debug, Clone)]
struct CteInScope {
    cte: Cte,
    visible: usize,
    recursive: bool,
}

/// Resolves the relations of one query.
pub(crate) struct Resolver<'a> {
    state: &'a SessionState,
    conf: RuntimeConfig,
    functions: FunctionConf,
    names: NameMatch,
    ctes: Vec<CteInScope>,
    /// Scopes of the queries around a subquery, the innermost last.
    outer: Vec<Scope>,
    /// Relations of `WithRelations`, by plan id.
    references: BTreeMap<i64, Relation>,
    /// Named windows in scope.
    windows: Vec<(String, WindowExpr)>,
    /// Join hints in scope, by the name of a table or alias.
    hints: Vec<(Vec<String>, JoinStrategyHint)>,
    /// Rows that names of recursive CTEs mean just now.
    bound: Vec<BoundRows>,
    /// Names of the columns that recursive references gave since they were last looked at.
    bound_columns: Vec<String>,
    /// How many rows of a recursive CTE are enough.
    row_goal: Option<usize>,
    /// Whether the relation to be resolved next is the whole query of a CTE or of a subquery expression.
    starts_query: bool,
    /// Views being expanded, to find cycles.
    views: Vec<String>,
    /// SQL functions whose bodies are being resolved, to find cycles.
    routines: Vec<String>,
    /// Temporary views, functions and variables that were used, outside of views: what a persistent object may not hold.
    temporary_used: Vec<(&'static str, String)>,
    /// Whether a table or view was looked up by its name.
    reads_data: bool,
    /// Observations of the query and what they observe.
    observations: Vec<(String, Vec<String>)>,
}

impl<'a> Resolver<'a> {
    /// A resolver with a snapshot of the session's configuration.
    pub fn new(state: &'a SessionState) -> SparkResult<Resolver<'a>> {
        let values = state.conf.read().clone();
        let case_sensitive = values.boolean(&conf::CASE_SENSITIVE);
        let functions = FunctionConf {
            ansi: values.boolean(&conf::ANSI_ENABLED),
            time_zone: SessionTimeZone::parse(values.value(&conf::SESSION_TIME_ZONE))?,
            case_sensitive,
            map_key_last_win: values.value(&conf::MAP_KEY_DEDUP_POLICY).eq_ignore_ascii_case("LAST_WIN"),
            timestamp_ntz_default: values.value(&conf::TIMESTAMP_TYPE).eq_ignore_ascii_case("TIMESTAMP_NTZ"),
            allow_precision_loss: !values
                .get("spark.sql.decimalOperations.allowPrecisionLoss")
                .is_some_and(|value| value.eq_ignore_ascii_case("false")),
            query_start_micros: state.now_micros(),
            current_database: state.catalog.current_database(),
            random_seed: state.random_seed(),
            next_id: AtomicU64::new(state.next_id()),
            ..FunctionConf::default()
        };
        Ok(Resolver {
            state,
            conf: values,
            functions,
            names: NameMatch { case_sensitive },
            ctes: vec![],
            outer: vec![],
            references: BTreeMap::new(),
            windows: vec![],
            hints: vec![],
            bound: vec![],
            bound_columns: vec![],
            row_goal: None,
            starts_query: false,
            views: vec![],
            routines: vec![],
            temporary_used: vec![],
            reads_data: false,
            observations: vec![],
        })
    }

    /// The session as functions see it.
    pub fn function_conf(&self) -> &FunctionConf {
        &self.functions
    }

    /// Resolves a whole query: the plan's columns are the visible ones, in order.
    pub fn analyze(mut self, relation: &Relation) -> SparkResult<AnalyzedPlan> {
        let resolved = self.relation(relation)?;
        let output = resolved.scope.attributes.clone();
        let plan = plan::select_attributes(resolved.plan, &output)?;
        Ok(AnalyzedPlan { plan, output, analyzed_at: self.functions.query_start_micros })
    }

    /// Resolves a whole query as it is when it is a part of another.
    pub fn analyze_part(mut self, relation: &Relation) -> SparkResult<Untrimmed> {
        let resolved = self.relation(relation)?;
        let output = resolved.scope.attributes;
        Ok(Untrimmed { plan: resolved.plan, output, analyzed_at: self.functions.query_start_micros })
    }

    /// A temporary view, function or variable that a relation uses.
    pub fn temporary_in(mut self, relation: &Relation) -> SparkResult<Option<(&'static str, String)>> {
        self.relation(relation)?;
        Ok(self.temporary_used.into_iter().next())
    }

    /// Resolves a relation.
    pub fn relation(&mut self, relation: &Relation) -> SparkResult<Resolved> {
        if !matches!(relation.kind, RelationKind::WithCtes { .. }) {
            self.starts_query = false;
        }
        let mut resolved = self.relation_kind(relation).map_err(|error| error.at(&relation.origin))?;
        let Scope { attributes, hidden, .. } = &mut resolved.scope;
        for attribute in attributes.iter_mut() {
            attribute.lift(relation.plan_id);
        }
        for attribute in hidden.iter_mut() {
            attribute.lift(None);
        }
        match &mut resolved.below {
            Below::Aggregate(aggregate) => aggregate.lift(relation.plan_id),
            Below::Project(scope) => {
                for attribute in scope.attributes.iter_mut().chain(&mut scope.hidden) {
                    attribute.lift(None);
                }
            }
            Below::Nothing => {}
        }
        Ok(resolved)
    }

    fn relation_kind(&mut self, relation: &Relation) -> SparkResult<Resolved> {
        match &relation.kind {
            RelationKind::OneRow => Ok(Resolved::new(plan::one_row(), vec![])),
            RelationKind::NamedTable { name, options, temporal, is_streaming } => {
                self.named_table(name, options, temporal.as_deref(), *is_streaming)
            }
            RelationKind::DataSource(source) => self.data_source(source),
            RelationKind::Range { start, end, step, num_partitions } => {
                self.range(*start, *end, *step, *num_partitions)
            }
            RelationKind::LocalRelation { data, schema } => self.local_relation(data.as_deref(), schema.as_ref()),
            RelationKind::CachedLocalRelation { data_hashes, schema_hash } => {
                self.cached_local_relation(data_hashes, schema_hash.as_deref())
            }
            RelationKind::Values { rows } => self.values(rows),
            RelationKind::TableValuedFunction { name, arguments } => self.table_function(name, arguments),
            RelationKind::Project { input, expressions } => self.project(input, expressions),
            RelationKind::Filter { input, condition } => self.filter(input, condition),
            RelationKind::Having { input, condition } => self.having(input, condition),
            RelationKind::Qualify { input, condition } => self.qualify(input, condition),
            RelationKind::Join(join) => self.join(join),
            RelationKind::AsOfJoin(join) => self.as_of_join(join),
            RelationKind::NearestByJoin(join) => self.nearest_by_join(join),
            RelationKind::SetOperation { left, right, op, all, by_name, allow_missing_columns } => {
                self.set_operation(left, right, *op, *all, *by_name, *allow_missing_columns)
            }
            RelationKind::Sort { input, order, global } => self.sort(input, order, *global),
            RelationKind::Limit { input, limit } => self.limit(input, limit),
            RelationKind::Offset { input, offset } => self.offset(input, offset),
            RelationKind::Tail { input, limit } => self.tail(input, limit),
            RelationKind::Aggregate(aggregate) => self.aggregate(aggregate),
            RelationKind::Distinct { input } => self.distinct(input),
            RelationKind::Deduplicate { input, columns, all_columns, within_watermark } => {
                self.deduplicate(input, columns, *all_columns, *within_watermark)
            }
            RelationKind::WithWatermark { input, event_time, delay_threshold } => {
                self.with_watermark(input, event_time, delay_threshold)
            }
            RelationKind::Sample { input, method, seed, deterministic_order } => {
                self.sample(input, method, *seed, *deterministic_order)
            }
            RelationKind::WithColumns { input, aliases } => self.with_columns(input, aliases),
            RelationKind::WithColumnsRenamed { input, renames } => self.with_columns_renamed(input, renames),
            RelationKind::Drop { input, columns, column_names } => self.drop_columns(input, columns, column_names),
            RelationKind::ToDf { input, column_names } => self.renamed_to(input, column_names),
            RelationKind::ToSchema { input, schema } => self.with_schema(input, schema),
            RelationKind::SubqueryAlias { input, alias, columns } => self.subquery_alias(input, alias, columns),
            RelationKind::Repartition { input, num_partitions, shuffle } => {
                self.repartition(input, *num_partitions, *shuffle)
            }
            RelationKind::RepartitionByExpression { input, expressions, num_partitions } => {
                self.repartition_by_expression(input, expressions, *num_partitions)
            }
            RelationKind::Hint { input, name, parameters } => self.hint(input, name, parameters),
            RelationKind::LateralView { input, generator, outer, table_alias, column_aliases } => {
                self.lateral_view(input, generator, *outer, table_alias.as_deref(), column_aliases)
            }
            RelationKind::Lateral { input } => self.relation(input),
            RelationKind::WithCtes { input, ctes, recursive } => self.with_ctes(input, ctes, *recursive),
            RelationKind::WithWindows { input, windows } => {
                let depth = self.windows.len();
                self.windows.extend(windows.iter().cloned());
                let resolved = self.relation(input);
                self.windows.truncate(depth);
                resolved
            }
            RelationKind::Sql { query, named_arguments, positional_arguments } => {
                self.sql(query, named_arguments, positional_arguments)
            }
            RelationKind::WithRelations { root, references } => {
                let depth = self.ctes.len();
                for reference in references {
                    if let Some(plan_id) = reference.plan_id {
                        self.references.insert(plan_id, reference.clone());
                    }
                    // DataFrames in a text (`spark.sql("… {df}", df=df)`) have names.
                    if let RelationKind::SubqueryAlias { input, alias, columns } = &reference.kind {
                        let (name, query) = (alias.clone(), input.as_ref().clone());
                        let cte = Cte { name, columns: columns.clone(), query, max_recursion: None };
                        self.ctes.push(CteInScope { cte, visible: depth, recursive: false });
                    }
                }
                let resolved = self.relation(root);
                self.ctes.truncate(depth);
                resolved
            }
            RelationKind::CachedRemoteRelation { relation_id } => self.cached_remote_relation(relation_id),
            RelationKind::FillNa { input, columns, values } => self.fill_na(input, columns, values),
            RelationKind::DropNa { input, columns, min_non_nulls } => self.drop_na(input, columns, *min_non_nulls),
            RelationKind::ReplaceNa { input, columns, replacements } => self.replace_na(input, columns, replacements),
            RelationKind::Summary { input, statistics } => self.summary(input, statistics),
            RelationKind::Describe { input, columns } => self.describe(input, columns),
            RelationKind::Cov { input, column1, column2 } => self.bivariate(input, "covar_samp", column1, column2),
            RelationKind::Corr { input, column1, column2, .. } => self.bivariate(input, "corr", column1, column2),
            RelationKind::Crosstab { input, column1, column2 } => self.crosstab(input, column1, column2),
            RelationKind::ApproxQuantile { input, columns, probabilities, relative_error } => {
                self.approx_quantile(input, columns, probabilities, *relative_error)
            }
            RelationKind::SampleBy { input, column, fractions, seed } => {
                self.sample_by(input, column, fractions, *seed)
            }
            RelationKind::FreqItems { input, columns, support } => self.freq_items(input, columns, *support),
            RelationKind::Transpose { input, index_columns } => self.transpose(input, index_columns),
            RelationKind::Unpivot(unpivot) => self.unpivot(unpivot),
            RelationKind::Pivot(pivot) => self.pivot(pivot),
            RelationKind::CollectMetrics { input, name, metrics } => self.collect_metrics(input, name, metrics),
            RelationKind::Parse { input, format, schema, options } => {
                self.parse_records(input, format, schema.as_ref(), options)
            }
            RelationKind::Unsupported { name } => Err(SparkError::unsupported(name.clone())),
            other => Err(SparkError::unsupported(relation_name(other))),
        }
    }

    /// A new column.
    fn attribute(&self, name: impl Into<String>, value: &TypedExpr) -> Attribute {
        Attribute {
            id: self.state.next_id(),
            name: name.into(),
            data_type: value.data_type.clone(),
            nullable: value.nullable,
            metadata: None,
            qualifier: vec![],
            qualified_only: false,
            plan_ids: vec![],
        }
    }
}

/// What the user calls a relation that is not there yet.
fn relation_name(kind: &RelationKind) -> &'static str {
    match kind {
        RelationKind::PythonTableFunction { .. } => "Python table functions",
        RelationKind::ShowString { .. } => "show() below another relation",
        RelationKind::HtmlString { .. } => "an HTML table below another relation",
        RelationKind::MapPartitions { .. } => "mapInPandas and mapInArrow",
        RelationKind::GroupMap { .. } => "applyInPandas",
        RelationKind::CoGroupMap { .. } => "cogroup",
        RelationKind::Command(_) => "a command as a relation",
        _ => "this relation",
    }
}
