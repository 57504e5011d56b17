//! `array[i]`, zero-based (Spark's `GetArrayItem`).

use std::hash::{Hash, Hasher};

use arrow::{
    array::{Array, AsArray, UInt64Array},
    compute::take,
    datatypes::{DataType as ArrowType, Int64Type},
};
use datafusion::{
    common::{Result, internal_err},
    logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility},
};
use kindling_common::{ExceptionClass, SparkError};
use kindling_functions::error::to_datafusion;
use kindling_spec::Origin;

/// The element at a zero-based index; out of bounds it is an error under ANSI and null otherwise.
#[derive(Debug)]
pub(crate) struct ArrayItem {
    ansi: bool,
    origin: Origin,
    signature: Signature,
}

impl ArrayItem {
    pub fn new(ansi: bool, origin: Origin) -> ArrayItem {
        ArrayItem { ansi, origin, signature: Signature::any(2, Volatility::Immutable) }
    }

    fn out_of_bounds(&self, index: i64, length: usize) -> SparkError {
        SparkError::new(ExceptionClass::ArrayIndexOutOfBounds, "INVALID_ARRAY_INDEX")
            .param("indexValue", index.to_string())
            .param("arraySize", length.to_string())
            .param("ansiConfig", "\"spark.sql.ansi.enabled\"")
            .at(&self.origin)
    }
}

impl PartialEq for ArrayItem {
    fn eq(&self, other: &Self) -> bool {
        self.ansi == other.ansi
    }
}

impl Eq for ArrayItem {}

impl Hash for ArrayItem {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.ansi.hash(state);
    }
}

impl ScalarUDFImpl for ArrayItem {
    fn name(&self) -> &str {
        "getarrayitem"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[ArrowType]) -> Result<ArrowType> {
        match arguments.first() {
            Some(ArrowType::List(element)) => Ok(element.data_type().clone()),
            other => internal_err!("an element of {other:?}"),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let [list, index] = arrays.as_slice() else { return internal_err!("getarrayitem takes two arguments") };
        let (list, index) = (list.as_list::<i32>(), index.as_primitive::<Int64Type>());
        let offsets = list.value_offsets();
        let mut places: Vec<Option<u64>> = Vec::with_capacity(list.len());
        for (row, start) in offsets.iter().copied().enumerate().take(list.len()) {
            if list.is_null(row) || index.is_null(row) {
                places.push(None);
                continue;
            }
            let (length, at) = (list.value_length(row), index.value(row));
            if (0..i64::from(length)).contains(&at) {
                places.push(Some((i64::from(start) + at) as u64));
            } else if self.ansi {
                return Err(to_datafusion(self.out_of_bounds(at, length as usize)));
            } else {
                places.push(None);
            }
        }
        let taken = take(list.values(), &UInt64Array::from(places), None)?;
        Ok(ColumnarValue::Array(taken))
    }
}
