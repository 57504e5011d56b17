//! `ExecutePlan`: run a relation or a command and answer with its rows.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use kindling_common::{ExceptionClass, SparkError, SparkResult, conf};
use kindling_plan::physical::ObservedMetrics;
use kindling_proto::connect::{
    self as proto, CheckpointCommandResult, ExecutePlanRequest, ExecutePlanResponse,
    command::CommandType,
    execute_plan_request::request_option::RequestOption,
    execute_plan_response::{self, ResponseType, ResultComplete, SqlCommandResult},
    plan::OpType,
};
use kindling_spec::{DataType, Plan, RelationKind, StructType};
use uuid::Uuid;

use crate::{
    ConnectError, ConnectService,
    holder::{ExecuteHolder, SessionHolder},
    lower::{lower_command, lower_relation, raise_data_type, raise_value},
    lower_error,
    query::{self, QueryRun},
    result::{ResultEncoder, to_ipc},
};

/// An execution that was accepted and has yet to run.
#[derive(Debug)]
pub struct Execution {
    /// Its state and responses.
    pub holder: Arc<ExecuteHolder>,
    session: Arc<SessionHolder>,
    observed: query::Observed,
}

impl Execution {
    /// The session it runs in.
    pub(crate) fn session(&self) -> &SessionHolder {
        &self.session
    }

    /// What runs its plans.
    pub(crate) fn query_run<'a>(&'a self, service: &'a ConnectService) -> QueryRun<'a> {
        QueryRun {
            engine: &service.engine,
            state: &self.session.state,
            tags: &self.holder.tags,
            cancel: self.holder.cancel_token(),
            observed: Some(&self.observed),
        }
    }
}

/// Fills in what every response carries, and sends it.
struct Responder<'a> {
    execution: &'a Execution,
    send: &'a mut dyn FnMut(ExecutePlanResponse),
}

impl Responder<'_> {
    fn respond(&mut self, response: ExecutePlanResponse) {
        let session = &self.execution.session;
        (self.send)(ExecutePlanResponse {
            session_id: session.key.session_id.clone(),
            server_side_session_id: session.server_side_session_id.clone(),
            operation_id: self.execution.holder.operation_id.clone(),
            response_id: Uuid::new_v4().to_string(),
            ..response
        });
    }

    fn result(&mut self, response: ResponseType) {
        self.respond(ExecutePlanResponse { response_type: Some(response), ..Default::default() });
    }

    /// The metrics of `df.observe`.
    fn observed(&mut self, observed: &[Arc<ObservedMetrics>]) -> SparkResult<()> {
        let mut observed_metrics = vec![];
        for metrics in observed {
            let Some(values) = metrics.values()? else { continue };
            let columns = metrics.output.iter().zip(&values);
            observed_metrics.push(execute_plan_response::ObservedMetrics {
                name: metrics.name.clone(),
                keys: metrics.output.iter().map(|attribute| attribute.name.clone()).collect(),
                values: columns
                    .map(|(column, value)| raise_value(value, &column.data_type))
                    .collect::<SparkResult<_>>()?,
                ..Default::default()
            });
        }
        if !observed_metrics.is_empty() {
            self.respond(ExecutePlanResponse { observed_metrics, ..Default::default() });
        }
        Ok(())
    }

    fn schema(&mut self, schema: &StructType) {
        let schema = Some(raise_data_type(&DataType::Struct(schema.clone())));
        self.respond(ExecutePlanResponse { schema, ..Default::default() });
    }
}

impl ConnectService {
    /// Accepts a request: the execution exists from here on and can be interrupted.
    pub fn start_execute(&self, request: &ExecutePlanRequest) -> Result<Execution, ConnectError> {
        let session = self.session(&request.session_id, request.user_context.as_ref())?;
        let reattachable = request.request_options.iter().any(|option| {
            matches!(&option.request_option, Some(RequestOption::ReattachOptions(options)) if options.reattachable)
        });
        let operation_id = match request.operation_id.as_deref() {
            None | Some("") => Uuid::new_v4().to_string(),
            Some(id) => id.to_string(),
        };
        let holder = session
            .start_execution(ExecuteHolder::new(operation_id, request.tags.clone(), reattachable, self.cancel_token()))
            .map_err(|error| session.keep_error(error))?;
        Ok(Execution { holder, session, observed: Default::default() })
    }

    /// Runs an accepted request; responses go to the holder, where a stream reads them.
    pub fn run_execute(&self, execution: &Execution, request: ExecutePlanRequest) {
        let holder = &execution.holder;
        let result = self.execute(execution, request, &mut |response| holder.push(response));
        holder.finish(result);
    }

    /// Accepts and runs a request in one call; responses go straight to `send`. For shells without a network.
    pub fn execute_plan(
        &self,
        request: ExecutePlanRequest,
        send: &mut dyn FnMut(ExecutePlanResponse),
    ) -> Result<(), ConnectError> {
        let execution = self.start_execute(&request)?;
        let result = self.execute(&execution, request, send);
        execution.session.remove_execution(&execution.holder.operation_id);
        execution.holder.finish(result.clone());
        result
    }

    fn execute(
        &self,
        execution: &Execution,
        request: ExecutePlanRequest,
        send: &mut dyn FnMut(ExecutePlanResponse),
    ) -> Result<(), ConnectError> {
        let mut responder = Responder { execution, send };
        // A panic while planning must not leave the client waiting.
        let dispatched = catch_unwind(AssertUnwindSafe(|| self.dispatch(execution, request, &mut responder)));
        let result = dispatched.unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic");
            Err(SparkError::internal(text))
        });
        self.engine.bus().drain();
        match result {
            Ok(()) => {
                let observed = std::mem::take(&mut *execution.observed.lock());
                responder.observed(&observed).map_err(|error| execution.session.keep_error(error))?;
                if execution.holder.reattachable {
                    responder.result(ResponseType::ResultComplete(ResultComplete {}));
                }
                Ok(())
            }
            Err(error) => Err(execution.session.keep_error(error)),
        }
    }

    fn dispatch(
        &self,
        execution: &Execution,
        request: ExecutePlanRequest,
        responder: &mut Responder<'_>,
    ) -> SparkResult<()> {
        let plan = request.plan.and_then(|plan| plan.op_type).ok_or_else(|| lower_error("the request has no plan"))?;
        match plan {
            OpType::Root(relation) => {
                self.respond_with_rows(execution, &Plan::Relation(lower_relation(&relation)?), responder)
            }
            OpType::Command(command) => self.execute_command(execution, &command, responder),
            OpType::CompressedOperation(_) => {
                Err(SparkError::new(ExceptionClass::IllegalArgument, "CONNECT_INVALID_PLAN.CANNOT_PARSE"))
            }
        }
    }

    fn execute_command(
        &self,
        execution: &Execution,
        command: &proto::Command,
        responder: &mut Responder<'_>,
    ) -> SparkResult<()> {
        let session = &execution.session;
        match &command.command_type {
            Some(CommandType::SqlCommand(sql)) => {
                let plan = lower_command(command)?;
                let relation = match query::eager_command(&session.state, &plan)? {
                    Some(command) => {
                        let (schema, batches) = self.collect(execution, &Plan::Command(command))?;
                        let data = to_ipc(&schema, &query::time_zone(&session.state), &batches)?;
                        let local = proto::LocalRelation {
                            data: Some(data.into()),
                            schema: Some(StructType::to_json(&schema).to_string()),
                        };
                        relation_of(proto::relation::RelType::LocalRelation(local))
                    }
                    None => {
                        let relation = sql_relation(sql);
                        // Errors of a query show when it is written, as in Spark.
                        query::analyze(&session.state, &lower_relation(&relation)?)?;
                        relation
                    }
                };
                responder.result(ResponseType::SqlCommandResult(SqlCommandResult { relation: Some(relation) }));
                Ok(())
            }
            Some(CommandType::CheckpointCommand(checkpoint)) => self.checkpoint(execution, checkpoint, responder),
            Some(CommandType::GetResourcesCommand(_)) => {
                let result = proto::GetResourcesCommandResult::default();
                responder.result(ResponseType::GetResourcesCommandResult(result));
                Ok(())
            }
            Some(CommandType::RemoveCachedRemoteRelationCommand(remove)) => {
                if let Some(relation) = &remove.relation {
                    session.state.remote_relations.write().remove(&relation.relation_id);
                }
                Ok(())
            }
            _ => self.collect(execution, &lower_command(command)?).map(drop),
        }
    }

    /// `localCheckpoint`: the rows as they are now, under an id, without the plan that gave them. A lazy checkpoint is
    /// taken now as well: later it would only be another moment of the same rows.
    fn checkpoint(
        &self,
        execution: &Execution,
        checkpoint: &proto::CheckpointCommand,
        responder: &mut Responder<'_>,
    ) -> SparkResult<()> {
        if !checkpoint.local {
            return Err(SparkError::unsupported("checkpoint (localCheckpoint is there)"));
        }
        let state = &execution.session.state;
        let input = checkpoint.relation.as_ref().ok_or_else(|| lower_error("relation is not set"))?;
        let (schema, batches) = self.collect(execution, &Plan::Relation(lower_relation(input)?))?;
        let data = to_ipc(&schema, &query::time_zone(state), &batches)?;
        let rows = RelationKind::LocalRelation { data: Some(Arc::from(data)), schema: Some(schema) };
        let relation_id = Uuid::new_v4().to_string();
        let analyzed = kindling_plan::analyze(state, &rows.into())?;
        state.remote_relations.write().insert(relation_id.clone(), analyzed);
        let result = CheckpointCommandResult { relation: Some(proto::CachedRemoteRelation { relation_id }) };
        responder.result(ResponseType::CheckpointCommandResult(result));
        Ok(())
    }

    fn respond_with_rows(&self, execution: &Execution, plan: &Plan, responder: &mut Responder<'_>) -> SparkResult<()> {
        let session = &execution.session;
        let max_rows = session.state.conf.read().integer(&conf::ARROW_MAX_RECORDS_PER_BATCH);
        let run = execution.query_run(self);
        let mut encoder: Option<ResultEncoder> = None;
        let time_zone = query::time_zone(&session.state);
        let responder = std::cell::RefCell::new(responder);
        let schema = run.run(
            plan,
            &mut |schema| {
                responder.borrow_mut().schema(schema);
            },
            &mut |schema, batch| {
                let encoder = encoder.get_or_insert_with(|| {
                    ResultEncoder::new(
                        schema,
                        &time_zone,
                        usize::try_from(max_rows).ok().filter(|n| *n > 0).unwrap_or(usize::MAX),
                    )
                });
                for full in encoder.push(batch)? {
                    responder.borrow_mut().result(ResponseType::ArrowBatch(full));
                }
                Ok(())
            },
        )?;
        let encoder = encoder.unwrap_or_else(|| ResultEncoder::new(&schema, &time_zone, usize::MAX));
        if let Some(last) = encoder.finish()? {
            responder.borrow_mut().result(ResponseType::ArrowBatch(last));
        }
        Ok(())
    }

    /// All rows of a plan.
    fn collect(
        &self,
        execution: &Execution,
        plan: &Plan,
    ) -> SparkResult<(StructType, Vec<arrow::record_batch::RecordBatch>)> {
        let run = execution.query_run(self);
        let mut batches = vec![];
        let schema = run.run(plan, &mut |_| {}, &mut |_, batch| {
            batches.push(batch.clone());
            Ok(())
        })?;
        Ok((schema, batches))
    }
}

fn relation_of(rel_type: proto::relation::RelType) -> proto::Relation {
    proto::Relation { common: None, rel_type: Some(rel_type) }
}

/// The relation that a query's `SqlCommand` stands for.
fn sql_relation(sql: &proto::SqlCommand) -> proto::Relation {
    if let Some(input) = &sql.input {
        return input.clone();
    }
    #[allow(deprecated)] // Clients before 4.0 send the text here.
    relation_of(proto::relation::RelType::Sql(proto::Sql {
        query: sql.sql.clone(),
        args: sql.args.clone(),
        pos_args: sql.pos_args.clone(),
        named_arguments: sql.named_arguments.clone(),
        pos_arguments: sql.pos_arguments.clone(),
    }))
}
