//! The `FROM` clause: tables, subqueries, table functions, joins, samples.

use std::collections::BTreeMap;

use kindling_common::SparkError;
use kindling_spec::{
    Expr, ExprKind, Join, JoinCriteria, JoinType, Relation, RelationKind, SampleMethod, SubqueryKind, TemporalClause,
};

use crate::{
    error,
    keyword::Keyword as K,
    parser::{PResult, Parser},
    token::{Symbol, TokenKind},
};

/// The alias Spark gives a subquery that has none.
const AUTO_ALIAS: &str = "__auto_generated_subquery_name";

impl Parser<'_> {
    pub(crate) fn is_relation_start_at(&self, ahead: usize) -> bool {
        self.is_identifier_at(ahead, false) || self.is_symbol_at(ahead, Symbol::LeftParen)
    }

    /// `FROM relation, … [LATERAL VIEW …] [PIVOT …] [UNPIVOT …]`
    pub(crate) fn from_clause(&mut self) -> PResult<Relation> {
        let start = self.start();
        self.expect(K::FROM)?;
        let mut from: Option<Relation> = None;
        loop {
            let item = self.start();
            let lateral = self.eat_lateral();
            let right = self.relation_primary()?;
            if lateral && !is_lateral_capable(&right) {
                let condition = "INVALID_SQL_SYNTAX.LATERAL_WITHOUT_SUBQUERY_OR_TABLE_VALUED_FUNC";
                return Err(error::at(condition, &self.origin(item)));
            }
            let joined = match from {
                None if lateral => self.relation(item, RelationKind::Lateral { input: Box::new(right) }),
                None => right,
                Some(left) => {
                    let join = Join { left, right, join_type: JoinType::Inner, criteria: JoinCriteria::None, lateral };
                    self.relation(start, RelationKind::Join(Box::new(join)))
                }
            };
            // A join after a comma joins everything on its left, as Spark has it.
            from = Some(self.relation_extensions(joined)?);
            if !self.eat_symbol(Symbol::Comma) {
                break;
            }
        }
        let mut from = from.unwrap_or_else(|| RelationKind::OneRow.into());
        while self.is_seq(&[K::LATERAL, K::VIEW]) {
            from = self.lateral_view(from)?;
        }
        self.relation_extensions(from)
    }

    fn eat_lateral(&mut self) -> bool {
        let lateral = self.is(K::LATERAL) && self.is_relation_start_at(1) && !self.is_at(1, K::VIEW);
        if lateral {
            self.advance();
        }
        lateral
    }

    /// `relation`
    fn relation_with_joins(&mut self) -> PResult<Relation> {
        let start = self.start();
        let lateral = self.eat_lateral();
        let mut relation = self.relation_primary()?;
        if lateral {
            relation = self.relation(start, RelationKind::Lateral { input: Box::new(relation) });
        }
        self.relation_extensions(relation)
    }

    fn relation_extensions(&mut self, mut relation: Relation) -> PResult<Relation> {
        loop {
            let here = self.start();
            if self.is(K::PIVOT) && self.is_clause_start() {
                relation = self.pivot(here, relation)?;
            } else if self.is(K::UNPIVOT) && self.is_clause_start() {
                relation = self.unpivot(here, relation)?;
            } else if self.is_join_start() {
                relation = self.join(relation)?;
            } else {
                return Ok(relation);
            }
        }
    }

    fn is_join_start(&self) -> bool {
        let natural = usize::from(self.is(K::NATURAL));
        let words = match self.keyword_at(natural) {
            Some(K::JOIN) => return true,
            Some(K::INNER | K::CROSS | K::SEMI | K::ANTI) => 1,
            Some(K::LEFT) => 1 + usize::from(self.is_any_at(natural + 1, &[K::OUTER, K::SEMI, K::ANTI])),
            Some(K::RIGHT | K::FULL) => 1 + usize::from(self.is_at(natural + 1, K::OUTER)),
            _ => return false,
        };
        self.is_at(natural + words, K::JOIN)
    }

    pub(super) fn join(&mut self, left: Relation) -> PResult<Relation> {
        let join_start = self.start();
        let natural = self.eat(K::NATURAL);
        let join_type = self.join_type();
        self.expect(K::JOIN)?;
        let lateral = self.eat_lateral();
        let right = self.relation_primary()?;
        if lateral && !is_lateral_capable(&right) {
            let condition = "INVALID_SQL_SYNTAX.LATERAL_WITHOUT_SUBQUERY_OR_TABLE_VALUED_FUNC";
            return Err(error::at(condition, &self.origin(join_start)));
        }
        if natural && lateral {
            return Err(error::at("INCOMPATIBLE_JOIN_TYPES", &self.origin(join_start))
                .param("joinType1", "LATERAL")
                .param("joinType2", "NATURAL"));
        }
        let criteria = if natural {
            if join_type == JoinType::Cross {
                return Err(error::at("INCOMPATIBLE_JOIN_TYPES", &self.origin(join_start))
                    .param("joinType1", "NATURAL")
                    .param("joinType2", "CROSS"));
            }
            JoinCriteria::Natural
        } else if self.is(K::ON) && self.can_start_expression(1) {
            self.advance();
            JoinCriteria::On(self.expression()?)
        } else if self.is(K::USING) && self.is_symbol_at(1, Symbol::LeftParen) {
            self.advance();
            let columns = self.identifier_list()?;
            if lateral {
                return Err(error::at("UNSUPPORTED_FEATURE.LATERAL_JOIN_USING", &self.origin(join_start)));
            }
            JoinCriteria::Using(columns)
        } else if self.is_any(&[K::APPROX, K::EXACT]) && self.is_at(1, K::NEAREST) {
            return Err(SparkError::unsupported("JOIN ... NEAREST BY").at(&self.origin(join_start)));
        } else {
            JoinCriteria::None
        };
        if lateral && !matches!(join_type, JoinType::Inner | JoinType::Cross | JoinType::LeftOuter) {
            return Err(error::at("INVALID_LATERAL_JOIN_TYPE", &self.origin(join_start))
                .param("joinType", join_type_sql(join_type)));
        }
        let join = Join { left, right, join_type, criteria, lateral };
        Ok(self.relation(join_start, RelationKind::Join(Box::new(join))))
    }

    fn join_type(&mut self) -> JoinType {
        match self.eat_any(&[K::INNER, K::CROSS, K::LEFT, K::RIGHT, K::FULL, K::SEMI, K::ANTI]) {
            Some(K::CROSS) => JoinType::Cross,
            Some(K::SEMI) => JoinType::LeftSemi,
            Some(K::ANTI) => JoinType::LeftAnti,
            Some(K::LEFT) => match self.eat_any(&[K::OUTER, K::SEMI, K::ANTI]) {
                Some(K::SEMI) => JoinType::LeftSemi,
                Some(K::ANTI) => JoinType::LeftAnti,
                _ => JoinType::LeftOuter,
            },
            Some(K::RIGHT) => {
                self.eat(K::OUTER);
                JoinType::RightOuter
            }
            Some(K::FULL) => {
                self.eat(K::OUTER);
                JoinType::FullOuter
            }
            _ => JoinType::Inner,
        }
    }

    /// `relationPrimary`
    pub(crate) fn relation_primary(&mut self) -> PResult<Relation> {
        self.nested(Self::relation_primary_here)
    }

    fn relation_primary_here(&mut self) -> PResult<Relation> {
        let start = self.start();
        if self.is_symbol(Symbol::LeftParen) {
            return self.parenthesized_relation(start);
        }
        if self.is(K::VALUES) && self.can_start_expression(1) && !self.is_identifier_at(1, true) || self.is_values_row()
        {
            return self.inline_table();
        }
        if self.is(K::STREAM) && (self.is_identifier_at(1, true) || self.is_symbol_at(1, Symbol::LeftParen)) {
            return self.stream(start);
        }
        if self.is_table_function() {
            return self.table_function(start);
        }
        let table = self.named_table()?;
        let table = self.temporal(table)?;
        let table = self.table_options(table)?;
        let table = self.sample(start, table)?;
        self.aliased(start, table)
    }

    /// `VALUES` before a constant or a call is the keyword.
    fn is_values_row(&self) -> bool {
        self.is(K::VALUES)
            && (self.is_any_at(1, &[K::NULL, K::TRUE, K::FALSE, K::CAST, K::INTERVAL])
                || self.is_identifier_at(1, false) && (self.is_symbol_at(2, Symbol::LeftParen) || self.is_string_at(2)))
    }

    fn parenthesized_relation(&mut self, start: usize) -> PResult<Relation> {
        if let Some(query) = self.attempt_parenthesized_query()? {
            let query = self.sample(start, query)?;
            let (alias, columns) = self.table_alias()?;
            let alias = alias.unwrap_or_else(|| AUTO_ALIAS.into());
            return Ok(self.relation(start, RelationKind::SubqueryAlias { input: Box::new(query), alias, columns }));
        }
        self.advance();
        let relation = self.relation_with_joins()?;
        self.expect_symbol(Symbol::RightParen)?;
        let relation = self.sample(start, relation)?;
        self.aliased(start, relation)
    }

    /// A table, view or path by name; its origin is the name.
    pub(crate) fn named_table(&mut self) -> PResult<Relation> {
        let start = self.start();
        let name = self.reference()?;
        let kind = RelationKind::NamedTable { name, options: BTreeMap::new(), temporal: None, is_streaming: false };
        Ok(self.relation(start, kind))
    }

    fn temporal(&mut self, mut table: Relation) -> PResult<Relation> {
        let skip = usize::from(self.is(K::FOR));
        let version = self.is_any_at(skip, &[K::VERSION, K::SYSTEM_VERSION]);
        let timestamp = self.is_any_at(skip, &[K::TIMESTAMP, K::SYSTEM_TIME]);
        if !(version || timestamp) || !self.is_seq_at(skip + 1, &[K::AS, K::OF]) {
            return Ok(table);
        }
        self.skip(skip + 3);
        let clause = if timestamp {
            TemporalClause::Timestamp(self.value_expression()?)
        } else if self.is_string_at(0) {
            TemporalClause::Version(self.string()?)
        } else {
            TemporalClause::Version(self.integer_value()?.to_string())
        };
        if let RelationKind::NamedTable { temporal, .. } = &mut table.kind {
            *temporal = Some(Box::new(clause));
        }
        Ok(table)
    }

    /// `WITH ('key' = 'value')`
    fn table_options(&mut self, mut table: Relation) -> PResult<Relation> {
        if self.is(K::WITH) && self.is_symbol_at(1, Symbol::LeftParen) {
            self.advance();
            let given = self.property_list()?;
            if let RelationKind::NamedTable { options, .. } = &mut table.kind {
                *options = given;
            }
        }
        Ok(table)
    }

    fn stream(&mut self, start: usize) -> PResult<Relation> {
        self.advance();
        let parenthesized = self.eat_symbol(Symbol::LeftParen);
        if self.is_table_function() {
            return Err(SparkError::unsupported("STREAM over a table function").at(&self.origin(start)));
        }
        let mut table = self.named_table()?;
        if let RelationKind::NamedTable { is_streaming, .. } = &mut table.kind {
            *is_streaming = true;
        }
        if parenthesized {
            self.expect_symbol(Symbol::RightParen)?;
        }
        let table = self.table_options(table)?;
        self.aliased(start, table)
    }

    fn aliased(&mut self, start: usize, input: Relation) -> PResult<Relation> {
        match self.table_alias()? {
            (None, _) => Ok(input),
            (Some(alias), columns) => {
                Ok(self.relation(start, RelationKind::SubqueryAlias { input: Box::new(input), alias, columns }))
            }
        }
    }

    /// `[[AS] name [(columns)]]`
    pub(crate) fn table_alias(&mut self) -> PResult<(Option<String>, Vec<String>)> {
        let as_ = self.is(K::AS) && self.is_identifier_at(1, true);
        if as_ {
            self.advance();
        } else if !self.is_identifier_at(0, true)
            || self.is_clause_start()
            || self.is(K::AS)
            || self.in_script && self.is(K::DO)
        {
            return Ok((None, vec![]));
        }
        let alias = self.identifier()?;
        let columns = if self.is_symbol(Symbol::LeftParen) { self.identifier_list()? } else { vec![] };
        Ok((Some(alias), columns))
    }

    /// `VALUES row, … [alias]`
    pub(crate) fn inline_table(&mut self) -> PResult<Relation> {
        let start = self.start();
        self.expect(K::VALUES)?;
        let rows = self.comma_list(Self::expression)?;
        let end = self.end();
        let rows: Vec<Vec<Expr>> = rows.into_iter().map(|row| self.row_fields(row)).collect();
        let (alias, columns) = self.table_alias()?;
        let expected = if columns.is_empty() { rows.first().map_or(0, Vec::len) } else { columns.len() };
        if let Some((index, row)) = rows.iter().enumerate().find(|(_, row)| row.len() != expected) {
            return Err(error::at("INVALID_INLINE_TABLE.NUM_COLUMNS_MISMATCH", &self.origin(start))
                .param("expectedNumCols", expected.to_string())
                .param("actualNumCols", row.len().to_string())
                .param("rowIndex", index.to_string()));
        }
        let mut table = self.relation(start, RelationKind::Values { rows });
        table.origin = self.origin_between(start, end);
        match alias {
            None => Ok(table),
            Some(alias) => {
                Ok(self.relation(start, RelationKind::SubqueryAlias { input: Box::new(table), alias, columns }))
            }
        }
    }

    fn is_table_function(&self) -> bool {
        if self.is(K::IDENTIFIER_KW) {
            return false;
        }
        let mut ahead = 0;
        while self.is_identifier_at(ahead, false) {
            if self.is_symbol_at(ahead + 1, Symbol::LeftParen) {
                return true;
            }
            if !self.is_symbol_at(ahead + 1, Symbol::Dot) {
                return false;
            }
            ahead += 2;
        }
        false
    }

    fn table_function(&mut self, start: usize) -> PResult<Relation> {
        let name = self.multipart()?;
        self.expect_symbol(Symbol::LeftParen)?;
        let arguments =
            if self.is_symbol(Symbol::RightParen) { vec![] } else { self.comma_list(Self::table_function_argument)? };
        self.expect_symbol(Symbol::RightParen)?;
        let call = self.relation(start, RelationKind::TableValuedFunction { name, arguments });
        self.aliased(start, call)
    }

    fn table_function_argument(&mut self) -> PResult<Expr> {
        if self.is_identifier() && self.is_symbol_at(1, Symbol::FatArrow) && self.is_at(2, K::TABLE) {
            let start = self.start();
            let name = self.identifier()?;
            self.advance();
            let value = Box::new(self.table_argument()?);
            return Ok(self.expr(start, ExprKind::NamedArgument { name, value }));
        }
        let is_table =
            self.is(K::TABLE) && (self.is_symbol_at(1, Symbol::LeftParen) || self.is_identifier_at(1, false));
        if is_table { self.table_argument() } else { self.function_argument() }
    }

    /// `TABLE (query | name) [PARTITION BY …] [ORDER BY …]`
    fn table_argument(&mut self) -> PResult<Expr> {
        let start = self.start();
        self.expect(K::TABLE)?;
        let query = if self.eat_symbol(Symbol::LeftParen) {
            let query = if self.is_query_start_at(0) { self.query()? } else { self.named_table()? };
            self.expect_symbol(Symbol::RightParen)?;
            query
        } else {
            self.named_table()?
        };
        let (mut partition_spec, mut order_spec) = (vec![], vec![]);
        let with_single_partition = self.eat_seq(&[K::WITH, K::SINGLE, K::PARTITION]);
        if !with_single_partition && self.is_any(&[K::PARTITION, K::DISTRIBUTE]) && self.is_at(1, K::BY) {
            self.skip(2);
            partition_spec = if self.is_symbol(Symbol::LeftParen) {
                self.paren_list(Self::expression)?
            } else {
                vec![self.expression()?]
            };
        }
        if self.is_any(&[K::ORDER, K::SORT]) && self.is_at(1, K::BY) {
            self.skip(2);
            order_spec = if self.is_symbol(Symbol::LeftParen) {
                self.paren_list(Self::sort_item)?
            } else {
                vec![self.sort_item()?]
            };
        }
        let kind = SubqueryKind::TableArgument { partition_spec, order_spec, with_single_partition };
        Ok(self.subquery(start, kind, query))
    }

    /// `TABLESAMPLE (…) [REPEATABLE (seed)]`
    pub(super) fn sample(&mut self, start: usize, input: Relation) -> PResult<Relation> {
        if !self.is(K::TABLESAMPLE) || !self.is_clause_start() {
            return Ok(input);
        }
        let clause = self.start();
        self.advance();
        self.eat_any(&[K::BERNOULLI, K::SYSTEM]);
        self.expect_symbol(Symbol::LeftParen)?;
        if self.is_symbol(Symbol::RightParen) {
            self.advance();
            return Err(error::at("_LEGACY_ERROR_TEMP_0014", &self.origin(clause)));
        }
        let method = self.sample_method(clause)?;
        self.expect_symbol(Symbol::RightParen)?;
        let mut seed = None;
        if self.eat(K::REPEATABLE) {
            self.expect_symbol(Symbol::LeftParen)?;
            seed = Some(self.integer_value()?);
            self.expect_symbol(Symbol::RightParen)?;
        }
        let kind = RelationKind::Sample { input: Box::new(input), method, seed, deterministic_order: false };
        Ok(self.relation(start, kind))
    }

    fn sample_method(&mut self, clause: usize) -> PResult<SampleMethod> {
        let negative = usize::from(self.is_symbol(Symbol::Minus));
        let percent = matches!(self.token(negative).kind, TokenKind::Integer | TokenKind::Decimal)
            && self.is_at(negative + 1, K::PERCENTLIT);
        if percent {
            let text = self.text_of(self.token(negative)).to_string();
            self.skip(negative + 2);
            let percentage: f64 = text.parse().unwrap_or(0.0);
            let fraction = if negative == 1 { -percentage } else { percentage } / 100.0;
            if !(-1e-6..=1.0 + 1e-6).contains(&fraction) {
                return Err(error::at("_LEGACY_ERROR_TEMP_0064", &self.origin(clause))
                    .param("msg", format!("Sampling fraction ({fraction}) must be on interval [0, 1]")));
            }
            return Ok(SampleMethod::Fraction { lower: 0.0, upper: fraction, with_replacement: false });
        }
        if self.is(K::BUCKET) && self.token(1).kind == TokenKind::Integer {
            self.advance();
            let numerator = self.integer_value()?;
            self.expect_seq(&[K::OUT, K::OF])?;
            let denominator = self.integer_value()?;
            if self.is(K::ON) {
                self.skip(2);
                let on = if self.is_symbol(Symbol::LeftParen) {
                    "BUCKET x OUT OF y ON function"
                } else {
                    "BUCKET x OUT OF y ON colname"
                };
                return Err(error::at("_LEGACY_ERROR_TEMP_0015", &self.origin(clause)).param("msg", on));
            }
            return Ok(SampleMethod::Bucket { numerator, denominator });
        }
        let expression = self.expression()?;
        if self.eat(K::ROWS) {
            return Ok(SampleMethod::Rows(Box::new(expression)));
        }
        Err(error::at("_LEGACY_ERROR_TEMP_0015", &self.origin(clause)).param("msg", "byteLengthLiteral"))
    }
}

/// Only subqueries and table functions can be lateral.
fn is_lateral_capable(relation: &Relation) -> bool {
    match &relation.kind {
        RelationKind::SubqueryAlias { input, .. } => !matches!(input.kind, RelationKind::NamedTable { .. }),
        RelationKind::NamedTable { .. } => false,
        _ => true,
    }
}

/// `JoinType.sql`
fn join_type_sql(join_type: JoinType) -> &'static str {
    match join_type {
        JoinType::Inner => "INNER",
        JoinType::FullOuter => "FULL OUTER",
        JoinType::LeftOuter => "LEFT OUTER",
        JoinType::RightOuter => "RIGHT OUTER",
        JoinType::LeftAnti => "LEFT ANTI",
        JoinType::LeftSemi => "LEFT SEMI",
        JoinType::Cross => "CROSS",
    }
}
