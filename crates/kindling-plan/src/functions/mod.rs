//! Functions behind syntax rather than names: `array[i]`, `array.field`.

mod array_item;
mod array_struct_field;

pub(crate) use array_item::ArrayItem;
pub(crate) use array_struct_field::ArrayStructField;
