//! Functions whose result Spark takes to be nullable, whatever their arguments are.

/// Those that Spark evaluates by a call of a Java method, which may give null for all it knows, its mathematics, and divisions.
const ALWAYS: &[&str] = &[
    "%",
    "/",
    "acos",
    "acosh",
    "aes_decrypt",
    "aes_encrypt",
    "asin",
    "asinh",
    "atan",
    "atanh",
    "bround",
    "cbrt",
    "ceil",
    "ceiling",
    "cos",
    "cosh",
    "cot",
    "csc",
    "decode",
    "degrees",
    "div",
    "encode",
    "exp",
    "expm1",
    "floor",
    "from_unixtime",
    "is_valid_utf8",
    "luhn_check",
    "make_valid_utf8",
    "map_contains_key",
    "mask",
    "mod",
    "next_day",
    "pmod",
    "quote",
    "radians",
    "right",
    "rint",
    "round",
    "sec",
    "sign",
    "signum",
    "sin",
    "sinh",
    "split_part",
    "sqrt",
    "tan",
    "tanh",
    "to_binary",
    "to_csv",
    "to_json",
    "url_decode",
    "url_encode",
    "validate_utf8",
];

/// Those of them that are expressions of their own over strings.
const OVER_BINARY: &[&str] = &["btrim", "contains", "endswith", "startswith"];

pub(crate) fn is_always_nullable(function: &str, over_binary: bool) -> bool {
    ALWAYS.binary_search(&function).is_ok() || over_binary && OVER_BINARY.contains(&function)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_sorted() {
        assert!(ALWAYS.is_sorted());
    }

    #[test]
    fn every_name_is_a_function() {
        for name in ALWAYS.iter().chain(OVER_BINARY) {
            assert!(crate::lookup(name).is_some(), "{name}");
        }
    }
}
