//! Pipe syntax: `query |> operator …`.

use kindling_common::SparkError;
use kindling_spec::{Aggregate, Expr, ExprKind, GroupType, Relation, RelationKind};

use crate::{
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
                expressions.extend(self.comma_list(Self::named_expression)?);
                Ok(self.relation(start, RelationKind::Project { input: input(left), expressions }))
            }
            Some(K::SET) => self.pipe_set(start, left),
            Some(K::DROP) => {
                self.advance();
                let columns = self.comma_list(|p| {
                    let start = p.start();
                    let parts = p.multipart()?;
                    Ok(Expr::column(parts).at(p.origin(start)))
                })?;
                Ok(self.relation(start, RelationKind::Drop { input: input(left), columns, column_names: vec![] }))
            }
            Some(K::AS) => {
                self.advance();
                let alias = self.plain_identifier()?;
                Ok(self.relation(start, RelationKind::SubqueryAlias { input: input(left), alias, columns: vec![] }))
            }
            Some(K::WHERE) => {
                let filtered = self.where_clause(left)?;
                if self.is_window_clause() { self.window_clause(start, filtered) } else { Ok(filtered) }
            }
            Some(K::PIVOT) => self.pivot(here, left),
            Some(K::UNPIVOT) => self.unpivot(here, left),
            Some(K::TABLESAMPLE) => self.sample(start, left),
            Some(keyword @ (K::UNION | K::EXCEPT | K::SETMINUS | K::INTERSECT)) => {
                self.advance();
                let all = self.set_quantifier();
                let right = self.query_primary()?;
                Ok(self.set_operation(start, keyword, all, left, right))
            }
            Some(K::AGGREGATE) => self.pipe_aggregate(start, left),
            Some(K::ORDER | K::CLUSTER | K::DISTRIBUTE | K::SORT | K::WINDOW | K::LIMIT | K::OFFSET) => {
                self.query_organization(left)
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
                return Err(SparkError::unsupported("|> SET with a qualified column").at(&p.origin(start)));
            };
            Ok(p.expr(start, ExprKind::Alias { expr: Box::new(value), names: vec![last], metadata: None }))
        })?;
        // Later assignments see earlier ones.
        Ok(aliases.into_iter().fold(left, |input, alias| {
            self.relation(start, RelationKind::WithColumns { input: Box::new(input), aliases: vec![alias] })
        }))
    }

    /// `|> AGGREGATE [list] [GROUP BY keys]`: the keys come first in the result.
    fn pipe_aggregate(&mut self, start: usize, input: Relation) -> PResult<Relation> {
        self.advance();
        let aggregates =
            if self.is_seq(&[K::GROUP, K::BY]) { vec![] } else { self.comma_list(Self::named_expression)? };
        let mut grouping = vec![];
        if self.eat_seq(&[K::GROUP, K::BY]) {
            grouping = self.comma_list(Self::named_expression)?;
        }
        let aggregate = Aggregate {
            input,
            group_type: GroupType::GroupBy,
            grouping,
            grouping_sets: vec![],
            aggregates,
            with_grouping_expressions: true,
            pivot: None,
        };
        Ok(self.relation(start, RelationKind::Aggregate(Box::new(aggregate))))
    }
}
