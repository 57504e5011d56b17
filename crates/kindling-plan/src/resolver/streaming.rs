//! Streaming DataFrames: what they are can be asked for; a query over one cannot be started here.

use datafusion::scalar::ScalarValue;
use kindling_common::{ExceptionClass, SparkError, SparkResult, conf};
use kindling_datasource::FileFormat;
use kindling_functions::TypedExpr;
use kindling_spec::{DataSource, DataType, Relation, StructField, StructType};

use super::{Resolved, Resolver, local::parse_schema, plan};
use crate::{
    Attribute,
    logical::{StreamingRelation, extension, is_streaming},
};

const MILLIS_PER_DAY: i64 = 86_400_000;

impl Resolver<'_> {
    /// `spark.readStream….load()`
    pub(super) fn streaming_source(&mut self, source: &DataSource) -> SparkResult<Resolved> {
        let name = source.format.clone().unwrap_or_else(|| self.conf.value(&conf::DEFAULT_SOURCE).to_string());
        let given = source.schema.as_deref().map(parse_schema).transpose()?;
        let schema = match name.to_lowercase().as_str() {
            "rate" | "rate-micro-batch" => StructType {
                fields: vec![
                    StructField::new("timestamp", DataType::Timestamp, true),
                    StructField::new("value", DataType::Long, true),
                ],
            },
            _ => {
                let format = FileFormat::find(&name)?;
                for path in &source.paths {
                    let path = self.state.file_system.resolve(path)?;
                    if !self.state.file_system.exists(&path)? {
                        return Err(SparkError::analysis("PATH_NOT_FOUND").param("path", path.uri()));
                    }
                }
                match (given, format) {
                    (Some(schema), _) => schema,
                    (None, FileFormat::Text) => {
                        StructType { fields: vec![StructField::new("value", DataType::String, true)] }
                    }
                    (None, _) => {
                        return Err(SparkError::new(ExceptionClass::IllegalArgument, "_LEGACY_ERROR_TEMP_2048"));
                    }
                }
            }
        };
        let attributes: Vec<Attribute> = schema.fields.iter().map(|field| self.new_column(field)).collect();
        let schema = plan::internal_schema(&attributes)?;
        Ok(Resolved::new(extension(StreamingRelation { source: name, schema }), attributes))
    }

    /// `withWatermark`: nothing over a batch, a property of the column over a stream.
    pub(super) fn with_watermark(&mut self, input: &Relation, event_time: &str, delay: &str) -> SparkResult<Resolved> {
        let interval = self
            .cast_typed(TypedExpr::string(delay), &DataType::CalendarInterval)
            .and_then(|value| kindling_functions::fold(&value));
        let Ok(Some(ScalarValue::IntervalMonthDayNano(Some(interval)))) = interval else {
            return Err(SparkError::analysis("CANNOT_PARSE_INTERVAL").param("intervalString", format!("'{delay}'")));
        };
        let millis = (i64::from(interval.months) * 31 + i64::from(interval.days)) * MILLIS_PER_DAY
            + interval.nanoseconds / 1_000_000;
        if millis < 0 {
            return Err(SparkError {
                message_override: Some(format!(
                    "requirement failed: delay threshold ({delay}) should not be negative."
                )),
                ..SparkError::new(ExceptionClass::IllegalArgument, "INTERNAL_ERROR")
            });
        }
        let mut resolved = self.relation(input)?;
        let parts = kindling_sql::parse_multipart_identifier(event_time)?;
        let found = resolved.scope.find(self.names, &parts)?;
        let Some(found) = found else { return Err(resolved.scope.unresolved(&parts)) };
        if !is_streaming(&resolved.plan) {
            return Ok(resolved);
        }
        if !matches!(found.attribute.data_type, DataType::Timestamp | DataType::TimestampNtz) {
            return Err(SparkError::analysis("EVENT_TIME_IS_NOT_ON_TIMESTAMP_TYPE")
                .param("eventName", format!("\"{}\"", found.attribute.name))
                .param("eventType", format!("\"{}\"", found.attribute.data_type.sql())));
        }
        for attribute in resolved.scope.attributes.iter_mut().filter(|a| a.id == found.attribute.id) {
            attribute.metadata = Some(serde_json::json!({ "spark.watermarkDelayMs": millis }).to_string());
        }
        Ok(resolved)
    }
}
