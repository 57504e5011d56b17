//! `USE`, caching, `REFRESH`, `EXPLAIN`, `ANALYZE`, `COMMENT ON`, `REPAIR TABLE`.

use kindling_spec::{Command, CommentObject, ExplainMode, Options, RefreshTarget};

use crate::{
    keyword::Keyword as K,
    parser::{PResult, Parser},
};

impl Parser<'_> {
    pub(super) fn use_namespace(&mut self) -> PResult<Command> {
        self.expect(K::USE)?;
        if self.is_any(&[K::NAMESPACE, K::DATABASE, K::SCHEMA]) && self.is_identifier_at(1, false) {
            self.advance();
        }
        Ok(Command::UseNamespace { name: self.reference()? })
    }

    pub(super) fn cache(&mut self) -> PResult<Command> {
        self.expect(K::CACHE)?;
        let lazy = self.eat(K::LAZY);
        self.expect(K::TABLE)?;
        let name = self.reference()?;
        let options = if self.eat(K::OPTIONS) { self.property_list()? } else { Options::new() };
        let as_ = self.eat(K::AS);
        let query = if as_ || self.is_query_start_at(0) { Some(Box::new(self.query()?)) } else { None };
        Ok(Command::CacheTable { name, query, lazy, options })
    }

    pub(super) fn uncache(&mut self) -> PResult<Command> {
        self.expect_seq(&[K::UNCACHE, K::TABLE])?;
        let if_exists = self.eat_if_exists();
        Ok(Command::UncacheTable { name: self.reference()?, if_exists })
    }

    pub(super) fn clear_cache(&mut self) -> PResult<Command> {
        self.expect_seq(&[K::CLEAR, K::CACHE])?;
        Ok(Command::ClearCache)
    }

    pub(super) fn refresh(&mut self) -> PResult<Command> {
        self.expect(K::REFRESH)?;
        if self.eat(K::TABLE) {
            return Ok(Command::Refresh { target: RefreshTarget::Table(self.reference()?) });
        }
        if self.eat(K::FUNCTION) {
            return Ok(Command::Refresh { target: RefreshTarget::Function(self.reference()?) });
        }
        if self.is_string_at(0) {
            return Ok(Command::Refresh { target: RefreshTarget::Path(self.string()?) });
        }
        let start = self.start();
        while !self.at_statement_end() {
            self.advance();
        }
        let path = self.source(start);
        if path.is_empty() {
            return Err(self.unexpected());
        }
        Ok(Command::Refresh { target: RefreshTarget::Path(path) })
    }

    pub(super) fn explain(&mut self) -> PResult<Command> {
        self.expect(K::EXPLAIN)?;
        let mode = match self.eat_any(&[K::LOGICAL, K::FORMATTED, K::EXTENDED, K::CODEGEN, K::COST]) {
            Some(K::FORMATTED) => ExplainMode::Formatted,
            Some(K::EXTENDED) => ExplainMode::Extended,
            Some(K::CODEGEN) => ExplainMode::Codegen,
            Some(K::COST) => ExplainMode::Cost,
            Some(_) => return Ok(self.unsupported("EXPLAIN LOGICAL")),
            None => ExplainMode::Simple,
        };
        Ok(Command::Explain { plan: Box::new(self.statement()?), mode })
    }

    pub(super) fn analyze(&mut self) -> PResult<Command> {
        let start = self.start();
        self.expect(K::ANALYZE)?;
        if self.eat(K::TABLES) {
            let namespace = self.in_namespace()?;
            self.expect_seq(&[K::COMPUTE, K::STATISTICS])?;
            return Ok(Command::AnalyzeTables { namespace, no_scan: self.no_scan(start)? });
        }
        self.expect(K::TABLE)?;
        let table = self.reference()?;
        let partition = self.partition_spec()?;
        self.expect_seq(&[K::COMPUTE, K::STATISTICS])?;
        let (mut columns, mut all_columns, mut no_scan) = (vec![], false, false);
        if self.eat_seq(&[K::FOR, K::ALL, K::COLUMNS]) {
            all_columns = true;
        } else if self.eat_seq(&[K::FOR, K::COLUMNS]) {
            columns = self.identifier_seq()?;
        } else {
            no_scan = self.no_scan(start)?;
        }
        Ok(Command::AnalyzeTable { table, partition, columns, all_columns, no_scan })
    }

    /// `[NOSCAN]`, the only word that may stand there.
    fn no_scan(&mut self, statement: usize) -> PResult<bool> {
        if !self.is_identifier() {
            return Ok(false);
        }
        let word = self.identifier()?;
        if word.eq_ignore_ascii_case("noscan") {
            return Ok(true);
        }
        let condition = "INVALID_SQL_SYNTAX.ANALYZE_TABLE_UNEXPECTED_NOSCAN";
        Err(crate::error::at(condition, &self.origin_to_end(statement)).param("ctx", word.to_uppercase()))
    }

    pub(super) fn comment_on(&mut self) -> PResult<Command> {
        self.expect_seq(&[K::COMMENT, K::ON])?;
        let object = if self.eat_namespace() {
            CommentObject::Namespace
        } else {
            self.expect(K::TABLE)?;
            CommentObject::Table
        };
        let name = self.reference()?;
        self.expect(K::IS)?;
        let comment = if self.eat(K::NULL) { None } else { Some(self.string()?) };
        Ok(Command::CommentOn { object, name, comment })
    }

    pub(super) fn repair(&mut self) -> PResult<Command> {
        self.eat(K::MSCK);
        self.expect_seq(&[K::REPAIR, K::TABLE])?;
        let table = self.reference()?;
        if self.is_any(&[K::ADD, K::DROP, K::SYNC]) {
            if !self.is(K::ADD) {
                return Ok(self.unsupported("REPAIR TABLE ... DROP or SYNC PARTITIONS"));
            }
            self.advance();
            self.expect(K::PARTITIONS)?;
        }
        Ok(Command::RepairTable { table })
    }
}
