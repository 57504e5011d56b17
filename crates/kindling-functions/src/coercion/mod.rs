//! Type coercion (`AnsiTypeCoercion`, `TypeCoercion`, `DecimalPrecisionTypeCoercion`).

mod arithmetic;
mod comparison;
mod decimal;
mod errors;
mod implicit;
mod widening;

pub(crate) use arithmetic::Failure;
pub use arithmetic::{ArithmeticOp, binary_arithmetic, try_arithmetic};
pub(crate) use comparison::canonical_array;
pub use comparison::{ComparisonOp, comparison, holds_floats, is_orderable, normalize_for_grouping};
pub use implicit::{cast_all_to_common, implicit_cast, to_boolean};
pub use widening::{common_type, tightest_common_type, wider_type_for_set_operation};
pub(crate) use widening::{force_nullable, wider_type};

pub(crate) use comparison::check_orderable;
pub(crate) use decimal::{adjust, bounded, decimal_for_type};
pub(crate) use errors::{diff_types, non_foldable, sql_value, unexpected_type};
pub(crate) use implicit::{Accept, expect};
