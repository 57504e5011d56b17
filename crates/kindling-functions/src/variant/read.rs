//! Reading variants (`VariantUtil`).

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, StructArray};
use kindling_common::{SparkError, SparkResult};

use super::{ARRAY, OBJECT, SHORT_STRING, VERSION, primitive};

/// One variant, or a part of one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Variant<'a> {
    /// The bytes of the value, possibly with more behind it.
    pub value: &'a [u8],
    /// The dictionary of keys.
    pub metadata: &'a [u8],
}

/// A decoded value.
#[derive(Debug, Clone)]
pub(crate) enum Value<'a> {
    Null,
    Boolean(bool),
    Long(i64),
    Float(f32),
    Double(f64),
    /// Unscaled value and scale.
    Decimal(i128, u8),
    Date(i32),
    Timestamp(i64),
    TimestampNtz(i64),
    Binary(&'a [u8]),
    String(&'a str),
    Uuid(u128),
    /// Keys in order, with their values.
    Object(Vec<(&'a str, Variant<'a>)>),
    Array(Vec<Variant<'a>>),
}

/// `MALFORMED_VARIANT`
pub(super) fn malformed() -> SparkError {
    SparkError::runtime("MALFORMED_VARIANT")
}

fn number(bytes: &[u8], at: usize, width: usize) -> Option<usize> {
    let bytes = bytes.get(at..at.checked_add(width)?)?;
    Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte)))
}

impl<'a> Variant<'a> {
    /// Decodes the value; children are decoded when asked for.
    pub fn decode(self) -> SparkResult<Value<'a>> {
        self.read().ok_or_else(malformed)
    }

    fn read(self) -> Option<Value<'a>> {
        let (header, rest) = self.value.split_first()?;
        let info = header >> 2;
        match header & 3 {
            SHORT_STRING => Some(Value::String(std::str::from_utf8(rest.get(..usize::from(info))?).ok()?)),
            OBJECT => self.object(info),
            ARRAY => self.array(info),
            _ => primitive_value(info, rest),
        }
    }

    fn object(self, info: u8) -> Option<Value<'a>> {
        let offset_width = usize::from(info & 3) + 1;
        let id_width = usize::from(info >> 2 & 3) + 1;
        let count_width = if info >> 4 & 1 == 1 { 4 } else { 1 };
        let count = number(self.value, 1, count_width)?;
        let ids = 1 + count_width;
        let offsets = ids.checked_add(count.checked_mul(id_width)?)?;
        let data = offsets.checked_add((count + 1).checked_mul(offset_width)?)?;
        let mut fields = Vec::with_capacity(count.min(1024));
        for index in 0..count {
            let id = number(self.value, ids + index * id_width, id_width)?;
            let offset = number(self.value, offsets + index * offset_width, offset_width)?;
            let value = self.value.get(data.checked_add(offset)?..)?;
            fields.push((self.key(id)?, Variant { value, ..self }));
        }
        Some(Value::Object(fields))
    }

    fn array(self, info: u8) -> Option<Value<'a>> {
        let offset_width = usize::from(info & 3) + 1;
        let count_width = if info >> 2 & 1 == 1 { 4 } else { 1 };
        let count = number(self.value, 1, count_width)?;
        let offsets = 1 + count_width;
        let data = offsets.checked_add((count + 1).checked_mul(offset_width)?)?;
        let mut items = Vec::with_capacity(count.min(1024));
        for index in 0..count {
            let offset = number(self.value, offsets + index * offset_width, offset_width)?;
            items.push(Variant { value: self.value.get(data.checked_add(offset)?..)?, ..self });
        }
        Some(Value::Array(items))
    }

    fn key(self, id: usize) -> Option<&'a str> {
        let header = *self.metadata.first()?;
        if header & 0xF != VERSION {
            return None;
        }
        let width = usize::from(header >> 6) + 1;
        let count = number(self.metadata, 1, width)?;
        if id >= count {
            return None;
        }
        let from = number(self.metadata, 1 + (id + 1) * width, width)?;
        let to = number(self.metadata, 1 + (id + 2) * width, width)?;
        let data = 1 + (count + 2) * width;
        std::str::from_utf8(self.metadata.get(data + from..data + to)?).ok()
    }
}

fn primitive_value(kind: u8, rest: &[u8]) -> Option<Value<'_>> {
    fn chunk<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
        bytes.first_chunk::<N>().copied()
    }
    let sized = |rest: &'_ [u8]| -> Option<usize> { Some(u32::from_le_bytes(chunk(rest)?) as usize) };
    Some(match kind {
        primitive::NULL => Value::Null,
        primitive::TRUE => Value::Boolean(true),
        primitive::FALSE => Value::Boolean(false),
        primitive::INT1 => Value::Long(i8::from_le_bytes(chunk(rest)?).into()),
        primitive::INT2 => Value::Long(i16::from_le_bytes(chunk(rest)?).into()),
        primitive::INT4 => Value::Long(i32::from_le_bytes(chunk(rest)?).into()),
        primitive::INT8 => Value::Long(i64::from_le_bytes(chunk(rest)?)),
        primitive::DOUBLE => Value::Double(f64::from_le_bytes(chunk(rest)?)),
        primitive::FLOAT => Value::Float(f32::from_le_bytes(chunk(rest)?)),
        primitive::DECIMAL4 => Value::Decimal(i32::from_le_bytes(chunk(rest.get(1..)?)?).into(), rest[0]),
        primitive::DECIMAL8 => Value::Decimal(i64::from_le_bytes(chunk(rest.get(1..)?)?).into(), rest[0]),
        primitive::DECIMAL16 => Value::Decimal(i128::from_le_bytes(chunk(rest.get(1..)?)?), rest[0]),
        primitive::DATE => Value::Date(i32::from_le_bytes(chunk(rest)?)),
        primitive::TIMESTAMP => Value::Timestamp(i64::from_le_bytes(chunk(rest)?)),
        primitive::TIMESTAMP_NTZ => Value::TimestampNtz(i64::from_le_bytes(chunk(rest)?)),
        primitive::BINARY => Value::Binary(rest.get(4..4_usize.checked_add(sized(rest)?)?)?),
        primitive::LONG_STRING => {
            Value::String(std::str::from_utf8(rest.get(4..4_usize.checked_add(sized(rest)?)?)?).ok()?)
        }
        primitive::UUID => Value::Uuid(u128::from_be_bytes(chunk(rest)?)),
        _ => return None,
    })
}

/// Whether a whole variant can be decoded.
pub(crate) fn is_well_formed(variant: Variant<'_>) -> bool {
    match variant.read() {
        None => false,
        Some(Value::Object(fields)) => fields.into_iter().all(|(_, value)| is_well_formed(value)),
        Some(Value::Array(items)) => items.into_iter().all(is_well_formed),
        Some(_) => variant.metadata.first().is_some_and(|header| header & 0xF == VERSION),
    }
}

/// A column of variants.
pub(crate) struct Variants<'a> {
    rows: &'a StructArray,
    values: &'a BinaryArray,
    metadata: &'a BinaryArray,
}

impl<'a> Variants<'a> {
    pub fn new(array: &'a ArrayRef) -> SparkResult<Self> {
        let no = || SparkError::internal(format!("{} is no variant", array.data_type()));
        let rows = array.as_struct_opt().ok_or_else(no)?;
        match rows.columns() {
            [values, metadata] => Ok(Variants {
                rows,
                values: values.as_binary_opt::<i32>().ok_or_else(no)?,
                metadata: metadata.as_binary_opt::<i32>().ok_or_else(no)?,
            }),
            _ => Err(no()),
        }
    }

    pub fn get(&self, row: usize) -> Option<Variant<'a>> {
        self.rows.is_valid(row).then(|| Variant { value: self.values.value(row), metadata: self.metadata.value(row) })
    }
}
