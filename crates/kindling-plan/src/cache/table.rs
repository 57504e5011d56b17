//! A cached query as a table, so that the optimizer prunes its columns and shows it its filters.

use std::{any::Any, sync::Arc};

use arrow::datatypes::{Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::{
    catalog::{Session, TableProvider},
    common::{Column, DFSchema, Result, TableReference},
    datasource::provider_as_source,
    logical_expr::{
        Expr, LogicalPlan, Projection, TableProviderFilterPushDown, TableScanBuilder, TableType,
        utils::split_conjunction_owned,
    },
    physical_plan::ExecutionPlan,
    scalar::ScalarValue,
};
use kindling_physical::{CachedRelation, InMemoryTableScanExec};

/// A cached query under the column names of the plan that reads it (Spark's `InMemoryRelation`).
#[derive(Debug)]
pub(crate) struct CachedTable {
    relation: Arc<CachedRelation>,
    schema: SchemaRef,
}

impl CachedTable {
    /// The cached table behind a provider, if it is one.
    pub fn of(provider: &dyn TableProvider) -> Option<&CachedTable> {
        (provider as &dyn Any).downcast_ref()
    }

    /// What is read.
    pub fn relation(&self) -> &Arc<CachedRelation> {
        &self.relation
    }

    /// Id of the cached blocks.
    pub fn rdd_id(&self) -> i32 {
        self.relation.rdd_id
    }

    /// A plan that reads `relation` in place of `replaced`: its columns are those of `replaced` at `columns`. The others are
    /// read by nobody and stand there with a value of their type.
    pub fn plan(relation: Arc<CachedRelation>, replaced: &LogicalPlan, columns: &[usize]) -> Result<LogicalPlan> {
        let fields = replaced.schema().fields();
        let kept: Vec<Field> =
            columns.iter().filter_map(|index| fields.get(*index)).map(|field| field.as_ref().clone()).collect();
        let name = TableReference::bare(format!("inmemory_{}", relation.rdd_id));
        let table = CachedTable { relation, schema: Arc::new(Schema::new(kept)) };
        let scan = TableScanBuilder::new(name.clone(), provider_as_source(Arc::new(table))).build()?;
        let exprs = fields.iter().enumerate().map(|(index, field)| {
            let expr = if columns.contains(&index) {
                Expr::Column(Column::new(Some(name.clone()), field.name()))
            } else if field.is_nullable() {
                Expr::Literal(ScalarValue::try_from(field.data_type())?, None)
            } else {
                Expr::Literal(ScalarValue::new_default(field.data_type())?, None)
            };
            Ok(expr.alias(field.name()))
        });
        let exprs = exprs.collect::<Result<Vec<_>>>()?;
        Projection::try_new_with_schema(exprs, Arc::new(LogicalPlan::TableScan(scan)), Arc::clone(replaced.schema()))
            .map(LogicalPlan::Projection)
    }
}

#[async_trait]
impl TableProvider for CachedTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Temporary
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        let kind = |filter: &&Expr| {
            if filter.is_volatile() {
                TableProviderFilterPushDown::Unsupported
            } else {
                TableProviderFilterPushDown::Inexact
            }
        };
        Ok(filters.iter().map(kind).collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        _: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let all: Vec<usize> = (0..self.schema.fields().len()).collect();
        let columns = projection.unwrap_or(&all).clone();
        let schema = Arc::new(self.schema.project(&columns)?);
        let whole = DFSchema::try_from(Arc::clone(&self.schema))?;
        let predicates = filters
            .iter()
            .cloned()
            .flat_map(split_conjunction_owned)
            .map(|filter| state.create_physical_expr(filter, &whole))
            .collect::<Result<Vec<_>>>()?;
        let scan = InMemoryTableScanExec::new(Arc::clone(&self.relation), columns, schema);
        Ok(Arc::new(scan.with_predicates(predicates, Arc::clone(&self.schema))))
    }
}
