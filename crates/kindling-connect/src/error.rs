//! Errors on the wire: `google.rpc.Status` with an `ErrorInfo`, and the details that the client fetches afterwards.
//!
//! Mirrors `org.apache.spark.sql.connect.utils.ErrorUtils`.

use std::collections::HashMap;

use kindling_common::{ExceptionClass, QueryContext, QueryContextKind, SparkError};
use kindling_proto::connect::{FetchErrorDetailsResponse, fetch_error_details_response as details};
use prost::Message;

/// An RPC that failed, with what a transport needs to say so.
#[derive(Debug, Clone, PartialEq)]
pub struct ConnectError {
    /// The error.
    pub error: SparkError,
    /// Under which id the session keeps it for `FetchErrorDetails`, once it does.
    pub error_id: Option<String>,
}

impl From<SparkError> for ConnectError {
    fn from(error: SparkError) -> Self {
        ConnectError { error, error_id: None }
    }
}

/// `google.rpc.Code.INTERNAL`: what Spark uses for every error of a query.
pub const CODE_INTERNAL: i32 = 13;

/// Longest message in the status itself; the whole one is fetched by id.
const MAX_MESSAGE: usize = 2048;

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, Message)]
pub struct Status {
    /// `google.rpc.Code`
    #[prost(int32, tag = "1")]
    pub code: i32,
    /// Message for people.
    #[prost(string, tag = "2")]
    pub message: String,
    /// Packed details.
    #[prost(message, repeated, tag = "3")]
    pub details: Vec<prost_types::Any>,
}

/// `google.rpc.ErrorInfo`.
#[derive(Clone, PartialEq, Message)]
struct ErrorInfo {
    #[prost(string, tag = "1")]
    reason: String,
    #[prost(string, tag = "2")]
    domain: String,
    #[prost(map = "string, string", tag = "3")]
    metadata: HashMap<String, String>,
}

impl ConnectError {
    /// The status that goes into `grpc-status-details-bin`.
    pub fn status(&self) -> Status {
        let error = &self.error;
        let classes = class_hierarchy(error.class);
        let mut metadata = HashMap::from([("classes".to_string(), serde_json::json!(classes).to_string())]);
        if !error.condition.is_empty() {
            metadata.insert("errorClass".to_string(), error.condition.to_string());
        }
        // Spark's legacy conditions have no state.
        if !error.sql_state().is_empty() {
            metadata.insert("sqlState".to_string(), error.sql_state().to_string());
        }
        let parameters = serde_json::json!(error.parameters).to_string();
        if parameters.len() < MAX_MESSAGE {
            metadata.insert("messageParameters".to_string(), parameters);
        }
        if let Some(id) = &self.error_id {
            metadata.insert("errorId".to_string(), id.clone());
        }
        let reason = classes.first().copied().unwrap_or_default().to_string();
        let info = ErrorInfo { reason, domain: "org.apache.spark".to_string(), metadata };
        let any = prost_types::Any {
            type_url: "type.googleapis.com/google.rpc.ErrorInfo".to_string(),
            value: info.encode_to_vec(),
        };
        let mut message = error.full_message();
        if message.len() > MAX_MESSAGE {
            message = message.chars().take(MAX_MESSAGE - 3).collect::<String>() + "...";
        }
        Status { code: CODE_INTERNAL, message, details: vec![any] }
    }
}

/// What `FetchErrorDetails` answers for an error.
pub fn error_details(error: &SparkError) -> FetchErrorDetailsResponse {
    let throwable = details::SparkThrowable {
        error_class: Some(error.condition.to_string()).filter(|condition| !condition.is_empty()),
        message_parameters: error.parameters.clone().into_iter().collect(),
        query_contexts: error.contexts.iter().map(query_context).collect(),
        sql_state: Some(error.sql_state().to_string()).filter(|state| !state.is_empty()),
        breaking_change_info: None,
    };
    FetchErrorDetailsResponse {
        root_error_idx: Some(0),
        errors: vec![details::Error {
            error_type_hierarchy: class_hierarchy(error.class).iter().map(|class| (*class).to_string()).collect(),
            message: error.full_message(),
            stack_trace: vec![],
            cause_idx: None,
            spark_throwable: Some(throwable),
        }],
        ..Default::default()
    }
}

fn query_context(context: &QueryContext) -> details::QueryContext {
    let context_type = match context.kind {
        QueryContextKind::Sql => details::query_context::ContextType::Sql,
        QueryContextKind::DataFrame => details::query_context::ContextType::Dataframe,
    };
    details::QueryContext {
        context_type: context_type.into(),
        object_type: context.object_type.clone(),
        object_name: context.object_name.clone(),
        start_index: context.start_index,
        stop_index: context.stop_index,
        fragment: context.fragment.clone(),
        call_site: context.call_site.clone(),
        summary: context.summary.clone(),
    }
}

/// The JVM classes of an exception, the most specific first: the client takes the first it knows.
fn class_hierarchy(class: ExceptionClass) -> &'static [&'static str] {
    match class {
        ExceptionClass::Analysis => &[
            "org.apache.spark.sql.AnalysisException",
            "java.lang.Exception",
            "java.lang.Throwable",
            "java.lang.Object",
        ],
        ExceptionClass::Parse => &[
            "org.apache.spark.sql.catalyst.parser.ParseException",
            "org.apache.spark.sql.AnalysisException",
            "java.lang.Exception",
            "java.lang.Throwable",
            "java.lang.Object",
        ],
        ExceptionClass::Arithmetic => &[
            "org.apache.spark.SparkArithmeticException",
            "java.lang.ArithmeticException",
            "java.lang.RuntimeException",
            "java.lang.Exception",
            "java.lang.Throwable",
            "java.lang.Object",
        ],
        ExceptionClass::ArrayIndexOutOfBounds => &[
            "org.apache.spark.SparkArrayIndexOutOfBoundsException",
            "java.lang.ArrayIndexOutOfBoundsException",
            "java.lang.IndexOutOfBoundsException",
            "java.lang.RuntimeException",
            "java.lang.Exception",
            "java.lang.Throwable",
            "java.lang.Object",
        ],
        ExceptionClass::DateTime => &[
            "org.apache.spark.SparkDateTimeException",
            "java.time.DateTimeException",
            "java.lang.RuntimeException",
            "java.lang.Exception",
            "java.lang.Throwable",
            "java.lang.Object",
        ],
        ExceptionClass::IllegalArgument => &[
            "org.apache.spark.SparkIllegalArgumentException",
            "java.lang.IllegalArgumentException",
            "java.lang.RuntimeException",
            "java.lang.Exception",
            "java.lang.Throwable",
            "java.lang.Object",
        ],
        ExceptionClass::NumberFormat => &[
            "org.apache.spark.SparkNumberFormatException",
            "java.lang.NumberFormatException",
            "java.lang.IllegalArgumentException",
            "java.lang.RuntimeException",
            "java.lang.Exception",
            "java.lang.Throwable",
            "java.lang.Object",
        ],
        ExceptionClass::NoSuchElement => &[
            "org.apache.spark.SparkNoSuchElementException",
            "java.util.NoSuchElementException",
            "java.lang.RuntimeException",
            "java.lang.Exception",
            "java.lang.Throwable",
            "java.lang.Object",
        ],
        ExceptionClass::Runtime => &[
            "org.apache.spark.SparkRuntimeException",
            "java.lang.RuntimeException",
            "java.lang.Exception",
            "java.lang.Throwable",
            "java.lang.Object",
        ],
        ExceptionClass::UnsupportedOperation => &[
            "org.apache.spark.SparkUnsupportedOperationException",
            "java.lang.UnsupportedOperationException",
            "java.lang.RuntimeException",
            "java.lang.Exception",
            "java.lang.Throwable",
            "java.lang.Object",
        ],
        ExceptionClass::Upgrade => &[
            "org.apache.spark.SparkUpgradeException",
            "java.lang.RuntimeException",
            "java.lang.Exception",
            "java.lang.Throwable",
            "java.lang.Object",
        ],
        ExceptionClass::Spark => {
            &["org.apache.spark.SparkException", "java.lang.Exception", "java.lang.Throwable", "java.lang.Object"]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_names_condition_state_and_classes() {
        let error = SparkError::new(ExceptionClass::Arithmetic, "DIVIDE_BY_ZERO").param("config", "x");
        let status = ConnectError { error, error_id: Some("id".to_string()) }.status();
        let info = ErrorInfo::decode(status.details[0].value.as_slice()).unwrap();
        assert_eq!(info.metadata["errorClass"], "DIVIDE_BY_ZERO");
        assert_eq!(info.metadata["sqlState"], "22012");
        assert_eq!(info.metadata["errorId"], "id");
        assert!(info.metadata["classes"].contains("java.lang.ArithmeticException"));
    }
}
