//! The SQL text of expressions as Spark names columns by it (`toPrettySQL`).

use std::fmt::Write as _;

use kindling_functions::SessionTimeZone;
use kindling_spec::{DayTimeField, Literal, YearMonthField};

/// Functions, most of them mathematical, whose names Spark prints in upper case.
const UPPER_CASE: &[&str] = &[
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "cbrt",
    "ceil",
    "cos",
    "cosh",
    "cot",
    "csc",
    "degrees",
    "e",
    "exp",
    "expm1",
    "floor",
    "hypot",
    "log",
    "log10",
    "log1p",
    "log2",
    "percent_rank",
    "pi",
    "power",
    "radians",
    "sec",
    "signum",
    "sin",
    "sinh",
    "spark_partition_id",
    "sqrt",
    "tan",
    "tanh",
];

/// Aggregates whose `WITHIN GROUP` names the value, not an order of rows.
pub(super) const SORTS_BY_VALUE: &[&str] = &["mode", "percentile_cont", "percentile_disc"];

/// Other names under which Spark prints a function.
const PRINTED_AS: &[(&str, &str)] = &[
    ("current_database", "current_schema"),
    ("random", "rand"),
    ("to_varchar", "to_char"),
    ("array_agg", "collect_list"),
    ("dateadd", "date_add"),
    ("||", "concat"),
    ("bool_and", "bool_and"),
    ("mod", "%"),
    ("substring", "substring"),
    ("negative", "negative"),
];

/// Arguments that Spark fills in and shows: function, how many were written, the rest.
const DEFAULTS: &[(&str, usize, &str)] = &[
    ("aes_decrypt", 2, "GCM, DEFAULT, "),
    ("aes_decrypt", 3, "DEFAULT, "),
    ("aes_decrypt", 4, ""),
    ("aes_encrypt", 2, "GCM, DEFAULT, , "),
    ("aes_encrypt", 3, "DEFAULT, , "),
    ("aes_encrypt", 4, ", "),
    ("aes_encrypt", 5, ""),
    ("aggregate", 3, "lambdafunction(namedlambdavariable(), namedlambdavariable())"),
    ("approx_percentile", 2, "10000"),
    ("approx_top_k", 1, "5, 10000"),
    ("approx_top_k", 2, "10000"),
    ("approx_top_k_accumulate", 1, "10000"),
    ("approx_top_k_combine", 1, "-1"),
    ("approx_top_k_estimate", 1, "5"),
    ("bround", 1, "0"),
    ("from_unixtime", 1, "yyyy-MM-dd HH:mm:ss"),
    ("hll_sketch_agg", 1, "12"),
    ("hll_union", 2, "false"),
    ("hll_union_agg", 1, "false"),
    ("listagg", 1, "NULL"),
    ("locate", 2, "1"),
    ("make_dt_interval", 0, "0, 0, 0, 0.000000"),
    ("make_dt_interval", 1, "0, 0, 0.000000"),
    ("make_dt_interval", 2, "0, 0.000000"),
    ("make_dt_interval", 3, "0.000000"),
    ("lpad", 2, " "),
    ("make_dt_interval", 0, "0, 0, 0, 0.000000"),
    ("make_dt_interval", 1, "0, 0, 0.000000"),
    ("make_dt_interval", 2, "0, 0.000000"),
    ("make_dt_interval", 3, "0.000000"),
    ("make_interval", 0, "0, 0, 0, 0, 0, 0, 0.000000"),
    ("make_interval", 1, "0, 0, 0, 0, 0, 0.000000"),
    ("make_interval", 2, "0, 0, 0, 0, 0.000000"),
    ("make_interval", 3, "0, 0, 0, 0.000000"),
    ("make_interval", 4, "0, 0, 0.000000"),
    ("make_interval", 5, "0, 0.000000"),
    ("make_interval", 6, "0.000000"),
    ("make_ym_interval", 0, "0, 0"),
    ("make_ym_interval", 1, "0"),
    ("mask", 1, "X, x, n, NULL"),
    ("mask", 2, "x, n, NULL"),
    ("mask", 3, "n, NULL"),
    ("mask", 4, "NULL"),
    ("months_between", 2, "true"),
    ("overlay", 3, "-1"),
    ("percentile", 2, "1"),
    ("percentile_approx", 2, "10000"),
    ("position", 2, "1"),
    ("reduce", 3, "lambdafunction(namedlambdavariable(), namedlambdavariable())"),
    ("regexp_extract", 2, "1"),
    ("regexp_extract_all", 2, "1"),
    ("regexp_instr", 2, "0"),
    ("regexp_replace", 3, "1"),
    ("replace", 2, ""),
    ("round", 1, "0"),
    ("rpad", 2, " "),
    ("sentences", 1, ", "),
    ("sentences", 2, ""),
    ("sort_array", 1, "true"),
    ("split", 2, "-1"),
    ("st_asbinary", 1, "NDR"),
    ("st_geomfromwkb", 1, "0"),
    ("str_to_map", 1, ",, :"),
    ("str_to_map", 2, ":"),
    ("string_agg", 1, "NULL"),
    ("substr", 2, "2147483647"),
    ("substring", 2, "2147483647"),
    ("theta_sketch_agg", 1, "12"),
    ("theta_union", 2, "12"),
    ("theta_union_agg", 1, "12"),
    ("to_unix_timestamp", 1, "yyyy-MM-dd HH:mm:ss"),
    ("try_aes_decrypt", 2, "GCM, DEFAULT, "),
    ("try_aes_decrypt", 3, "DEFAULT, "),
    ("try_aes_decrypt", 4, ""),
    ("tuple_intersection_agg_double", 1, "sum"),
    ("tuple_intersection_agg_integer", 1, "sum"),
    ("tuple_intersection_double", 2, "sum"),
    ("tuple_intersection_integer", 2, "sum"),
    ("tuple_intersection_theta_double", 2, "sum"),
    ("tuple_intersection_theta_integer", 2, "sum"),
    ("tuple_sketch_agg_double", 2, "12, sum"),
    ("tuple_sketch_agg_double", 3, "sum"),
    ("tuple_sketch_agg_integer", 2, "12, sum"),
    ("tuple_sketch_agg_integer", 3, "sum"),
    ("tuple_sketch_summary_double", 1, "sum"),
    ("tuple_sketch_summary_integer", 1, "sum"),
    ("tuple_union_agg_double", 1, "12, sum"),
    ("tuple_union_agg_double", 2, "sum"),
    ("tuple_union_agg_integer", 1, "12, sum"),
    ("tuple_union_agg_integer", 2, "sum"),
    ("tuple_union_double", 2, "12, sum"),
    ("tuple_union_double", 3, "sum"),
    ("tuple_union_integer", 2, "12, sum"),
    ("tuple_union_integer", 3, "sum"),
    ("tuple_union_theta_double", 2, "12, sum"),
    ("tuple_union_theta_double", 3, "sum"),
    ("tuple_union_theta_integer", 2, "12, sum"),
    ("tuple_union_theta_integer", 3, "sum"),
    ("unix_timestamp", 0, "current_timestamp(), yyyy-MM-dd HH:mm:ss"),
    ("unix_timestamp", 1, "yyyy-MM-dd HH:mm:ss"),
    ("vector_norm", 1, "2.0"),
    ("vector_normalize", 1, "2.0"),
];

/// How many arguments Spark shows of functions whose others are constants (schemas, options, seeds, modes).
const SHOWN: &[(&str, usize)] = &[
    ("approx_count_distinct", 1),
    ("from_csv", 1),
    ("from_json", 1),
    ("from_xml", 1),
    ("schema_of_csv", 1),
    ("schema_of_json", 1),
    ("schema_of_xml", 1),
    ("shuffle", 1),
    ("to_csv", 1),
    ("to_json", 1),
    ("to_xml", 1),
    ("try_make_timestamp", 6),
    ("try_variant_get", 2),
    ("uuid", 0),
    ("variant_get", 2),
];

/// Functions that show their first argument alone; the rest is fixed when the query is resolved.
const FIRST_ONLY: &[&str] = &[
    "from_csv",
    "from_json",
    "from_xml",
    "schema_of_csv",
    "schema_of_json",
    "schema_of_xml",
    "to_csv",
    "to_json",
    "to_xml",
];

/// How Spark shows the comparison that `array_sort` makes where it is given none.
const DEFAULT_ORDER: &str = "lambdafunction((IF(((namedlambdavariable() IS NULL) AND (namedlambdavariable() IS NULL)), 0, \
     (IF((namedlambdavariable() IS NULL), 1, (IF((namedlambdavariable() IS NULL), -1, \
     (IF((namedlambdavariable() < namedlambdavariable()), -1, \
     (IF((namedlambdavariable() > namedlambdavariable()), 1, 0)))))))))), namedlambdavariable(), namedlambdavariable())";

/// A call of a function or operator over the texts of its arguments.
pub(crate) fn call(name: &str, arguments: &[String]) -> String {
    let shown = SHOWN.iter().find(|(function, _)| *function == name).map_or(arguments.len(), |(_, count)| *count);
    let arguments = &arguments[..shown.min(arguments.len())];
    if let Some((_, _, rest)) = DEFAULTS.iter().find(|(f, n, _)| *f == name && *n == arguments.len()) {
        let shown: Vec<&str> = arguments.iter().map(String::as_str).chain([*rest]).collect();
        return format!("{name}({})", shown.join(", "));
    }
    let printed = PRINTED_AS.iter().find(|(from, _)| *from == name).map_or(name, |(_, to)| *to);
    let symbol = match printed {
        "+" | "-" | "*" | "/" | "%" | "&" | "|" | "^" | "<=>" | "<" | "<=" | ">" | ">=" | "<<" | ">>" | ">>>" => {
            Some(printed)
        }
        "=" | "==" => Some("="),
        "and" => Some("AND"),
        "or" => Some("OR"),
        "div" => Some("div"),
        _ => None,
    };
    match (printed, symbol, arguments) {
        (_, Some(symbol), [left, right]) => format!("({left} {symbol} {right})"),
        ("!=" | "<>", _, [left, right]) => format!("(NOT ({left} = {right}))"),
        ("-", _, [child]) => format!("(- {child})"),
        ("+" | "positive", _, [child]) => format!("(+ {child})"),
        ("mode", _, [value, deterministic]) if deterministic == "true" => {
            format!("mode() WITHIN GROUP (ORDER BY {value} DESC)")
        }
        ("mode", _, [value, _]) => format!("mode({value})"),
        ("~", _, [child]) => format!("~{child}"),
        ("not" | "!", _, [child]) => format!("(NOT {child})"),
        ("isnull", _, [child]) => format!("({child} IS NULL)"),
        ("isnotnull", _, [child]) => format!("({child} IS NOT NULL)"),
        ("like", _, [left, right]) => format!("{left} LIKE {right}"),
        ("like", _, [left, right, escape]) => format!("{left} LIKE {right} ESCAPE '{escape}'"),
        ("rlike" | "regexp" | "regexp_like", _, [left, right]) => {
            format!("{}({left}, {right})", printed.to_uppercase())
        }
        ("trim", _, [characters, text]) => format!("TRIM(BOTH {characters} FROM {text})"),
        ("ltrim", _, [characters, text]) => format!("TRIM(LEADING {characters} FROM {text})"),
        ("rtrim", _, [characters, text]) => format!("TRIM(TRAILING {characters} FROM {text})"),
        ("log", _, [value]) => format!("LOG(E(), {value})"),
        ("array_sort", _, [array]) => format!("array_sort({array}, {DEFAULT_ORDER})"),
        ("assert_true", _, [condition]) => format!("assert_true({condition}, '{condition}' is not true!)"),
        (_, _, [first, ..]) if FIRST_ONLY.contains(&printed) => format!("{printed}({first})"),
        ("in", _, [value, list @ ..]) => format!("({value} IN ({}))", list.join(", ")),
        ("if", _, [condition, yes, no]) => format!("(IF({condition}, {yes}, {no}))"),
        ("when", _, arguments) => case_when(arguments),
        ("extract" | "datepart", _, [field, source]) => format!("{printed}({field} FROM {source})"),
        // With a scale it is another expression, under its own name.
        ("ceil" | "floor", _, [value, scale]) => format!("{printed}({value}, {scale})"),
        _ if UPPER_CASE.contains(&printed) => format!("{}({})", printed.to_uppercase(), arguments.join(", ")),
        _ => format!("{printed}({})", arguments.join(", ")),
    }
}

fn case_when(arguments: &[String]) -> String {
    let mut out = String::from("CASE");
    for branch in arguments.chunks(2) {
        let _ = match branch {
            [condition, value] => write!(out, " WHEN {condition} THEN {value}"),
            [otherwise] => write!(out, " ELSE {otherwise}"),
            _ => Ok(()),
        };
    }
    out.push_str(" END");
    out
}

/// An aggregate call.
pub(crate) fn aggregate(name: &str, arguments: &[String], distinct: bool) -> String {
    let text = call(name, arguments);
    if distinct { text.replacen('(', "(DISTINCT ", 1) } else { text }
}

/// A call of a window function; those with defaults show them.
pub(crate) fn window_call(name: &str, arguments: &[String]) -> String {
    match (name, arguments) {
        ("lag" | "lead", [value]) => format!("{name}({value}, 1, NULL)"),
        ("lag" | "lead", [value, offset]) => format!("{name}({value}, {offset}, NULL)"),
        ("ntile", []) => "ntile(1)".to_string(),
        ("rank" | "dense_rank" | "percent_rank", _) => format!("{}()", name.to_uppercase()),
        _ => call(name, arguments),
    }
}

/// A constant.
pub(crate) fn literal(literal: &Literal, zone: &SessionTimeZone) -> String {
    match literal {
        Literal::Null(_) => "NULL".into(),
        Literal::Boolean(value) => value.to_string(),
        Literal::Byte(value) => value.to_string(),
        Literal::Short(value) => value.to_string(),
        Literal::Integer(value) => value.to_string(),
        Literal::Long(value) => value.to_string(),
        Literal::Float(value) => float(f64::from(*value), &format!("{value:?}")),
        Literal::Double(value) => float(*value, &format!("{value:?}")),
        Literal::Decimal { value, scale, .. } => decimal(*value, *scale),
        Literal::String(value) => value.clone(),
        Literal::Binary(value) => {
            let hex: String = value.iter().map(|byte| format!("{byte:02X}")).collect();
            format!("X'{hex}'")
        }
        Literal::Date(days) => format!("DATE '{}'", date(i64::from(*days))),
        Literal::Timestamp(micros) => format!("TIMESTAMP '{}'", timestamp(zone.to_local(*micros))),
        Literal::TimestampNtz(micros) => format!("TIMESTAMP_NTZ '{}'", timestamp(*micros)),
        Literal::Time { nanos, .. } => format!("TIME '{}'", time(*nanos / 1000)),
        Literal::CalendarInterval { months, days, microseconds } => calendar_interval(*months, *days, *microseconds),
        Literal::YearMonthInterval { months, start, end } => year_month_interval(*months, *start, *end),
        Literal::DayTimeInterval { microseconds, start, end } => day_time_interval(*microseconds, *start, *end),
        Literal::Array { values, .. } => {
            let values: Vec<String> = values.iter().map(|value| self::literal(value, zone)).collect();
            format!("ARRAY({})", values.join(", "))
        }
        Literal::Map { entries, .. } => {
            let keys: Vec<String> = entries.iter().map(|(key, _)| self::literal(key, zone)).collect();
            let values: Vec<String> = entries.iter().map(|(_, value)| self::literal(value, zone)).collect();
            format!("MAP_FROM_ARRAYS(ARRAY({}), ARRAY({}))", keys.join(", "), values.join(", "))
        }
        Literal::Struct { fields, values } => {
            let parts: Vec<String> = fields
                .fields
                .iter()
                .zip(values)
                .map(|(field, value)| format!("'{}', {}", field.name, self::literal(value, zone)))
                .collect();
            format!("NAMED_STRUCT({})", parts.join(", "))
        }
    }
}

/// `Double.toString` of Java: scientific notation below 1e-3 and from 1e7 on.
fn float(value: f64, shortest: &str) -> String {
    if value.is_nan() {
        return "NaN".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity".into() } else { "-Infinity".into() };
    }
    let magnitude = value.abs();
    if magnitude == 0.0 || (1e-3..1e7).contains(&magnitude) {
        let plain = if shortest.contains('e') { format!("{value}") } else { shortest.to_string() };
        return if plain.contains('.') { plain } else { format!("{plain}.0") };
    }
    // Rust's shortest digits, in Java's layout.
    let (sign, digits) = shortest.strip_prefix('-').map_or(("", shortest), |rest| ("-", rest));
    let (mantissa, exponent) = digits.split_once('e').unwrap_or((digits, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut exponent: i32 = exponent.parse().unwrap_or(0);
    let all: String = format!("{whole}{fraction}");
    let leading = all.len() - all.trim_start_matches('0').len();
    exponent += whole.len() as i32 - 1 - leading as i32;
    let significant = all.trim_start_matches('0').trim_end_matches('0');
    let (first, rest) = significant.split_at(significant.len().min(1));
    let rest = if rest.is_empty() { "0" } else { rest };
    format!("{sign}{first}.{rest}E{exponent}")
}

fn decimal(value: i128, scale: i8) -> String {
    let negative = value < 0;
    let digits = value.unsigned_abs().to_string();
    let scale = usize::try_from(scale).unwrap_or(0);
    let padded = format!("{digits:0>width$}", width = scale + 1);
    let (whole, fraction) = padded.split_at(padded.len() - scale);
    let sign = if negative { "-" } else { "" };
    // As `BigDecimal.toString`: small fractions have an exponent.
    let exponent = digits.len() as i64 - 1 - scale as i64;
    if exponent < -6 {
        let (first, rest) = digits.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        return format!("{sign}{first}{point}{rest}E{exponent}");
    }
    if scale == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// Days since the epoch as `yyyy-MM-dd` in the proleptic Gregorian calendar.
fn date(days: i64) -> String {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let sign = if year < 0 {
        "-"
    } else if year > 9999 {
        "+"
    } else {
        ""
    };
    format!("{sign}{:04}-{month:02}-{day:02}", year.unsigned_abs())
}

fn time(micros: i64) -> String {
    let seconds = micros / 1_000_000;
    let mut out = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    let fraction = micros % 1_000_000;
    if fraction != 0 {
        let digits = format!("{fraction:06}");
        let _ = write!(out, ".{}", digits.trim_end_matches('0'));
    }
    out
}

fn timestamp(micros: i64) -> String {
    const DAY: i64 = 86_400_000_000;
    format!("{} {}", date(micros.div_euclid(DAY)), time(micros.rem_euclid(DAY)))
}

fn calendar_interval(months: i32, days: i32, micros: i64) -> String {
    let mut parts = vec![];
    let mut unit = |value: i64, name: &str| {
        if value != 0 {
            parts.push(format!("{value} {name}"));
        }
    };
    unit(i64::from(months / 12), "years");
    unit(i64::from(months % 12), "months");
    unit(i64::from(days), "days");
    unit(micros / 3_600_000_000, "hours");
    unit(micros / 60_000_000 % 60, "minutes");
    let rest = micros % 60_000_000;
    if rest != 0 {
        let sign = if rest < 0 { "-" } else { "" };
        let seconds = rest.unsigned_abs() / 1_000_000;
        let fraction = rest.unsigned_abs() % 1_000_000;
        let fraction =
            if fraction == 0 { String::new() } else { format!(".{}", format!("{fraction:06}").trim_end_matches('0')) };
        parts.push(format!("{sign}{seconds}{fraction} seconds"));
    }
    if parts.is_empty() { "INTERVAL '0 seconds'".into() } else { format!("INTERVAL '{}'", parts.join(" ")) }
}

fn year_month_interval(months: i32, start: YearMonthField, end: YearMonthField) -> String {
    let sign = if months < 0 { "-" } else { "" };
    let total = months.unsigned_abs();
    match (start, end) {
        (YearMonthField::Year, YearMonthField::Year) => format!("INTERVAL '{sign}{}' YEAR", total / 12),
        (YearMonthField::Month, YearMonthField::Month) => format!("INTERVAL '{sign}{total}' MONTH"),
        _ => format!("INTERVAL '{sign}{}-{}' YEAR TO MONTH", total / 12, total % 12),
    }
}

fn day_time_interval(micros: i64, start: DayTimeField, end: DayTimeField) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let total = micros.unsigned_abs();
    let seconds = total / 1_000_000;
    let fraction = total % 1_000_000;
    let fraction =
        if fraction == 0 { String::new() } else { format!(".{}", format!("{fraction:06}").trim_end_matches('0')) };
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600, seconds / 60);
    let mut text = match start {
        DayTimeField::Day => days.to_string(),
        DayTimeField::Hour => format!("{hours:02}"),
        DayTimeField::Minute => format!("{minutes:02}"),
        DayTimeField::Second => format!("{seconds:02}{fraction}"),
    };
    for (field, separator, part) in [
        (DayTimeField::Hour, ' ', format!("{:02}", hours % 24)),
        (DayTimeField::Minute, ':', format!("{:02}", minutes % 60)),
        (DayTimeField::Second, ':', format!("{:02}{fraction}", seconds % 60)),
    ] {
        if start < field && field <= end {
            text.push(separator);
            text.push_str(&part);
        }
    }
    let unit = |field: DayTimeField| field.name().to_uppercase();
    if start == end {
        format!("INTERVAL '{sign}{text}' {}", unit(start))
    } else {
        format!("INTERVAL '{sign}{text}' {} TO {}", unit(start), unit(end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: Literal, expected: &str) {
        assert_eq!(literal(&value, &SessionTimeZone::utc()), expected);
    }

    #[test]
    fn literals_print_as_spark_prints_them() {
        check(Literal::Double(1.0), "1.0");
        check(Literal::Double(1e10), "1.0E10");
        check(Literal::Double(1.5e-7), "1.5E-7");
        check(Literal::Decimal { value: -105, precision: 4, scale: 2 }, "-1.05");
        check(Literal::Date(19_723), "DATE '2024-01-01'");
        check(Literal::Timestamp(1_500_000), "TIMESTAMP '1970-01-01 00:00:01.5'");
        let interval = |micros| Literal::DayTimeInterval {
            microseconds: micros,
            start: DayTimeField::Day,
            end: DayTimeField::Second,
        };
        check(interval(90_061_000_000), "INTERVAL '1 01:01:01' DAY TO SECOND");
    }

    #[test]
    fn calls_print_as_operators() {
        let arguments = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(call("+", &arguments(&["a", "b"])), "(a + b)");
        assert_eq!(call("when", &arguments(&["c", "1", "2"])), "CASE WHEN c THEN 1 ELSE 2 END");
        assert_eq!(call("in", &arguments(&["a", "1", "2"])), "(a IN (1, 2))");
        assert_eq!(call("sqrt", &arguments(&["x"])), "SQRT(x)");
    }
}
