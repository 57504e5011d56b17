//! What `DESCRIBE EXTENDED` and `SHOW TABLE EXTENDED` say of a table (Spark's `CatalogTable.toJsonLinkedHashMap`).

use kindling_common::{RuntimeConfig, SparkResult};

use super::CommandContext;
use crate::{
    analyze,
    catalog::{CatalogTable, SESSION_CATALOG, TempView},
};

/// What Spark shows of a property: nothing of those that look like secrets (`SQLConf.redactOptions`).
pub(super) fn redacted<'a>(key: &str, value: &'a str) -> &'a str {
    let key = key.to_lowercase();
    let secret =
        ["secret", "password", "token", "accesskey", "access.key", "url"].iter().any(|word| key.contains(word));
    if secret { "*********(redacted)" } else { value }
}

/// `[a=b, c=d]`
fn pairs(map: &std::collections::BTreeMap<String, String>) -> String {
    let pairs: Vec<String> = map.iter().map(|(key, value)| format!("{key}={}", redacted(key, value))).collect();
    format!("[{}]", pairs.join(", "))
}

/// `` [`a`, `b`] ``
fn names(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| kindling_spec::quote_identifier(name)).collect();
    format!("[{}]", quoted.join(", "))
}

/// The details in Spark's order.
pub(super) fn detailed_information(table: &CatalogTable, conf: &RuntimeConfig) -> Vec<(&'static str, String)> {
    let mut out = vec![
        ("Catalog", SESSION_CATALOG.to_string()),
        ("Database", table.identifier.database.clone()),
        ("Table", table.identifier.table.clone()),
        ("Created Time", java_date(table.created_at)),
        ("Last Access", "UNKNOWN".to_string()),
        ("Created By", "Spark 4.2.0".to_string()),
        ("Type", table.table_type.name().to_string()),
    ];
    if let Some(provider) = &table.provider {
        out.push(("Provider", provider.clone()));
    }
    out.extend(bucket_information(table));
    if let Some(comment) = &table.comment {
        out.push(("Comment", comment.clone()));
    }
    if let Some(view) = &table.view {
        out.push(("View Text", view.text.clone()));
        out.push(("View Original Text", view.text.clone()));
        let mode = crate::resolver::schema_mode(conf, &view.schema_mode);
        if mode != "UNSUPPORTED" {
            out.push(("View Schema Mode", mode.to_string()));
        }
        out.push(("View Catalog and Namespace", format!("{SESSION_CATALOG}.{}", view.database)));
        out.push(("View Query Output Columns", names(&view.query_columns)));
    }
    if !table.properties.is_empty() {
        out.push(("Table Properties", pairs(&table.properties)));
    }
    if let Some(found) = table.statistics.as_ref().and_then(|statistics| statistics.whole) {
        out.push(("Statistics", found.text()));
    }
    out.extend(storage_information(table));
    if !table.partition_columns.is_empty() {
        out.push(("Partition Provider", "Catalog".to_string()));
    }
    out
}

/// The buckets of a table.
pub(super) fn bucket_information(table: &CatalogTable) -> Vec<(&'static str, String)> {
    let Some(spec) = &table.bucket_spec else { return vec![] };
    vec![
        ("Num Buckets", spec.num_buckets.to_string()),
        ("Bucket Columns", names(&spec.columns)),
        ("Sort Columns", names(&spec.sort_columns)),
    ]
}

/// Where a table's files are, and how they are read.
pub(super) fn storage_information(table: &CatalogTable) -> Vec<(&'static str, String)> {
    let location = table.location.iter().map(|location| ("Location", location.clone()));
    let options = (!table.options.is_empty()).then(|| ("Storage Properties", pairs(&table.options)));
    location.chain(options).collect()
}

/// The details of a partition: the folder below the table's, and its values.
pub(super) fn partition_information(
    table: &CatalogTable,
    (path, values): &(String, Vec<(String, String)>),
) -> Vec<(&'static str, String)> {
    let values: Vec<String> = values.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let folder = table.location.as_deref().unwrap_or_default();
    let mut out = vec![
        ("Partition Values", format!("[{}]", values.join(", "))),
        ("Location", format!("{}/{path}", folder.trim_end_matches('/'))),
        ("Created Time", java_date(table.created_at)),
        ("Last Access", "UNKNOWN".to_string()),
    ];
    if let Some(found) = table.statistics.as_ref().and_then(|statistics| statistics.partitions.get(path)) {
        out.push(("Partition Statistics", found.text()));
    }
    out
}

impl CommandContext<'_> {
    /// The text of `SHOW TABLE EXTENDED` for a table or persistent view.
    pub(super) fn table_information(&self, table: &CatalogTable) -> SparkResult<String> {
        let mut out = String::new();
        for (key, value) in detailed_information(table, &self.state.conf.read()) {
            out.push_str(&format!("{key}: {value}\n"));
        }
        if !table.partition_columns.is_empty() {
            out.push_str(&format!("Partition Columns: {}\n", names(&table.partition_columns)));
        }
        out.push_str(&format!("Schema: {}\n", table.schema.tree_string(None)));
        Ok(out)
    }

    /// The same for a temporary view.
    pub(super) fn temp_view_information(&self, view: &TempView) -> SparkResult<String> {
        let schema = analyze(self.state, &view.query)?.schema();
        let mut out = format!("Table: {}\nCreated Time: {}\n", view.name, java_date(self.state.clock.now_millis()));
        out.push_str("Last Access: UNKNOWN\nCreated By: Spark 4.2.0\nType: VIEW\n");
        if let Some(text) = &view.query_text {
            out.push_str(&format!("View Text: {text}\nView Original Text: {text}\n"));
        }
        out.push_str(&format!("Schema: {}\n", schema.tree_string(None)));
        Ok(out)
    }
}

/// `java.util.Date.toString` in UTC: `Fri Nov 20 18:05:41 UTC 2026`.
pub(super) fn java_date(millis: i64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let seconds = millis.div_euclid(1000);
    let (days, clock) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Howard Hinnant's civil_from_days.
    let z = days + 719_468;
    let (era, day_of_era) = (z.div_euclid(146_097), z.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let name = |table: &[&'static str], index: i64| table.get(index as usize).copied().unwrap_or("");
    format!(
        "{} {} {day:02} {:02}:{:02}:{:02} UTC {year}",
        name(&DAYS, days.rem_euclid(7)),
        name(&MONTHS, month - 1),
        clock / 3600,
        clock / 60 % 60,
        clock % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_print_as_java_s() {
        assert_eq!(java_date(0), "Thu Jan 01 00:00:00 UTC 1970");
        assert_eq!(java_date(1_795_197_941_000), "Fri Nov 20 18:05:41 UTC 2026");
    }
}
