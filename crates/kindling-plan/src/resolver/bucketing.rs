//! The bucket of each row of a bucketed table.

use datafusion::logical_expr::SortExpr;
use kindling_common::{SparkError, SparkResult};
use kindling_functions::TypedExpr;
use kindling_spec::BucketSpec;

use super::{Resolver, expression::Value, plan};
use crate::{
    AnalyzedPlan, Attribute,
    logical::{SortWithinPartitions, extension},
};

impl Resolver<'_> {
    /// A plan with one more column, the bucket of each row, its rows sorted as the buckets are
    /// (`BucketingUtils`, `HashPartitioning.partitionIdExpression`).
    pub fn bucketed(self, plan: &AnalyzedPlan, spec: &BucketSpec) -> SparkResult<AnalyzedPlan> {
        let column = |name: &String| -> SparkResult<&Attribute> {
            let found = plan.output.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name));
            found.ok_or_else(|| SparkError::internal(format!("no column {name} to make buckets of")))
        };
        let columns = spec.columns.iter().map(|name| column(name).map(Value::of_attribute));
        let hash = self.scalar("hash", columns.collect::<SparkResult<_>>()?)?;
        let count = i32::try_from(spec.num_buckets).unwrap_or(i32::MAX);
        let count = Value::new(TypedExpr::integer(count), count.to_string());
        let bucket = self.scalar("pmod", vec![hash, count])?;
        let attribute = self.attribute("__bucket_id", &bucket.typed);
        let order = spec.sort_columns.iter().map(|name| Ok(SortExpr::new(column(name)?.column(), true, true)));
        let order = order.collect::<SparkResult<Vec<_>>>()?;
        let input = plan.plan.clone();
        let sorted = if order.is_empty() { input } else { extension(SortWithinPartitions { input, order }) };
        let mut items: Vec<_> = plan.output.iter().map(|a| (a.column(), a.clone())).collect();
        items.push((bucket.typed.expr, attribute));
        let projected = plan::project_items(sorted, &items)?;
        let output = items.into_iter().map(|(_, attribute)| attribute).collect();
        Ok(AnalyzedPlan { plan: projected, output, analyzed_at: plan.analyzed_at })
    }
}
