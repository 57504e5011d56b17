//! The check of a correlated scalar subquery: one row, or an error.

use arrow::{
    array::AsArray,
    datatypes::{DataType as ArrowType, Int64Type},
};
use datafusion::{
    common::{Result, internal_err},
    logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility},
};
use kindling_common::SparkError;
use kindling_functions::error::to_datafusion;

/// A value, where the number of rows that it comes from is not more than one.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct SingleRow {
    signature: Signature,
}

impl Default for SingleRow {
    fn default() -> SingleRow {
        SingleRow { signature: Signature::any(2, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for SingleRow {
    fn name(&self) -> &str {
        "singlerow"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[ArrowType]) -> Result<ArrowType> {
        match arguments.first() {
            Some(value) => Ok(value.clone()),
            None => internal_err!("singlerow takes two arguments"),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [value, rows] = args.args.as_slice() else { return internal_err!("singlerow takes two arguments") };
        let rows = rows.to_array(args.number_rows)?;
        if rows.as_primitive::<Int64Type>().iter().flatten().any(|rows| rows > 1) {
            return Err(to_datafusion(SparkError::runtime("SCALAR_SUBQUERY_TOO_MANY_ROWS")));
        }
        Ok(value.clone())
    }
}
