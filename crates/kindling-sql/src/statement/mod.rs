//! Statements: which one it is, and the parts that several share.

mod alter;
mod alter_column;
mod conf;
mod create;
mod create_table;
mod describe;
mod dml;
mod drop;
mod function;
mod merge;
mod misc;
mod script;
mod show;
mod variable;

use std::collections::BTreeMap;

use kindling_common::SparkError;
use kindling_spec::{Command, Expr, ExprKind, Literal, Options, PartitionSpec, Plan};

use crate::{
    error,
    keyword::Keyword as K,
    parser::{PResult, Parser},
    token::{Symbol, TokenKind},
};

impl Parser<'_> {
    /// `statement`
    pub(crate) fn statement(&mut self) -> PResult<Plan> {
        if self.is_any(&[K::SELECT, K::VALUES, K::TABLE, K::MAP, K::REDUCE]) || self.is_symbol(Symbol::LeftParen) {
            return self.query().map(Plan::Relation);
        }
        match self.keyword_at(0) {
            Some(K::WITH) => self.with_statement(),
            Some(K::FROM) => self.from_or_multi_insert(),
            Some(_) => self.command().map(Plan::Command),
            None => Err(self.unexpected()),
        }
    }

    fn command(&mut self) -> PResult<Command> {
        let Some(keyword) = self.keyword_at(0) else { return Err(self.unexpected()) };
        match keyword {
            K::CREATE | K::REPLACE => self.create(),
            K::DROP => self.drop_object(),
            K::ALTER => self.alter(),
            K::INSERT => self.insert(None),
            K::DELETE => self.delete(),
            K::UPDATE => self.update(),
            K::MERGE => self.merge(None),
            K::TRUNCATE => self.truncate(),
            K::SHOW => self.show(),
            K::DESC | K::DESCRIBE => self.describe(),
            K::USE => self.use_namespace(),
            K::SET => self.set(),
            K::RESET => self.reset(),
            K::CACHE => self.cache(),
            K::UNCACHE => self.uncache(),
            K::CLEAR => self.clear_cache(),
            K::REFRESH => self.refresh(),
            K::EXPLAIN => self.explain(),
            K::ANALYZE => self.analyze(),
            K::COMMENT => self.comment_on(),
            K::MSCK | K::REPAIR => self.repair(),
            K::DECLARE => self.declare(),
            K::EXECUTE => self.execute_immediate(),
            K::BEGIN if !self.in_script => self.script(),
            K::LOAD => Ok(self.unsupported("LOAD DATA")),
            K::CALL => Ok(self.unsupported("CALL")),
            K::ADD => Ok(self.unsupported("ADD FILE, JAR or ARCHIVE")),
            K::LIST => Ok(self.unsupported("LIST FILES, JARS or ARCHIVES")),
            K::OPEN | K::FETCH | K::CLOSE => Ok(self.unsupported("SQL cursors")),
            K::GRANT
            | K::REVOKE
            | K::EXPORT
            | K::IMPORT
            | K::LOCK
            | K::UNLOCK
            | K::START
            | K::COMMIT
            | K::ROLLBACK
            | K::DFS => Err(self.hive_only()),
            _ => Err(self.unexpected()),
        }
    }

    /// Consumes the rest of the text for a statement that is understood and not carried out.
    pub(super) fn unsupported(&mut self, name: &str) -> Command {
        while !(self.at_end() || self.in_script && self.is_symbol(Symbol::Semicolon)) {
            self.advance();
        }
        Command::Unsupported { name: name.into() }
    }

    /// A statement of Hive that Spark rejects.
    pub(super) fn hive_only(&mut self) -> SparkError {
        let start = self.start();
        let mut words = vec![];
        while let Some(keyword) = self.keyword_at(words.len()).filter(|_| words.len() < 2) {
            words.push(keyword.text());
        }
        error::not_allowed(words.join(" "), &self.origin_to_end(start))
    }

    // Parts.

    /// `IF NOT EXISTS`
    pub(super) fn eat_if_not_exists(&mut self) -> bool {
        self.eat_seq(&[K::IF, K::NOT, K::EXISTS])
    }

    /// `IF EXISTS`
    pub(super) fn eat_if_exists(&mut self) -> bool {
        self.eat_seq(&[K::IF, K::EXISTS])
    }

    /// `NAMESPACE`, `DATABASE` or `SCHEMA`
    pub(super) fn eat_namespace(&mut self) -> bool {
        self.eat_any(&[K::NAMESPACE, K::DATABASE, K::SCHEMA]).is_some()
    }

    /// `[FROM|IN name]`
    pub(super) fn in_namespace(&mut self) -> PResult<Option<Vec<String>>> {
        if self.eat_any(&[K::FROM, K::IN]).is_some() { self.reference().map(Some) } else { Ok(None) }
    }

    /// `[[LIKE] 'pattern']`
    pub(super) fn like_pattern(&mut self) -> PResult<Option<String>> {
        let like = self.eat(K::LIKE);
        if like || self.is_string_at(0) { self.string().map(Some) } else { Ok(None) }
    }

    /// `(key = value, …)`
    pub(crate) fn property_list(&mut self) -> PResult<Options> {
        self.properties(|p| {
            p.eat_symbol(Symbol::Eq);
            p.property_value()
        })
    }

    /// `(key = expression, …)`, the values constant.
    pub(super) fn option_list(&mut self) -> PResult<Options> {
        self.properties(|p| {
            if !p.eat_symbol(Symbol::Eq) && (p.is_symbol(Symbol::Comma) || p.is_symbol(Symbol::RightParen)) {
                return Ok(None);
            }
            let start = p.start();
            let value = p.expression()?;
            match option_text(&value) {
                Some(text) => Ok(Some(text)),
                None => Err(SparkError::unsupported("options with computed values").at(&p.origin(start))),
            }
        })
    }

    fn properties(&mut self, value: impl Fn(&mut Self) -> PResult<Option<String>>) -> PResult<Options> {
        let start = self.start();
        let pairs = self.paren_list(|p| Ok((p.property_key()?, value(p)?)))?;
        let mut options = BTreeMap::new();
        for (key, value) in pairs {
            if options.contains_key(&key) {
                return Err(error::at("DUPLICATE_KEY", &self.origin(start)).param("keyColumn", format!("`{key}`")));
            }
            options.insert(key, value.unwrap_or_default());
        }
        Ok(options)
    }

    /// `a.b.c` or `'key'`
    pub(super) fn property_key(&mut self) -> PResult<String> {
        if self.is_string_at(0) {
            let token = self.advance();
            return Ok(crate::strings::unescape(self.text_of(token), !self.options.escaped_string_literals));
        }
        Ok(self.multipart()?.join("."))
    }

    fn property_value(&mut self) -> PResult<Option<String>> {
        if self.is_string_at(0) {
            return self.string().map(Some);
        }
        match self.kind() {
            TokenKind::Integer | TokenKind::Decimal => {
                let token = self.advance();
                Ok(Some(self.text_of(token).to_string()))
            }
            TokenKind::Keyword(keyword @ (K::TRUE | K::FALSE)) => {
                self.advance();
                Ok(Some(keyword.text().to_lowercase()))
            }
            TokenKind::Symbol(Symbol::Comma | Symbol::RightParen) => Ok(None),
            _ => Err(self.unexpected()),
        }
    }

    /// `[PARTITION (column [= value], …)]`
    pub(super) fn partition_spec(&mut self) -> PResult<PartitionSpec> {
        if !self.is(K::PARTITION) || !self.is_symbol_at(1, Symbol::LeftParen) {
            return Ok(vec![]);
        }
        let start = self.start();
        self.advance();
        let spec = self.paren_list(|p| {
            let name = p.identifier()?;
            if !p.eat_symbol(Symbol::Eq) {
                return Ok((name, None));
            }
            let value = p.start();
            if p.eat(K::DEFAULT) {
                return Ok((name, Some(Expr::column(["DEFAULT"]).at(p.origin(value)))));
            }
            Ok((name, Some(p.constant()?)))
        })?;
        for (i, (name, _)) in spec.iter().enumerate() {
            if spec.iter().take(i).any(|(other, _)| other == name) {
                return Err(error::at("DUPLICATE_KEY", &self.origin(start)).param("keyColumn", format!("`{name}`")));
            }
        }
        Ok(spec)
    }

    /// A partition specification where each column must have a value.
    pub(super) fn full_partition_spec(&mut self, statement: usize) -> PResult<PartitionSpec> {
        let spec = self.partition_spec()?;
        if let Some((name, _)) = spec.iter().find(|(_, value)| value.is_none()) {
            return Err(error::at("INVALID_SQL_SYNTAX.EMPTY_PARTITION_VALUE", &self.origin_to_end(statement))
                .param("partKey", format!("`{name}`")));
        }
        Ok(spec)
    }
}

/// A constant as the text of an option.
fn option_text(value: &Expr) -> Option<String> {
    let ExprKind::Literal(literal) = &value.kind else { return None };
    match literal {
        Literal::String(text) => Some(text.clone()),
        Literal::Boolean(value) => Some(value.to_string()),
        Literal::Integer(value) => Some(value.to_string()),
        Literal::Long(value) => Some(value.to_string()),
        Literal::Double(value) => Some(value.to_string()),
        Literal::Decimal { value, scale, .. } => {
            let scale = usize::try_from(*scale).unwrap_or(0);
            let digits = format!("{:0>width$}", value.unsigned_abs(), width = scale + 1);
            let (whole, fraction) = digits.split_at(digits.len() - scale);
            let sign = if *value < 0 { "-" } else { "" };
            Some(if scale == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") })
        }
        _ => None,
    }
}
