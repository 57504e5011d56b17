//! Which bar goes on which line: bars that overlap in time need lines of their own.

/// The line of each bar: the first that is free at its start. Bars come in order of their start.
pub fn assign(bars: &[(i64, i64)]) -> Vec<usize> {
    let mut free_at: Vec<i64> = vec![];
    bars.iter()
        .map(|(start, end)| match free_at.iter().position(|free| free <= start) {
            Some(line) => {
                if let Some(free) = free_at.get_mut(line) {
                    *free = *end;
                }
                line
            }
            None => {
                free_at.push(*end);
                free_at.len() - 1
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_bars_take_lines_of_their_own() {
        assert_eq!(assign(&[(0, 10), (2, 5), (5, 8), (9, 12), (10, 11)]), [0, 1, 1, 1, 0]);
    }
}
