//! Pipe syntax: `query |> operator …`.

use kindling_spec::{Aggregate, Expr, ExprKind, GroupType, PipeClause, Relation, RelationKind};

use crate::{
    error,
    keyword::Keyword as K,
    parser::{PResult, Parser},
    token::Symbol,
};

impl Parser<'_> {
    /// `operatorPipeRightSide`
    pub(super) fn pipe(&mut self, start: usize, left: Relation) -> PResult<Relation> {
        let input = |left: Relation| Box::new(left);
        let here = self.start();
        match self.keyword_at(0) {
            Some(K::SELECT) => self.query_specification_over(left),
            Some(K::EXTEND) => {
                self.advance();
                let mut expressions =
                    vec![self.expr(here, ExprKind::UnresolvedStar { target: None, except: vec![], plan_id: None })];
                let extended = self.comma_list(Self::named_expression)?;
                expressions.extend(extended.into_iter().map(|expr| piped(expr, PipeClause::Extend)));
                Ok(self.relation(start, RelationKind::Project { input: input(left), expressions }))
            }
            Some(K::SET) => self.pipe_set(start, left),
            Some(K::DROP) => {
                self.advance();
                let except = self.comma_list(Self::multipart)?;
                let star = self.expr(here, ExprKind::UnresolvedStar { target: None, except, plan_id: None });
                Ok(self.relation(start, RelationKind::Project { input: input(left), expressions: vec![star] }))
            }
            Some(K::AS) => {
                self.advance();
                let alias = self.plain_identifier()?;
                Ok(self.relation(start, RelationKind::SubqueryAlias { input: input(left), alias, columns: vec![] }))
            }
            Some(K::WHERE) => {
                let mut filtered = self.where_clause(left)?;
                if self.is_window_clause() {
                    self.named_windows()?;
                    return Err(error::at("NOT_ALLOWED_IN_PIPE_OPERATOR_WHERE.WINDOW_CLAUSE", &self.origin(start)));
                }
                filtered.origin = self.origin(start);
                Ok(filtered)
            }
            Some(K::PIVOT | K::UNPIVOT) => {
                let turned = if self.is(K::PIVOT) { self.pivot(here, left)? } else { self.unpivot(here, left)? };
                if !self.is_any(&[K::PIVOT, K::UNPIVOT]) {
                    return Ok(turned);
                }
                if self.is(K::PIVOT) {
                    self.pivot(here, turned)?
                } else {
                    self.unpivot(here, turned)?
                };
                Err(error::at("NOT_ALLOWED_IN_FROM.UNPIVOT_WITH_PIVOT", &self.origin(start)))
            }
            Some(K::TABLESAMPLE) => self.sample(start, left),
            Some(keyword @ (K::UNION | K::EXCEPT | K::SETMINUS | K::INTERSECT)) => {
                self.advance();
                let all = self.set_quantifier();
                let right = self.query_primary()?;
                Ok(self.set_operation(start, keyword, all, left, right))
            }
            Some(K::AGGREGATE) => self.pipe_aggregate(start, left),
            Some(K::ORDER | K::CLUSTER | K::DISTRIBUTE | K::SORT | K::WINDOW | K::LIMIT | K::OFFSET) => {
                self.query_organization(left, true)
            }
            Some(K::JOIN | K::INNER | K::CROSS | K::LEFT | K::RIGHT | K::FULL | K::SEMI | K::ANTI | K::NATURAL) => {
                self.join(left)
            }
            _ => Err(self.unexpected()),
        }
    }

    /// `|> SELECT list [GROUP BY …] [WINDOW …]`
    fn query_specification_over(&mut self, left: Relation) -> PResult<Relation> {
        let start = self.start();
        let select = self.select_clause()?;
        // Filters are operators of their own.
        if self.is(K::WHERE) {
            return Err(self.unexpected());
        }
        self.select_rest(start, select, left)
    }

    /// `|> SET a = expr, …`: columns replaced in place.
    fn pipe_set(&mut self, start: usize, left: Relation) -> PResult<Relation> {
        self.advance();
        let aliases = self.comma_list(|p| {
            let start = p.start();
            let mut name = p.multipart()?;
            p.expect_symbol(Symbol::Eq)?;
            let value = p.expression()?;
            let Some(last) = name.pop().filter(|_| name.is_empty()) else {
                let message = "SQL pipe syntax |> SET operator with multi-part assignment key (only single-part keys are allowed)";
                return Err(error::at("_LEGACY_ERROR_TEMP_0035", &p.origin(start)).param("message", message));
            };
            let value = Box::new(piped(value, PipeClause::Set));
            Ok(p.expr(start, ExprKind::Alias { expr: value, names: vec![last], metadata: None }))
        })?;
        // Later assignments see earlier ones.
        Ok(aliases.into_iter().fold(left, |input, alias| {
            self.relation(start, RelationKind::WithColumns { input: Box::new(input), aliases: vec![alias] })
        }))
    }

    /// `|> AGGREGATE [list] [GROUP BY keys]`: the keys come first in the result.
    fn pipe_aggregate(&mut self, start: usize, input: Relation) -> PResult<Relation> {
        self.advance();
        let grouped = self.is_seq(&[K::GROUP, K::BY]);
        if !grouped && !self.can_start_expression(0) {
            let message = "The AGGREGATE clause requires a list of aggregate expressions or a list of grouping expressions, or both";
            return Err(error::at("_LEGACY_ERROR_TEMP_0035", &self.origin(start)).param("message", message));
        }
        let aggregates = if grouped { vec![] } else { self.comma_list(Self::named_expression)? };
        let windows = aggregates.iter().any(|expr| matches!(unaliased(expr).kind, ExprKind::Window(_)));
        let mut grouping = vec![];
        let mut case = None;
        if self.is_seq(&[K::GROUP, K::BY]) {
            self.skip(2);
            grouping = self.comma_list(|p| match p.grouping_analytics()? {
                Some(element) => {
                    case = Some(element.clause());
                    Ok(Expr::star())
                }
                None => p.named_expression(),
            })?;
            case = case.or_else(|| match self.trailing_analytics() {
                Some(K::ROLLUP) => Some("GROUP BY ROLLUP"),
                Some(_) => Some("GROUP BY CUBE"),
                None => None,
            });
            if let [Expr { kind: ExprKind::UnresolvedAttribute { name_parts, .. }, .. }] = grouping.as_slice()
                && matches!(name_parts.as_slice(), [name] if name.eq_ignore_ascii_case("all"))
            {
                case = Some("GROUP BY ALL");
            }
        }
        if windows {
            case = Some(
                "window functions; please update the query to move the window functions to a subsequent |> SELECT operator instead",
            );
        }
        if let Some(case) = case {
            let condition = "UNSUPPORTED_FEATURE.PIPE_OPERATOR_AGGREGATE_UNSUPPORTED_CASE";
            return Err(error::at(condition, &self.origin(start)).param("case", case));
        }
        let aggregate = Aggregate {
            input,
            group_type: GroupType::GroupBy,
            grouping: grouping.into_iter().map(|expr| piped(expr, PipeClause::GroupBy)).collect(),
            grouping_sets: vec![],
            aggregates: aggregates.into_iter().map(|expr| piped(expr, PipeClause::Aggregate)).collect(),
            with_grouping_expressions: true,
            pivot: None,
        };
        Ok(self.relation(start, RelationKind::Aggregate(Box::new(aggregate))))
    }
}

fn unaliased(expr: &Expr) -> &Expr {
    match &expr.kind {
        ExprKind::Alias { expr, .. } => unaliased(expr),
        _ => expr,
    }
}

/// An expression of an operator, below its alias.
fn piped(expr: Expr, clause: PipeClause) -> Expr {
    let origin = expr.origin.clone();
    match expr.kind {
        ExprKind::Alias { expr, names, metadata } => {
            let expr = Box::new(piped(*expr, clause));
            Expr::from(ExprKind::Alias { expr, names, metadata }).at(origin)
        }
        kind => {
            let child = Box::new(Expr::from(kind).at(origin.clone()));
            Expr::from(ExprKind::Pipe { child, clause }).at(origin)
        }
    }
}
