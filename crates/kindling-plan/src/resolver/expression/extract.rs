//! `child[key]`, `child.field`, and changing fields of structs.

use std::sync::Arc;

use datafusion::{
    logical_expr::{Expr as DfExpr, ScalarUDF, expr::ScalarFunction},
    scalar::ScalarValue,
};
use kindling_common::{SparkError, SparkResult};
use kindling_functions::TypedExpr;
use kindling_spec::{DataType, Expr, ExprKind, Literal, Origin, StructField};

use super::{ExprContext, Resolver, Value};
use crate::functions::{ArrayItem, ArrayStructField};

impl Resolver<'_> {
    pub(super) fn extract_value(
        &mut self,
        child: &Expr,
        extraction: &Expr,
        origin: &Origin,
        context: &mut ExprContext<'_>,
    ) -> SparkResult<Value> {
        let written = child;
        let child = self.expression(child, context)?;
        if let ExprKind::Literal(Literal::String(field)) = &extraction.kind {
            match &child.typed.data_type {
                DataType::Struct(_) => return self.field(child, field),
                DataType::Array { element, .. } if matches!(**element, DataType::Struct(_)) => {
                    return self.field(child, field);
                }
                _ => {}
            }
        }
        let key = self.expression(extraction, context)?;
        match child.typed.data_type.clone() {
            DataType::Array { element, contains_null } if key.typed.data_type.is_integral() => {
                let text = format!("{}[{}]", child.text, key.text);
                let index = self.cast_typed(key.typed, &DataType::Long)?;
                let nullable = child.typed.nullable || index.nullable || contains_null || !self.functions.ansi;
                let function = ScalarUDF::from(ArrayItem::new(self.functions.ansi, origin.clone()));
                let expr = call(function, vec![child.typed.expr, index.expr]);
                Ok(Value::new(TypedExpr::new(expr, *element, nullable), text))
            }
            DataType::Map { key: key_type, .. } => {
                let text = format!("{}[{}]", child.text, key.text);
                let key_typed = self.cast_typed(key.typed.clone(), &key_type)?;
                let key = Value::new(key_typed, key.text);
                let child = Value::new(child.typed, child.text);
                let mut value = self.scalar("element_at", vec![child, key])?;
                value.typed.nullable = true;
                value.text = text;
                Ok(value)
            }
            DataType::Struct(_) => {
                Err(SparkError::analysis("INVALID_EXTRACT_FIELD_TYPE").param("extraction", format!("\"{}\"", key.text)))
            }
            // What the select list calls so has no parts; the column below it may have.
            _ if context.first_scope == 0
                && context.scopes.len() > 1
                && matches!(context.clause, "HAVING" | "ORDER BY") =>
            {
                context.first_scope = 1;
                let below = self.extract_value(written, extraction, origin, context);
                context.first_scope = 0;
                below
            }
            other => Err(self.not_extractable(&child, &other)),
        }
    }

    fn not_extractable(&self, child: &Value, data_type: &DataType) -> SparkError {
        SparkError::analysis("INVALID_EXTRACT_BASE_FIELD_TYPE")
            .param("base", format!("\"{}\"", child.text))
            .param("other", format!("\"{}\"", data_type.sql()))
    }

    /// `value.name`
    pub(super) fn field(&mut self, value: Value, name: &str) -> SparkResult<Value> {
        let text = format!("{}.{name}", value.text);
        let (typed, found) = match &value.typed.data_type {
            DataType::Struct(fields) => {
                let (_, field) = self.find_field(&fields.fields, name)?;
                let nullable = value.typed.nullable || field.nullable;
                let name = DfExpr::Literal(ScalarValue::Utf8(Some(field.name.clone())), None);
                let get = datafusion::functions::core::get_field();
                let expr = DfExpr::ScalarFunction(ScalarFunction::new_udf(get, vec![value.typed.expr.clone(), name]));
                (TypedExpr::new(expr, field.data_type.clone(), nullable), field.name)
            }
            DataType::Array { element, contains_null } => match element.as_ref() {
                DataType::Struct(fields) => {
                    let (index, field) = self.find_field(&fields.fields, name)?;
                    let contains_null = *contains_null || field.nullable;
                    let data_type = DataType::Array { element: Box::new(field.data_type.clone()), contains_null };
                    let function = ScalarUDF::from(ArrayStructField::new(index, &data_type));
                    let expr = call(function, vec![value.typed.expr.clone()]);
                    (TypedExpr::new(expr, data_type, value.typed.nullable), field.name)
                }
                other => return Err(self.not_extractable(&value, other)),
            },
            DataType::Map { .. } => {
                let key = Value::new(TypedExpr::string(name), name);
                let map = Value::new(value.typed.clone(), value.text.clone());
                let mut found = self.scalar("element_at", vec![map, key])?;
                found.text = format!("{}[{name}]", value.text);
                found.default_name = Some(name.to_string());
                return Ok(found);
            }
            other => return Err(self.not_extractable(&value, other)),
        };
        Ok(Value { default_name: None, ..Value::new(typed, text.replace(&format!(".{name}"), &format!(".{found}"))) })
    }

    pub(super) fn find_field(&self, fields: &[StructField], name: &str) -> SparkResult<(usize, StructField)> {
        let mut matching = fields.iter().enumerate().filter(|(_, field)| self.names.same(&field.name, name));
        match (matching.next(), matching.next()) {
            (Some((index, field)), None) => Ok((index, field.clone())),
            (Some(_), Some(_)) => Err(SparkError::analysis("AMBIGUOUS_REFERENCE_TO_FIELDS")
                .param("field", kindling_spec::quote_identifier(name))
                .param("count", fields.iter().filter(|f| self.names.same(&f.name, name)).count().to_string())),
            _ => {
                let names: Vec<String> =
                    fields.iter().map(|field| kindling_spec::quote_identifier(&field.name)).collect();
                Err(SparkError::analysis("FIELD_NOT_FOUND")
                    .param("fieldName", kindling_spec::quote_identifier(name))
                    .param("fields", names.join(", ")))
            }
        }
    }

    /// `Column.withField` and `dropFields`: the struct is rebuilt.
    pub(super) fn update_fields(
        &mut self,
        child: &Expr,
        field_name: &str,
        value: Option<&Expr>,
        context: &mut ExprContext<'_>,
    ) -> SparkResult<Value> {
        let child = self.expression(child, context)?;
        let value = match value {
            Some(value) => Some(self.expression(value, context)?),
            None => None,
        };
        let path: Vec<&str> = field_name.split('.').collect();
        let operation = match &value {
            Some(value) => format!("WithField({})", value.text),
            None => "dropfield()".to_string(),
        };
        let text = format!("update_fields({}, {operation})", child.text);
        let mut updated = self.update_field(child, &path, value.as_ref())?;
        updated.text = text;
        Ok(updated)
    }

    fn update_field(&mut self, child: Value, path: &[&str], value: Option<&Value>) -> SparkResult<Value> {
        let DataType::Struct(fields) = child.typed.data_type.clone() else {
            return Err(SparkError::analysis("DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE")
                .param("sqlExpr", format!("\"{}\"", child.text))
                .param("paramIndex", "first")
                .param("requiredType", "\"STRUCT\"")
                .param("inputSql", format!("\"{}\"", child.text))
                .param("inputType", format!("\"{}\"", child.typed.data_type.sql())));
        };
        let Some((name, rest)) = path.split_first() else { return Ok(child) };
        let mut arguments = vec![];
        let mut replaced = false;
        for field in &fields.fields {
            let mut taken = self.field(child.clone(), &field.name)?;
            if self.names.same(&field.name, name) {
                replaced = true;
                match (rest.is_empty(), value) {
                    (true, None) => continue,
                    (true, Some(value)) => taken = value.clone(),
                    (false, _) => taken = self.update_field(taken, rest, value)?,
                }
            }
            arguments.push(Value::new(TypedExpr::string(field.name.clone()), field.name.clone()));
            arguments.push(taken);
        }
        if !replaced {
            match (rest.is_empty(), value) {
                (true, Some(value)) => {
                    arguments.push(Value::new(TypedExpr::string(*name), *name));
                    arguments.push(value.clone());
                }
                (true, None) => {}
                (false, _) => {
                    self.find_field(&fields.fields, name)?;
                }
            }
        }
        if arguments.is_empty() {
            return Err(SparkError::analysis("DATATYPE_MISMATCH.CANNOT_DROP_ALL_FIELDS")
                .param("sqlExpr", format!("\"{}\"", child.text)));
        }
        let rebuilt = self.scalar("named_struct", arguments)?;
        if !child.typed.nullable {
            return Ok(rebuilt);
        }
        let null = Value::new(TypedExpr::null(rebuilt.typed.data_type.clone())?, "NULL");
        let is_null = self.scalar("isnull", vec![child])?;
        self.scalar("if", vec![is_null, null, rebuilt])
    }
}

fn call(function: ScalarUDF, arguments: Vec<DfExpr>) -> DfExpr {
    DfExpr::ScalarFunction(ScalarFunction::new_udf(Arc::new(function), arguments))
}
