//! `df.observe(name, metric, …)`.

use std::sync::Arc;

use datafusion::logical_expr::Expr as DfExpr;
use kindling_common::{SparkError, SparkResult};
use kindling_spec::{Expr, Relation};

use super::{Below, Resolved, Resolver, expression::ExprContext};
use crate::{
    logical::{CollectMetrics, extension},
    physical::ObservedMetrics,
};

impl Resolver<'_> {
    pub(super) fn collect_metrics(&mut self, input: &Relation, name: &str, metrics: &[Expr]) -> SparkResult<Resolved> {
        let input = self.relation(input)?;
        let mut context = ExprContext::new(&input.scope, "SELECT");
        context.aggregates = Some(vec![]);
        let values = self.items(metrics, &mut context)?;
        let aggregates = context.aggregates.take().unwrap_or_default();
        let names: Vec<String> = aggregates.iter().map(|call| call.schema_name().to_string()).collect();
        let (mut items, mut texts) = (vec![], vec![]);
        for value in values {
            let (expr, attribute) = self.named(&value);
            if let Some(column) = expr.column_refs().into_iter().find(|column| !names.contains(&column.name)) {
                let of_input = input.scope.attributes.iter().find(|a| a.internal_name() == column.name);
                let shown = of_input.map_or(column.name.as_str(), |attribute| attribute.name.as_str());
                return Err(SparkError::analysis("INVALID_OBSERVED_METRICS.NON_AGGREGATE_FUNC_ARG_IS_ATTRIBUTE")
                    .param("expr", format!("\"{shown}\"")));
            }
            texts.push(format!("{} AS {}", value.text, attribute.internal_name()));
            items.push((expr, attribute));
        }
        let distinct = |call: &DfExpr| matches!(call, DfExpr::AggregateFunction(call) if call.params.distinct);
        if aggregates.iter().any(distinct) {
            let condition = "INVALID_OBSERVED_METRICS.AGGREGATE_EXPRESSION_WITH_DISTINCT_UNSUPPORTED";
            let shown = items.first().map(|(_, attribute)| attribute.name.clone()).unwrap_or_default();
            let text = texts.first().and_then(|text| text.rsplit_once(" AS ")).map_or("", |(text, _)| text);
            return Err(SparkError::analysis(condition).param("expr", format!("\"{text} AS {shown}\"")));
        }
        let what: Vec<String> = texts.iter().filter_map(|text| Some(text.rsplit_once('#')?.0.to_string())).collect();
        match self.observations.iter().find(|(known, _)| known == name) {
            Some((_, known)) if *known != what => {
                return Err(SparkError::analysis("DUPLICATED_METRICS_NAME").param("metricName", name));
            }
            Some(_) => {}
            None => self.observations.push((name.to_string(), what)),
        }
        let output = items.iter().map(|(_, attribute)| attribute.clone()).collect();
        let metrics = Arc::new(ObservedMetrics::new(name.to_string(), output, texts));
        let plan =
            extension(CollectMetrics { input: input.plan, name: name.to_string(), aggregates, names, items, metrics });
        Ok(Resolved { plan, scope: input.scope, below: Below::Nothing })
    }
}
