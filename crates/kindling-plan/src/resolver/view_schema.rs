//! What a persistent view's columns are when its query has others than when it was made (`WITH SCHEMA …`).

use datafusion::logical_expr::Expr as DfExpr;
use kindling_common::{RuntimeConfig, SparkError, SparkResult, conf};
use kindling_functions::can_up_cast;
use kindling_spec::{CastMode, Origin, StructField};

use super::{Resolver, expression::Value};
use crate::Attribute;

/// The mode of a view that names none.
pub(crate) fn default_schema_mode(conf: &RuntimeConfig) -> &'static str {
    let is_off = |key: &str| conf.get(key).is_some_and(|value| value.eq_ignore_ascii_case("false"));
    if is_off("spark.sql.legacy.viewSchemaBindingMode") {
        "UNSUPPORTED"
    } else if is_off("spark.sql.legacy.viewSchemaCompensation") {
        "BINDING"
    } else {
        "COMPENSATION"
    }
}

/// The mode that a view with the given one is read with (Spark's `CatalogTable.viewSchemaMode`): one that was made while
/// there were no modes is bound once there are.
pub(crate) fn schema_mode<'a>(conf: &RuntimeConfig, made_with: &'a str) -> &'a str {
    match (default_schema_mode(conf), made_with) {
        ("UNSUPPORTED", _) => "UNSUPPORTED",
        (_, "UNSUPPORTED") => "BINDING",
        (_, mode) => mode,
    }
}

impl Resolver<'_> {
    /// A column of a view over the column that its query has now.
    pub(super) fn view_column(
        &mut self,
        mode: &str,
        column: &Attribute,
        field: &StructField,
    ) -> SparkResult<(DfExpr, Attribute)> {
        let attribute = self.new_column(field);
        match mode {
            "TYPE EVOLUTION" | "EVOLUTION" => {
                let data_type = column.data_type.clone();
                Ok((column.column(), Attribute { data_type, nullable: column.nullable, ..attribute }))
            }
            "COMPENSATION" | "UNSUPPORTED"
                if mode == "COMPENSATION" || self.conf.boolean(&conf::VIEW_SCHEMA_COMPENSATION) =>
            {
                let value = Value::of_attribute(column);
                let typed = self.cast(value, &field.data_type, CastMode::Ansi, &Origin::None)?.typed;
                Ok((typed.expr, attribute))
            }
            _ if can_up_cast(&column.data_type, &field.data_type) => {
                Ok((self.cast_typed(column.typed(), &field.data_type)?.expr, attribute))
            }
            _ => Err(SparkError::analysis("CANNOT_UP_CAST_DATATYPE")
                .param("expression", column.sql())
                .param("sourceType", format!("\"{}\"", column.data_type.sql()))
                .param("targetType", format!("\"{}\"", field.data_type.sql()))
                .param(
                    "details",
                    "The type path of the target object is:\n\nYou can either add an explicit cast to the input data \
                     or choose a higher precision type of the field in the target object",
                )),
        }
    }
}
