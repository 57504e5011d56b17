//! `INSERT`, `DELETE`, `UPDATE`, `TRUNCATE`, and statements after `WITH`.

use kindling_common::SparkError;
use kindling_spec::{Command, Cte, Expr, Insert, InsertDirectory, Options, Origin, Plan, Relation, RelationKind};

use crate::{
    keyword::Keyword as K,
    parser::{PResult, Parser},
    token::Symbol,
};

/// CTEs before a statement: the definitions, whether recursive, and where they begin.
pub(super) type LeadingCtes = (Vec<Cte>, bool, usize);

impl Parser<'_> {
    /// `WITH …` before a query or a DML statement.
    pub(super) fn with_statement(&mut self) -> PResult<Plan> {
        let start = self.start();
        let (ctes, recursive) = self.ctes()?;
        match self.keyword_at(0) {
            Some(K::INSERT) => self.insert(Some((ctes, recursive, start))).map(Plan::Command),
            Some(K::MERGE) => self.merge(Some((ctes, recursive, start))).map(Plan::Command),
            Some(K::DELETE | K::UPDATE) => {
                let name = self.keyword_at(0).map_or("", K::text);
                Ok(Plan::Command(self.unsupported(&format!("WITH before {name}"))))
            }
            Some(K::FROM) => {
                if let Some(query) = self.attempt(|p| p.query_to_end())? {
                    return Ok(Plan::Relation(self.with_ctes((ctes, recursive, start), query)));
                }
                self.multi_insert(Some((ctes, recursive, start))).map(Plan::Command)
            }
            _ => {
                let query = self.query_body()?;
                Ok(Plan::Relation(self.with_ctes((ctes, recursive, start), query)))
            }
        }
    }

    pub(super) fn with_ctes(&self, (ctes, recursive, start): LeadingCtes, query: Relation) -> Relation {
        self.relation(start, RelationKind::WithCtes { input: Box::new(query), ctes, recursive })
    }

    fn query_to_end(&mut self) -> PResult<Relation> {
        let query = self.query_body()?;
        if self.at_statement_end() { Ok(query) } else { Err(self.unexpected()) }
    }

    /// `FROM … SELECT …` or `FROM … INSERT …`
    pub(super) fn from_or_multi_insert(&mut self) -> PResult<Plan> {
        if let Some(query) = self.attempt(|p| p.query_to_end())? {
            return Ok(Plan::Relation(query));
        }
        self.multi_insert(None).map(Plan::Command)
    }

    fn multi_insert(&mut self, ctes: Option<LeadingCtes>) -> PResult<Command> {
        let from = self.from_clause()?;
        let mut inserts = vec![];
        while self.is(K::INSERT) {
            let mut insert = self.insert_target()?;
            let query = self.from_body(from.clone())?;
            insert.query = match &ctes {
                Some(ctes) => self.with_ctes(ctes.clone(), query),
                None => query,
            };
            inserts.push(insert);
        }
        match inserts.pop() {
            None => Err(self.unexpected()),
            Some(last) if inserts.is_empty() => Ok(Command::Insert(Box::new(last))),
            Some(last) => {
                inserts.push(last);
                Ok(Command::MultiInsert(inserts))
            }
        }
    }

    pub(super) fn insert(&mut self, ctes: Option<LeadingCtes>) -> PResult<Command> {
        let mut insert = self.insert_target()?;
        let query = self.query()?;
        insert.query = match ctes {
            Some(ctes) => self.with_ctes(ctes, query),
            None => query,
        };
        Ok(Command::Insert(Box::new(insert)))
    }

    /// `INSERT INTO|OVERWRITE …` up to the query.
    fn insert_target(&mut self) -> PResult<Insert> {
        let start = self.start();
        self.expect(K::INSERT)?;
        if self.is_seq(&[K::WITH, K::SCHEMA, K::EVOLUTION]) {
            return Err(SparkError::unsupported("INSERT WITH SCHEMA EVOLUTION").at(&self.origin_to_end(start)));
        }
        let overwrite = match self.eat_any(&[K::INTO, K::OVERWRITE]) {
            Some(keyword) => keyword == K::OVERWRITE,
            None => return Err(self.unexpected()),
        };
        let mut insert = Insert {
            table: vec![],
            table_origin: Origin::None,
            columns: vec![],
            partition: vec![],
            overwrite,
            if_partition_not_exists: false,
            by_name: false,
            replace_where: None,
            query: RelationKind::OneRow.into(),
            directory: None,
        };
        let local = usize::from(self.is(K::LOCAL));
        if overwrite && self.is_at(local, K::DIRECTORY) {
            self.skip(local + 1);
            insert.directory = Some(self.insert_directory(start)?);
            return Ok(insert);
        }
        if self.is(K::TABLE) && self.is_identifier_at(1, false) {
            self.advance();
        }
        let name = self.start();
        insert.table = self.reference()?;
        insert.table_origin = self.origin(name);
        if self.is(K::WITH) && self.is_symbol_at(1, Symbol::LeftParen) {
            return Err(SparkError::unsupported("options of INSERT").at(&self.origin_to_end(start)));
        }
        insert.partition = self.partition_spec()?;
        insert.if_partition_not_exists = self.eat_if_not_exists();
        if self.eat_seq(&[K::BY, K::NAME]) {
            insert.by_name = true;
        } else if self.is_symbol(Symbol::LeftParen) && !self.is_query_start_at(0) {
            insert.columns = self.identifier_list()?;
        }
        if !overwrite && self.is(K::REPLACE) {
            self.advance();
            if !self.eat(K::WHERE) {
                return Err(SparkError::unsupported("INSERT ... REPLACE USING or ON").at(&self.origin_to_end(start)));
            }
            insert.replace_where = Some(self.expression()?);
        }
        Ok(insert)
    }

    fn insert_directory(&mut self, start: usize) -> PResult<InsertDirectory> {
        let mut path = if self.is_string_at(0) { Some(self.string()?) } else { None };
        if self.is(K::STORED) || self.is_seq(&[K::ROW, K::FORMAT]) || !self.is(K::USING) {
            let name = "INSERT OVERWRITE DIRECTORY with the Hive format";
            return Err(SparkError::unsupported(name).at(&self.origin_to_end(start)));
        }
        self.expect(K::USING)?;
        let provider = self.multipart()?.join(".");
        let mut options = if self.eat(K::OPTIONS) { self.property_list()? } else { Options::new() };
        let key = options.keys().find(|key| key.eq_ignore_ascii_case("path")).cloned();
        if let Some(value) = key.and_then(|key| options.remove(&key)) {
            if path.is_some() {
                return Err(crate::error::at("_LEGACY_ERROR_TEMP_0049", &self.origin(start)));
            }
            path = Some(value);
        }
        match path {
            Some(path) => Ok(InsertDirectory { path, provider, options }),
            None => Err(crate::error::at("_LEGACY_ERROR_TEMP_0049", &self.origin(start))),
        }
    }

    pub(super) fn delete(&mut self) -> PResult<Command> {
        self.expect(K::DELETE)?;
        self.expect_or_missing(K::FROM)?;
        let table = self.reference()?;
        let (alias, _) = self.table_alias()?;
        let condition = self.condition()?;
        Ok(Command::Delete { table, alias, condition })
    }

    fn condition(&mut self) -> PResult<Option<Expr>> {
        if self.eat(K::WHERE) { self.expression().map(Some) } else { Ok(None) }
    }

    pub(super) fn update(&mut self) -> PResult<Command> {
        self.expect(K::UPDATE)?;
        let table = self.reference()?;
        let (alias, _) = self.table_alias()?;
        self.expect(K::SET)?;
        let assignments = self.comma_list(Self::assignment)?;
        let condition = self.condition()?;
        Ok(Command::Update { table, alias, assignments, condition })
    }

    /// `a.b = expression`
    pub(super) fn assignment(&mut self) -> PResult<(Expr, Expr)> {
        let start = self.start();
        let parts = self.multipart()?;
        let key = Expr::column(parts).at(self.origin(start));
        self.expect_symbol(Symbol::Eq)?;
        Ok((key, self.expression()?))
    }

    pub(super) fn truncate(&mut self) -> PResult<Command> {
        let start = self.start();
        self.expect(K::TRUNCATE)?;
        self.expect(K::TABLE)?;
        let name = self.reference()?;
        Ok(Command::TruncateTable { name, partition: self.full_partition_spec(start)? })
    }
}
