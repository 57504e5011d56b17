//! `df.na` and `df.stat`, `describe`, `summary`.

use datafusion::logical_expr::Expr as DfExpr;
use kindling_common::{SparkError, SparkResult};
use kindling_functions::{AggregateOptions, GeneratorCall, TypedExpr};
use kindling_spec::{CastMode, DataType, Literal, Origin, Relation, StructField, StructType};

use super::{
    Resolved, Resolver,
    expression::{Generator, Text, Value, replace_calls},
    plan,
};
use crate::Attribute;

const DEFAULT_SUMMARY: &[&str] = &["count", "mean", "stddev", "min", "25%", "50%", "75%", "max"];
const DESCRIBE: &[&str] = &["count", "mean", "stddev", "min", "max"];

impl Resolver<'_> {
    /// Columns by name; all of them when no names are given.
    pub(super) fn columns_named(&self, input: &Resolved, names: &[String]) -> SparkResult<Vec<Attribute>> {
        if names.is_empty() {
            return Ok(input.attributes().to_vec());
        }
        names
            .iter()
            .map(|name| {
                let found = input.scope.find(self.names, std::slice::from_ref(name))?;
                found.map(|found| found.attribute).ok_or_else(|| input.scope.unresolved(std::slice::from_ref(name)))
            })
            .collect()
    }

    /// Replaces columns; the new ones keep names.
    fn replaced(
        &mut self,
        input: Resolved,
        mut replace: impl FnMut(&mut Self, &Attribute) -> SparkResult<Option<TypedExpr>>,
    ) -> SparkResult<Resolved> {
        let scope = input.scope.clone();
        let mut items: Vec<(DfExpr, Attribute)> = Vec::with_capacity(scope.attributes.len());
        for attribute in &scope.attributes {
            match replace(self, attribute)? {
                Some(typed) => {
                    let mut column = self.attribute(attribute.name.clone(), &typed);
                    column.metadata.clone_from(&attribute.metadata);
                    items.push((typed.expr, column));
                }
                None => items.push((attribute.column(), attribute.clone())),
            }
        }
        self.finish_projection(input.plan, items, scope)
    }

    pub(super) fn fill_na(
        &mut self,
        input: &Relation,
        columns: &[String],
        values: &[Literal],
    ) -> SparkResult<Resolved> {
        let input = self.relation(input)?;
        let chosen = self.columns_named(&input, columns)?;
        let values: Vec<Literal> = values.to_vec();
        self.replaced(input, |this, attribute| {
            let Some(position) = chosen.iter().position(|column| column.id == attribute.id) else { return Ok(None) };
            let value = if values.len() == 1 { values.first() } else { values.get(position) };
            let Some(value) = value.filter(|value| same_family(&attribute.data_type, &value.data_type())) else {
                return Ok(None);
            };
            let mut column = Value::of_attribute(attribute);
            if matches!(attribute.data_type, DataType::Float | DataType::Double) {
                let null = Value::new(TypedExpr::null(attribute.data_type.clone())?, "NULL");
                column = this.scalar("nanvl", vec![column, null])?;
            }
            let value = this.cast_typed(TypedExpr::literal(value)?, &attribute.data_type)?;
            let filled = this.scalar("coalesce", vec![column, Value::new(value, "value")])?;
            Ok(Some(filled.typed))
        })
    }

    pub(super) fn drop_na(
        &mut self,
        input: &Relation,
        columns: &[String],
        min_non_nulls: Option<usize>,
    ) -> SparkResult<Resolved> {
        let input = self.relation(input)?;
        let chosen = self.columns_named(&input, columns)?;
        let wanted = min_non_nulls.unwrap_or(chosen.len());
        let mut valid = Vec::with_capacity(chosen.len());
        for column in &chosen {
            let mut condition = self.scalar("isnotnull", vec![Value::of_attribute(column)])?;
            if matches!(column.data_type, DataType::Float | DataType::Double) {
                let nan = self.scalar("isnan", vec![Value::of_attribute(column)])?;
                let number = self.scalar("not", vec![nan])?;
                condition = self.scalar("and", vec![condition, number])?;
            }
            valid.push(condition);
        }
        let condition = if wanted >= chosen.len() {
            let mut all: Option<Value> = None;
            for condition in valid {
                all = Some(match all {
                    Some(all) => self.scalar("and", vec![all, condition])?,
                    None => condition,
                });
            }
            all
        } else {
            let number = |n: usize| Value::new(TypedExpr::integer(n as i32), n.to_string());
            let mut sum = number(0);
            for condition in valid {
                let one = self.scalar("if", vec![condition, number(1), number(0)])?;
                sum = self.scalar("+", vec![sum, one])?;
            }
            Some(self.scalar(">=", vec![sum, number(wanted)])?)
        };
        let plan = match condition {
            Some(condition) => plan::filter(input.plan, condition.typed.expr)?,
            None => input.plan,
        };
        Ok(Resolved { plan, scope: input.scope, below: super::Below::Nothing })
    }

    pub(super) fn replace_na(
        &mut self,
        input: &Relation,
        columns: &[String],
        replacements: &[(Literal, Literal)],
    ) -> SparkResult<Resolved> {
        let input = self.relation(input)?;
        let chosen = self.columns_named(&input, columns)?;
        let replacements = replacements.to_vec();
        self.replaced(input, |this, attribute| {
            if !chosen.iter().any(|column| column.id == attribute.id) {
                return Ok(None);
            }
            let column = || Value::of_attribute(attribute);
            let mut branches = vec![];
            for (old, new) in &replacements {
                if !(old.is_null() || same_family(&attribute.data_type, &old.data_type())) {
                    continue;
                }
                let condition = if old.is_null() {
                    this.scalar("isnull", vec![column()])?
                } else {
                    let old = this.cast_typed(TypedExpr::literal(old)?, &attribute.data_type)?;
                    this.scalar("=", vec![column(), Value::new(old, "old")])?
                };
                let new = if new.is_null() {
                    TypedExpr::null(attribute.data_type.clone())?
                } else {
                    this.cast_typed(TypedExpr::literal(new)?, &attribute.data_type)?
                };
                branches.push(condition);
                branches.push(Value::new(new, "new"));
            }
            if branches.is_empty() {
                return Ok(None);
            }
            branches.push(column());
            Ok(Some(this.scalar("when", branches)?.typed))
        })
    }

    pub(super) fn describe(&mut self, input: &Relation, columns: &[String]) -> SparkResult<Resolved> {
        let input = self.relation(input)?;
        let chosen = self.columns_named(&input, columns)?;
        self.summarise(input, &chosen, DESCRIBE)
    }

    pub(super) fn summary(&mut self, input: &Relation, statistics: &[String]) -> SparkResult<Resolved> {
        let input = self.relation(input)?;
        let chosen = input.attributes().to_vec();
        let names: Vec<&str> = statistics.iter().map(String::as_str).collect();
        self.summarise(input, &chosen, if names.is_empty() { DEFAULT_SUMMARY } else { &names })
    }

    /// One row a statistic: all are computed in one aggregate and then laid out.
    fn summarise(&mut self, input: Resolved, chosen: &[Attribute], statistics: &[&str]) -> SparkResult<Resolved> {
        let columns: Vec<&Attribute> =
            chosen.iter().filter(|a| a.data_type.is_numeric() || a.data_type.is_string()).collect();
        let mut fields = vec![StructField::new("summary", DataType::String, true)];
        fields.extend(columns.iter().map(|column| StructField::new(column.name.clone(), DataType::String, true)));
        let mut aggregates = vec![];
        let mut rows = vec![];
        for statistic in statistics {
            let string = |text: &str| Value::new(TypedExpr::string(text), text);
            let mut row = vec![string("summary"), string(statistic)];
            for (index, column) in columns.iter().enumerate() {
                let value = self.statistic(statistic, column, &mut aggregates)?;
                let text = self.cast(value, &DataType::String, CastMode::Legacy, &Origin::None)?;
                row.push(string(&format!("c{index}")));
                row.push(text);
            }
            rows.push(self.scalar("named_struct", row)?);
        }
        let rows = self.scalar("array", rows)?;
        let aggregated =
            if aggregates.is_empty() { plan::one_row() } else { plan::aggregate(input.plan, vec![], aggregates)? };
        let call = GeneratorCall { name: "inline", outer: false, rows: rows.typed, output: StructType { fields } };
        let (plan, generated) = self.generate(aggregated, &Generator::of(call, "inline(...)"), &[], &[])?;
        let plan = plan::select_attributes(plan, &generated)?;
        Ok(Resolved::new(plan, generated))
    }

    fn statistic(&mut self, name: &str, column: &Attribute, aggregates: &mut Vec<DfExpr>) -> SparkResult<Value> {
        let value = Value::of_attribute(column);
        let number =
            |this: &mut Self| this.cast(Value::of_attribute(column), &DataType::Double, CastMode::Try, &Origin::None);
        match name.to_lowercase().as_str() {
            "count" => self.aggregated("count", vec![value], false, aggregates),
            "count_distinct" => self.aggregated("count", vec![value], true, aggregates),
            "approx_count_distinct" => self.aggregated("approx_count_distinct", vec![value], false, aggregates),
            "mean" => {
                let number = number(self)?;
                self.aggregated("avg", vec![number], false, aggregates)
            }
            "stddev" => {
                let number = number(self)?;
                self.aggregated("stddev", vec![number], false, aggregates)
            }
            "min" => self.aggregated("min", vec![value], false, aggregates),
            "max" => self.aggregated("max", vec![value], false, aggregates),
            percentile => {
                let fraction = percentile.strip_suffix('%').and_then(|text| text.trim().parse::<f64>().ok());
                let Some(fraction) = fraction else {
                    return Err(SparkError::internal(format!("{name} is not a recognised statistic")));
                };
                let argument = if column.data_type.is_string() { number(self)? } else { value };
                let fraction = Value::new(TypedExpr::double(fraction / 100.0), "fraction");
                self.aggregated("percentile_approx", vec![argument, fraction], false, aggregates)
            }
        }
    }

    /// An aggregate call by name; the value refers to its column.
    pub(super) fn aggregated(
        &mut self,
        name: &'static str,
        arguments: Vec<Value>,
        distinct: bool,
        aggregates: &mut Vec<DfExpr>,
    ) -> SparkResult<Value> {
        let entry =
            kindling_functions::lookup(name).ok_or_else(|| SparkError::unsupported(format!("function {name}")))?;
        let texts: Vec<String> = arguments.iter().map(|value| value.text.clone()).collect();
        let text = Text { call: super::expression::text::call(name, &texts), arguments: texts };
        let options = AggregateOptions { distinct, ..AggregateOptions::default() };
        let typed = arguments.into_iter().map(|value| value.typed).collect();
        let built =
            self.with_call_context(&Origin::None, &text, |call| entry.build_aggregate(call, typed, &options))?;
        let expr = replace_calls(built.expr, |node| matches!(node, DfExpr::AggregateFunction(_)), aggregates)?;
        Ok(Value::new(TypedExpr::new(expr, built.data_type, built.nullable), text.call))
    }

    /// `stat.cov` and `stat.corr`: one row, one column.
    pub(super) fn bivariate(
        &mut self,
        input: &Relation,
        function: &'static str,
        column1: &str,
        column2: &str,
    ) -> SparkResult<Resolved> {
        let input = self.relation(input)?;
        let columns = self.columns_named(&input, &[column1.to_string(), column2.to_string()])?;
        let mut arguments = vec![];
        for column in &columns {
            if !column.data_type.is_numeric() {
                return Err(SparkError::internal(format!(
                    "Currently columns of numeric type are supported, {} is {}",
                    column.name,
                    column.data_type.simple_string()
                )));
            }
            // A null counts as zero here, unlike in the SQL functions.
            let number = Value::new(self.cast_typed(column.typed(), &DataType::Double)?, column.name.clone());
            let zero = Value::new(TypedExpr::double(0.0), "0.0");
            arguments.push(self.scalar("coalesce", vec![number, zero])?);
        }
        let mut aggregates = vec![];
        let value = self.aggregated(function, arguments, false, &mut aggregates)?;
        let aggregated = plan::aggregate(input.plan, vec![], aggregates)?;
        let name = if function == "corr" { "corr" } else { "cov" };
        let attribute = self.attribute(name, &value.typed);
        let plan = plan::project_items(aggregated, &[(value.typed.expr, attribute.clone())])?;
        Ok(Resolved::new(plan, vec![attribute]))
    }
}

/// Whether a value may fill a column: numbers numbers, strings strings, booleans booleans.
fn same_family(column: &DataType, value: &DataType) -> bool {
    (column.is_numeric() && value.is_numeric())
        || (column.is_string() && value.is_string())
        || (*column == DataType::Boolean && *value == DataType::Boolean)
}
