//! `SET`, `RESET` and `SET TIME ZONE`.

use kindling_common::{SparkError, SparkResult, conf};
use kindling_spec::{Expr, ExprKind, Literal};

use super::{
    CommandContext, CommandOutput,
    rows::{Cell, output, text},
};

impl CommandContext<'_> {
    pub(super) fn set_conf(&self, key: Option<&str>, value: Option<&str>, verbose: bool) -> SparkResult<CommandOutput> {
        if verbose {
            return self.list_entries();
        }
        let pair = |key: &str, value: &str| -> Vec<Cell> { vec![key.into(), value.into()] };
        let rows = match (key, value) {
            (Some(key), Some(value)) => {
                let parts: Vec<String> = key.split('.').map(|part| part.trim().to_string()).collect();
                let name = crate::variable::variable_name(&parts).map(|name| name.to_lowercase());
                if name.is_some_and(|name| self.state.variables.read().contains_key(&name)) {
                    return Err(SparkError::analysis("UNSUPPORTED_FEATURE.SET_VARIABLE_USING_SET")
                        .param("variableName", crate::attribute::quote_parts(&parts)));
                }
                crate::set_conf(&mut self.state.conf.write(), key, value)?;
                vec![pair(key, value)]
            }
            (Some(key), None) => {
                let values = self.state.conf.read();
                vec![pair(key, values.get(key).unwrap_or("<undefined>"))]
            }
            (None, _) => {
                let values = self.state.conf.read();
                let mut set: Vec<(&str, &str)> = values.iter().collect();
                set.sort_unstable();
                set.into_iter().map(|(key, value)| pair(key, value)).collect()
            }
        };
        output(vec![text("key", false), text("value", false)], rows)
    }

    /// `SET -v`
    fn list_entries(&self) -> SparkResult<CommandOutput> {
        let values = self.state.conf.read();
        let mut entries: Vec<_> = conf::ENTRIES.iter().filter(|entry| entry.key.starts_with("spark.sql.")).collect();
        entries.sort_by_key(|entry| entry.key);
        let rows = entries.into_iter().map(|entry| -> Vec<Cell> {
            vec![entry.key.into(), values.value(entry).into(), entry.doc.trim().into(), "".into()]
        });
        let fields =
            vec![text("key", false), text("value", false), text("meaning", false), text("Since version", false)];
        output(fields, rows.collect())
    }

    pub(super) fn reset_conf(&self, key: Option<&str>) -> SparkResult<CommandOutput> {
        let mut values = self.state.conf.write();
        match key {
            Some(key) => {
                values.unset_checked(key)?;
            }
            None => {
                let keys: Vec<String> = values.iter().map(|(key, _)| key.to_string()).collect();
                for key in keys {
                    if conf::find_entry(&key).is_none_or(|entry| entry.runtime) {
                        values.unset(&key);
                    }
                }
            }
        }
        Ok(CommandOutput::empty())
    }

    pub(super) fn set_time_zone(&self, zone: &Expr) -> SparkResult<CommandOutput> {
        let value = match &zone.kind {
            ExprKind::Literal(Literal::String(zone)) if zone == "LOCAL" => conf::SESSION_TIME_ZONE.default.to_string(),
            ExprKind::Literal(Literal::String(zone)) => zone.clone(),
            ExprKind::Literal(Literal::DayTimeInterval { microseconds, .. }) => offset(*microseconds / 1_000_000),
            _ => return Err(SparkError::unsupported("SET TIME ZONE with this value")),
        };
        self.set_conf(Some(conf::SESSION_TIME_ZONE.key), Some(&value), false)
    }
}

/// `ZoneOffset.toString`
fn offset(seconds: i64) -> String {
    if seconds == 0 {
        return "Z".into();
    }
    let sign = if seconds < 0 { '-' } else { '+' };
    let (hours, minutes, rest) = (seconds.abs() / 3600, seconds.abs() / 60 % 60, seconds.abs() % 60);
    if rest == 0 {
        format!("{sign}{hours:02}:{minutes:02}")
    } else {
        format!("{sign}{hours:02}:{minutes:02}:{rest:02}")
    }
}
