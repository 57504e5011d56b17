//! A value that may be null as far as plans know.

use arrow::datatypes::DataType as ArrowType;
use datafusion::{
    common::{Result, internal_err},
    logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility},
};

/// Its argument. What a subquery without rows gives is null whatever its columns are.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct MaybeNull {
    signature: Signature,
}

impl Default for MaybeNull {
    fn default() -> MaybeNull {
        MaybeNull { signature: Signature::any(1, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for MaybeNull {
    fn name(&self) -> &str {
        "maybenull"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[ArrowType]) -> Result<ArrowType> {
        match arguments.first() {
            Some(value) => Ok(value.clone()),
            None => internal_err!("maybenull takes one argument"),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match args.args.into_iter().next() {
            Some(value) => Ok(value),
            None => internal_err!("maybenull takes one argument"),
        }
    }
}
