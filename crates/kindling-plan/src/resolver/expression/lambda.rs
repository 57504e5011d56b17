//! Higher-order functions: their lambdas are resolved over columns that stand for the variables.

use kindling_common::{SparkError, SparkResult};
use kindling_functions::{FunctionEntry, HigherOrder, LambdaArgument, ResolvedLambda, TypedExpr};
use kindling_spec::{Expr, ExprKind, UnresolvedFunction};

use super::{ExprContext, Resolver, Text, Value, text};

impl Resolver<'_> {
    pub(super) fn higher_order(
        &mut self,
        entry: &FunctionEntry,
        function: HigherOrder,
        call: &UnresolvedFunction,
        expr: &Expr,
        context: &mut ExprContext<'_>,
    ) -> SparkResult<Value> {
        entry.check_arity(call.arguments.len())?;
        let mut arguments: Vec<Option<LambdaArgument>> = vec![None; call.arguments.len()];
        let mut texts = vec![String::new(); call.arguments.len()];
        for (index, argument) in call.arguments.iter().enumerate() {
            if matches!(argument.kind, ExprKind::LambdaFunction { .. }) || function.lambdas.contains(&index) {
                continue;
            }
            let value = self.expression(argument, context)?;
            if let (Some(slot), Some(text)) = (arguments.get_mut(index), texts.get_mut(index)) {
                *slot = Some(LambdaArgument::Value(value.typed));
                *text = value.text;
            }
        }
        for (index, argument) in call.arguments.iter().enumerate() {
            if arguments.get(index).is_none_or(Option::is_some) {
                continue;
            }
            let constant;
            let (body, names) = match &argument.kind {
                ExprKind::LambdaFunction { body, arguments: names } => (body.as_ref(), names),
                // Any other expression is a lambda that does not use its variables.
                _ => {
                    constant = self.hidden_variables(entry, function, &arguments, &texts, index, expr);
                    (argument, &constant)
                }
            };
            if !function.lambdas.contains(&index) {
                return Err(SparkError::analysis("INVALID_LAMBDA_FUNCTION_CALL.NON_HIGHER_ORDER_FUNCTION")
                    .param("class", entry.name)
                    .at(&argument.origin));
            }
            let call_text = Text { call: text::call(entry.name, &texts), arguments: texts.clone() };
            let types = self.with_call_context(&expr.origin, &call_text, |call| {
                (function.parameters)(call, &arguments, index, names.len())
            })?;
            if types.len() != names.len() {
                return Err(SparkError::analysis("INVALID_LAMBDA_FUNCTION_CALL.NUM_ARGS_MISMATCH")
                    .param("expectedNumArgs", names.len().to_string())
                    .param("actualNumArgs", types.len().to_string())
                    .at(&argument.origin));
            }
            let depth = context.variables.len();
            let mut parameters = Vec::with_capacity(names.len());
            for (name, (data_type, nullable)) in names.iter().zip(types) {
                let column = format!("{name}#{}", self.state.next_id());
                context.variables.push((name.clone(), TypedExpr::column(column.clone(), data_type, nullable)));
                parameters.push(column);
            }
            let body = self.expression(body, context);
            context.variables.truncate(depth);
            let body = body?;
            if let (Some(slot), Some(text)) = (arguments.get_mut(index), texts.get_mut(index)) {
                let variables = vec!["namedlambdavariable()"; names.len()].join(", ");
                *text = format!("lambdafunction({}, {variables})", body.text);
                *slot = Some(LambdaArgument::Lambda(ResolvedLambda { parameters, body: body.typed }));
            }
        }
        let text = text::call(entry.name, &texts);
        let call_text = Text { call: text.clone(), arguments: texts };
        let typed = self.with_call_context(&expr.origin, &call_text, |call| {
            (function.build)(call, arguments.into_iter().flatten().collect())
        })?;
        Ok(Value::new(typed, text))
    }

    /// As many variables as a lambda at a position takes at least.
    fn hidden_variables(
        &self,
        entry: &FunctionEntry,
        function: HigherOrder,
        arguments: &[Option<LambdaArgument>],
        texts: &[String],
        index: usize,
        expr: &Expr,
    ) -> Vec<String> {
        let call_text = Text { call: text::call(entry.name, texts), arguments: texts.to_vec() };
        let fits = |count: &usize| {
            self.with_call_context(&expr.origin, &call_text, |call| {
                (function.parameters)(call, arguments, index, *count)
            })
            .is_ok_and(|types| types.len() == *count)
        };
        let count = (1..=3).find(fits).unwrap_or(1);
        (0..count).map(|n| format!("col{n}")).collect()
    }
}
