//! Physical expressions in Spark's words.

use std::sync::Arc;

use arrow::datatypes::{DataType, IntervalUnit, Schema, TimeUnit};
use datafusion::{
    common::ScalarValue,
    logical_expr::Operator,
    physical_expr::{
        PhysicalExpr, PhysicalSortExpr, ScalarFunctionExpr,
        aggregate::AggregateFunctionExpr,
        expressions::{
            BinaryExpr, CaseExpr, CastExpr, Column, InListExpr, IsNotNullExpr, IsNullExpr, LikeExpr, Literal,
            NegativeExpr, NotExpr, TryCastExpr,
        },
        scalar_subquery::ScalarSubqueryExpr,
    },
};

/// An expression over rows of `schema`, as plan text shows it: `(id#0L % 10)`.
pub fn expr_text(expr: &Arc<dyn PhysicalExpr>, schema: &Schema) -> String {
    let text = |expr: &Arc<dyn PhysicalExpr>| expr_text(expr, schema);
    if let Some(column) = expr.downcast_ref::<Column>() {
        let data_type = schema.fields().get(column.index()).map(|field| field.data_type());
        return column_text(column.name(), data_type);
    }
    if let Some(literal) = expr.downcast_ref::<Literal>() {
        return literal_text(literal.value());
    }
    if let Some(binary) = expr.downcast_ref::<BinaryExpr>() {
        return format!("({} {} {})", text(binary.left()), operator_text(*binary.op()), text(binary.right()));
    }
    if let Some(cast) = expr.downcast_ref::<CastExpr>() {
        return format!("cast({} as {})", text(cast.expr()), type_name(cast.cast_type()));
    }
    if let Some(cast) = expr.downcast_ref::<TryCastExpr>() {
        return format!("try_cast({} as {})", text(cast.expr()), type_name(cast.cast_type()));
    }
    if let Some(not) = expr.downcast_ref::<NotExpr>() {
        return format!("NOT {}", text(not.arg()));
    }
    if let Some(is_null) = expr.downcast_ref::<IsNullExpr>() {
        return format!("isnull({})", text(is_null.arg()));
    }
    if let Some(is_not_null) = expr.downcast_ref::<IsNotNullExpr>() {
        return format!("isnotnull({})", text(is_not_null.arg()));
    }
    if let Some(negative) = expr.downcast_ref::<NegativeExpr>() {
        return format!("-{}", text(negative.arg()));
    }
    if let Some(like) = expr.downcast_ref::<LikeExpr>() {
        let not = if like.negated() { "NOT " } else { "" };
        return format!("{not}{} LIKE {}", text(like.expr()), text(like.pattern()));
    }
    if let Some(list) = expr.downcast_ref::<InListExpr>() {
        let items: Vec<String> = list.list().iter().map(text).collect();
        let not = if list.negated() { "NOT " } else { "" };
        return format!("{not}{} IN ({})", text(list.expr()), items.join(","));
    }
    if let Some(case) = expr.downcast_ref::<CaseExpr>() {
        let mut out = "CASE".to_string();
        if let Some(base) = case.expr() {
            out.push_str(&format!(" {}", text(base)));
        }
        for (when, then) in case.when_then_expr() {
            out.push_str(&format!(" WHEN {} THEN {}", text(when), text(then)));
        }
        if let Some(other) = case.else_expr() {
            out.push_str(&format!(" ELSE {}", text(other)));
        }
        return out + " END";
    }
    if expr.is::<ScalarSubqueryExpr>() {
        return "scalar-subquery".to_string();
    }
    if let Some(function) = expr.downcast_ref::<ScalarFunctionExpr>() {
        let arguments: Vec<String> = function.args().iter().map(text).collect();
        let operator = match function.fun().name() {
            "add" => "+",
            "subtract" => "-",
            "multiply" => "*",
            "divide" => "/",
            "remainder" | "mod" => "%",
            _ => "",
        };
        match arguments.as_slice() {
            [left, right] if !operator.is_empty() => return format!("({left} {operator} {right})"),
            // Put in so that comparisons treat all NaNs alike; Spark's comparisons do so themselves.
            [value] if function.fun().name() == "normalize_nan_and_zero" => return value.clone(),
            _ => {}
        }
        return format!("{}({})", function.fun().name(), arguments.join(", "));
    }
    expr.to_string()
}

/// A column as `name#id`, bigint with Spark's suffix.
pub fn column_text(name: &str, data_type: Option<&DataType>) -> String {
    if name == "__grouping_id" {
        return "spark_grouping_id".to_string();
    }
    let long = matches!(data_type, Some(DataType::Int64)) && name.contains('#');
    format!("{name}{}", if long { "L" } else { "" })
}

/// All columns of a schema.
pub fn output_text(schema: &Schema) -> Vec<String> {
    schema.fields().iter().map(|field| column_text(field.name(), Some(field.data_type()))).collect()
}

fn operator_text(operator: Operator) -> &'static str {
    match operator {
        Operator::Eq => "=",
        Operator::NotEq => "!=",
        Operator::Lt => "<",
        Operator::LtEq => "<=",
        Operator::Gt => ">",
        Operator::GtEq => ">=",
        Operator::Plus => "+",
        Operator::Minus => "-",
        Operator::Multiply => "*",
        Operator::Divide => "/",
        Operator::Modulo => "%",
        Operator::And => "AND",
        Operator::Or => "OR",
        Operator::IsNotDistinctFrom => "<=>",
        Operator::BitwiseAnd => "&",
        Operator::BitwiseOr => "|",
        Operator::BitwiseXor => "^",
        Operator::BitwiseShiftLeft => "<<",
        Operator::BitwiseShiftRight => ">>",
        Operator::StringConcat => "||",
        _ => "?",
    }
}

fn literal_text(value: &ScalarValue) -> String {
    if value.is_null() {
        return "null".to_string();
    }
    match value {
        ScalarValue::Utf8(Some(text)) | ScalarValue::LargeUtf8(Some(text)) | ScalarValue::Utf8View(Some(text)) => {
            text.clone()
        }
        ScalarValue::Decimal128(Some(unscaled), _, scale) => decimal_text(*unscaled, *scale),
        other => other.to_string(),
    }
}

fn decimal_text(unscaled: i128, scale: i8) -> String {
    let Ok(scale) = usize::try_from(scale) else { return unscaled.to_string() };
    if scale == 0 {
        return unscaled.to_string();
    }
    let digits = format!("{:0>width$}", unscaled.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    format!("{}{whole}.{fraction}", if unscaled < 0 { "-" } else { "" })
}

/// A type by Spark's name.
pub fn type_name(data_type: &DataType) -> String {
    match data_type {
        DataType::Null => "void".to_string(),
        DataType::Boolean => "boolean".to_string(),
        DataType::Int8 => "tinyint".to_string(),
        DataType::Int16 => "smallint".to_string(),
        DataType::Int32 => "int".to_string(),
        DataType::Int64 => "bigint".to_string(),
        DataType::Float32 => "float".to_string(),
        DataType::Float64 => "double".to_string(),
        DataType::Decimal128(precision, scale) => format!("decimal({precision},{scale})"),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "string".to_string(),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => "binary".to_string(),
        DataType::Date32 => "date".to_string(),
        DataType::Timestamp(TimeUnit::Microsecond, None) => "timestamp_ntz".to_string(),
        DataType::Timestamp(_, _) => "timestamp".to_string(),
        DataType::Duration(_) => "interval day to second".to_string(),
        DataType::Interval(IntervalUnit::YearMonth) => "interval year to month".to_string(),
        DataType::Interval(_) => "interval".to_string(),
        DataType::List(item) | DataType::LargeList(item) => format!("array<{}>", type_name(item.data_type())),
        DataType::Struct(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|field| format!("{}:{}", field.name(), type_name(field.data_type()))).collect();
            format!("struct<{}>", fields.join(","))
        }
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(fields) => {
                let parts: Vec<String> = fields.iter().map(|field| type_name(field.data_type())).collect();
                format!("map<{}>", parts.join(","))
            }
            other => format!("map<{}>", type_name(other)),
        },
        other => other.to_string(),
    }
}

/// `k#0L ASC NULLS FIRST`.
pub fn sort_text(sort: &PhysicalSortExpr, schema: &Schema) -> String {
    let direction = if sort.options.descending { "DESC" } else { "ASC" };
    let nulls = if sort.options.nulls_first { "NULLS FIRST" } else { "NULLS LAST" };
    format!("{} {direction} {nulls}", expr_text(&sort.expr, schema))
}

/// `partial_sum(id#0L)`, `count(distinct x#1)`.
pub fn aggregate_text(
    aggregate: &AggregateFunctionExpr,
    filter: Option<&Arc<dyn PhysicalExpr>>,
    prefix: &str,
    schema: &Schema,
) -> String {
    let arguments: Vec<String> = aggregate.expressions().iter().map(|expr| expr_text(expr, schema)).collect();
    let distinct = if aggregate.is_distinct() { "distinct " } else { "" };
    let filter = filter.map(|filter| format!(" FILTER (WHERE {})", expr_text(filter, schema))).unwrap_or_default();
    format!("{prefix}{}({distinct}{}){filter}", aggregate.fun().name(), arguments.join(", "))
}
