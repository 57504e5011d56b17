//! Casts, written and implied.

use datafusion::logical_expr::{Cast, Expr as DfExpr};
use kindling_common::SparkResult;
use kindling_functions::TypedExpr;
use kindling_spec::{CastMode, DataType, Origin};

use super::{Resolver, Text, Value};

impl Resolver<'_> {
    /// `CAST(value AS to)`
    pub(in crate::resolver) fn cast(
        &mut self,
        value: Value,
        to: &DataType,
        mode: CastMode,
        origin: &Origin,
    ) -> SparkResult<Value> {
        let to = &self.cast_target(to);
        let function = if mode == CastMode::Try { "TRY_CAST" } else { "CAST" };
        let text = match to {
            // A cast to a nested type does not show: Hive had no such casts.
            DataType::Array { .. } | DataType::Map { .. } | DataType::Struct(_) => value.text.clone(),
            _ => format!("{function}({} AS {})", value.text, to.sql()),
        };
        let call_text = Text { call: text.clone(), arguments: vec![value.text.clone()] };
        let mut typed = self.with_call_context(origin, &call_text, |call| {
            kindling_functions::cast(call, value.typed.clone(), to, mode)
        })?;
        if to.is_integral() && typed.as_literal().is_some() {
            // Decimal arithmetic takes a written number at its own digits, and a cast at its type's.
            typed.expr = DfExpr::Cast(Cast::new(Box::new(typed.expr), kindling_common::to_arrow(to)));
        }
        // A cast of a column is named as the column.
        let default_name = if value.aliases.is_empty() {
            value.attribute.as_ref().map(|attribute| attribute.name.clone())
        } else {
            value.aliases.first().cloned()
        };
        Ok(Value { default_name, ..Value::new(typed, text) })
    }

    /// A value as a column keeps it.
    pub(super) fn stored(&mut self, value: Value, column: &str, to: &DataType) -> SparkResult<Value> {
        let call_text = Text { call: String::new(), arguments: vec![value.text.clone()] };
        let typed = self.with_call_context(&Origin::None, &call_text, |call| {
            let text = crate::resolver::char_type::as_string(to);
            let typed = kindling_functions::store(call, value.typed.clone(), &text, column)?;
            Ok(kindling_functions::fit_length(call, typed, to))
        })?;
        Ok(Value::new(typed, value.text))
    }

    /// A cast that coercion asks for; it does not show in the text.
    pub(in crate::resolver) fn cast_implicitly(&mut self, value: &Value, to: &DataType) -> SparkResult<TypedExpr> {
        self.cast_typed(value.typed.clone(), to)
    }

    /// The same for an expression without text.
    pub(in crate::resolver) fn cast_typed(&self, typed: TypedExpr, to: &DataType) -> SparkResult<TypedExpr> {
        if typed.data_type == *to {
            return Ok(typed);
        }
        let call_text = Text { call: String::new(), arguments: vec![] };
        self.with_call_context(&Origin::None, &call_text, |call| {
            kindling_functions::cast(call, typed, to, CastMode::Session)
        })
    }
}
