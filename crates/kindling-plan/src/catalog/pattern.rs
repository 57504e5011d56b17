//! The patterns of `SHOW … LIKE` (Spark's `StringUtils.filterPattern`).

use regex::RegexBuilder;

/// The names that a pattern matches, in the order of the names: `*` is anything, `|` separates alternatives, letter
/// case does not matter. What is no regular expression matches nothing.
pub(crate) fn filter_pattern(names: Vec<String>, pattern: &str) -> Vec<String> {
    let tests: Vec<_> = pattern
        .trim()
        .split('|')
        .filter_map(|alternative| {
            let text = format!("^(?:{})$", alternative.trim().replace('*', ".*"));
            RegexBuilder::new(&text).case_insensitive(true).build().ok()
        })
        .collect();
    names.into_iter().filter(|name| tests.iter().any(|test| test.is_match(name))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_have_stars_and_alternatives() {
        let names = || vec!["show_t1".to_string(), "show_t2".to_string(), "other".to_string()];
        assert_eq!(filter_pattern(names(), "SHOW_t*"), ["show_t1", "show_t2"]);
        assert_eq!(filter_pattern(names(), "show_t1* | other"), ["show_t1", "other"]);
        assert_eq!(filter_pattern(names(), "show"), Vec::<String>::new());
    }
}
