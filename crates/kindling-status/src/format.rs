//! Numbers, sizes, durations and times as Spark's UI writes them.

/// `1,234,567` (`NumberFormat.getIntegerInstance(Locale.US)`).
pub fn number(value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if value < 0 {
        out.push('-');
    }
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `3.2 MiB` (`Utils.bytesToString`).
pub fn bytes(size: i64) -> String {
    const UNITS: [(i64, &str); 6] =
        [(1 << 60, "EiB"), (1 << 50, "PiB"), (1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    for (unit, name) in UNITS {
        // A unit is used from twice its size on, so that small values keep their digits.
        if size >= 2 * (unit as i128).min(i128::from(i64::MAX / 2)) as i64 {
            return format!("{:.1} {name}", size as f64 / unit as f64);
        }
    }
    format!("{:.1} B", size as f64)
}

/// `3.2 MiB` in the UI, where a unit starts at its own size.
pub fn bytes_ui(size: i64) -> String {
    const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut value = size as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS.get(unit).copied().unwrap_or("B"))
}

/// `2.0 s` (`Utils.msDurationToString`).
pub fn ms_duration(ms: i64) -> String {
    const SECOND: i64 = 1000;
    const MINUTE: i64 = 60 * SECOND;
    const HOUR: i64 = 60 * MINUTE;
    match ms {
        ms if ms < SECOND => format!("{ms} ms"),
        ms if ms < MINUTE => format!("{:.1} s", ms as f64 / SECOND as f64),
        ms if ms < HOUR => format!("{:.1} m", ms as f64 / MINUTE as f64),
        ms => format!("{:.2} h", ms as f64 / HOUR as f64),
    }
}

/// The duration of a job, a stage or a query: `94 ms`, `0.4 s`, `2.3 s`, `1.5 min`, `2.1 h` (`UIUtils.formatDuration`,
/// with a tenth of a second kept below a minute).
pub fn duration(ms: i64) -> String {
    let seconds = ms as f64 / 1000.0;
    match ms {
        ms if ms < 100 => format!("{ms} ms"),
        ms if ms < 60_000 => format!("{seconds:.1} s"),
        ms if ms < 600_000 => format!("{:.1} min", seconds / 60.0),
        ms if ms < 3_600_000 => format!("{:.0} min", seconds / 60.0),
        _ => format!("{:.1} h", seconds / 3600.0),
    }
}

/// The duration of a task: milliseconds up to a second.
pub fn task_duration(ms: i64) -> String {
    if ms < 1000 { format!("{ms} ms") } else { duration(ms) }
}

struct Civil {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    millis: i64,
}

/// Days-to-date by the algorithm of Howard Hinnant, valid for every date that a log can hold.
fn civil(millis: i64) -> Civil {
    let days = millis.div_euclid(86_400_000);
    let in_day = millis.rem_euclid(86_400_000);
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    Civil {
        year: year_of_era + era * 400 + i64::from(month <= 2),
        month,
        day: day_of_year - (153 * shifted + 2) / 5 + 1,
        hour: in_day / 3_600_000,
        minute: in_day / 60_000 % 60,
        second: in_day / 1000 % 60,
        millis: in_day % 1000,
    }
}

/// `2026-11-20T17:18:21.930GMT`, as the REST API has it.
pub fn rest_timestamp(millis: i64) -> String {
    let Civil { year, month, day, hour, minute, second, millis } = civil(millis);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}GMT")
}

/// `2026/11/20 17:18:21` in a zone that is `offset_minutes` east of UTC.
pub fn date_time(millis: i64, offset_minutes: i64) -> String {
    let Civil { year, month, day, hour, minute, second, .. } = civil(millis + offset_minutes * 60_000);
    format!("{year:04}/{month:02}/{day:02} {hour:02}:{minute:02}:{second:02}")
}

/// `17:18:21` in that zone.
pub fn time_of_day(millis: i64, offset_minutes: i64) -> String {
    let Civil { hour, minute, second, .. } = civil(millis + offset_minutes * 60_000);
    format!("{hour:02}:{minute:02}:{second:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_spark_writes_them() {
        assert_eq!(number(-1_234_567), "-1,234,567");
        assert_eq!(number(100), "100");
        assert_eq!(bytes(236), "236.0 B");
        assert_eq!(bytes(1536), "1536.0 B");
        assert_eq!(bytes(3 << 20), "3.0 MiB");
        assert_eq!(bytes_ui(1536), "1.5 KiB");
        assert_eq!(ms_duration(724), "724 ms");
        assert_eq!(ms_duration(61_000), "1.0 m");
        assert_eq!(duration(94), "94 ms");
        assert_eq!(duration(1_096), "1.1 s");
        assert_eq!(duration(90_000), "1.5 min");
        assert_eq!(rest_timestamp(1_795_195_101_930), "2026-11-20T17:18:21.930GMT");
        assert_eq!(date_time(951_782_400_000, 0), "2000/02/29 00:00:00");
        assert_eq!(date_time(-1, 0), "1969/12/31 23:59:59");
    }
}
