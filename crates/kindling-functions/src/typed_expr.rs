//! A DataFusion expression with its Spark type.

use datafusion::{
    common::{Column, ScalarValue},
    logical_expr::Expr,
};
use kindling_common::{SparkResult, to_arrow};
use kindling_spec::{DataType, Literal};

use crate::literal::{null_scalar, scalar_of};

/// A resolved expression. The Arrow type of `expr` is always `to_arrow(&data_type)`.
#[derive(Debug, Clone, PartialEq)]
pub struct TypedExpr {
    /// The expression.
    pub expr: Expr,
    /// Its Spark type.
    pub data_type: DataType,
    /// Whether it may be null.
    pub nullable: bool,
}

impl TypedExpr {
    /// An expression with its type.
    pub fn new(expr: Expr, data_type: DataType, nullable: bool) -> TypedExpr {
        TypedExpr { expr, data_type, nullable }
    }

    /// A column by its name inside the plan (`name#id`).
    pub fn column(name: impl Into<String>, data_type: DataType, nullable: bool) -> TypedExpr {
        TypedExpr::new(Expr::Column(Column::new_unqualified(name)), data_type, nullable)
    }

    /// A constant.
    pub fn literal(value: &Literal) -> SparkResult<TypedExpr> {
        Ok(TypedExpr::scalar(scalar_of(value)?, value.data_type(), value.is_null()))
    }

    /// A typed `NULL`.
    pub fn null(data_type: DataType) -> SparkResult<TypedExpr> {
        let value = null_scalar(&to_arrow(&data_type))?;
        Ok(TypedExpr::scalar(value, data_type, true))
    }

    /// A `BOOLEAN` constant.
    pub fn boolean(value: bool) -> TypedExpr {
        TypedExpr::scalar(ScalarValue::Boolean(Some(value)), DataType::Boolean, false)
    }

    /// An `INT` constant.
    pub fn integer(value: i32) -> TypedExpr {
        TypedExpr::scalar(ScalarValue::Int32(Some(value)), DataType::Integer, false)
    }

    /// A `BIGINT` constant.
    pub fn long(value: i64) -> TypedExpr {
        TypedExpr::scalar(ScalarValue::Int64(Some(value)), DataType::Long, false)
    }

    /// A `DOUBLE` constant.
    pub fn double(value: f64) -> TypedExpr {
        TypedExpr::scalar(ScalarValue::Float64(Some(value)), DataType::Double, false)
    }

    /// A `STRING` constant.
    pub fn string(value: impl Into<String>) -> TypedExpr {
        TypedExpr::scalar(ScalarValue::Utf8(Some(value.into())), DataType::String, false)
    }

    pub(crate) fn scalar(value: ScalarValue, data_type: DataType, nullable: bool) -> TypedExpr {
        TypedExpr::new(Expr::Literal(value, None), data_type, nullable)
    }

    /// The value of a literal expression (not of a foldable one: see `fold`).
    pub fn as_literal(&self) -> Option<&ScalarValue> {
        match &self.expr {
            Expr::Literal(value, _) => Some(value),
            _ => None,
        }
    }

    /// Whether this is a literal `NULL`.
    pub fn is_null_literal(&self) -> bool {
        self.as_literal().is_some_and(ScalarValue::is_null)
    }
}
