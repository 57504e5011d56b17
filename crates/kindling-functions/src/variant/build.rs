//! Writing variants (`VariantBuilder`).

use std::{collections::HashMap, sync::Arc};

use arrow::{
    array::{ArrayRef, BinaryBuilder, StructArray},
    buffer::NullBuffer,
};
use kindling_common::{SparkError, SparkResult, to_arrow};
use kindling_spec::DataType;

use super::{ARRAY, MAX_SHORT_STRING, OBJECT, SHORT_STRING, VERSION, primitive};
use crate::error::from_arrow_error;

/// Largest value or dictionary.
const SIZE_LIMIT: usize = 128 * 1024 * 1024;

/// A variant in the making: values are appended in order, objects and arrays are closed around their parts.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    value: Vec<u8>,
    ids: HashMap<String, usize>,
    keys: Vec<String>,
}

/// A field of an object that is being written.
#[derive(Debug)]
pub(crate) struct Field {
    key: String,
    id: usize,
    offset: usize,
}

fn width(number: usize) -> usize {
    match number {
        0..=0xFF => 1,
        0x100..=0xFFFF => 2,
        0x1_0000..=0xFF_FFFF => 3,
        _ => 4,
    }
}

fn push(out: &mut Vec<u8>, number: usize, width: usize) {
    out.extend_from_slice(&number.to_le_bytes()[..width]);
}

impl Builder {
    /// Where the next value starts.
    pub fn position(&self) -> usize {
        self.value.len()
    }

    fn primitive(&mut self, kind: u8, bytes: &[u8]) {
        self.value.push(kind << 2);
        self.value.extend_from_slice(bytes);
    }

    pub fn null(&mut self) {
        self.primitive(primitive::NULL, &[]);
    }

    pub fn boolean(&mut self, value: bool) {
        self.primitive(if value { primitive::TRUE } else { primitive::FALSE }, &[]);
    }

    /// An integer in as few bytes as hold it.
    pub fn long(&mut self, value: i64) {
        if let Ok(value) = i8::try_from(value) {
            self.primitive(primitive::INT1, &value.to_le_bytes());
        } else if let Ok(value) = i16::try_from(value) {
            self.primitive(primitive::INT2, &value.to_le_bytes());
        } else if let Ok(value) = i32::try_from(value) {
            self.primitive(primitive::INT4, &value.to_le_bytes());
        } else {
            self.primitive(primitive::INT8, &value.to_le_bytes());
        }
    }

    pub fn float(&mut self, value: f32) {
        self.primitive(primitive::FLOAT, &value.to_le_bytes());
    }

    pub fn double(&mut self, value: f64) {
        self.primitive(primitive::DOUBLE, &value.to_le_bytes());
    }

    pub fn decimal(&mut self, unscaled: i128, scale: u8) {
        let digits = unscaled.unsigned_abs().checked_ilog10().map_or(1, |log| log + 1);
        let (kind, length) = match (scale, digits) {
            (0..=9, 0..=9) => (primitive::DECIMAL4, 4),
            (0..=18, 0..=18) => (primitive::DECIMAL8, 8),
            _ => (primitive::DECIMAL16, 16),
        };
        self.primitive(kind, &[scale]);
        self.value.extend_from_slice(&unscaled.to_le_bytes()[..length]);
    }

    pub fn date(&mut self, days: i32) {
        self.primitive(primitive::DATE, &days.to_le_bytes());
    }

    pub fn timestamp(&mut self, micros: i64) {
        self.primitive(primitive::TIMESTAMP, &micros.to_le_bytes());
    }

    pub fn timestamp_ntz(&mut self, micros: i64) {
        self.primitive(primitive::TIMESTAMP_NTZ, &micros.to_le_bytes());
    }

    pub fn binary(&mut self, bytes: &[u8]) {
        self.primitive(primitive::BINARY, &(bytes.len() as u32).to_le_bytes());
        self.value.extend_from_slice(bytes);
    }

    pub fn string(&mut self, text: &str) {
        if text.len() <= MAX_SHORT_STRING {
            self.value.push((text.len() as u8) << 2 | SHORT_STRING);
        } else {
            self.primitive(primitive::LONG_STRING, &(text.len() as u32).to_le_bytes());
        }
        self.value.extend_from_slice(text.as_bytes());
    }

    /// A field whose value comes next; `start` is where its object started.
    pub fn field(&mut self, key: &str, start: usize) -> Field {
        let next = self.keys.len();
        let id = *self.ids.entry(key.to_string()).or_insert(next);
        if id == next {
            self.keys.push(key.to_string());
        }
        Field { key: key.to_string(), id, offset: self.value.len() - start }
    }

    /// Closes an object around the values since `start`.
    pub fn object(&mut self, start: usize, mut fields: Vec<Field>) -> SparkResult<()> {
        fields.sort_by(|a, b| a.key.cmp(&b.key));
        if let Some(pair) = fields.windows(2).find(|pair| pair[0].key == pair[1].key) {
            return Err(SparkError::runtime("VARIANT_DUPLICATE_KEY").param("key", pair[0].key.clone()));
        }
        let size = self.value.len() - start;
        let id_width = width(fields.iter().map(|field| field.id).max().unwrap_or(0));
        let offset_width = width(size);
        let large = fields.len() > 255;
        let mut header =
            vec![((u8::from(large) << 4) | ((id_width as u8 - 1) << 2) | (offset_width as u8 - 1)) << 2 | OBJECT];
        push(&mut header, fields.len(), if large { 4 } else { 1 });
        fields.iter().for_each(|field| push(&mut header, field.id, id_width));
        fields.iter().for_each(|field| push(&mut header, field.offset, offset_width));
        push(&mut header, size, offset_width);
        self.value.splice(start..start, header);
        Ok(())
    }

    /// Closes an array around the values since `start`, whose items begin at `offsets`.
    pub fn array(&mut self, start: usize, offsets: &[usize]) {
        let size = self.value.len() - start;
        let offset_width = width(size);
        let large = offsets.len() > 255;
        let mut header = vec![((u8::from(large) << 2) | (offset_width as u8 - 1)) << 2 | ARRAY];
        push(&mut header, offsets.len(), if large { 4 } else { 1 });
        offsets.iter().for_each(|offset| push(&mut header, *offset, offset_width));
        push(&mut header, size, offset_width);
        self.value.splice(start..start, header);
    }

    /// `value` and `metadata`.
    pub fn finish(self) -> SparkResult<(Vec<u8>, Vec<u8>)> {
        let size: usize = self.keys.iter().map(String::len).sum();
        if self.value.len() > SIZE_LIMIT || size > SIZE_LIMIT {
            return Err(SparkError::runtime("VARIANT_SIZE_LIMIT")
                .param("sizeLimit", "128.0 MiB")
                .param("functionName", "`parse_json`"));
        }
        let offset_width = width(size.max(self.keys.len()));
        let mut metadata = vec![VERSION | (offset_width as u8 - 1) << 6];
        push(&mut metadata, self.keys.len(), offset_width);
        let mut offset = 0;
        for key in &self.keys {
            push(&mut metadata, offset, offset_width);
            offset += key.len();
        }
        push(&mut metadata, offset, offset_width);
        self.keys.iter().for_each(|key| metadata.extend_from_slice(key.as_bytes()));
        Ok((self.value, metadata))
    }
}

/// A column of variants.
pub(crate) fn variant_column(rows: impl IntoIterator<Item = Option<(Vec<u8>, Vec<u8>)>>) -> SparkResult<ArrayRef> {
    let arrow::datatypes::DataType::Struct(fields) = to_arrow(&DataType::Variant) else {
        return Err(SparkError::internal("a variant is no struct"));
    };
    let (mut values, mut metadata) = (BinaryBuilder::new(), BinaryBuilder::new());
    let mut valid = vec![];
    for row in rows {
        valid.push(row.is_some());
        let (value, keys) = row.unwrap_or_default();
        values.append_value(value);
        metadata.append_value(keys);
    }
    let columns: Vec<ArrayRef> = vec![Arc::new(values.finish()), Arc::new(metadata.finish())];
    let nulls = Some(NullBuffer::from(valid));
    Ok(Arc::new(StructArray::try_new(fields, columns, nulls).map_err(from_arrow_error)?))
}
