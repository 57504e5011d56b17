//! What may be written into a column of another type (`Cast.canANSIStoreAssign`).

use kindling_spec::DataType;

/// Whether a value may be stored in a column, which casts it.
pub(super) fn can_store_assign(from: &DataType, to: &DataType) -> bool {
    use DataType::*;
    match (from, to) {
        (from, to) if from == to => true,
        (Null, _) => true,
        (from, to) if from.is_numeric() && to.is_numeric() => true,
        (from, to) if to.is_string() => is_atomic(from) || matches!(from, CalendarInterval),
        (Date, Timestamp | TimestampNtz) => true,
        (Timestamp | TimestampNtz, Date | Timestamp | TimestampNtz) => true,
        (YearMonthInterval { .. }, YearMonthInterval { .. }) | (DayTimeInterval { .. }, DayTimeInterval { .. }) => true,
        (Time { .. }, Time { .. }) => true,
        (Array { element: from, .. }, Array { element: to, .. }) => can_store_assign(from, to),
        (Map { key, value, .. }, Map { key: to_key, value: to_value, .. }) => {
            can_store_assign(key, to_key) && can_store_assign(value, to_value)
        }
        (Struct(from), Struct(to)) => {
            from.fields.len() == to.fields.len()
                && from.fields.iter().zip(&to.fields).all(|(a, b)| can_store_assign(&a.data_type, &b.data_type))
        }
        _ => false,
    }
}

fn is_atomic(data_type: &DataType) -> bool {
    !matches!(
        data_type,
        DataType::Array { .. }
            | DataType::Map { .. }
            | DataType::Struct(_)
            | DataType::Variant
            | DataType::CalendarInterval
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_widen_and_narrow_but_strings_become_nothing_else() {
        assert!(can_store_assign(&DataType::Long, &DataType::Integer));
        assert!(can_store_assign(&DataType::Integer, &DataType::String));
        assert!(!can_store_assign(&DataType::String, &DataType::Integer));
        assert!(!can_store_assign(&DataType::Integer, &DataType::Date));
        assert!(!can_store_assign(&DataType::Boolean, &DataType::Integer));
    }
}
