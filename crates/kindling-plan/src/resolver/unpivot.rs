//! `UNPIVOT` and `melt`.

use datafusion::logical_expr::Expr as DfExpr;
use kindling_common::{SparkError, SparkResult};
use kindling_functions::{GeneratorCall, TypedExpr};
use kindling_spec::{DataType, Expr, StructField, StructType, Unpivot};

use super::{
    Resolved, Resolver,
    expression::{ExprContext, Generator, Value},
    plan,
};
use crate::Attribute;

/// Columns that make one output row, and the name the row gets.
struct Group {
    values: Vec<Value>,
    name: String,
}

impl Resolver<'_> {
    pub(super) fn unpivot(&mut self, unpivot: &Unpivot) -> SparkResult<Resolved> {
        let input = self.relation(&unpivot.input)?;
        let ids = match &unpivot.ids {
            Some(ids) => Some(self.columns_of(&input, ids)?),
            None => None,
        };
        let mut groups = match &unpivot.values {
            Some(groups) => Some(self.groups(&input, groups)?),
            None => None,
        };
        let all: Vec<Value> = input.attributes().iter().map(Value::of_attribute).collect();
        let without = |used: &[Value]| -> Vec<Value> {
            all.iter().filter(|value| !used.iter().any(|u| u.typed.expr == value.typed.expr)).cloned().collect()
        };
        let ids = match (ids, &groups) {
            (Some(ids), _) => ids,
            (None, Some(groups)) => {
                let used: Vec<Value> = groups.iter().flat_map(|group| group.values.clone()).collect();
                without(&used)
            }
            (None, None) => return Err(SparkError::analysis("UNPIVOT_REQUIRES_VALUE_COLUMNS")),
        };
        let groups = groups.get_or_insert_with(|| {
            let rest = without(&ids);
            rest.into_iter().map(|value| Group { name: value.text.clone(), values: vec![value] }).collect()
        });
        if groups.is_empty() {
            return Err(SparkError::analysis("UNPIVOT_REQUIRES_VALUE_COLUMNS"));
        }
        let width = unpivot.value_column_names.len();
        if groups.iter().any(|group| group.values.len() != width) {
            return Err(SparkError::analysis("UNPIVOT_VALUE_SIZE_MISMATCH").param("names", width.to_string()));
        }
        let mut fields = vec![StructField::new(unpivot.variable_column_name.clone(), DataType::String, false)];
        for (index, name) in unpivot.value_column_names.iter().enumerate() {
            let types: Vec<DataType> =
                groups.iter().filter_map(|g| g.values.get(index)).map(|v| v.typed.data_type.clone()).collect();
            let common = kindling_functions::coercion::common_type(&types, true)
                .filter(|common| types.iter().all(|t| t == common || !t.is_string() || common.is_string()));
            let Some(common) = common else {
                let shown: Vec<String> = groups.iter().filter_map(|g| g.values.get(index)).map(typed_text).collect();
                return Err(SparkError::analysis("UNPIVOT_VALUE_DATA_TYPE_MISMATCH").param("types", shown.join(", ")));
            };
            fields.push(StructField::new(name.clone(), common, true));
        }
        let mut rows = vec![];
        for group in groups.iter() {
            let string = |text: &str| Value::new(TypedExpr::string(text), text);
            let mut row = vec![string("variable"), string(&group.name)];
            for (index, (value, field)) in group.values.iter().zip(fields.iter().skip(1)).enumerate() {
                row.push(string(&format!("v{index}")));
                row.push(Value::new(self.cast_typed(value.typed.clone(), &field.data_type)?, value.text.clone()));
            }
            rows.push(self.scalar("named_struct", row)?);
        }
        let rows = self.scalar("array", rows)?;
        let call = GeneratorCall { name: "inline", outer: false, rows: rows.typed, output: StructType { fields } };
        let generator = Generator::of(call, "unpivot(...)");
        let id_items: Vec<(DfExpr, Attribute)> = ids.iter().map(|value| self.named(value)).collect();
        let (mut plan, generated) = self.generate(input.plan, &generator, &[], &[])?;
        if !unpivot.include_nulls {
            let mut any: Option<Value> = None;
            for value in generated.iter().skip(1) {
                let known = self.scalar("isnotnull", vec![Value::of_attribute(value)])?;
                any = Some(match any {
                    Some(any) => self.scalar("or", vec![any, known])?,
                    None => known,
                });
            }
            if let Some(any) = any {
                plan = plan::filter(plan, any.typed.expr)?;
            }
        }
        let mut items = id_items;
        items.extend(generated.iter().map(|attribute| (attribute.column(), attribute.clone())));
        self.finish_projection(plan, items, super::scope::Scope::default())
    }

    fn columns_of(&mut self, input: &Resolved, exprs: &[Expr]) -> SparkResult<Vec<Value>> {
        let mut context = ExprContext::new(&input.scope, "UNPIVOT");
        let values = self.items(exprs, &mut context)?;
        for (value, expr) in values.iter().zip(exprs) {
            if value.attribute.is_none() && value.default_name.is_none() {
                return Err(SparkError::analysis("UNPIVOT_REQUIRES_ATTRIBUTES")
                    .param("given", "id")
                    .param("empty", "value")
                    .param("expressions", format!("\"{}\"", value.text))
                    .at(&expr.origin));
            }
        }
        Ok(values)
    }

    fn groups(&mut self, input: &Resolved, groups: &[(Vec<Expr>, Option<String>)]) -> SparkResult<Vec<Group>> {
        let mut out = vec![];
        for (exprs, alias) in groups {
            let values = self.columns_of(input, exprs)?;
            // A star stands for one group a column.
            if values.len() != exprs.len() && alias.is_none() {
                out.extend(values.into_iter().map(|value| Group { name: value.output_name(), values: vec![value] }));
                continue;
            }
            let names: Vec<String> = values.iter().map(Value::output_name).collect();
            let name = alias.clone().unwrap_or_else(|| names.join("_"));
            out.push(Group { values, name });
        }
        Ok(out)
    }
}

fn typed_text(value: &Value) -> String {
    format!("\"{}\" ({})", value.typed.data_type.sql(), kindling_spec::quote_identifier(&value.text))
}
