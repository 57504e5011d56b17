//! `array.field` over an array of structs (Spark's `GetArrayStructFields`).

use std::{
    hash::{Hash, Hasher},
    sync::Arc,
};

use arrow::{
    array::{Array, ArrayRef, AsArray, ListArray},
    compute::take,
    datatypes::{DataType as ArrowType, FieldRef},
};
use datafusion::{
    common::{Result, internal_err},
    logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility},
};
use kindling_common::to_arrow;
use kindling_spec::DataType;

/// The array of one field's values.
#[derive(Debug)]
pub(crate) struct ArrayStructField {
    index: usize,
    return_type: ArrowType,
    signature: Signature,
}

impl ArrayStructField {
    /// Field `index`; `data_type` is the result's array type.
    pub fn new(index: usize, data_type: &DataType) -> ArrayStructField {
        ArrayStructField {
            index,
            return_type: to_arrow(data_type),
            signature: Signature::any(1, Volatility::Immutable),
        }
    }

    fn element(&self) -> Option<FieldRef> {
        match &self.return_type {
            ArrowType::List(element) => Some(Arc::clone(element)),
            _ => None,
        }
    }
}

impl PartialEq for ArrayStructField {
    fn eq(&self, other: &Self) -> bool {
        self.index == other.index && self.return_type == other.return_type
    }
}

impl Eq for ArrayStructField {}

impl Hash for ArrayStructField {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.index.hash(state);
    }
}

impl ScalarUDFImpl for ArrayStructField {
    fn name(&self) -> &str {
        "getarraystructfields"
    }

    fn schema_name(&self, args: &[datafusion::logical_expr::Expr]) -> Result<String> {
        let names: Vec<String> = args.iter().map(|arg| arg.schema_name().to_string()).collect();
        Ok(format!("getarraystructfields[{}]({})", self.index, names.join(",")))
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[ArrowType]) -> Result<ArrowType> {
        Ok(self.return_type.clone())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let ([list], Some(element)) = (arrays.as_slice(), self.element()) else {
            return internal_err!("getarraystructfields takes one array");
        };
        let list = list.as_list::<i32>();
        let structs = list.values().as_struct();
        let values: ArrayRef = match structs.nulls() {
            // A null struct has a null field.
            Some(nulls) => {
                let places = (0..structs.len() as u64).zip(nulls.iter()).map(|(i, valid)| valid.then_some(i));
                let places: arrow::array::UInt64Array = places.collect();
                take(structs.column(self.index), &places, None)?
            }
            None => Arc::clone(structs.column(self.index)),
        };
        let out = ListArray::try_new(element, list.offsets().clone(), values, list.nulls().cloned())?;
        Ok(ColumnarValue::Array(Arc::new(out)))
    }
}
