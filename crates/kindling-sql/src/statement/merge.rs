//! `MERGE INTO`.

use kindling_common::SparkError;
use kindling_spec::{Command, Expr, Merge, MergeAction, MergeActionKind, Relation, RelationKind};

use super::dml::LeadingCtes;
use crate::{
    error,
    keyword::Keyword as K,
    parser::{PResult, Parser},
    token::Symbol,
};

impl Parser<'_> {
    pub(super) fn merge(&mut self, ctes: Option<LeadingCtes>) -> PResult<Command> {
        let start = self.start();
        self.expect(K::MERGE)?;
        if self.is_seq(&[K::WITH, K::SCHEMA, K::EVOLUTION]) {
            return Err(SparkError::unsupported("MERGE WITH SCHEMA EVOLUTION").at(&self.origin_to_end(start)));
        }
        self.expect(K::INTO)?;
        let target = self.reference()?;
        let (target_alias, _) = self.table_alias()?;
        self.expect(K::USING)?;
        let source = self.merge_source()?;
        let source = match ctes {
            Some(ctes) => self.with_ctes(ctes, source),
            None => source,
        };
        self.expect(K::ON)?;
        let condition = self.expression()?;
        let mut merge = Merge {
            target,
            target_alias,
            source,
            condition,
            matched: vec![],
            not_matched: vec![],
            not_matched_by_source: vec![],
        };
        while self.is(K::WHEN) {
            self.merge_clause(&mut merge)?;
        }
        if merge.matched.is_empty() && merge.not_matched.is_empty() && merge.not_matched_by_source.is_empty() {
            return Err(error::at("MERGE_WITHOUT_WHEN", &self.origin(start)));
        }
        Ok(Command::Merge(Box::new(merge)))
    }

    fn merge_source(&mut self) -> PResult<Relation> {
        let start = self.start();
        let source = if self.eat_symbol(Symbol::LeftParen) {
            let query = self.query()?;
            self.expect_symbol(Symbol::RightParen)?;
            query
        } else {
            self.named_table()?
        };
        match self.table_alias()? {
            (None, _) => Ok(source),
            (Some(alias), columns) => {
                Ok(self.relation(start, RelationKind::SubqueryAlias { input: Box::new(source), alias, columns }))
            }
        }
    }

    fn merge_clause(&mut self, merge: &mut Merge) -> PResult<()> {
        self.expect(K::WHEN)?;
        if self.eat(K::MATCHED) {
            let action = self.merge_action(true, false)?;
            merge.matched.push(action);
            return Ok(());
        }
        self.expect(K::NOT)?;
        self.expect(K::MATCHED)?;
        if self.eat_seq(&[K::BY, K::SOURCE]) {
            let action = self.merge_action(true, false)?;
            merge.not_matched_by_source.push(action);
            return Ok(());
        }
        self.eat_seq(&[K::BY, K::TARGET]);
        let action = self.merge_action(false, true)?;
        merge.not_matched.push(action);
        Ok(())
    }

    fn merge_action(&mut self, changes: bool, inserts: bool) -> PResult<MergeAction> {
        let condition = if self.eat(K::AND) { Some(self.expression()?) } else { None };
        self.expect(K::THEN)?;
        let action = |kind, assignments| MergeAction { kind, condition: condition.clone(), assignments };
        match self.keyword_at(0) {
            Some(K::DELETE) if changes => {
                self.advance();
                Ok(action(MergeActionKind::Delete, vec![]))
            }
            Some(K::UPDATE) if changes => {
                self.advance();
                self.expect(K::SET)?;
                if self.eat_symbol(Symbol::Asterisk) {
                    return Ok(action(MergeActionKind::UpdateStar, vec![]));
                }
                let assignments = self.comma_list(Self::assignment)?;
                Ok(action(MergeActionKind::Update, assignments))
            }
            Some(K::INSERT) if inserts => {
                self.advance();
                if self.eat_symbol(Symbol::Asterisk) {
                    return Ok(action(MergeActionKind::InsertStar, vec![]));
                }
                let start = self.start();
                let columns = self.paren_list(|p| {
                    let start = p.start();
                    let parts = p.multipart()?;
                    Ok(Expr::column(parts).at(p.origin(start)))
                })?;
                self.expect(K::VALUES)?;
                let values = self.paren_list(Self::expression)?;
                if columns.len() != values.len() {
                    return Err(error::at("MERGE_INSERT_VALUE_COUNT_MISMATCH", &self.origin(start))
                        .param("actualCount", values.len().to_string())
                        .param("expectedCount", columns.len().to_string()));
                }
                Ok(action(MergeActionKind::Insert, columns.into_iter().zip(values).collect()))
            }
            _ => Err(self.unexpected()),
        }
    }
}
