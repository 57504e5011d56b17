//! Calls: scalar, aggregate and higher-order functions, generators, and the few that only the resolver can build.

use datafusion::{
    common::tree_node::{Transformed, TreeNode, TreeNodeRecursion},
    logical_expr::Expr as DfExpr,
};
use kindling_common::{SparkError, SparkResult};
use kindling_functions::{AggregateOptions, FunctionEntry, FunctionKind, GeneratorCall, SortKey, TypedExpr};
use kindling_spec::{
    DataType, Expr, ExprKind, Literal, NullOrdering, SortDirection, SortOrder, UnresolvedFunction, WindowExpr,
};

use super::{ExprContext, Generator, Resolver, Text, Value, named_arguments, text, typed_text};
use crate::attribute::quote_parts;

/// The function's own name when it may be a built-in one.
pub(in crate::resolver) fn builtin_name(parts: &[String]) -> Option<String> {
    match parts {
        [name] => Some(name.to_lowercase()),
        [schema, name] if schema.eq_ignore_ascii_case("builtin") => Some(name.to_lowercase()),
        [catalog, schema, name] if catalog.eq_ignore_ascii_case("system") && schema.eq_ignore_ascii_case("builtin") => {
            Some(name.to_lowercase())
        }
        _ => None,
    }
}

/// `DataFrame.zipWithIndex`: 0, 1, 2, … through the rows in the order of their partitions.
fn distributed_sequence_id() -> Expr {
    let order = SortOrder {
        child: Expr::call("monotonically_increasing_id", vec![]),
        direction: SortDirection::Ascending,
        null_ordering: None,
    };
    let number = ExprKind::Window(Box::new(WindowExpr {
        function: Expr::call("row_number", vec![]),
        partition_spec: vec![],
        order_spec: vec![order],
        frame: None,
        window_name: None,
    }));
    Expr::call("-", vec![number.into(), Expr::literal(Literal::Long(1))])
}

impl Resolver<'_> {
    pub(in crate::resolver) fn call(
        &mut self,
        function: &UnresolvedFunction,
        expr: &Expr,
        context: &mut ExprContext<'_>,
    ) -> SparkResult<Value> {
        let name = builtin_name(&function.name).unwrap_or_default();
        let positional;
        let function = match named_arguments::positional(&name, function, expr)? {
            Some(call) => {
                positional = call;
                &positional
            }
            None => function,
        };
        match name.as_str() {
            "struct" => return self.struct_call(function, context),
            "grouping" | "grouping_id" => return self.grouping_call(&name, function, context),
            "likeany" | "likeall" | "notlikeany" | "notlikeall" if function.is_internal => {
                return self.multi_like(&name, function, expr, context);
            }
            "semi_structured_extract" => return self.semi_structured(function, context),
            // Whether the rows are kept (the argument of pandas on Spark) is no matter here.
            "distributed_sequence_id" if function.is_internal && function.arguments.len() <= 1 => {
                return self.expression(&distributed_sequence_id(), context);
            }
            _ => {}
        }
        let known = kindling_functions::lookup(&name).filter(|entry| function.is_internal || !entry.is_internal());
        let Some(entry) = known else {
            let Some(routine) = self.sql_function(&function.name)? else {
                return Err(self.unresolved_routine(function));
            };
            if routine.is_temporary() && self.views.is_empty() {
                self.temporary_used.push(("FUNCTION", routine.name.join(".")));
            }
            return self.sql_function_call(&routine, function, &expr.origin, context);
        };
        match entry.kind {
            FunctionKind::Scalar(_) => self.scalar_call(entry, &name, function, expr, context),
            FunctionKind::Aggregate(_) => {
                if context.inside_aggregate {
                    return Err(SparkError::analysis("NESTED_AGGREGATE_FUNCTION"));
                }
                context.inside_aggregate = true;
                let windows = context.windows.take();
                let built = self.aggregate_call(entry, &name, function, expr, context);
                context.windows = windows;
                context.inside_aggregate = false;
                let (typed, text) = built?;
                self.collect_aggregate(typed, text, context)
            }
            FunctionKind::Window(_) => Err(SparkError::analysis("WINDOW_FUNCTION_WITHOUT_OVER_CLAUSE")
                .param("funcName", format!("\"{}\"", text::call(&name, &[])))),
            FunctionKind::Generator(build) => {
                let known = context.generators.as_ref().map(Vec::len);
                let arguments = self.arguments(&function.arguments, context)?;
                entry.check_arity(arguments.len())?;
                let (text, call_text) = call_texts(&name, &arguments);
                if context.generators.as_ref().map(Vec::len) != known {
                    return Err(SparkError::analysis("UNSUPPORTED_GENERATOR.NESTED_IN_EXPRESSIONS")
                        .param("expression", format!("\"{text}\"")));
                }
                // A time window that is grouped by is a column by now.
                let mut grouped = context.scopes.iter().flat_map(|scope| &scope.time_windows);
                if let Some((_, attribute)) = grouped.find(|(window, _)| *window == text) {
                    return Ok(Value::of_attribute(attribute));
                }
                let typed = arguments.into_iter().map(|value| value.typed).collect();
                let call = self.with_call_context(&expr.origin, &call_text, |call| build(call, typed))?;
                self.collect_generator(call, text, context)
            }
            FunctionKind::HigherOrder(higher_order) => self.higher_order(entry, higher_order, function, expr, context),
        }
    }

    fn scalar_call(
        &mut self,
        entry: &FunctionEntry,
        name: &str,
        function: &UnresolvedFunction,
        expr: &Expr,
        context: &mut ExprContext<'_>,
    ) -> SparkResult<Value> {
        if function.is_distinct || function.filter.is_some() || !function.order_within_group.is_empty() {
            let clause = if function.is_distinct { "DISTINCT" } else { "FILTER CLAUSE" };
            return Err(SparkError::analysis("INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX")
                .param("prettyName", format!("`{name}`"))
                .param("syntax", clause));
        }
        context.depth += 1;
        let arguments = self.arguments(&function.arguments, context);
        context.depth -= 1;
        let mut arguments = arguments?;
        let (mut text, call_text) = call_texts(name, &arguments);
        self.pad_operands(name, &mut arguments)?;
        if let Some(shown) = typed_text::call(name, &arguments) {
            text = shown;
        }
        let typed = arguments.into_iter().map(|value| value.typed).collect();
        let typed = self.with_call_context(&expr.origin, &call_text, |call| entry.build_scalar(call, typed))?;
        if name == "from_json" && matches!(typed.data_type, DataType::Map { .. }) {
            text = "entries".to_string();
        }
        Ok(Value::new(typed, text))
    }

    /// Builds an aggregate call; the caller decides whether it aggregates groups or a window.
    pub(in crate::resolver) fn aggregate_call(
        &mut self,
        entry: &FunctionEntry,
        name: &str,
        function: &UnresolvedFunction,
        expr: &Expr,
        context: &mut ExprContext<'_>,
    ) -> SparkResult<(TypedExpr, String)> {
        let arguments = match function.arguments.as_slice() {
            // `count(*)` counts rows.
            [argument] if name == "count" && !function.is_distinct && is_star(argument) => {
                vec![Value::new(TypedExpr::integer(1), "1")]
            }
            arguments => self.arguments(arguments, context)?,
        };
        let filter = match &function.filter {
            Some(filter) => {
                let value = self.expression(filter, context)?;
                let text = value.text.clone();
                Some((self.predicate(value, filter)?, text))
            }
            None => None,
        };
        let (order_by, mut order_text) = self.sort_keys(&function.order_within_group, context)?;
        if text::SORTS_BY_VALUE.contains(&name) {
            // The value to find is what is sorted; only a reversed order shows.
            for key in &mut order_text {
                let shown = key.strip_suffix(" ASC NULLS FIRST").map(str::to_string);
                let reversed = key.strip_suffix(" DESC NULLS LAST").map(|value| format!("{value} DESC"));
                if let Some(shown) = shown.or(reversed) {
                    *key = shown;
                }
            }
        }
        let texts: Vec<String> = arguments.iter().map(|value| value.text.clone()).collect();
        // Whether nulls are ignored does not show.
        let shown = match (name, texts.as_slice()) {
            ("first" | "last" | "first_value" | "last_value" | "any_value", [value, _]) => std::slice::from_ref(value),
            (_, texts) => texts,
        };
        // The clause makes another expression of the function, which forgets its second name.
        let shown_name = match name {
            "first_value" if function.ignore_nulls == Some(true) => "first",
            "last_value" if function.ignore_nulls == Some(true) => "last",
            name => name,
        };
        let mut text = text::aggregate(shown_name, shown, function.is_distinct);
        if !order_text.is_empty() {
            text = format!("{text} WITHIN GROUP (ORDER BY {})", order_text.join(", "));
        }
        if let Some((_, filter)) = &filter {
            text = format!("{text} FILTER (WHERE {filter})");
        }
        let options = AggregateOptions {
            distinct: function.is_distinct,
            filter: filter.map(|(filter, _)| filter),
            ignore_nulls: function.ignore_nulls == Some(true),
            order_by,
        };
        let call_text = Text { call: text.clone(), arguments: texts };
        let arguments = if name == "count" && function.is_distinct && arguments.len() > 1 {
            vec![self.combined(arguments)?]
        } else {
            arguments
        };
        let typed = arguments.into_iter().map(|value| value.typed).collect();
        let typed =
            self.with_call_context(&expr.origin, &call_text, |call| entry.build_aggregate(call, typed, &options))?;
        Ok((typed, text))
    }

    /// Several values as one, null where any of them is: what `count(DISTINCT a, b)` counts.
    fn combined(&mut self, values: Vec<Value>) -> SparkResult<Value> {
        let mut known: Option<Value> = None;
        let mut fields = Vec::with_capacity(values.len() * 2);
        for (index, value) in values.into_iter().enumerate() {
            let is_known = self.scalar("isnotnull", vec![value.clone()])?;
            known = Some(match known {
                Some(known) => self.scalar("and", vec![known, is_known])?,
                None => is_known,
            });
            let name = format!("_{index}");
            fields.push(Value::new(TypedExpr::string(name.clone()), name));
            fields.push(value);
        }
        let combined = self.scalar("named_struct", fields)?;
        match known {
            Some(known) => self.scalar("when", vec![known, combined]),
            None => Ok(combined),
        }
    }

    /// Replaces the aggregate in a built call by the column that it becomes.
    fn collect_aggregate(
        &mut self,
        typed: TypedExpr,
        text: String,
        context: &mut ExprContext<'_>,
    ) -> SparkResult<Value> {
        let Some(aggregates) = &mut context.aggregates else {
            return Err(match context.clause {
                "WHERE" => SparkError::analysis("INVALID_WHERE_CONDITION")
                    .param("condition", format!("\"{text}\""))
                    .param("expressionList", text),
                "GROUP BY" => SparkError::analysis("GROUP_BY_AGGREGATE").param("sqlExpr", text),
                _ => SparkError::analysis("UNSUPPORTED_EXPR_FOR_OPERATOR")
                    .param("invalidExprSqls", format!("\"{text}\"")),
            });
        };
        let expr = replace_calls(typed.expr, |node| matches!(node, DfExpr::AggregateFunction(_)), aggregates)?;
        Ok(Value::new(TypedExpr::new(expr, typed.data_type, typed.nullable), text))
    }

    fn collect_generator(
        &mut self,
        call: GeneratorCall,
        text: String,
        context: &mut ExprContext<'_>,
    ) -> SparkResult<Value> {
        let data_type = match call.output.fields.as_slice() {
            [field] => field.data_type.clone(),
            _ => DataType::Struct(call.output.clone()),
        };
        let Some(generators) = &mut context.generators else {
            return Err(SparkError::analysis("UNSUPPORTED_GENERATOR.OUTSIDE_SELECT").param("plan", context.clause));
        };
        context.nested_generator |= context.depth > 0;
        let placeholder = TypedExpr::column(format!("generator#{}", self.state.next_id()), data_type, true);
        generators.push(Generator { call, text: text.clone(), placeholder: placeholder.expr.clone() });
        Ok(Value::new(placeholder, text))
    }

    /// Resolves arguments; stars become the columns they stand for. Inside an aggregate no other may stand.
    pub(in crate::resolver) fn arguments(
        &mut self,
        arguments: &[Expr],
        context: &mut ExprContext<'_>,
    ) -> SparkResult<Vec<Value>> {
        let mut values = Vec::with_capacity(arguments.len());
        for argument in arguments {
            match self.expand_if_star(argument, context)? {
                Some(expanded) => values.extend(expanded),
                None => values.push(self.expression(argument, context)?),
            }
        }
        Ok(values)
    }

    /// Ordering keys with their texts.
    pub(in crate::resolver) fn sort_keys(
        &mut self,
        order: &[SortOrder],
        context: &mut ExprContext<'_>,
    ) -> SparkResult<(Vec<SortKey>, Vec<String>)> {
        let mut keys = Vec::with_capacity(order.len());
        let mut texts = Vec::with_capacity(order.len());
        for key in order {
            let value = self.expression(&key.child, context)?;
            let (key, text) = sort_key(value, key)?;
            keys.push(key);
            texts.push(text);
        }
        Ok((keys, texts))
    }

    fn unresolved_routine(&self, function: &UnresolvedFunction) -> SparkError {
        SparkError::analysis("UNRESOLVED_ROUTINE").param("routineName", quote_parts(&function.name)).param(
            "searchPath",
            format!(
                "[`system`.`builtin`, `system`.`session`, `{}`.`{}`]",
                self.functions.current_catalog, self.functions.current_database
            ),
        )
    }

    /// `struct(a, b AS c)`: fields are named after their values.
    fn struct_call(&mut self, function: &UnresolvedFunction, context: &mut ExprContext<'_>) -> SparkResult<Value> {
        let values = self.arguments(&function.arguments, context)?;
        let texts: Vec<String> = values.iter().map(|value| value.text.clone()).collect();
        let mut arguments = Vec::with_capacity(values.len() * 2);
        for (index, value) in values.into_iter().enumerate() {
            let named = value.attribute.is_some() || !value.aliases.is_empty() || value.default_name.is_some();
            let name = if named { value.output_name() } else { format!("col{}", index + 1) };
            arguments.push(Value::new(TypedExpr::string(name.clone()), name));
            arguments.push(value);
        }
        let mut value = self.scalar("named_struct", arguments)?;
        value.text = text::call("struct", &texts);
        Ok(value)
    }

    /// `value [NOT] LIKE ANY | ALL (patterns)` over constant patterns (Spark's `MultiLikeBase`), by its name `likeany`, ….
    fn multi_like(
        &mut self,
        name: &str,
        function: &UnresolvedFunction,
        expr: &Expr,
        context: &mut ExprContext<'_>,
    ) -> SparkResult<Value> {
        let Some((value, patterns)) = function.arguments.split_first() else {
            return Err(SparkError::internal("a LIKE of nothing"));
        };
        let call = |name: &str, arguments: Vec<Expr>| Expr::call(name, arguments).at(expr.origin.clone());
        let mut tests: Vec<Expr> = patterns
            .iter()
            .map(|pattern| {
                let like = call("like", vec![value.clone(), pattern.clone()]);
                if name.starts_with("not") { call("not", vec![like]) } else { like }
            })
            .collect();
        let combine = if name.ends_with("all") { "and" } else { "or" };
        // Halves of halves, so that many patterns are no deep tree.
        while tests.len() > 1 {
            let mut pairs = Vec::with_capacity(tests.len().div_ceil(2));
            let mut rest = tests.into_iter();
            while let Some(first) = rest.next() {
                pairs.push(match rest.next() {
                    Some(second) => call(combine, vec![first, second]),
                    None => first,
                });
            }
            tests = pairs;
        }
        let text = self.expression(value, context)?.text;
        let Some(test) = tests.first() else { return Err(SparkError::internal("a LIKE without patterns")) };
        let mut found = self.expression(test, context)?;
        found.typed.nullable = true;
        Ok(Value::new(found.typed, text::call(name, &[text])))
    }

    /// `variant:a.b[0]`: a path into a variant, named after its last field.
    fn semi_structured(&mut self, function: &UnresolvedFunction, context: &mut ExprContext<'_>) -> SparkResult<Value> {
        let [child, Expr { kind: ExprKind::Literal(Literal::String(written)), .. }] = function.arguments.as_slice()
        else {
            return Err(self.unresolved_routine(function));
        };
        let child = self.expression(child, context)?;
        let written = written.replace('`', "");
        let path = if written.starts_with('[') { format!("${written}") } else { format!("$.{written}") };
        let path = Value::new(TypedExpr::string(path.clone()), path);
        let value = self.scalar("variant_get", vec![child, path])?;
        Ok(value.aliased(&[last_field(&written)], None))
    }

    /// `grouping(k)` and `grouping_id(…)`: bits of DataFusion's grouping id column.
    pub(super) fn grouping_call(
        &mut self,
        name: &str,
        function: &UnresolvedFunction,
        context: &mut ExprContext<'_>,
    ) -> SparkResult<Value> {
        if context.grouping.is_empty() || context.inside_aggregate {
            return Err(SparkError::analysis("UNSUPPORTED_GROUPING_EXPRESSION"));
        }
        let arguments = {
            let aggregates = context.aggregates.take();
            let values = self.arguments(&function.arguments, context);
            context.aggregates = aggregates;
            values?
        };
        let texts: Vec<String> = arguments.iter().map(|value| value.text.clone()).collect();
        let columns: Vec<String> = context.grouping.iter().map(|column| column.text.clone()).collect();
        let id = TypedExpr::column(datafusion::logical_expr::Aggregate::INTERNAL_GROUPING_ID, DataType::Long, false);
        let text = text::call(name, &texts);
        if name == "grouping" {
            let column = match arguments.as_slice() {
                [value] => context.grouping.iter().find(|column| column.expr == value.typed.expr),
                _ => None,
            };
            let Some(column) = column else {
                return Err(SparkError::analysis("GROUPING_COLUMN_MISMATCH")
                    .param("grouping", texts.join(", "))
                    .param("groupingColumns", columns.join(", ")));
            };
            return Ok(Value::new(super::super::aggregate::grouping_bit(&id, column), text));
        }
        let same = arguments.is_empty()
            || (arguments.len() == context.grouping.len()
                && arguments.iter().zip(&context.grouping).all(|(value, column)| value.typed.expr == column.expr));
        if !same {
            return Err(SparkError::analysis("GROUPING_ID_COLUMN_MISMATCH")
                .param("groupingIdColumn", texts.join(","))
                .param("groupByColumns", columns.join(",")));
        }
        Ok(Value::new(super::super::aggregate::grouping_id(&id, &context.grouping), text))
    }
}

/// The last field of a path: `c` of `a.b[0].c` and of `a['c'][1]`.
fn last_field(path: &str) -> String {
    let mut last = String::new();
    let mut rest = path;
    while !rest.is_empty() {
        rest = if let Some(inside) = rest.strip_prefix('[') {
            let quoted = inside.chars().next().filter(|c| matches!(c, '\'' | '"'));
            let (content, after) = match quoted {
                Some(quote) => {
                    let (content, after) = inside.get(1..).unwrap_or("").split_once(quote).unwrap_or((inside, ""));
                    last = content.to_string();
                    (content, after.strip_prefix(']').unwrap_or(after))
                }
                None => inside.split_once(']').unwrap_or((inside, "")),
            };
            if content.is_empty() && after.is_empty() { "" } else { after }
        } else {
            let field = rest.trim_start_matches('.');
            let end = field.find(['.', '[']).unwrap_or(field.len());
            let (name, after) = field.split_at(end);
            last = name.to_string();
            after
        };
    }
    last
}

/// `*`, also as the text `F.expr("*")`.
fn is_star(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::UnresolvedStar { target: None, plan_id: None, except } => except.is_empty(),
        ExprKind::ExpressionString(text) => text.trim() == "*",
        _ => false,
    }
}

/// A key with Spark's default order of nulls, and its text; an error where its type has no order.
pub(in crate::resolver) fn sort_key(value: Value, order: &SortOrder) -> SparkResult<(SortKey, String)> {
    let ascending = order.direction == SortDirection::Ascending;
    let nulls_first = match order.null_ordering {
        Some(NullOrdering::NullsFirst) => true,
        Some(NullOrdering::NullsLast) => false,
        None => ascending,
    };
    let direction = if ascending { "ASC" } else { "DESC" };
    let nulls = if nulls_first { "NULLS FIRST" } else { "NULLS LAST" };
    let text = format!("{} {direction} {nulls}", value.text);
    if !is_orderable(&value.typed.data_type) {
        return Err(SparkError::analysis("DATATYPE_MISMATCH.INVALID_ORDERING_TYPE")
            .param("sqlExpr", format!("\"{text}\""))
            .param("functionName", "`sortorder`")
            .param("dataType", format!("\"{}\"", value.typed.data_type.sql()))
            .at(&order.child.origin));
    }
    Ok((SortKey { expr: value.typed, ascending, nulls_first }, text))
}

/// `RowOrdering.isOrderable`
fn is_orderable(data_type: &DataType) -> bool {
    match data_type {
        DataType::Map { .. } | DataType::Variant | DataType::CalendarInterval => false,
        DataType::Array { element, .. } => is_orderable(element),
        DataType::Struct(fields) => fields.fields.iter().all(|field| is_orderable(&field.data_type)),
        _ => true,
    }
}

fn call_texts(name: &str, arguments: &[Value]) -> (String, Text) {
    let texts: Vec<String> = arguments.iter().map(|value| value.text.clone()).collect();
    let text = text::call(name, &texts);
    (text.clone(), Text { call: text, arguments: texts })
}

/// Moves the calls that `is_call` picks out of an expression into `calls` and refers to them as columns.
pub(in crate::resolver) fn replace_calls(
    expr: DfExpr,
    is_call: impl Fn(&DfExpr) -> bool,
    calls: &mut Vec<DfExpr>,
) -> SparkResult<DfExpr> {
    expr.transform_down(|node| {
        if !is_call(&node) {
            return Ok(Transformed::no(node));
        }
        let column = DfExpr::Column(datafusion::common::Column::new_unqualified(node.schema_name().to_string()));
        ExprContext::collect(calls, node);
        Ok(Transformed::new(column, true, TreeNodeRecursion::Jump))
    })
    .map(|transformed| transformed.data)
    .map_err(kindling_functions::error::from_datafusion)
}
