//! `SELECT …` and `FROM … SELECT …`.

use kindling_spec::{Aggregate, Expr, GroupType, Relation, RelationKind, WindowExpr};

use crate::{
    error,
    keyword::Keyword as K,
    parser::{PResult, Parser},
    token::Symbol,
};

/// A hint's name and parameters.
type Hint = (String, Vec<Expr>);

/// A select list with what stands before it.
pub(super) struct SelectClause {
    hints: Vec<Hint>,
    distinct: bool,
    list: Vec<Expr>,
}

impl Parser<'_> {
    pub(super) fn select_clause(&mut self) -> PResult<SelectClause> {
        self.expect(K::SELECT)?;
        let mut hints = vec![];
        while self.eat_symbol(Symbol::HintStart) {
            loop {
                hints.push(self.hint()?);
                self.eat_symbol(Symbol::Comma);
                if self.eat_symbol(Symbol::HintEnd) {
                    break;
                }
            }
        }
        let mut distinct = false;
        if self.is_any(&[K::DISTINCT, K::ALL]) && self.can_start_expression(1) {
            distinct = self.is(K::DISTINCT);
            self.advance();
        }
        let list = self.comma_list(Self::named_expression)?;
        Ok(SelectClause { hints, distinct, list })
    }

    fn hint(&mut self) -> PResult<Hint> {
        let name = self.identifier()?;
        if !self.is_symbol(Symbol::LeftParen) {
            return Ok((name, vec![]));
        }
        Ok((name, self.paren_list(Self::primary)?))
    }

    /// `SELECT list [FROM …] [LATERAL VIEW …] [WHERE …] [GROUP BY …] [HAVING …] [WINDOW …] [QUALIFY …]`
    pub(super) fn query_specification(&mut self) -> PResult<Relation> {
        if self.is_transform() {
            return self.select_transform();
        }
        let start = self.start();
        let select = self.select_clause()?;
        let input = if self.is(K::FROM) { self.from_clause()? } else { RelationKind::OneRow.into() };
        self.select_rest(start, select, input)
    }

    /// `FROM relations [SELECT …]…`
    pub(super) fn from_statement(&mut self) -> PResult<Relation> {
        let start = self.start();
        let from = self.from_clause()?;
        let mut result: Option<Relation> = None;
        while self.is_any(&[K::SELECT, K::MAP, K::REDUCE]) {
            let body = self.from_body(from.clone())?;
            result = Some(match result {
                None => body,
                Some(left) => self.set_operation(start, K::UNION, true, left, body),
            });
        }
        Ok(result.unwrap_or(from))
    }

    /// What follows a leading `FROM`, with its own order and limit.
    pub(crate) fn from_body(&mut self, from: Relation) -> PResult<Relation> {
        let start = self.start();
        if self.is_any(&[K::MAP, K::REDUCE]) {
            return self.map_reduce();
        }
        if self.is_transform() {
            return self.select_transform();
        }
        let select = self.select_clause()?;
        let query = self.select_rest(start, select, from)?;
        self.query_organization(query, false)
    }

    pub(super) fn select_rest(&mut self, start: usize, select: SelectClause, mut input: Relation) -> PResult<Relation> {
        while self.is_seq(&[K::LATERAL, K::VIEW]) {
            input = self.lateral_view(input)?;
        }
        if self.is(K::WHERE) && self.can_start_expression(1) {
            input = self.where_clause(input)?;
        }
        let group_start = self.start();
        let grouping = if self.is_seq(&[K::GROUP, K::BY]) { Some(self.aggregation_clause()?) } else { None };
        let group_end = self.end();
        let having_start = self.start();
        let having = if self.is(K::HAVING) && self.can_start_expression(1) {
            self.advance();
            Some((self.expression()?, self.end()))
        } else {
            None
        };
        let mut query = match (grouping, &having) {
            (Some(grouping), _) => {
                let aggregate = Aggregate {
                    input,
                    group_type: grouping.group_type,
                    grouping: grouping.grouping,
                    grouping_sets: grouping.grouping_sets,
                    aggregates: select.list,
                    with_grouping_expressions: false,
                    pivot: None,
                };
                let mut aggregate = self.relation(start, RelationKind::Aggregate(Box::new(aggregate)));
                aggregate.origin = self.origin_between(group_start, group_end);
                aggregate
            }
            // HAVING without GROUP BY is one global group.
            (None, Some(_)) => {
                let aggregate = Aggregate {
                    input,
                    group_type: GroupType::GroupBy,
                    grouping: vec![],
                    grouping_sets: vec![],
                    aggregates: select.list,
                    with_grouping_expressions: false,
                    pivot: None,
                };
                self.relation(start, RelationKind::Aggregate(Box::new(aggregate)))
            }
            (None, None) => {
                let input = Box::new(input);
                self.relation(start, RelationKind::Project { input, expressions: select.list })
            }
        };
        if let Some((condition, end)) = having {
            let mut having = self.relation(having_start, RelationKind::Having { input: Box::new(query), condition });
            having.origin = self.origin_between(having_start, end);
            query = having;
        }
        let windows = if self.is_window_clause() { Some(self.named_windows()?) } else { None };
        if self.is(K::QUALIFY) && self.can_start_expression(1) {
            let qualify = self.start();
            self.advance();
            let condition = self.expression()?;
            query = self.relation(qualify, RelationKind::Qualify { input: Box::new(query), condition });
        }
        if select.distinct {
            query = self.relation(start, RelationKind::Distinct { input: Box::new(query) });
        }
        if let Some(windows) = windows {
            query = self.relation(start, RelationKind::WithWindows { input: Box::new(query), windows });
        }
        for (name, parameters) in select.hints.into_iter().rev() {
            query = self.relation(start, RelationKind::Hint { input: Box::new(query), name, parameters });
        }
        Ok(query)
    }

    pub(crate) fn where_clause(&mut self, input: Relation) -> PResult<Relation> {
        let start = self.start();
        self.expect(K::WHERE)?;
        let condition = self.expression()?;
        Ok(self.relation(start, RelationKind::Filter { input: Box::new(input), condition }))
    }

    pub(super) fn is_window_clause(&self) -> bool {
        self.is(K::WINDOW) && self.is_identifier_at(1, false) && self.is_at(2, K::AS)
    }

    pub(super) fn window_clause(&mut self, start: usize, query: Relation) -> PResult<Relation> {
        let windows = self.named_windows()?;
        Ok(self.relation(start, RelationKind::WithWindows { input: Box::new(query), windows }))
    }

    /// `WINDOW a AS (…), b AS a`: references among them are resolved.
    pub(super) fn named_windows(&mut self) -> PResult<Vec<(String, WindowExpr)>> {
        let start = self.start();
        self.expect(K::WINDOW)?;
        let windows = self.comma_list(|p| {
            let name = p.plain_identifier()?;
            p.expect(K::AS)?;
            Ok((name, p.window_spec()?))
        })?;
        let mut resolved = Vec::with_capacity(windows.len());
        for (i, (name, window)) in windows.iter().enumerate() {
            if windows.iter().take(i).any(|(other, _)| other == name) {
                return Err(error::at("INVALID_SQL_SYNTAX.REPETITIVE_WINDOW_DEFINITION", &self.origin(start))
                    .param("windowName", format!("`{name}`")));
            }
            let Some(reference) = &window.window_name else {
                resolved.push((name.clone(), window.clone()));
                continue;
            };
            let quoted = format!("`{reference}`");
            match windows.iter().find(|(other, _)| other == reference) {
                Some((_, target)) if target.window_name.is_none() => resolved.push((name.clone(), target.clone())),
                Some(_) => {
                    return Err(error::at("INVALID_SQL_SYNTAX.INVALID_WINDOW_REFERENCE", &self.origin(start))
                        .param("windowName", quoted));
                }
                None => {
                    return Err(error::at("INVALID_SQL_SYNTAX.UNRESOLVED_WINDOW_REFERENCE", &self.origin(start))
                        .param("windowName", quoted));
                }
            }
        }
        Ok(resolved)
    }
}
