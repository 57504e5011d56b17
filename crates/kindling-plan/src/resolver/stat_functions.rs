//! `df.stat`: crosstab, approxQuantile, sampleBy.

use datafusion::logical_expr::Expr as DfExpr;
use kindling_common::{ExceptionClass, SparkError, SparkResult};
use kindling_functions::TypedExpr;
use kindling_spec::{Aggregate, CastMode, DataType, Expr, ExprKind, GroupType, Literal, Relation, RelationKind};

use super::{
    Below, Resolved, Resolver,
    expression::{ExprContext, Value},
    plan,
};
use crate::Attribute;

impl Resolver<'_> {
    /// A pivoted count of pairs; the first column is named after both.
    pub(super) fn crosstab(&mut self, input: &Relation, column1: &str, column2: &str) -> SparkResult<Resolved> {
        let text = |name: &str| {
            let cast =
                ExprKind::Cast { expr: Box::new(Expr::column([name])), to: DataType::String, mode: CastMode::Legacy };
            Expr::call("coalesce", vec![cast.into(), Expr::literal(Literal::String("null".into()))])
        };
        let name = format!("{column1}_{column2}");
        let projected = input.clone().project(vec![text(column1).alias(name.clone()), text(column2).alias("__value")]);
        let counted = Aggregate {
            input: projected,
            group_type: GroupType::GroupBy,
            grouping: vec![Expr::column([name])],
            grouping_sets: vec![],
            aggregates: vec![Expr::call("count", vec![Expr::literal(Literal::Integer(1))])],
            with_grouping_expressions: true,
            pivot: Some((Expr::column(["__value"]), vec![])),
        };
        let filled = RelationKind::FillNa {
            input: Box::new(RelationKind::Aggregate(Box::new(counted)).into()),
            columns: vec![],
            values: vec![Literal::Long(0)],
        };
        self.relation(&filled.into())
    }

    /// One row with one array of quantiles a column.
    pub(super) fn approx_quantile(
        &mut self,
        input: &Relation,
        columns: &[String],
        probabilities: &[f64],
        relative_error: f64,
    ) -> SparkResult<Resolved> {
        let input = self.relation(input)?;
        let accuracy = if relative_error <= 0.0 { i32::MAX } else { (1.0 / relative_error).min(2e9) as i32 };
        let literals = probabilities.iter().map(|p| Literal::Double(*p)).collect();
        let probabilities = TypedExpr::literal(&Literal::Array { element: DataType::Double, values: literals })?;
        let mut aggregates = vec![];
        let mut quantiles = vec![];
        for name in columns {
            let found = input.scope.find(self.names, std::slice::from_ref(name))?;
            let Some(found) = found else { return Err(input.scope.unresolved(std::slice::from_ref(name))) };
            let number = self.cast_typed(found.attribute.typed(), &DataType::Double)?;
            let arguments = vec![
                Value::new(number, name.clone()),
                Value::new(probabilities.clone(), "probabilities"),
                Value::new(TypedExpr::integer(accuracy), "accuracy"),
            ];
            let value = self.aggregated("percentile_approx", arguments, false, &mut aggregates)?;
            let empty = TypedExpr::literal(&Literal::Array { element: DataType::Double, values: vec![] })?;
            let empty = Value::new(self.cast_typed(empty, &value.typed.data_type)?, "array()");
            quantiles.push(self.scalar("coalesce", vec![value, empty])?);
        }
        let all = self.scalar("array", quantiles)?;
        let aggregated = plan::aggregate(input.plan, vec![], aggregates)?;
        let attribute = self.attribute("approx_quantile", &all.typed);
        let plan = plan::project_items(aggregated, &[(all.typed.expr, attribute.clone())])?;
        Ok(Resolved::new(plan, vec![attribute]))
    }

    /// One row with one array of frequent items a column.
    pub(super) fn freq_items(
        &mut self,
        input: &Relation,
        columns: &[String],
        support: Option<f64>,
    ) -> SparkResult<Resolved> {
        let support = support.unwrap_or(0.01);
        if !(1e-4..=1.0).contains(&support) {
            return Err(SparkError {
                message_override: Some(format!("requirement failed: Support must be in [1e-4, 1], but got {support}.")),
                ..SparkError::new(ExceptionClass::IllegalArgument, "INTERNAL_ERROR")
            });
        }
        let size = (1.0 / support) as i32;
        let input = self.relation(input)?;
        let mut aggregates = vec![];
        let mut items = vec![];
        for column in self.columns_named(&input, columns)? {
            let arguments = vec![Value::of_attribute(&column), Value::new(TypedExpr::integer(size), size.to_string())];
            let value = self.aggregated("collect_frequent_items", arguments, false, &mut aggregates)?;
            let attribute = self.attribute(format!("{}_freqItems", column.name), &value.typed);
            items.push((value.typed.expr, attribute));
        }
        let aggregated = plan::aggregate(input.plan, vec![], aggregates)?;
        let plan = plan::project_items(aggregated, &items)?;
        Ok(Resolved::new(plan, items.into_iter().map(|(_, attribute)| attribute).collect()))
    }

    /// Rows of each stratum with its fraction.
    pub(super) fn sample_by(
        &mut self,
        input: &Relation,
        column: &Expr,
        fractions: &[(Literal, f64)],
        seed: Option<i64>,
    ) -> SparkResult<Resolved> {
        let input = self.relation(input)?;
        let mut context = ExprContext::new(&input.scope, "WHERE");
        let stratum = self.expression(column, &mut context)?;
        let number = |value: f64| Value::new(TypedExpr::double(value), value.to_string());
        let mut branches = vec![];
        for (literal, fraction) in fractions {
            let value = self.cast_typed(TypedExpr::literal(literal)?, &stratum.typed.data_type)?;
            branches.push(self.scalar("<=>", vec![stratum.clone(), Value::new(value, "stratum")])?);
            branches.push(number(*fraction));
        }
        branches.push(number(0.0));
        let fraction = self.scalar("when", branches)?;
        let seed = seed.unwrap_or_else(|| self.state.random_seed() as i64);
        let random = self.scalar("rand", vec![Value::new(TypedExpr::long(seed), seed.to_string())])?;
        let kept = self.scalar("<", vec![random, fraction])?;
        let plan = plan::filter(input.plan, kept.typed.expr)?;
        Ok(Resolved { plan, scope: input.scope, below: Below::Nothing })
    }

    /// Rows become columns: named by the index column, in its order.
    pub(super) fn transpose(&mut self, input: &Relation, index: &[Expr]) -> SparkResult<Resolved> {
        let resolved = self.relation(input)?;
        let attributes = resolved.attributes().to_vec();
        let index = match index {
            [] => attributes.first().cloned(),
            [expr] => {
                let mut context = ExprContext::new(&resolved.scope, "TRANSPOSE");
                self.expression(expr, &mut context)?.attribute
            }
            _ => {
                return Err(SparkError::analysis("TRANSPOSE_INVALID_INDEX_COLUMN")
                    .param("reason", "Multiple index columns are not supported"));
            }
        };
        let Some(index) = index else { return Ok(resolved) };
        let rest: Vec<Attribute> = attributes.into_iter().filter(|a| a.id != index.id).collect();
        let types: Vec<DataType> = rest.iter().map(|a| a.data_type.clone()).collect();
        let common = kindling_functions::coercion::common_type(&types, self.functions.ansi).ok_or_else(|| {
            SparkError::analysis("TRANSPOSE_NO_LEAST_COMMON_TYPE")
                .param("dt1", types.first().map(DataType::sql).unwrap_or_default())
                .param("dt2", types.last().map(DataType::sql).unwrap_or_default())
        })?;
        // Each column is a row of (key, values in the order of the index).
        let mut items: Vec<(DfExpr, Attribute)> = vec![];
        let name = self.cast_typed(index.typed(), &DataType::String)?;
        items.push((name.expr.clone(), self.attribute("index", &name)));
        for attribute in &rest {
            let typed = self.cast_typed(attribute.typed(), &common)?;
            items.push((typed.expr.clone(), self.attribute(attribute.name.clone(), &typed)));
        }
        let known = self.scalar("isnotnull", vec![Value::of_attribute(&index)])?;
        let filtered = plan::filter(resolved.plan, known.typed.expr)?;
        let sorted = datafusion::logical_expr::LogicalPlan::Sort(datafusion::logical_expr::Sort {
            expr: vec![datafusion::logical_expr::SortExpr::new(index.column(), true, true)],
            input: std::sync::Arc::new(filtered),
            fetch: None,
        });
        let plan = plan::project_items(sorted, &items)?;
        let output: Vec<Attribute> = items.into_iter().map(|(_, attribute)| attribute).collect();
        let batches = self.state.collect(&crate::AnalyzedPlan {
            plan,
            output,
            analyzed_at: self.functions.query_start_micros,
        })?;
        self.transposed(&rest, &common, &batches)
    }

    fn transposed(
        &mut self,
        rows: &[Attribute],
        data_type: &DataType,
        batches: &[arrow::array::RecordBatch],
    ) -> SparkResult<Resolved> {
        use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
        use kindling_functions::error::from_arrow_error;
        use kindling_spec::{StructField, StructType};
        let mut fields = vec![StructField::new("key", DataType::String, false)];
        let keys: StringArray = rows.iter().map(|row| Some(row.name.as_str())).collect();
        let mut columns: Vec<ArrayRef> = vec![std::sync::Arc::new(keys)];
        for batch in batches {
            for row in 0..batch.num_rows() {
                let name = batch.column(0).as_string::<i32>().value(row).to_string();
                fields.push(StructField::new(name, data_type.clone(), true));
                let cells: Vec<ArrayRef> = batch.columns().iter().skip(1).map(|column| column.slice(row, 1)).collect();
                let cells: Vec<&dyn Array> = cells.iter().map(AsRef::as_ref).collect();
                columns.push(if cells.is_empty() {
                    arrow::array::new_empty_array(&kindling_common::to_arrow(data_type))
                } else {
                    arrow::compute::concat(&cells).map_err(from_arrow_error)?
                });
            }
        }
        let schema = StructType { fields };
        let arrow_schema = std::sync::Arc::new(kindling_common::to_arrow_schema(&schema));
        let batch = RecordBatch::try_new(arrow_schema, columns).map_err(from_arrow_error)?;
        self.local_rows(&schema, vec![batch])
    }
}
