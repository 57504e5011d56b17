//! Common types (`findTightestCommonType`, `findWiderTypeForTwo`).

use kindling_spec::{DataType, StructField, StructType};

use super::decimal;

fn numeric_rank(data_type: &DataType) -> Option<usize> {
    Some(match data_type {
        DataType::Byte => 0,
        DataType::Short => 1,
        DataType::Integer => 2,
        DataType::Long => 3,
        DataType::Float => 4,
        DataType::Double => 5,
        _ => return None,
    })
}

/// The type that both convert to without loss of precision.
pub fn tightest_common_type(a: &DataType, b: &DataType, ansi: bool) -> Option<DataType> {
    use DataType::*;
    Some(match (a, b) {
        (a, b) if a == b => a.clone(),
        (Null, other) | (other, Null) => other.clone(),
        (Char(_) | Varchar(_) | String, Char(_) | Varchar(_) | String) => String,
        (i, Decimal { precision, scale }) | (Decimal { precision, scale }, i) if i.is_integral() => {
            let (p, s) = decimal::decimal_for_type(i)?;
            let wider = i32::from(*precision) - i32::from(*scale) >= i32::from(p) - i32::from(s) && *scale >= s;
            if !wider {
                return None;
            }
            Decimal { precision: *precision, scale: *scale }
        }
        (i, Float) | (Float, i) if ansi && i.is_integral() => Double,
        (Timestamp, Date) | (Date, Timestamp) => Timestamp,
        (TimestampNtz, Date) | (Date, TimestampNtz) => TimestampNtz,
        (Timestamp, TimestampNtz) | (TimestampNtz, Timestamp) => Timestamp,
        (Time { precision: p }, Time { precision: q }) => Time { precision: *p.max(q) },
        (YearMonthInterval { start: s1, end: e1 }, YearMonthInterval { start: s2, end: e2 }) => {
            YearMonthInterval { start: *s1.min(s2), end: *e1.max(e2) }
        }
        (DayTimeInterval { start: s1, end: e1 }, DayTimeInterval { start: s2, end: e2 }) => {
            DayTimeInterval { start: *s1.min(s2), end: *e1.max(e2) }
        }
        (a, b) => match (numeric_rank(a), numeric_rank(b)) {
            (Some(x), Some(y)) => {
                if x >= y {
                    a.clone()
                } else {
                    b.clone()
                }
            }
            _ => return complex(a, b, &|a, b| tightest_common_type(a, b, ansi)),
        },
    })
}

/// The common type of two, with loss and string promotion where Spark allows them (`findWiderTypeForTwo`).
pub(crate) fn wider_type(a: &DataType, b: &DataType, ansi: bool) -> Option<DataType> {
    tightest_common_type(a, b, ansi)
        .or_else(|| wider_for_decimal(a, b))
        .or_else(|| if ansi { wider_for_string(a, b) } else { string_promotion(a, b) })
        .or_else(|| complex(a, b, &|a, b| wider_type(a, b, ansi)))
}

/// The common type without string promotion, as set operations use it.
pub fn wider_type_for_set_operation(a: &DataType, b: &DataType, ansi: bool) -> Option<DataType> {
    wider_type(a, b, ansi)
}

fn wider_for_decimal(a: &DataType, b: &DataType) -> Option<DataType> {
    use DataType::*;
    match (a, b) {
        (Decimal { precision: p1, scale: s1 }, Decimal { precision: p2, scale: s2 }) => {
            Some(decimal::wider((*p1, *s1), (*p2, *s2)))
        }
        (i, Decimal { precision, scale }) | (Decimal { precision, scale }, i) if i.is_integral() => {
            Some(decimal::wider(decimal::decimal_for_type(i)?, (*precision, *scale)))
        }
        (Float | Double, Decimal { .. }) | (Decimal { .. }, Float | Double) => Some(Double),
        _ => None,
    }
}

/// ANSI: a string takes the other side's type (`AnsiTypeCoercion.findWiderTypeForString`).
pub(crate) fn wider_for_string(a: &DataType, b: &DataType) -> Option<DataType> {
    let other = match (a.is_string(), b.is_string()) {
        (true, false) => b,
        (false, true) => a,
        _ => return None,
    };
    match other {
        t if t.is_integral() => Some(DataType::Long),
        t if t.is_fractional() => Some(DataType::Double),
        DataType::YearMonthInterval { .. } | DataType::DayTimeInterval { .. } => None,
        t if is_atomic(t) => Some(t.clone()),
        _ => None,
    }
}

/// Not ANSI: the other side becomes a string.
fn string_promotion(a: &DataType, b: &DataType) -> Option<DataType> {
    let other = match (a.is_string(), b.is_string()) {
        (true, false) => b,
        (false, true) => a,
        _ => return None,
    };
    (is_atomic(other) && !matches!(other, DataType::Binary | DataType::Boolean)).then_some(DataType::String)
}

pub(crate) fn is_atomic(data_type: &DataType) -> bool {
    !matches!(
        data_type,
        DataType::Null
            | DataType::CalendarInterval
            | DataType::Array { .. }
            | DataType::Map { .. }
            | DataType::Struct(_)
            | DataType::Variant
    )
}

type Combine<'a> = &'a dyn Fn(&DataType, &DataType) -> Option<DataType>;

/// Element by element (`findTypeForComplex`). A conversion that may give null makes the element nullable.
fn complex(a: &DataType, b: &DataType, combine: Combine<'_>) -> Option<DataType> {
    match (a, b) {
        (DataType::Array { element: e1, contains_null: n1 }, DataType::Array { element: e2, contains_null: n2 }) => {
            let element = combine(e1, e2)?;
            let contains_null = *n1 || *n2 || force_nullable(e1, &element) || force_nullable(e2, &element);
            Some(DataType::Array { element: Box::new(element), contains_null })
        }
        (
            DataType::Map { key: k1, value: v1, value_contains_null: n1 },
            DataType::Map { key: k2, value: v2, value_contains_null: n2 },
        ) => {
            let (key, value) = (combine(k1, k2)?, combine(v1, v2)?);
            if force_nullable(k1, &key) || force_nullable(k2, &key) {
                return None;
            }
            let value_contains_null = *n1 || *n2 || force_nullable(v1, &value) || force_nullable(v2, &value);
            Some(DataType::Map { key: Box::new(key), value: Box::new(value), value_contains_null })
        }
        (DataType::Struct(s1), DataType::Struct(s2)) if s1.fields.len() == s2.fields.len() => {
            let fields: Option<Vec<StructField>> = s1
                .fields
                .iter()
                .zip(&s2.fields)
                .map(|(f1, f2)| {
                    if !f1.name.eq_ignore_ascii_case(&f2.name) {
                        return None;
                    }
                    let data_type = combine(&f1.data_type, &f2.data_type)?;
                    let nullable = f1.nullable
                        || f2.nullable
                        || force_nullable(&f1.data_type, &data_type)
                        || force_nullable(&f2.data_type, &data_type);
                    Some(StructField::new(f1.name.clone(), data_type, nullable))
                })
                .collect();
            Some(DataType::Struct(StructType { fields: fields? }))
        }
        _ => None,
    }
}

/// `Cast.forceNullable`: whether the conversion may turn a value into null.
pub(crate) fn force_nullable(from: &DataType, to: &DataType) -> bool {
    use DataType::*;
    match (from, to) {
        // Only empty arrays and maps have elements of no type.
        (Null, _) => false,
        (from, to) if from == to => false,
        (String | Char(_) | Varchar(_), to) => !matches!(to, Binary | String | Char(_) | Varchar(_)),
        (Float | Double, Timestamp | Decimal { .. }) => true,
        // NaN, the infinities, and what is too large.
        (Float | Double | Decimal { .. }, to) if to.is_integral() => true,
        (Timestamp, Byte | Short | Integer) => true,
        (Date, Timestamp | TimestampNtz | String) => false,
        (Date, _) => true,
        (_, Date) => !matches!(from, Timestamp | TimestampNtz),
        (_, CalendarInterval) => true,
        (from, Decimal { precision, scale }) => match decimal::decimal_for_type(from) {
            Some((p, s)) => i32::from(*precision) - i32::from(*scale) < i32::from(p) - i32::from(s) || *scale < s,
            None => true,
        },
        _ => false,
    }
}

/// The common type of many (`findWiderCommonType`): strings are looked at last, so that order does not matter.
pub fn common_type(types: &[DataType], ansi: bool) -> Option<DataType> {
    let (strings, others): (Vec<&DataType>, Vec<&DataType>) = types.iter().partition(|t| has_string(t));
    let mut result = DataType::Null;
    for data_type in strings.into_iter().chain(others) {
        result = wider_type(&result, data_type, ansi)?;
    }
    Some(result)
}

fn has_string(data_type: &DataType) -> bool {
    match data_type {
        DataType::Array { element, .. } => has_string(element),
        other => other.is_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(a: DataType, b: DataType, ansi: bool, expected: Option<DataType>) {
        assert_eq!(wider_type(&a, &b, ansi), expected, "{a:?} with {b:?}");
        assert_eq!(wider_type(&b, &a, ansi), expected, "{b:?} with {a:?}");
    }

    #[test]
    fn common_types_follow_spark() {
        use DataType::*;
        check(Integer, Long, true, Some(Long));
        check(Long, Float, true, Some(Double));
        check(Long, Float, false, Some(Float));
        check(String, Integer, true, Some(Long));
        check(String, Integer, false, Some(String));
        check(Boolean, Integer, true, None);
        let decimal = |precision, scale| Decimal { precision, scale };
        check(decimal(10, 2), Integer, true, Some(decimal(12, 2)));
        check(decimal(38, 2), decimal(38, 10), true, Some(decimal(38, 2)));
    }
}
