//! `PIVOT`, `UNPIVOT` and `LATERAL VIEW`.

use kindling_spec::{Expr, ExprKind, PivotClause, Relation, RelationKind, Unpivot, UnresolvedFunction};

use crate::{
    keyword::Keyword as K,
    parser::{PResult, Parser},
    token::Symbol,
};

impl Parser<'_> {
    /// `PIVOT (aggregates FOR columns IN (values)) [[AS] alias]`
    pub(super) fn pivot(&mut self, start: usize, input: Relation) -> PResult<Relation> {
        self.expect(K::PIVOT)?;
        self.expect_symbol(Symbol::LeftParen)?;
        let aggregates = self.comma_list(Self::named_expression)?;
        self.expect(K::FOR)?;
        let columns = if self.is_symbol(Symbol::LeftParen) {
            self.paren_list(Self::simple_column)?
        } else {
            vec![self.simple_column()?]
        };
        self.expect(K::IN)?;
        let values = self.paren_list(Self::named_expression)?;
        self.expect_symbol(Symbol::RightParen)?;
        let pivot = PivotClause { input, aggregates, columns, values };
        let pivot = self.relation(start, RelationKind::Pivot(Box::new(pivot)));
        self.clause_alias(start, pivot)
    }

    fn simple_column(&mut self) -> PResult<Expr> {
        let start = self.start();
        let name = self.plain_identifier()?;
        Ok(Expr::column([name]).at(self.origin(start)))
    }

    fn clause_alias(&mut self, start: usize, input: Relation) -> PResult<Relation> {
        let as_ = self.eat(K::AS);
        if !as_ && (!self.is_identifier_at(0, true) || self.is_clause_start()) {
            return Ok(input);
        }
        let alias = self.plain_identifier()?;
        Ok(self.relation(start, RelationKind::SubqueryAlias { input: Box::new(input), alias, columns: vec![] }))
    }

    /// `UNPIVOT [INCLUDE|EXCLUDE NULLS] (values FOR name IN (columns)) [[AS] alias]`
    pub(super) fn unpivot(&mut self, start: usize, input: Relation) -> PResult<Relation> {
        self.expect(K::UNPIVOT)?;
        let include_nulls = match self.eat_any(&[K::INCLUDE, K::EXCLUDE]) {
            Some(keyword) => {
                self.expect(K::NULLS)?;
                keyword == K::INCLUDE
            }
            None => false,
        };
        self.expect_symbol(Symbol::LeftParen)?;
        let multiple = self.is_symbol(Symbol::LeftParen);
        let value_column_names = if multiple { self.paren_list(Self::identifier)? } else { vec![self.identifier()?] };
        self.expect(K::FOR)?;
        let variable_column_name = self.identifier()?;
        self.expect(K::IN)?;
        let values = self.paren_list(|p| {
            let columns = if multiple { p.paren_list(Self::unpivot_column)? } else { vec![p.unpivot_column()?] };
            let alias = if p.eat(K::AS) || p.is_identifier() { Some(p.plain_identifier()?) } else { None };
            Ok((columns, alias))
        })?;
        self.expect_symbol(Symbol::RightParen)?;
        let unpivot =
            Unpivot { input, ids: None, values: Some(values), variable_column_name, value_column_names, include_nulls };
        let unpivot = self.relation(start, RelationKind::Unpivot(Box::new(unpivot)));
        self.clause_alias(start, unpivot)
    }

    fn unpivot_column(&mut self) -> PResult<Expr> {
        let start = self.start();
        let parts = self.multipart()?;
        Ok(Expr::column(parts).at(self.origin(start)))
    }

    /// `LATERAL VIEW [OUTER] generator(…) table [[AS] columns]`
    pub(super) fn lateral_view(&mut self, input: Relation) -> PResult<Relation> {
        let start = self.start();
        self.expect_seq(&[K::LATERAL, K::VIEW])?;
        let outer = self.eat(K::OUTER);
        let call_start = self.start();
        let name = self.multipart()?;
        self.expect_symbol(Symbol::LeftParen)?;
        let arguments = if self.is_symbol(Symbol::RightParen) { vec![] } else { self.comma_list(Self::expression)? };
        self.expect_symbol(Symbol::RightParen)?;
        let call = UnresolvedFunction { name, arguments, ..Default::default() };
        let generator = self.expr(call_start, ExprKind::UnresolvedFunction(call));
        let table_alias = self.identifier()?;
        let names =
            self.eat(K::AS) || self.is_identifier() && !self.is_clause_start() && !self.is_seq(&[K::LATERAL, K::VIEW]);
        let column_aliases = if names { self.comma_list(Self::identifier)? } else { vec![] };
        let kind = RelationKind::LateralView {
            input: Box::new(input),
            generator,
            outer,
            table_alias: Some(table_alias),
            column_aliases,
        };
        Ok(self.relation(start, kind))
    }
}
