//! `AnalyzePlan`: what can be said of a plan without running it.

use kindling_common::{SparkError, SparkResult};
use kindling_proto::connect::{
    self as proto, AnalyzePlanRequest, AnalyzePlanResponse,
    analyze_plan_request::{Analyze, explain},
    analyze_plan_response::{self as response, Result as Answer},
    plan::OpType,
};
use kindling_spec::{DataType, ExplainMode, Relation, RelationKind, StorageLevel, StructType};

use crate::{
    ConnectError, ConnectService, SPARK_VERSION,
    holder::SessionHolder,
    lower::{lower_relation, lower_storage_level, parse_schema, raise_data_type, raise_storage_level},
    lower_error, query,
};

impl ConnectService {
    /// Answers an `AnalyzePlan` request.
    pub fn analyze_plan(&self, request: &AnalyzePlanRequest) -> Result<AnalyzePlanResponse, ConnectError> {
        let session = self.session(&request.session_id, request.user_context.as_ref())?;
        let result = self.answer(&session, request).map_err(|error| session.keep_error(error))?;
        Ok(AnalyzePlanResponse {
            session_id: request.session_id.clone(),
            server_side_session_id: session.server_side_session_id.clone(),
            result: Some(result),
        })
    }

    fn answer(&self, session: &SessionHolder, request: &AnalyzePlanRequest) -> SparkResult<Answer> {
        let analyze = request.analyze.as_ref().ok_or_else(|| lower_error("the request asks nothing"))?;
        Ok(match analyze {
            Analyze::Schema(schema) => {
                let schema = query::analyze(&session.state, &relation(schema.plan.as_ref())?)?.schema();
                Answer::Schema(response::Schema { schema: Some(raise_data_type(&DataType::Struct(schema))) })
            }
            Analyze::TreeString(tree) => {
                let schema = query::analyze(&session.state, &relation(tree.plan.as_ref())?)?.schema();
                let level = tree.level.and_then(|level| usize::try_from(level).ok()).filter(|level| *level > 0);
                Answer::TreeString(response::TreeString { tree_string: schema.tree_string(level) })
            }
            Analyze::Explain(explain) => {
                let relation = relation(explain.plan.as_ref())?;
                let explain_string = query::explain(&session.state, &relation, explain_mode(explain.explain_mode())?)?;
                Answer::Explain(response::Explain { explain_string })
            }
            Analyze::IsLocal(local) => {
                Answer::IsLocal(response::IsLocal { is_local: is_local(&relation(local.plan.as_ref())?) })
            }
            Analyze::IsStreaming(streaming) => {
                let plan = query::analyze(&session.state, &relation(streaming.plan.as_ref())?)?.plan;
                let is_streaming = kindling_plan::logical::is_streaming(&plan);
                Answer::IsStreaming(response::IsStreaming { is_streaming })
            }
            Analyze::InputFiles(files) => {
                let files = query::input_files(&session.state, &relation(files.plan.as_ref())?)?;
                Answer::InputFiles(response::InputFiles { files })
            }
            Analyze::SparkVersion(_) => {
                Answer::SparkVersion(response::SparkVersion { version: SPARK_VERSION.to_string() })
            }
            Analyze::DdlParse(parse) => {
                let parsed = parse_ddl(&parse.ddl_string)?;
                Answer::DdlParse(response::DdlParse { parsed: Some(raise_data_type(&parsed)) })
            }
            Analyze::JsonToDdl(json) => {
                let schema = serde_json::from_str(&json.json_string)
                    .ok()
                    .as_ref()
                    .and_then(StructType::from_json)
                    .ok_or_else(|| lower_error(format!("{} is no schema", json.json_string)))?;
                Answer::JsonToDdl(response::JsonToDdl { ddl_string: to_ddl(&schema) })
            }
            Analyze::SameSemantics(same) => {
                let (target, other) = (relation(same.target_plan.as_ref())?, relation(same.other_plan.as_ref())?);
                let result = kindling_plan::same_semantics(&session.state, &target, &other)?;
                Answer::SameSemantics(response::SameSemantics { result })
            }
            Analyze::SemanticHash(hash) => {
                let text = kindling_plan::canonical_text(&session.state, &relation(hash.plan.as_ref())?)?;
                Answer::SemanticHash(response::SemanticHash { result: string_hash(&text) })
            }
            Analyze::Persist(persist) => {
                let relation = root(persist.relation.as_ref())?;
                let level = persist.storage_level.as_ref().map(lower_storage_level);
                let level = level.unwrap_or(StorageLevel::MEMORY_AND_DISK_DESER);
                kindling_plan::command::persist(&session.state, &relation, level)?;
                Answer::Persist(response::Persist {})
            }
            Analyze::Unpersist(unpersist) => {
                kindling_plan::command::unpersist(&session.state, &root(unpersist.relation.as_ref())?)?;
                self.engine.bus().drain();
                Answer::Unpersist(response::Unpersist {})
            }
            Analyze::GetStorageLevel(get) => {
                let level = kindling_plan::command::storage_level(&session.state, &root(get.relation.as_ref())?)?;
                Answer::GetStorageLevel(response::GetStorageLevel { storage_level: Some(raise_storage_level(level)) })
            }
        })
    }
}

fn root(relation: Option<&proto::Relation>) -> SparkResult<Relation> {
    lower_relation(relation.ok_or_else(|| lower_error("a relation is expected"))?)
}

fn relation(plan: Option<&proto::Plan>) -> SparkResult<Relation> {
    match plan.and_then(|plan| plan.op_type.as_ref()) {
        Some(OpType::Root(relation)) => lower_relation(relation),
        Some(OpType::CompressedOperation(_)) => {
            Err(SparkError::new(kindling_common::ExceptionClass::IllegalArgument, "CONNECT_INVALID_PLAN.CANNOT_PARSE"))
        }
        _ => Err(lower_error("a relation is expected")),
    }
}

fn explain_mode(mode: explain::ExplainMode) -> SparkResult<ExplainMode> {
    Ok(match mode {
        explain::ExplainMode::Simple => ExplainMode::Simple,
        explain::ExplainMode::Extended => ExplainMode::Extended,
        explain::ExplainMode::Codegen => ExplainMode::Codegen,
        explain::ExplainMode::Cost => ExplainMode::Cost,
        explain::ExplainMode::Formatted => ExplainMode::Formatted,
        explain::ExplainMode::Unspecified => return Err(lower_error("the explain mode is not set")),
    })
}

/// Rows that the client sent, or that a command returned, need no job.
fn is_local(relation: &Relation) -> bool {
    match &relation.kind {
        RelationKind::LocalRelation { .. } | RelationKind::Command(_) => true,
        RelationKind::Sql { query, .. } => {
            matches!(kindling_sql::parse_plan(query), Ok(kindling_spec::Plan::Command(_)))
        }
        _ => false,
    }
}

/// A schema text: a table schema, or a single type.
fn parse_ddl(text: &str) -> SparkResult<DataType> {
    kindling_sql::parse_data_type(text).or_else(|_| parse_schema(text).map(DataType::Struct))
}

/// `StructType.toDDL`.
fn to_ddl(schema: &StructType) -> String {
    let fields: Vec<String> = schema
        .fields
        .iter()
        .map(|field| {
            let not_null = if field.nullable { "" } else { " NOT NULL" };
            format!("{} {}{not_null}", kindling_spec::quote_if_needed(&field.name), field.data_type.sql())
        })
        .collect();
    fields.join(",")
}

/// A stable 32-bit hash of a text.
fn string_hash(text: &str) -> i32 {
    text.bytes().fold(0_i32, |hash, byte| hash.wrapping_mul(31).wrapping_add(i32::from(byte)))
}
