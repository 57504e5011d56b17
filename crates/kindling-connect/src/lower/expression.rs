//! Expressions.

use std::sync::Arc;

use kindling_common::{SparkError, SparkResult};
use kindling_proto::connect::{
    self as proto, Expression,
    common_inline_user_defined_function::Function,
    expression::{
        self, ExprType,
        cast::{CastToType, EvalMode},
        sort_order,
        window::window_frame::{self, frame_boundary::Boundary},
    },
    merge_action::ActionType,
    origin,
    subquery_expression::SubqueryType,
};
use kindling_spec::{
    CastMode, DataFrameOrigin, DataType, Expr, ExprKind, FrameBoundary, FrameType, Literal, MergeAction,
    MergeActionKind, NullOrdering, Origin, PythonUdf, SortDirection, SortOrder, SubqueryExpr, SubqueryKind,
    SubqueryPlan, UnresolvedFunction, WindowExpr, WindowFrame,
};

use super::{data_type::lower_data_type, invalid_plan, literal::lower_literal, parse_attribute_name, required};

/// A protocol expression as an unresolved expression.
pub fn lower_expression(expression: &Expression) -> SparkResult<Expr> {
    let origin =
        expression.common.as_ref().and_then(|common| common.origin.as_ref()).map_or(Origin::None, lower_origin);
    let kind = match required(expression.expr_type.as_ref(), "expression")? {
        ExprType::Literal(literal) => ExprKind::Literal(lower_literal(literal)?),
        ExprType::UnresolvedAttribute(attribute) => ExprKind::UnresolvedAttribute {
            name_parts: parse_attribute_name(&attribute.unparsed_identifier)?,
            plan_id: attribute.plan_id,
            is_metadata_column: attribute.is_metadata_column.unwrap_or(false),
        },
        ExprType::UnresolvedFunction(function) => ExprKind::UnresolvedFunction(UnresolvedFunction {
            name: if function.is_user_defined_function {
                kindling_sql::parse_multipart_identifier(&function.function_name)?
            } else {
                vec![function.function_name.clone()]
            },
            arguments: lower_all(&function.arguments)?,
            is_distinct: function.is_distinct,
            // What the client itself calls may be a function that SQL does not know.
            is_internal: function.is_internal.unwrap_or(false) || !function.is_user_defined_function,
            ..Default::default()
        }),
        ExprType::ExpressionString(string) => ExprKind::ExpressionString(string.expression.clone()),
        ExprType::UnresolvedStar(star) => ExprKind::UnresolvedStar {
            target: star.unparsed_target.as_deref().map(star_target).transpose()?,
            except: vec![],
            plan_id: star.plan_id,
        },
        ExprType::Alias(alias) => lower_alias(alias)?,
        ExprType::Cast(cast) => lower_cast(cast)?,
        ExprType::UnresolvedRegex(regex) => lower_regex(regex),
        ExprType::SortOrder(order) => ExprKind::SortOrder(Box::new(lower_sort_order(order)?)),
        ExprType::LambdaFunction(lambda) => ExprKind::LambdaFunction {
            body: boxed(lambda.function.as_deref(), "lambda body")?,
            arguments: lambda.arguments.iter().map(|argument| argument.name_parts.join(".")).collect(),
        },
        ExprType::Window(window) => ExprKind::Window(Box::new(lower_window(window)?)),
        ExprType::UnresolvedExtractValue(extract) => ExprKind::UnresolvedExtractValue {
            child: boxed(extract.child.as_deref(), "child")?,
            extraction: boxed(extract.extraction.as_deref(), "extraction")?,
        },
        ExprType::UpdateFields(update) => ExprKind::UpdateFields {
            child: boxed(update.struct_expression.as_deref(), "struct")?,
            field_name: update.field_name.clone(),
            value: update.value_expression.as_deref().map(lower_expression).transpose()?.map(Box::new),
        },
        ExprType::UnresolvedNamedLambdaVariable(variable) => {
            ExprKind::UnresolvedNamedLambdaVariable { name_parts: variable.name_parts.clone() }
        }
        ExprType::CommonInlineUserDefinedFunction(function) => {
            ExprKind::PythonUdf(Box::new(lower_user_defined_function(function)?))
        }
        ExprType::CallFunction(call) => ExprKind::UnresolvedFunction(UnresolvedFunction {
            name: kindling_sql::parse_multipart_identifier(&call.function_name)?,
            arguments: lower_all(&call.arguments)?,
            ..Default::default()
        }),
        ExprType::NamedArgumentExpression(argument) => ExprKind::NamedArgument {
            name: argument.key.clone(),
            value: boxed(argument.value.as_deref(), "argument value")?,
        },
        ExprType::MergeAction(action) => ExprKind::MergeAction(Box::new(lower_merge_action(action)?)),
        ExprType::TypedAggregateExpression(_) => return Err(SparkError::unsupported("Scala typed aggregates")),
        ExprType::SubqueryExpression(subquery) => ExprKind::Subquery(Box::new(lower_subquery(subquery)?)),
        ExprType::DirectShufflePartitionId(direct) => {
            let child = lower_expression(required(direct.child.as_deref(), "partition id")?)?;
            return Ok(Expr { origin, ..Expr::call(kindling_spec::DIRECT_SHUFFLE_PARTITION_ID, vec![child]) });
        }
        ExprType::Extension(_) => return Err(SparkError::unsupported("expression extensions of the protocol")),
    };
    Ok(Expr { kind, origin })
}

pub(super) fn lower_all(expressions: &[Expression]) -> SparkResult<Vec<Expr>> {
    expressions.iter().map(lower_expression).collect()
}

fn boxed(expression: Option<&Expression>, field: &str) -> SparkResult<Box<Expr>> {
    Ok(Box::new(lower_expression(required(expression, field)?)?))
}

pub(super) fn lower_origin(origin: &proto::Origin) -> Origin {
    match &origin.function {
        Some(origin::Function::PythonOrigin(python)) => Origin::DataFrame(Arc::new(DataFrameOrigin {
            fragment: python.fragment.clone(),
            call_site: python.call_site.clone(),
        })),
        _ => Origin::None,
    }
}

/// `t.*` or `s.*`: the text before the star.
fn star_target(target: &str) -> SparkResult<Vec<String>> {
    let qualifier = target.strip_suffix(".*").ok_or_else(|| {
        invalid_plan(format!("UnresolvedStar requires a unparsed target ending with '.*', not {target}"))
    })?;
    parse_attribute_name(qualifier)
}

pub(super) fn lower_alias(alias: &expression::Alias) -> SparkResult<ExprKind> {
    Ok(ExprKind::Alias {
        expr: boxed(alias.expr.as_deref(), "aliased expression")?,
        names: alias.name.clone(),
        metadata: alias.metadata.clone().filter(|metadata| !metadata.is_empty()),
    })
}

fn lower_cast(cast: &expression::Cast) -> SparkResult<ExprKind> {
    let to = match required(cast.cast_to_type.as_ref(), "cast type")? {
        CastToType::Type(data_type) => lower_data_type(data_type)?,
        CastToType::TypeStr(text) => kindling_sql::parse_data_type(text)?,
    };
    let mode = match cast.eval_mode() {
        EvalMode::Unspecified => CastMode::Session,
        EvalMode::Legacy => CastMode::Legacy,
        EvalMode::Ansi => CastMode::Ansi,
        EvalMode::Try => CastMode::Try,
    };
    Ok(ExprKind::Cast { expr: boxed(cast.expr.as_deref(), "cast operand")?, to, mode })
}

/// ``df.colRegex("`pattern`")`` or ``"t.`pattern`"``; anything else is a plain column.
fn lower_regex(regex: &expression::UnresolvedRegex) -> ExprKind {
    let name = &regex.col_name;
    let quoted = name.strip_suffix('`').and_then(|rest| rest.rsplit_once('`'));
    match quoted {
        Some((table, pattern)) if table.is_empty() || table.ends_with('.') => ExprKind::UnresolvedRegex {
            pattern: pattern.to_string(),
            table: table.strip_suffix('.').map(str::to_string),
            plan_id: regex.plan_id,
        },
        _ => ExprKind::UnresolvedAttribute {
            name_parts: vec![name.clone()],
            plan_id: regex.plan_id,
            is_metadata_column: false,
        },
    }
}

pub(super) fn lower_sort_order(order: &expression::SortOrder) -> SparkResult<SortOrder> {
    Ok(SortOrder {
        child: lower_expression(required(order.child.as_deref(), "sort key")?)?,
        direction: match order.direction() {
            sort_order::SortDirection::Descending => SortDirection::Descending,
            _ => SortDirection::Ascending,
        },
        null_ordering: match order.null_ordering() {
            sort_order::NullOrdering::SortNullsFirst => Some(NullOrdering::NullsFirst),
            sort_order::NullOrdering::SortNullsLast => Some(NullOrdering::NullsLast),
            sort_order::NullOrdering::SortNullsUnspecified => None,
        },
    })
}

fn lower_window(window: &expression::Window) -> SparkResult<WindowExpr> {
    Ok(WindowExpr {
        function: lower_expression(required(window.window_function.as_deref(), "window function")?)?,
        partition_spec: lower_all(&window.partition_spec)?,
        order_spec: window.order_spec.iter().map(lower_sort_order).collect::<SparkResult<_>>()?,
        frame: window.frame_spec.as_deref().map(lower_frame).transpose()?,
        window_name: None,
    })
}

fn lower_frame(frame: &expression::window::WindowFrame) -> SparkResult<WindowFrame> {
    Ok(WindowFrame {
        frame_type: match frame.frame_type() {
            window_frame::FrameType::Row => FrameType::Rows,
            window_frame::FrameType::Range => FrameType::Range,
            window_frame::FrameType::Undefined => return Err(invalid_plan("window frame type is not set".to_string())),
        },
        lower: lower_boundary(frame.lower.as_deref())?,
        upper: lower_boundary(frame.upper.as_deref())?,
    })
}

fn lower_boundary(boundary: Option<&window_frame::FrameBoundary>) -> SparkResult<FrameBoundary> {
    Ok(match required(boundary.and_then(|boundary| boundary.boundary.as_ref()), "window frame boundary")? {
        Boundary::CurrentRow(_) => FrameBoundary::CurrentRow,
        Boundary::Unbounded(_) => FrameBoundary::Unbounded,
        Boundary::Value(value) => FrameBoundary::Value(Box::new(lower_expression(value)?)),
    })
}

/// A Python function as the client ships it.
pub fn lower_user_defined_function(function: &proto::CommonInlineUserDefinedFunction) -> SparkResult<PythonUdf> {
    let python = match required(function.function.as_ref(), "function")? {
        Function::PythonUdf(python) => python,
        Function::ScalarScalaUdf(_) => return Err(SparkError::unsupported("Scala functions")),
        Function::JavaUdf(_) => return Err(SparkError::unsupported("Java functions")),
    };
    Ok(PythonUdf {
        name: function.function_name.clone(),
        deterministic: function.deterministic,
        arguments: lower_all(&function.arguments)?,
        output_type: python.output_type.as_ref().map_or(Ok(DataType::Null), lower_data_type)?,
        eval_type: python.eval_type,
        command: python.command.to_vec(),
        python_ver: python.python_ver.clone(),
    })
}

fn lower_merge_action(action: &proto::MergeAction) -> SparkResult<MergeAction> {
    let assignments: SparkResult<Vec<(Expr, Expr)>> = action
        .assignments
        .iter()
        .map(|assignment| {
            Ok((
                lower_expression(required(assignment.key.as_ref(), "assignment key")?)?,
                lower_expression(required(assignment.value.as_ref(), "assignment value")?)?,
            ))
        })
        .collect();
    Ok(MergeAction {
        kind: match action.action_type() {
            ActionType::Delete => MergeActionKind::Delete,
            ActionType::Insert => MergeActionKind::Insert,
            ActionType::InsertStar => MergeActionKind::InsertStar,
            ActionType::Update => MergeActionKind::Update,
            ActionType::UpdateStar => MergeActionKind::UpdateStar,
            ActionType::Invalid => return Err(invalid_plan("merge action type is not set".to_string())),
        },
        condition: action.condition.as_deref().map(lower_expression).transpose()?,
        assignments: assignments?,
    })
}

fn lower_subquery(subquery: &proto::SubqueryExpression) -> SparkResult<SubqueryExpr> {
    let kind = match subquery.subquery_type() {
        SubqueryType::Scalar => SubqueryKind::Scalar,
        SubqueryType::Exists => SubqueryKind::Exists,
        SubqueryType::In => SubqueryKind::In { values: lower_all(&subquery.in_subquery_values)? },
        SubqueryType::TableArg => {
            let options = subquery.table_arg_options.clone().unwrap_or_default();
            SubqueryKind::TableArgument {
                partition_spec: lower_all(&options.partition_spec)?,
                order_spec: options.order_spec.iter().map(lower_sort_order).collect::<SparkResult<_>>()?,
                with_single_partition: options.with_single_partition.unwrap_or(false),
            }
        }
        SubqueryType::Unknown => return Err(invalid_plan("subquery type is not set".to_string())),
    };
    Ok(SubqueryExpr { kind, plan: SubqueryPlan::Reference(subquery.plan_id) })
}

pub(super) fn lower_literal_expression(literal: &expression::Literal) -> SparkResult<Literal> {
    lower_literal(literal)
}
