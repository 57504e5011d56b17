//! Years that are alike.

const DAY: i64 = 86_400;

/// Days from 1970 to a year's first.
fn first_day(year: i64) -> i64 {
    let before = year - 1;
    before * 365 + before.div_euclid(4) - before.div_euclid(100) + before.div_euclid(400) - 719_162
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// The same time in a year of which a compiled tz database knows the transitions.
///
/// `chrono-tz` knows none after 2099, while `java.time` goes on with the last rules. They depend on a year's length and on the
/// weekday that it begins on, and the last 28 years have every pair of these.
pub fn with_known_transitions(seconds: i64) -> i64 {
    if seconds < first_day(2100) * DAY {
        return seconds;
    }
    let days = seconds.div_euclid(DAY);
    let guess = 1970 + days * 400 / 146_097;
    let year = (guess - 1..=guess + 1).rev().find(|year| first_day(*year) <= days).unwrap_or(guess);
    let alike = |other: &i64| is_leap(*other) == is_leap(year) && (first_day(year) - first_day(*other)) % 7 == 0;
    match (2072..2100).find(alike) {
        Some(other) => seconds - (first_day(year) - first_day(other)) * DAY,
        None => seconds,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_far_year_becomes_one_that_begins_on_the_same_weekday() {
        for year in [2100, 2104, 2400, 3000, 9999, 290_000] {
            let time = first_day(year) * DAY + 100 * DAY + 5;
            let known = with_known_transitions(time);
            assert!((first_day(2072) * DAY..first_day(2100) * DAY).contains(&known), "{year}");
            assert_eq!((time - known) % (7 * DAY), 0, "{year}");
        }
    }

    #[test]
    fn a_near_year_stays() {
        assert_eq!(with_known_transitions(4_102_444_799), 4_102_444_799);
        assert_eq!(with_known_transitions(-5), -5);
    }
}
