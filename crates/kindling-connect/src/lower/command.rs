//! Commands.

use kindling_common::{SparkError, SparkResult};
use kindling_proto::connect::{
    self as proto,
    command::CommandType,
    write_operation::{self, SaveType, save_table::TableSaveMethod},
    write_operation_v2,
};
use kindling_spec::{
    Command, CreateView, ExprKind, Merge, MergeAction, Plan, RelationKind, SaveMode, ViewScope, WriteOperation,
    WriteOperationV2, WriteTarget, WriteV2Mode,
};

use super::{
    expression::{lower_all, lower_expression, lower_user_defined_function},
    invalid_plan,
    relation::{lower_relation, lower_sql, lower_table_function, options},
    required,
};

/// A protocol command as the plan to run. `SqlCommand` is the SQL relation it carries.
pub fn lower_command(command: &proto::Command) -> SparkResult<Plan> {
    Ok(Plan::Command(match required(command.command_type.as_ref(), "command")? {
        CommandType::RegisterFunction(function) => {
            Command::RegisterFunction(Box::new(lower_user_defined_function(function)?))
        }
        CommandType::RegisterTableFunction(function) => {
            Command::RegisterTableFunction(Box::new(lower_table_function(function)?))
        }
        CommandType::WriteOperation(write) => Command::Write(Box::new(lower_write(write)?)),
        CommandType::WriteOperationV2(write) => Command::WriteV2(Box::new(lower_write_v2(write)?)),
        CommandType::CreateDataframeView(view) => Command::CreateView(Box::new(lower_view(view)?)),
        CommandType::SqlCommand(sql) => return Ok(Plan::Relation(lower_sql_command(sql)?)),
        CommandType::MergeIntoTableCommand(merge) => Command::Merge(Box::new(lower_merge(merge)?)),
        CommandType::WriteStreamOperationStart(_)
        | CommandType::StreamingQueryCommand(_)
        | CommandType::StreamingQueryManagerCommand(_)
        | CommandType::StreamingQueryListenerBusCommand(_) => unsupported("Structured Streaming"),
        CommandType::RegisterDataSource(_) => unsupported("Python data sources"),
        CommandType::CreateResourceProfileCommand(_) => unsupported("resource profiles"),
        CommandType::MlCommand(_) => unsupported("pyspark.ml"),
        CommandType::PipelineCommand(_) => unsupported("declarative pipelines"),
        CommandType::ExecuteExternalCommand(_) => unsupported("external commands"),
        CommandType::CheckpointCommand(_)
        | CommandType::RemoveCachedRemoteRelationCommand(_)
        | CommandType::GetResourcesCommand(_) => {
            return Err(SparkError::internal("the service handles this command before lowering"));
        }
        CommandType::Extension(_) => unsupported("command extensions of the protocol"),
    }))
}

fn unsupported(name: &str) -> Command {
    Command::Unsupported { name: name.to_string() }
}

fn lower_sql_command(sql: &proto::SqlCommand) -> SparkResult<kindling_spec::Relation> {
    if let Some(input) = &sql.input {
        return lower_relation(input);
    }
    #[allow(deprecated)] // Clients before 4.0 send the text here.
    let sql = proto::Sql {
        query: sql.sql.clone(),
        args: sql.args.clone(),
        pos_args: sql.pos_args.clone(),
        named_arguments: sql.named_arguments.clone(),
        pos_arguments: sql.pos_arguments.clone(),
    };
    let kind: RelationKind = lower_sql(&sql)?;
    Ok(kind.into())
}

fn lower_view(view: &proto::CreateDataFrameViewCommand) -> SparkResult<CreateView> {
    Ok(CreateView {
        name: kindling_sql::parse_multipart_identifier(&view.name)?,
        scope: if view.is_global { ViewScope::GlobalTemp } else { ViewScope::LocalTemp },
        replace: view.replace,
        if_not_exists: false,
        columns: vec![],
        comment: None,
        properties: Default::default(),
        query: lower_relation(required(view.input.as_ref(), "input")?)?,
        query_text: None,
    })
}

fn lower_write(write: &proto::WriteOperation) -> SparkResult<WriteOperation> {
    let target = match &write.save_type {
        None => WriteTarget::None,
        Some(SaveType::Path(path)) => WriteTarget::Path(path.clone()),
        Some(SaveType::Table(table)) => {
            let name = kindling_sql::parse_multipart_identifier(&table.table_name)?;
            match table.save_method() {
                TableSaveMethod::SaveAsTable => WriteTarget::Table(name),
                TableSaveMethod::InsertInto => WriteTarget::InsertInto(name),
                TableSaveMethod::Unspecified => return Err(invalid_plan("table save method is not set".to_string())),
            }
        }
    };
    let bucket_by = match &write.bucket_by {
        Some(bucket) => Some((super::count(bucket.num_buckets, "num_buckets")?, bucket.bucket_column_names.clone())),
        None => None,
    };
    Ok(WriteOperation {
        input: lower_relation(required(write.input.as_ref(), "input")?)?,
        source: write.source.clone().filter(|source| !source.is_empty()),
        target,
        mode: match write.mode() {
            write_operation::SaveMode::Append => SaveMode::Append,
            write_operation::SaveMode::Overwrite => SaveMode::Overwrite,
            write_operation::SaveMode::Ignore => SaveMode::Ignore,
            write_operation::SaveMode::ErrorIfExists | write_operation::SaveMode::Unspecified => {
                SaveMode::ErrorIfExists
            }
        },
        options: options(&write.options),
        partition_columns: write.partitioning_columns.clone(),
        sort_columns: write.sort_column_names.clone(),
        bucket_by,
        cluster_columns: write.clustering_columns.clone(),
    })
}

fn lower_write_v2(write: &proto::WriteOperationV2) -> SparkResult<WriteOperationV2> {
    Ok(WriteOperationV2 {
        input: lower_relation(required(write.input.as_ref(), "input")?)?,
        table: kindling_sql::parse_multipart_identifier(&write.table_name)?,
        provider: write.provider.clone(),
        partitioning: lower_all(&write.partitioning_columns)?,
        options: options(&write.options),
        properties: options(&write.table_properties),
        mode: match write.mode() {
            write_operation_v2::Mode::Create => WriteV2Mode::Create,
            write_operation_v2::Mode::Overwrite => WriteV2Mode::Overwrite,
            write_operation_v2::Mode::OverwritePartitions => WriteV2Mode::OverwritePartitions,
            write_operation_v2::Mode::Append => WriteV2Mode::Append,
            write_operation_v2::Mode::Replace => WriteV2Mode::Replace,
            write_operation_v2::Mode::CreateOrReplace => WriteV2Mode::CreateOrReplace,
            write_operation_v2::Mode::Unspecified => return Err(invalid_plan("write mode is not set".to_string())),
        },
        overwrite_condition: write.overwrite_condition.as_ref().map(lower_expression).transpose()?,
    })
}

fn lower_merge(merge: &proto::MergeIntoTableCommand) -> SparkResult<Merge> {
    Ok(Merge {
        target: kindling_sql::parse_multipart_identifier(&merge.target_table_name)?,
        target_alias: None,
        source: lower_relation(required(merge.source_table_plan.as_ref(), "source")?)?,
        condition: lower_expression(required(merge.merge_condition.as_ref(), "condition")?)?,
        matched: merge_actions(&merge.match_actions)?,
        not_matched: merge_actions(&merge.not_matched_actions)?,
        not_matched_by_source: merge_actions(&merge.not_matched_by_source_actions)?,
    })
}

fn merge_actions(actions: &[proto::Expression]) -> SparkResult<Vec<MergeAction>> {
    actions
        .iter()
        .map(|action| match lower_expression(action)?.kind {
            ExprKind::MergeAction(action) => Ok(*action),
            _ => Err(invalid_plan("a merge action is expected".to_string())),
        })
        .collect()
}
