//! Names of functions as people write them.

/// A function's name without the hashes, which change with every build.
pub fn readable(name: &str) -> String {
    let mut readable = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(at) = rest.find('[') {
        let (before, bracket) = rest.split_at(at);
        readable.push_str(before);
        rest = match bracket[1..].find(']').filter(|end| is_hash(&bracket[1..=*end])) {
            Some(end) => &bracket[end + 2..],
            None => {
                readable.push('[');
                &bracket[1..]
            }
        };
    }
    readable.push_str(rest);
    readable
}

/// Whether this is what v0 symbol names put behind a crate's name.
fn is_hash(text: &str) -> bool {
    (8..=16).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::readable;

    #[test]
    fn hashes_of_crates_are_left_out() {
        assert_eq!(
            readable("<arrow_array[52c7b9ada3056d46]::types::Int8Type as core[8743ed8606e67c2c]::fmt::Debug>::fmt"),
            "<arrow_array::types::Int8Type as core::fmt::Debug>::fmt"
        );
    }

    #[test]
    fn brackets_that_are_types_stay() {
        assert_eq!(readable("<[u8; 4]>::to_vec::<[T]>"), "<[u8; 4]>::to_vec::<[T]>");
        assert_eq!(readable("ZSTD_decompress"), "ZSTD_decompress");
    }
}
