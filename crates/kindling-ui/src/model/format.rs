//! Numbers as the page writes them.

/// `1234567` → `1,234,567`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// Sizes of files and memory, in powers of 1000: `61 KB`, `46.2 MB`.
pub fn bytes(n: f64) -> String {
    const UNITS: [&str; 5] = ["B", "KB", "MB", "GB", "TB"];
    let mut value = n.max(0.0);
    let mut unit = 0;
    while value >= 999.5 && unit < UNITS.len() - 1 {
        value /= 1000.0;
        unit += 1;
    }
    if unit == 0 || value >= 99.95 || (value - value.round()).abs() < 0.05 {
        format!("{value:.0} {}", UNITS[unit])
    } else {
        format!("{value:.1} {}", UNITS[unit])
    }
}

/// Time a cell or a step took: `0.03 s`, `2.3 s`, `1 min 5 s`, `2 h 3 min`.
pub fn duration(millis: f64) -> String {
    let seconds = millis.max(0.0) / 1000.0;
    if seconds < 9.995 {
        format!("{seconds:.2} s")
    } else if seconds < 59.95 {
        format!("{seconds:.1} s")
    } else if seconds < 3599.5 {
        let whole = seconds.round() as u64;
        format!("{} min {} s", whole / 60, whole % 60)
    } else {
        let minutes = (seconds / 60.0).round() as u64;
        format!("{} h {} min", minutes / 60, minutes % 60)
    }
}

/// Time that is still running: one decimal.
pub fn elapsed(millis: f64) -> String {
    let seconds = millis.max(0.0) / 1000.0;
    if seconds < 60.0 { format!("{seconds:.1} s") } else { duration(millis) }
}

/// `1 job`, `2 jobs`.
pub fn plural(n: u64, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{} {noun}s", count(n)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_in_the_mock_up() {
        assert_eq!(count(1_204_800), "1,204,800");
        assert_eq!(count(999), "999");
        assert_eq!(bytes(61_000.0), "61 KB");
        assert_eq!(bytes(46_200_000.0), "46.2 MB");
        assert_eq!(bytes(999_999.0), "1 MB");
        assert_eq!(bytes(12.0), "12 B");
        assert_eq!(duration(30.0), "0.03 s");
        assert_eq!(duration(65_000.0), "1 min 5 s");
        assert_eq!(duration(59_999.0), "1 min 0 s");
        assert_eq!(elapsed(2_310.0), "2.3 s");
        assert_eq!(plural(1, "job") + ", " + &plural(2, "task"), "1 job, 2 tasks");
    }
}
