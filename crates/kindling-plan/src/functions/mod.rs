//! Functions behind syntax rather than names: `array[i]`, `array.field`, scalar subqueries.

mod array_item;
mod array_struct_field;
mod maybe_null;
mod single_row;

pub(crate) use array_item::ArrayItem;
pub(crate) use array_struct_field::ArrayStructField;
pub(crate) use maybe_null::MaybeNull;
pub(crate) use single_row::SingleRow;
