//! A resolved expression with what its surroundings need to know, and what it may use while it is resolved.

use datafusion::logical_expr::Expr;
use kindling_functions::{GeneratorCall, TypedExpr};

use crate::{
    Attribute,
    resolver::{aggregate::GroupingColumn, scope::Scope},
};

/// A resolved expression.
#[derive(Debug, Clone)]
pub(crate) struct Value {
    /// The expression and its type.
    pub typed: TypedExpr,
    /// Its SQL text as Spark names columns by it (`toPrettySQL`).
    pub text: String,
    /// The column when it is nothing but one.
    pub attribute: Option<Attribute>,
    /// Names given with `AS`.
    pub aliases: Vec<String>,
    /// Its column name where that is neither given nor the text.
    pub default_name: Option<String>,
    /// Metadata given with the alias.
    pub metadata: Option<String>,
}

impl Value {
    /// An expression with its text.
    pub fn new(typed: TypedExpr, text: impl Into<String>) -> Value {
        Value { typed, text: text.into(), attribute: None, aliases: vec![], default_name: None, metadata: None }
    }

    /// A column.
    pub fn of_attribute(attribute: &Attribute) -> Value {
        Value { attribute: Some(attribute.clone()), ..Value::new(attribute.typed(), attribute.name.clone()) }
    }

    /// `self AS names`
    pub fn aliased(mut self, names: &[String], metadata: Option<String>) -> Value {
        if let [name] = names {
            // What is below keeps its metadata unless the alias brings its own.
            let inherited = self.attribute.take().and_then(|attribute| attribute.metadata);
            self.metadata = metadata.or(inherited).or(self.metadata);
            self.text = format!("{} AS {}", self.text, kindling_spec::quote_if_needed(name));
        }
        self.attribute = None;
        self.aliases = names.to_vec();
        self
    }

    /// The name that an output column of this expression has.
    pub fn output_name(&self) -> String {
        match (self.aliases.first(), &self.attribute, &self.default_name) {
            (Some(name), ..) => name.clone(),
            (None, Some(attribute), _) => attribute.name.clone(),
            (None, None, Some(name)) => name.clone(),
            (None, None, None) => self.text.clone(),
        }
    }
}

/// A generator call found in a select list.
#[derive(Debug, Clone)]
pub(crate) struct Generator {
    /// The call.
    pub call: GeneratorCall,
    /// Its text.
    pub text: String,
    /// Stands for it until the select list is planned.
    pub placeholder: Expr,
}

impl Generator {
    /// A generator that no expression refers to.
    pub fn of(call: GeneratorCall, text: &str) -> Generator {
        let placeholder = call.rows.expr.clone();
        Generator { call, text: text.into(), placeholder }
    }
}

/// What an expression may refer to while it is resolved, and what is collected from it.
#[derive(Debug)]
pub(crate) struct ExprContext<'s> {
    /// Scopes, searched in order. Columns from any but the first are noted in `missing`.
    pub scopes: Vec<&'s Scope>,
    /// The clause, for errors.
    pub clause: &'static str,
    /// Aggregate calls found so far, where they are allowed. The expression then refers to them as columns.
    pub aggregates: Option<Vec<Expr>>,
    /// Which scope the arguments of aggregates see first.
    pub aggregate_scope: usize,
    /// Window calls found so far, where they are allowed.
    pub windows: Option<Vec<Expr>>,
    /// Generators found, where they are allowed.
    pub generators: Option<Vec<Generator>>,
    /// How many calls stand around the expression.
    pub depth: usize,
    /// Whether a generator was found below another call.
    pub nested_generator: bool,
    /// Select-list aliases that later items may refer to.
    pub lateral: Vec<(String, Value)>,
    /// Lambda variables in scope, the innermost last.
    pub variables: Vec<(String, TypedExpr)>,
    /// Columns used from scopes other than the first.
    pub missing: Vec<Attribute>,
    /// Whether an aggregate's argument is being resolved.
    pub inside_aggregate: bool,
    /// The first scope to look into.
    pub first_scope: usize,
    /// Grouping expressions of the aggregate below.
    pub keys: Vec<Expr>,
    /// Grouping expressions, for `grouping` and `grouping_id`.
    pub grouping: Vec<GroupingColumn>,
}

impl<'s> ExprContext<'s> {
    /// A context for a clause that allows neither aggregates, windows nor generators.
    pub fn new(scope: &'s Scope, clause: &'static str) -> ExprContext<'s> {
        ExprContext {
            scopes: vec![scope],
            clause,
            aggregates: None,
            aggregate_scope: 0,
            windows: None,
            generators: None,
            depth: 0,
            nested_generator: false,
            lateral: vec![],
            variables: vec![],
            missing: vec![],
            inside_aggregate: false,
            first_scope: 0,
            keys: vec![],
            grouping: vec![],
        }
    }

    /// Notes a call of an aggregate or a window function once.
    pub fn collect(calls: &mut Vec<Expr>, call: Expr) {
        if !calls.contains(&call) {
            calls.push(call);
        }
    }
}
