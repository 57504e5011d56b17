//! `DESCRIBE …`.

use kindling_common::SparkError;
use kindling_spec::Command;

use crate::{
    error,
    keyword::Keyword as K,
    parser::{PResult, Parser},
    token::{Symbol, TokenKind},
};

impl Parser<'_> {
    pub(super) fn describe(&mut self) -> PResult<Command> {
        let start = self.start();
        self.advance();
        match self.keyword_at(0) {
            Some(K::FUNCTION) if !self.is_end_at(1) => return self.describe_function(),
            Some(K::PROCEDURE) if !self.is_end_at(1) => return Ok(self.unsupported("DESCRIBE PROCEDURE")),
            Some(K::NAMESPACE | K::DATABASE | K::SCHEMA) if self.is_identifier_at(1, false) => {
                self.advance();
                let extended = self.is(K::EXTENDED) && self.is_identifier_at(1, false);
                if extended {
                    self.advance();
                }
                return Ok(Command::DescribeNamespace { name: self.reference()?, extended });
            }
            Some(K::QUERY) if self.is_query_start_at(1) => self.skip(1),
            _ => {}
        }
        if self.is_query_start_at(0) && !self.is(K::TABLE) {
            return Ok(Command::DescribeQuery { query: Box::new(self.query()?) });
        }
        self.describe_table(start)
    }

    fn is_end_at(&self, ahead: usize) -> bool {
        matches!(self.token(ahead).kind, TokenKind::Eof | TokenKind::Symbol(Symbol::Semicolon))
    }

    fn describe_function(&mut self) -> PResult<Command> {
        self.advance();
        let extended = self.is(K::EXTENDED) && !self.is_end_at(1);
        if extended {
            self.advance();
        }
        let name = if self.is_string_at(0) {
            vec![self.string()?]
        } else if self.is_identifier() && !self.is_any(&[K::AND, K::OR, K::NOT, K::IN, K::DIV]) {
            self.reference()?
        } else {
            let token = self.advance();
            vec![self.text_of(token).to_lowercase()]
        };
        Ok(Command::DescribeFunction { name, extended })
    }

    fn describe_table(&mut self, start: usize) -> PResult<Command> {
        if self.is(K::TABLE) && !self.is_end_at(1) {
            self.advance();
        }
        let extended = self.is_any(&[K::EXTENDED, K::FORMATTED]) && self.is_identifier_at(1, false);
        if extended {
            self.advance();
        }
        let table = self.reference()?;
        let partition = self.full_partition_spec(start)?;
        let as_json = |p: &Self| p.is_seq(&[K::AS, K::JSON]);
        let column = if self.is_identifier() && !as_json(self) { Some(self.multipart()?) } else { None };
        let json = self.eat_seq(&[K::AS, K::JSON]);
        if json && !extended {
            return Err(SparkError::parse("DESCRIBE_JSON_NOT_EXTENDED").param("tableName", table.join(".")));
        }
        if column.is_some() && json {
            return Err(SparkError::parse("UNSUPPORTED_FEATURE.DESC_TABLE_COLUMN_JSON"));
        }
        if column.is_some() && !partition.is_empty() {
            return Err(error::at("UNSUPPORTED_FEATURE.DESC_TABLE_COLUMN_PARTITION", &self.origin(start)));
        }
        Ok(Command::DescribeTable { table, extended, partition, column, as_json: json })
    }
}
