//! The order of proposals in "did you mean" errors (Spark's `StringUtils.orderSuggestedIdentifiersBySimilarity`).

use crate::attribute::quote_parts;

/// Candidates, quoted, the most similar to `base` first.
pub(crate) fn order_by_similarity(base: &[String], candidates: &[Vec<String>]) -> Vec<String> {
    // Spark starts from a set of attributes, which it lists by name.
    let mut candidates = candidates.to_vec();
    candidates.sort_by(|a, b| a.last().cmp(&b.last()));
    let stripped = strip_common_qualifiers(&candidates, base.len());
    // Spark compares quoted candidates with the name as `UnresolvedAttribute.name` shows it, where only dots need quotes.
    let written = |part: &String| if part.contains('.') { format!("`{part}`") } else { part.clone() };
    let base = &base.iter().map(written).collect::<Vec<_>>().join(".");
    let mut quoted: Vec<String> = stripped.iter().map(|parts| quote_parts(parts)).collect();
    quoted.sort_by_key(|candidate| levenshtein(candidate, base));
    quoted
}

/// Leaves out the qualifiers that all candidates share, down to `least` parts.
fn strip_common_qualifiers(candidates: &[Vec<String>], least: usize) -> Vec<Vec<String>> {
    let prefix = |parts: &Vec<String>, n: usize| parts.get(..parts.len().saturating_sub(n)).unwrap_or(&[]).to_vec();
    let same = |n: usize| match candidates.first() {
        Some(first) => candidates.iter().all(|parts| prefix(parts, n) == prefix(first, n)),
        None => true,
    };
    let keep = if same(1) {
        1
    } else if same(2) {
        2
    } else if same(3) {
        3
    } else {
        usize::MAX
    };
    let keep = keep.max(least);
    candidates.iter().map(|parts| parts.get(parts.len().saturating_sub(keep)..).unwrap_or(parts).to_vec()).collect()
}

fn levenshtein(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (j, y) in b.iter().enumerate() {
            let up = row.get(j + 1).copied().unwrap_or(0);
            let value = (diagonal + usize::from(x != *y)).min(left + 1).min(up + 1);
            diagonal = up;
            if let Some(cell) = row.get_mut(j) {
                *cell = left;
            }
            left = value;
        }
        if let Some(cell) = row.last_mut() {
            *cell = left;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_edits() {
        assert_eq!(levenshtein("kitten", "sitting"), 3);
        assert_eq!(levenshtein("", "abc"), 3);
        assert_eq!(levenshtein("abc", "abc"), 0);
    }

    #[test]
    fn short_names_come_first_where_nothing_is_alike() {
        let candidates = ["apple", "ban", "cc", "ddd"].map(|name| vec!["tt".to_string(), name.to_string()]);
        assert_eq!(order_by_similarity(&["ap".to_string()], &candidates), vec!["`ban`", "`cc`", "`apple`", "`ddd`"]);
        let candidates = ["id", "k"].map(|name| vec![name.to_string()]);
        assert_eq!(order_by_similarity(&["zz".to_string()], &candidates), vec!["`k`", "`id`"]);
        assert_eq!(order_by_similarity(&["z.z".to_string()], &candidates), vec!["`id`", "`k`"]);
    }

    #[test]
    fn the_nearest_name_comes_first_without_the_common_qualifier() {
        let candidates = vec![vec!["t".to_string(), "zzz".to_string()], vec!["t".to_string(), "name".to_string()]];
        assert_eq!(order_by_similarity(&["nama".to_string()], &candidates), vec!["`name`", "`zzz`"]);
    }
}
