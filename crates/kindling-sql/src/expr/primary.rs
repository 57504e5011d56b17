//! Primaries: constants, columns, stars, parentheses, rows, subqueries, lambdas; and what may follow them.

use kindling_spec::{DataType, Expr, ExprKind, Literal, Origin, Parameter, SubqueryKind};

use crate::{
    keyword::Keyword as K,
    parser::{PResult, Parser},
    token::{Symbol, TokenKind},
};

impl Parser<'_> {
    pub(crate) fn primary(&mut self) -> PResult<Expr> {
        let start = self.start();
        let mut expr = self.primary_base()?;
        loop {
            expr = match self.kind() {
                TokenKind::Symbol(Symbol::DoubleColon) => {
                    self.advance();
                    let to = self.data_type()?;
                    let mode = kindling_spec::CastMode::Session;
                    self.expr(start, ExprKind::Cast { expr: Box::new(expr), to, mode })
                }
                TokenKind::Symbol(Symbol::LeftBracket) => {
                    self.advance();
                    let extraction = Box::new(self.value_expression()?);
                    self.expect_symbol(Symbol::RightBracket)?;
                    self.expr(start, ExprKind::UnresolvedExtractValue { child: Box::new(expr), extraction })
                }
                TokenKind::Symbol(Symbol::Dot) if self.is_identifier_at(1, false) => {
                    self.advance();
                    let field = self.start();
                    let name = self.identifier()?;
                    self.dereference(start, field, expr, name)
                }
                TokenKind::Symbol(Symbol::Dot) => {
                    self.advance();
                    return Err(self.unexpected());
                }
                TokenKind::Symbol(Symbol::Colon) if self.is_path_start() => self.semi_structured(start, expr)?,
                TokenKind::Symbol(Symbol::Colon) => {
                    self.advance();
                    return Err(self.unexpected());
                }
                TokenKind::Keyword(K::COLLATE) if self.is_identifier_at(1, false) => {
                    self.advance();
                    let name = self.multipart()?.join(".");
                    let name = self.expr(start, ExprKind::Literal(Literal::String(name)));
                    self.call(start, "collate", vec![expr, name])
                }
                _ => return Ok(expr),
            };
        }
    }

    fn dereference(&self, start: usize, field: usize, expr: Expr, name: String) -> Expr {
        match expr.kind {
            ExprKind::UnresolvedAttribute { mut name_parts, plan_id, is_metadata_column } => {
                name_parts.push(name);
                self.expr(start, ExprKind::UnresolvedAttribute { name_parts, plan_id, is_metadata_column })
            }
            ExprKind::UnresolvedNamedLambdaVariable { mut name_parts } => {
                name_parts.push(name);
                self.expr(start, ExprKind::UnresolvedNamedLambdaVariable { name_parts })
            }
            _ => {
                let extraction = Box::new(self.expr(field, ExprKind::Literal(Literal::String(name))));
                self.expr(start, ExprKind::UnresolvedExtractValue { child: Box::new(expr), extraction })
            }
        }
    }

    fn is_path_start(&self) -> bool {
        self.is_identifier_at(1, false) || self.is_symbol_at(1, Symbol::LeftBracket)
    }

    /// `variant:field[0]['x'].y`, kept as a path.
    fn semi_structured(&mut self, start: usize, expr: Expr) -> PResult<Expr> {
        self.advance();
        let path_start = self.start();
        let mut path = String::new();
        loop {
            if self.eat_symbol(Symbol::LeftBracket) {
                while !self.is_symbol(Symbol::RightBracket) && !self.at_end() {
                    self.advance();
                }
                self.expect_symbol(Symbol::RightBracket)?;
            } else {
                self.identifier()?;
            }
            path.clear();
            path.push_str(&self.source(path_start));
            if self.is_symbol(Symbol::Dot) && self.is_identifier_at(1, false) {
                self.advance();
            } else if !self.is_symbol(Symbol::LeftBracket) {
                break;
            }
        }
        let path = self.expr(path_start, ExprKind::Literal(Literal::String(path)));
        Ok(self.call(start, "semi_structured_extract", vec![expr, path]))
    }

    fn primary_base(&mut self) -> PResult<Expr> {
        let start = self.start();
        if self.is_number_at(0) || self.is_symbol(Symbol::Minus) && self.is_number_at(1) || self.is_string_at(0) {
            return self.constant();
        }
        if let Some(parameter) = self.parameter()? {
            return Ok(parameter);
        }
        match self.kind() {
            TokenKind::Symbol(Symbol::LeftParen) => return self.parenthesized(),
            TokenKind::Symbol(Symbol::Asterisk) => {
                self.advance();
                let except = self.star_except()?;
                return Ok(self.expr(start, ExprKind::UnresolvedStar { target: None, except, plan_id: None }));
            }
            TokenKind::Keyword(keyword) => {
                if let Some(expr) = self.keyword_primary(keyword)? {
                    return Ok(expr);
                }
            }
            _ => {}
        }
        if !self.is_identifier() {
            return Err(self.unexpected());
        }
        if self.is_string_at(1) && self.kind() != TokenKind::BackquotedIdentifier {
            return self.typed_literal();
        }
        if self.is_symbol_at(1, Symbol::Arrow) {
            let argument = self.identifier()?;
            self.advance();
            return self.lambda(start, vec![argument]);
        }
        self.name_or_call()
    }

    /// `a`, `a.b`, `a.*`, `f(…)`, `db.f(…)`
    fn name_or_call(&mut self) -> PResult<Expr> {
        let start = self.start();
        if self.is(K::IDENTIFIER_KW) && self.is_symbol_at(1, Symbol::LeftParen) {
            return self.identifier_clause(start);
        }
        let mut parts = vec![self.identifier()?];
        loop {
            if self.is_symbol(Symbol::LeftParen) {
                return self.function_call(start, parts);
            }
            if !self.is_symbol(Symbol::Dot) {
                break;
            }
            if self.is_symbol_at(1, Symbol::Asterisk) {
                self.skip(2);
                let except = self.star_except()?;
                return Ok(self.expr(start, ExprKind::UnresolvedStar { target: Some(parts), except, plan_id: None }));
            }
            if !self.is_identifier_at(1, false) {
                break;
            }
            self.advance();
            parts.push(self.identifier()?);
        }
        Ok(self.column_reference(start, parts))
    }

    fn column_reference(&self, start: usize, name_parts: Vec<String>) -> Expr {
        let is_lambda_argument = name_parts
            .first()
            .is_some_and(|first| self.lambda_arguments.iter().flatten().any(|name| name.eq_ignore_ascii_case(first)));
        if is_lambda_argument {
            return self.expr(start, ExprKind::UnresolvedNamedLambdaVariable { name_parts });
        }
        self.expr(start, ExprKind::UnresolvedAttribute { name_parts, plan_id: None, is_metadata_column: false })
    }

    /// `IDENTIFIER(expr)` as a column, or `IDENTIFIER(expr)(…)` as a function.
    fn identifier_clause(&mut self, start: usize) -> PResult<Expr> {
        self.skip(2);
        let expr = self.expression()?;
        self.expect_symbol(Symbol::RightParen)?;
        let parts = self.constant_identifier(start, &expr)?;
        if self.is_symbol(Symbol::LeftParen) {
            return self.function_call(start, parts);
        }
        Ok(self.column_reference(start, parts))
    }

    fn star_except(&mut self) -> PResult<Vec<Vec<String>>> {
        if self.is(K::EXCEPT) && self.is_symbol_at(1, Symbol::LeftParen) && !self.is_query_start_at(2) {
            self.advance();
            return self.paren_list(Self::multipart);
        }
        Ok(vec![])
    }

    /// `:name` or `?`, or the value that was given for it.
    pub(crate) fn parameter(&mut self) -> PResult<Option<Expr>> {
        let start = self.start();
        if self.is_symbol(Symbol::Question) {
            let value = self.positional_value().cloned();
            self.advance();
            return Ok(Some(match value {
                Some(value) => value,
                None => self.expr(start, ExprKind::Parameter(Parameter::Positional(start))),
            }));
        }
        if self.is_symbol(Symbol::Colon) && self.is_identifier_at(1, false) {
            self.advance();
            let name = self.identifier()?;
            return Ok(Some(match self.options.named_parameters.get(&name) {
                Some(value) => value.clone(),
                None => self.expr(start, ExprKind::Parameter(Parameter::Named(name))),
            }));
        }
        Ok(None)
    }

    /// What begins with `(`: a subquery, a lambda's parameters, a row, or an expression.
    fn parenthesized(&mut self) -> PResult<Expr> {
        let start = self.start();
        if let Some(query) = self.attempt_parenthesized_query()? {
            return Ok(self.subquery(start, SubqueryKind::Scalar, query));
        }
        if let Some(arguments) = self.lambda_parameters()? {
            return self.lambda(start, arguments);
        }
        self.advance();
        let first = self.named_expression()?;
        if self.is_symbol(Symbol::Comma) {
            let mut fields = vec![first];
            while self.eat_symbol(Symbol::Comma) {
                fields.push(self.named_expression()?);
            }
            self.expect_symbol(Symbol::RightParen)?;
            return Ok(self.row(start, fields));
        }
        if matches!(first.kind, ExprKind::Alias { .. }) {
            return Err(self.unexpected());
        }
        self.expect_symbol(Symbol::RightParen)?;
        Ok(first)
    }

    /// A row: a struct whose fields are named after its columns, or `col1`, `col2`, ….
    fn row(&self, start: usize, fields: Vec<Expr>) -> Expr {
        if fields.iter().any(|field| matches!(field.kind, ExprKind::UnresolvedStar { .. })) {
            return self.call(start, "struct", fields);
        }
        let arguments = fields.into_iter().enumerate().flat_map(|(i, field)| {
            let (name, value) = match field.kind {
                ExprKind::Alias { expr, mut names, .. } => (names.pop(), *expr),
                ExprKind::UnresolvedAttribute { ref name_parts, .. }
                | ExprKind::UnresolvedNamedLambdaVariable { ref name_parts } => (name_parts.last().cloned(), field),
                _ => (None, field),
            };
            let name = name.unwrap_or_else(|| format!("col{}", i + 1));
            [Expr::literal(Literal::String(name)).at(value.origin.clone()), value]
        });
        self.call(start, "named_struct", arguments.collect())
    }

    /// `(x, y) ->`
    fn lambda_parameters(&mut self) -> PResult<Option<Vec<String>>> {
        let mut ahead = 1;
        while self.is_identifier_at(ahead, false) && self.is_symbol_at(ahead + 1, Symbol::Comma) {
            ahead += 2;
        }
        let is_lambda = self.is_identifier_at(ahead, false)
            && self.is_symbol_at(ahead + 1, Symbol::RightParen)
            && self.is_symbol_at(ahead + 2, Symbol::Arrow);
        if !is_lambda {
            return Ok(None);
        }
        let arguments = self.paren_list(Self::identifier)?;
        self.advance();
        Ok(Some(arguments))
    }

    fn lambda(&mut self, start: usize, arguments: Vec<String>) -> PResult<Expr> {
        self.lambda_arguments.push(arguments.clone());
        let body = self.expression()?;
        self.lambda_arguments.pop();
        Ok(self.expr(start, ExprKind::LambdaFunction { body: Box::new(body), arguments }))
    }

    pub(super) fn literal_keyword(&mut self, literal: Literal) -> Expr {
        let start = self.start();
        self.advance();
        self.expr(start, ExprKind::Literal(literal))
    }

    /// The fields of a row constructor or a call of `struct`; any other expression is one field.
    pub(crate) fn row_fields(&self, row: Expr) -> Vec<Expr> {
        let written_as_row = matches!(&row.origin, Origin::Sql(sql) if sql.fragment().starts_with('('));
        let unaliased = |field: Expr| match field.kind {
            ExprKind::Alias { expr, .. } => *expr,
            _ => field,
        };
        match row.kind {
            ExprKind::UnresolvedFunction(call) if call.name == ["struct"] => {
                call.arguments.into_iter().map(unaliased).collect()
            }
            ExprKind::UnresolvedFunction(call) if written_as_row && call.name == ["named_struct"] => {
                call.arguments.into_iter().skip(1).step_by(2).collect()
            }
            _ => vec![row],
        }
    }

    pub(super) fn null_literal(&mut self) -> Expr {
        self.literal_keyword(Literal::Null(DataType::Null))
    }
}
