//! `VALUES (…), (…)`.

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, RecordBatch, RecordBatchOptions},
    datatypes::Schema,
};
use datafusion::{logical_expr::LogicalPlan, scalar::ScalarValue};
use kindling_common::{SparkError, SparkResult, to_arrow};
use kindling_functions::{
    TypedExpr,
    error::{from_arrow_error, from_datafusion},
};
use kindling_spec::{DataType, Expr, StructField, StructType};

use super::{Resolved, Resolver, expression::ExprContext, plan, scope::Scope, set_operation::union};

impl Resolver<'_> {
    pub(super) fn values(&mut self, rows: &[Vec<Expr>]) -> SparkResult<Resolved> {
        let width = rows.first().map_or(0, Vec::len);
        let scope = Scope::default();
        let mut typed: Vec<Vec<TypedExpr>> = Vec::with_capacity(rows.len());
        let mut texts: Vec<Vec<String>> = Vec::with_capacity(rows.len());
        for row in rows {
            if row.len() != width {
                return Err(SparkError::analysis("INVALID_INLINE_TABLE.NUM_COLUMNS_MISMATCH")
                    .param("expectedNumCols", width.to_string())
                    .param("actualNumCols", row.len().to_string())
                    .param("rowIndex", typed.len().to_string()));
            }
            let mut values = Vec::with_capacity(width);
            let mut row_texts = Vec::with_capacity(width);
            for expr in row {
                let mut context = ExprContext::new(&scope, "VALUES");
                let unfit = |text: String| {
                    SparkError::analysis("INVALID_INLINE_TABLE.CANNOT_EVALUATE_EXPRESSION_IN_INLINE_TABLE")
                        .param("expr", text)
                        .at(&expr.origin)
                };
                let value = self.expression(expr, &mut context).map_err(|error| match error.condition {
                    "UNSUPPORTED_EXPR_FOR_OPERATOR" => {
                        unfit(error.parameters.get("invalidExprSqls").cloned().unwrap_or_default())
                    }
                    _ => error,
                })?;
                if value.typed.expr.is_volatile() {
                    return Err(unfit(format!("\"{}\"", value.text)));
                }
                values.push(value.typed);
                row_texts.push(value.text);
            }
            typed.push(values);
            texts.push(row_texts);
        }
        let mut fields = Vec::with_capacity(width);
        for index in 0..width {
            let types: Vec<DataType> =
                typed.iter().filter_map(|row| row.get(index)).map(|value| value.data_type.clone()).collect();
            let name = format!("col{}", index + 1);
            let common = kindling_functions::coercion::common_type(&types, self.functions.ansi).ok_or_else(|| {
                SparkError::analysis("INVALID_INLINE_TABLE.INCOMPATIBLE_TYPES_IN_INLINE_TABLE")
                    .param("colName", kindling_spec::quote_identifier(&name))
            })?;
            let nullable = typed.iter().filter_map(|row| row.get(index)).any(|value| value.nullable);
            fields.push(StructField::new(name, common, nullable));
        }
        let mut cast_rows = Vec::with_capacity(typed.len());
        for row in typed {
            let cast: Vec<TypedExpr> = row
                .into_iter()
                .zip(&fields)
                .map(|(value, field)| self.cast_typed(value, &field.data_type))
                .collect::<SparkResult<_>>()?;
            cast_rows.push(cast);
        }
        match constants(&cast_rows, &texts)? {
            Some(constants) => {
                let batch = to_batch(&constants, &fields)?;
                self.local_rows(&StructType { fields }, vec![batch])
            }
            None => self.computed_rows(cast_rows, &fields),
        }
    }

    /// Rows that are not constant (`rand()`, outer columns): a union of projections.
    fn computed_rows(&mut self, rows: Vec<Vec<TypedExpr>>, fields: &[StructField]) -> SparkResult<Resolved> {
        let attributes: Vec<_> = fields.iter().map(|field| self.new_column(field)).collect();
        let inputs: Vec<LogicalPlan> = rows
            .into_iter()
            .map(|row| {
                let items: Vec<_> = row.into_iter().map(|value| value.expr).zip(attributes.iter().cloned()).collect();
                plan::project_items(plan::one_row(), &items)
            })
            .collect::<SparkResult<_>>()?;
        Ok(Resolved::new(union(inputs)?, attributes))
    }
}

/// The values of the rows; `None` when one is not constant.
fn constants(rows: &[Vec<TypedExpr>], texts: &[Vec<String>]) -> SparkResult<Option<Vec<Vec<ScalarValue>>>> {
    let value = |(value, text): (&TypedExpr, &String)| {
        kindling_functions::fold(value).map_err(|_| {
            SparkError::analysis("INVALID_INLINE_TABLE.FAILED_SQL_EXPRESSION_EVALUATION")
                .param("sqlExpr", format!("\"{text}\""))
        })
    };
    rows.iter()
        .zip(texts)
        .map(|(row, texts)| row.iter().zip(texts).map(value).collect::<SparkResult<Option<Vec<_>>>>())
        .collect()
}

fn to_batch(rows: &[Vec<ScalarValue>], fields: &[StructField]) -> SparkResult<RecordBatch> {
    let columns: Vec<ArrayRef> = fields
        .iter()
        .enumerate()
        .map(|(index, field)| {
            let values = rows.iter().filter_map(|row| row.get(index)).cloned();
            let array = ScalarValue::iter_to_array(values).map_err(from_datafusion)?;
            arrow::compute::cast(&array, &to_arrow(&field.data_type)).map_err(from_arrow_error)
        })
        .collect::<SparkResult<_>>()?;
    let schema = Schema::new(fields.iter().map(kindling_common::to_arrow_field).collect::<Vec<_>>());
    let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
    RecordBatch::try_new_with_options(Arc::new(schema), columns, &options).map_err(from_arrow_error)
}
