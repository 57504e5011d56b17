//! `SHOW …`.

use kindling_spec::{Command, FunctionScope};

use crate::{
    error,
    keyword::Keyword as K,
    parser::{PResult, Parser},
    token::Symbol,
};

impl Parser<'_> {
    pub(super) fn show(&mut self) -> PResult<Command> {
        let start = self.start();
        self.expect(K::SHOW)?;
        let Some(keyword) = self.keyword_at(0) else { return self.show_functions(start) };
        match keyword {
            K::NAMESPACES | K::DATABASES | K::SCHEMAS => {
                self.advance();
                let namespace = self.in_namespace()?;
                let pattern = self.like_pattern()?;
                Ok(match namespace {
                    Some(_) => Command::Unsupported { name: "SHOW NAMESPACES IN".into() },
                    None => Command::ShowNamespaces { pattern },
                })
            }
            K::TABLES => {
                self.advance();
                let namespace = self.in_namespace()?;
                Ok(Command::ShowTables { namespace, pattern: self.like_pattern()? })
            }
            K::TABLE => {
                self.advance();
                self.expect(K::EXTENDED)?;
                let namespace = self.in_namespace()?;
                self.expect(K::LIKE)?;
                let pattern = self.string()?;
                Ok(Command::ShowTableExtended { namespace, pattern, partition: self.full_partition_spec(start)? })
            }
            K::VIEWS => {
                self.advance();
                let namespace = self.in_namespace()?;
                Ok(Command::ShowViews { namespace, pattern: self.like_pattern()? })
            }
            K::COLUMNS => self.show_columns(),
            K::PARTITIONS => {
                self.advance();
                let table = self.reference()?;
                Ok(Command::ShowPartitions { table, partition: self.full_partition_spec(start)? })
            }
            K::CREATE => {
                self.advance();
                self.expect(K::TABLE)?;
                let table = self.reference()?;
                Ok(Command::ShowCreateTable { table, as_serde: self.eat_seq(&[K::AS, K::SERDE]) })
            }
            K::TBLPROPERTIES => {
                self.advance();
                let table = self.reference()?;
                let mut key = None;
                if self.eat_symbol(Symbol::LeftParen) {
                    key = Some(self.property_key()?);
                    self.expect_symbol(Symbol::RightParen)?;
                }
                Ok(Command::ShowTableProperties { table, key })
            }
            K::CATALOGS => {
                self.advance();
                Ok(Command::ShowCatalogs { pattern: self.like_pattern()? })
            }
            K::CURRENT if self.is_any_at(1, &[K::NAMESPACE, K::DATABASE, K::SCHEMA]) => {
                self.skip(2);
                Ok(Command::ShowCurrentNamespace)
            }
            K::COLLATIONS => Ok(self.unsupported("SHOW COLLATIONS")),
            K::PROCEDURES => Ok(self.unsupported("SHOW PROCEDURES")),
            K::GRANT
            | K::ROLE
            | K::ROLES
            | K::PRINCIPALS
            | K::COMPACTIONS
            | K::TRANSACTIONS
            | K::INDEXES
            | K::LOCKS
            | K::CURRENT => Err(error::not_allowed(format!("SHOW {}", keyword.text()), &self.origin_to_end(start))),
            _ => self.show_functions(start),
        }
    }

    fn show_columns(&mut self) -> PResult<Command> {
        let start = self.start();
        self.advance();
        if self.eat_any(&[K::FROM, K::IN]).is_none() {
            return Err(self.unexpected());
        }
        let mut table = self.reference()?;
        if let Some(namespace) = self.in_namespace()? {
            if let [database, _] = table.as_slice()
                && namespace.last().is_some_and(|name| !name.eq_ignore_ascii_case(database))
            {
                return Err(error::at("SHOW_COLUMNS_WITH_CONFLICT_NAMESPACE", &self.origin(start))
                    .param("namespaceA", quoted(&namespace))
                    .param("namespaceB", format!("`{database}`")));
            }
            if table.len() == 1 {
                table.splice(0..0, namespace);
            }
        }
        Ok(Command::ShowColumns { table })
    }

    /// `SHOW [USER|SYSTEM|ALL] FUNCTIONS [IN database] [[LIKE] name|'pattern']`
    fn show_functions(&mut self, start: usize) -> PResult<Command> {
        let mut scope = FunctionScope::All;
        if !self.is(K::FUNCTIONS) || self.is_at(1, K::FUNCTIONS) {
            if !self.is_identifier() {
                return Err(self.unexpected());
            }
            if !self.is_at(1, K::FUNCTIONS) {
                self.advance();
                return Err(self.missing("FUNCTIONS"));
            }
            let name = self.identifier()?;
            scope = match name.to_ascii_lowercase().as_str() {
                "all" => FunctionScope::All,
                "user" => FunctionScope::User,
                "system" => FunctionScope::System,
                _ => {
                    return Err(error::at("INVALID_SQL_SYNTAX.SHOW_FUNCTIONS_INVALID_SCOPE", &self.origin(start))
                        .param("scope", format!("`{name}`")));
                }
            };
        }
        self.expect(K::FUNCTIONS)?;
        let namespace = self.in_namespace()?;
        let like = self.eat(K::LIKE);
        let pattern = if self.is_string_at(0) {
            Some(self.string()?)
        } else if like || self.is_identifier() {
            Some(self.multipart()?.join("."))
        } else {
            None
        };
        Ok(Command::ShowFunctions { scope, pattern, namespace })
    }
}

fn quoted(parts: &[String]) -> String {
    parts.iter().map(|part| format!("`{part}`")).collect::<Vec<_>>().join(".")
}
