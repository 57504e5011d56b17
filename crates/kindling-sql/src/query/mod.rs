//! Queries: CTEs, set operations, and what orders and limits a result.

mod from;
mod group;
mod pipe;
mod pivot;
mod select;
mod transform;

use kindling_spec::{Cte, Relation, RelationKind, SetOpType, SortDirection, SortOrder};

use crate::{
    error,
    keyword::Keyword as K,
    parser::{PResult, Parser},
    token::{Symbol, TokenKind},
};

const SET_OPERATORS: &[K] = &[K::UNION, K::EXCEPT, K::SETMINUS, K::INTERSECT];

impl Parser<'_> {
    /// Whether a query may begin at the token `ahead`, parentheses aside.
    pub(crate) fn is_query_start_at(&self, mut ahead: usize) -> bool {
        while self.is_symbol_at(ahead, Symbol::LeftParen) {
            ahead += 1;
        }
        match self.keyword_at(ahead) {
            Some(K::SELECT) => self.can_start_expression(ahead + 1) || self.is_symbol_at(ahead + 1, Symbol::HintStart),
            Some(K::VALUES) => self.can_start_expression(ahead + 1),
            Some(K::FROM) => self.is_relation_start_at(ahead + 1),
            Some(K::WITH | K::TABLE) => self.is_identifier_at(ahead + 1, false),
            Some(K::MAP | K::REDUCE) => {
                self.can_start_expression(ahead + 1) && !self.is_symbol_at(ahead + 1, Symbol::LeftParen)
            }
            _ => false,
        }
    }

    /// `query`
    pub(crate) fn query(&mut self) -> PResult<Relation> {
        self.nested(|p| {
            let start = p.start();
            if !p.is(K::WITH) {
                return p.query_body();
            }
            let (ctes, recursive) = p.ctes()?;
            let input = Box::new(p.query_body()?);
            Ok(p.relation(start, RelationKind::WithCtes { input, ctes, recursive }))
        })
    }

    /// A query after its CTEs.
    pub(crate) fn query_body(&mut self) -> PResult<Relation> {
        let term = self.query_term(0)?;
        self.query_organization(term, false)
    }

    /// `WITH [RECURSIVE] name [(columns)] [AS] (query), …`
    pub(crate) fn ctes(&mut self) -> PResult<(Vec<Cte>, bool)> {
        let start = self.start();
        self.expect(K::WITH)?;
        let recursive = self.is(K::RECURSIVE) && self.is_identifier_at(1, false) && !self.is_at(1, K::AS);
        if recursive {
            self.advance();
        }
        let ctes = self.comma_list(Self::cte)?;
        for (i, cte) in ctes.iter().enumerate() {
            if ctes.iter().take(i).any(|other| other.name == cte.name) {
                let names = duplicate_names(&ctes);
                return Err(error::not_allowed(
                    format!("CTE definition can't have duplicate names: {names}"),
                    &self.origin(start),
                ));
            }
            if cte.max_recursion.is_some() && !recursive {
                let message = "Cannot specify MAX RECURSION LEVEL when the CTE is not marked as RECURSIVE";
                return Err(error::not_allowed(message, &self.origin_to_end(start)));
            }
        }
        Ok((ctes, recursive))
    }

    fn cte(&mut self) -> PResult<Cte> {
        let name = self.plain_identifier()?;
        let is_columns = self.is_symbol(Symbol::LeftParen) && !self.is_query_start_at(0);
        let columns = if is_columns { self.identifier_list()? } else { vec![] };
        let mut max_recursion = None;
        if self.eat_seq(&[K::MAX, K::RECURSION, K::LEVEL]) {
            max_recursion = Some(self.integer_value()?);
        }
        self.eat(K::AS);
        self.expect_symbol(Symbol::LeftParen)?;
        let query = self.query()?;
        self.expect_symbol(Symbol::RightParen)?;
        Ok(Cte { name, columns, query, max_recursion })
    }

    /// An unsigned integer.
    pub(crate) fn integer_value(&mut self) -> PResult<i64> {
        if self.kind() != TokenKind::Integer {
            return Err(self.unexpected());
        }
        let token = self.advance();
        self.text_of(token).parse().map_err(|_| self.unexpected())
    }

    /// Set operations by precedence: `INTERSECT` binds tighter than the others; `|>` takes all on its left.
    fn query_term(&mut self, min: u8) -> PResult<Relation> {
        let start = self.start();
        let mut left = self.query_primary()?;
        loop {
            if self.is_symbol(Symbol::OperatorPipe) {
                if min > 0 {
                    return Ok(left);
                }
                self.advance();
                left = self.pipe(start, left)?;
                continue;
            }
            let Some(keyword) = self.keyword_at(0).filter(|k| SET_OPERATORS.contains(k)) else { return Ok(left) };
            let precedence = if keyword == K::INTERSECT && !self.options.legacy_setops_precedence { 2 } else { 1 };
            if precedence < min || !self.is_set_operation() {
                return Ok(left);
            }
            self.advance();
            let all = self.set_quantifier();
            let right = self.query_term(precedence + 1)?;
            left = self.set_operation(start, keyword, all, left, right);
        }
    }

    fn is_set_operation(&self) -> bool {
        self.is_any_at(1, &[K::ALL, K::DISTINCT]) || self.is_query_start_at(1)
    }

    /// `ALL` or `DISTINCT`: whether it was `ALL`.
    pub(crate) fn set_quantifier(&mut self) -> bool {
        self.eat_any(&[K::ALL, K::DISTINCT]) == Some(K::ALL)
    }

    pub(crate) fn set_operation(
        &self,
        start: usize,
        keyword: K,
        all: bool,
        left: Relation,
        right: Relation,
    ) -> Relation {
        let op = match keyword {
            K::UNION => SetOpType::Union,
            K::INTERSECT => SetOpType::Intersect,
            _ => SetOpType::Except,
        };
        let (left, right) = (Box::new(left), Box::new(right));
        let kind = RelationKind::SetOperation { left, right, op, all, by_name: false, allow_missing_columns: false };
        self.relation(start, kind)
    }

    /// `queryPrimary`
    pub(crate) fn query_primary(&mut self) -> PResult<Relation> {
        match self.keyword_at(0) {
            Some(K::SELECT) => self.query_specification(),
            Some(K::MAP | K::REDUCE) => self.map_reduce(),
            Some(K::FROM) => self.from_statement(),
            Some(K::VALUES) => self.inline_table(),
            Some(K::TABLE) => {
                self.advance();
                self.named_table()
            }
            _ if self.is_symbol(Symbol::LeftParen) => {
                self.advance();
                let query = self.query()?;
                if !self.is_symbol(Symbol::RightParen) {
                    return Err(self.missing(")"));
                }
                self.advance();
                Ok(query)
            }
            _ => Err(self.unexpected()),
        }
    }

    /// `ORDER BY`, `CLUSTER BY`, `DISTRIBUTE BY`, `SORT BY`, `WINDOW`, `LIMIT`, `OFFSET`; as a pipe operator one of them.
    pub(crate) fn query_organization(&mut self, query: Relation, is_pipe: bool) -> PResult<Relation> {
        let start = self.start();
        let by = |p: &mut Self, keyword| {
            if p.eat_seq(&[keyword, K::BY]) { p.comma_list(Self::sort_item) } else { Ok(vec![]) }
        };
        let order = by(self, K::ORDER)?;
        let cluster = by(self, K::CLUSTER)?;
        let distribute = by(self, K::DISTRIBUTE)?;
        let sort = by(self, K::SORT)?;
        let given = [&order, &cluster, &distribute, &sort].map(|clause| !clause.is_empty());
        let keys = |items: Vec<SortOrder>| items.into_iter().map(|item| item.child).collect::<Vec<_>>();
        let mut query = match given {
            [false, false, false, false] => query,
            [true, false, false, false] => self.sorted(start, query, order, true),
            [false, true, false, false] => {
                let sort = cluster.iter().map(|item| SortOrder { direction: SortDirection::Ascending, ..item.clone() });
                let sort = sort.collect();
                let distributed = self.distributed(start, query, keys(cluster));
                self.sorted(start, distributed, sort, false)
            }
            [false, false, true, false] => self.distributed(start, query, keys(distribute)),
            [false, false, false, true] => self.sorted(start, query, sort, false),
            [false, false, true, true] => {
                let distributed = self.distributed(start, query, keys(distribute));
                self.sorted(start, distributed, sort, false)
            }
            _ => {
                return Err(error::at("UNSUPPORTED_FEATURE.COMBINATION_QUERY_RESULT_CLAUSES", &self.origin(start)));
            }
        };
        if self.is_window_clause() {
            query = self.window_clause(start, query)?;
            if is_pipe {
                return Err(error::at("UNSUPPORTED_FEATURE.CLAUSE_WITH_PIPE_OPERATORS", &self.origin(start))
                    .param("clauses", "the WINDOW clause"));
            }
        }
        let ordered = match given {
            [true, ..] => Some("ORDER BY"),
            [_, true, ..] => Some("CLUSTER BY"),
            [_, _, true, true] => Some("SORT BY ... DISTRIBUTE BY ..."),
            [_, _, true, _] => Some("DISTRIBUTE BY"),
            [.., true] => Some("SORT BY"),
            _ => None,
        };
        let mut limit = None;
        if self.is(K::LIMIT) && self.can_start_expression(1) {
            self.advance();
            let all = self.is(K::ALL) && !self.can_continue_expression_at(1);
            if all {
                self.advance();
            } else {
                limit = Some(Box::new(self.expression()?));
            }
        }
        let has_offset = self.is(K::OFFSET) && self.can_start_expression(1);
        if has_offset {
            self.advance();
            let offset = Box::new(self.expression()?);
            query = self.relation(start, RelationKind::Offset { input: Box::new(query), offset });
        }
        let has_limit = limit.is_some();
        if let Some(limit) = limit {
            query = self.relation(start, RelationKind::Limit { input: Box::new(query), limit });
        }
        if let (true, Some(clause)) = (is_pipe, ordered)
            && let Some(other) = if has_offset { Some("OFFSET") } else { has_limit.then_some("LIMIT") }
        {
            return Err(error::at("MULTIPLE_QUERY_RESULT_CLAUSES_WITH_PIPE_OPERATORS", &self.origin(start))
                .param("clause1", clause)
                .param("clause2", other));
        }
        Ok(query)
    }

    fn can_continue_expression_at(&self, ahead: usize) -> bool {
        self.is_symbol_at(ahead, Symbol::Dot) || self.is_symbol_at(ahead, Symbol::LeftParen)
    }

    pub(crate) fn sorted(&self, start: usize, input: Relation, order: Vec<SortOrder>, global: bool) -> Relation {
        self.relation(start, RelationKind::Sort { input: Box::new(input), order, global })
    }

    fn distributed(&self, start: usize, input: Relation, expressions: Vec<kindling_spec::Expr>) -> Relation {
        let input = Box::new(input);
        self.relation(start, RelationKind::RepartitionByExpression { input, expressions, num_partitions: None })
    }

    /// Whether a keyword here begins a clause, so that it is not an alias without `AS`.
    pub(crate) fn is_clause_start(&self) -> bool {
        let Some(keyword) = self.keyword_at(0) else { return false };
        match keyword {
            K::FROM => self.is_relation_start_at(1),
            K::WHERE | K::HAVING | K::QUALIFY | K::LIMIT | K::OFFSET | K::ON => self.can_start_expression(1),
            K::GROUP | K::ORDER | K::CLUSTER | K::DISTRIBUTE | K::SORT => self.is_at(1, K::BY),
            K::UNION | K::EXCEPT | K::SETMINUS | K::INTERSECT => self.is_set_operation(),
            K::WINDOW => self.is_window_clause(),
            K::LATERAL => self.is_at(1, K::VIEW),
            K::PIVOT => self.is_symbol_at(1, Symbol::LeftParen),
            K::UNPIVOT => self.is_symbol_at(1, Symbol::LeftParen) || self.is_any_at(1, &[K::INCLUDE, K::EXCLUDE]),
            K::TABLESAMPLE => self.is_symbol_at(1, Symbol::LeftParen) || self.is_any_at(1, &[K::BERNOULLI, K::SYSTEM]),
            K::SELECT => self.can_start_expression(1) || self.is_symbol_at(1, Symbol::HintStart),
            K::INSERT => self.is_any_at(1, &[K::INTO, K::OVERWRITE]),
            K::SET => {
                self.is_identifier_at(1, false)
                    && (self.is_symbol_at(2, Symbol::Eq) || self.is_symbol_at(2, Symbol::Dot))
            }
            K::WHEN => self.is_any_at(1, &[K::MATCHED, K::NOT]),
            K::FOR => self.is_identifier_at(1, false) || self.is_symbol_at(1, Symbol::LeftParen),
            K::VERSION | K::SYSTEM_VERSION | K::TIMESTAMP | K::SYSTEM_TIME => self.is_seq_at(1, &[K::AS, K::OF]),
            K::CHANGES => self.is_at(1, K::FROM),
            K::WITH => self.is_symbol_at(1, Symbol::LeftParen) || self.is_any_at(1, &[K::ROLLUP, K::CUBE]),
            K::GROUPING => self.is_at(1, K::SETS),
            K::APPROX | K::EXACT => self.is_at(1, K::NEAREST),
            K::WATERMARK => self.can_start_expression(1),
            K::REPLACE => self.is_any_at(1, &[K::WHERE, K::ON, K::USING]),
            K::INTO => self.is_identifier_at(1, false),
            _ => false,
        }
    }

    pub(crate) fn is_seq_at(&self, ahead: usize, keywords: &[K]) -> bool {
        keywords.iter().enumerate().all(|(i, keyword)| self.is_at(ahead + i, *keyword))
    }
}

fn duplicate_names(ctes: &[Cte]) -> String {
    let mut names: Vec<String> = vec![];
    for (i, cte) in ctes.iter().enumerate() {
        let name = format!("'{}'", cte.name);
        if ctes.iter().take(i).any(|other| other.name == cte.name) && !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(", ")
}
