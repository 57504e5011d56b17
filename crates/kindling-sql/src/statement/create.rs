//! `CREATE …`: which object, namespaces and views.

use kindling_spec::{Command, CreateView, DataSource, Options, RelationKind, ViewScope};

use crate::{
    error,
    keyword::Keyword as K,
    parser::{PResult, Parser},
    token::Symbol,
};

impl Parser<'_> {
    pub(super) fn create(&mut self) -> PResult<Command> {
        let start = self.start();
        if self.is_seq(&[K::REPLACE, K::TABLE]) {
            self.advance();
            return self.create_table(start, true, true, false);
        }
        self.expect(K::CREATE)?;
        let replace = self.eat_seq(&[K::OR, K::REPLACE]);
        let global = self.is(K::GLOBAL) && self.is_at(1, K::TEMPORARY);
        if global {
            self.advance();
        }
        let temporary = self.is(K::TEMPORARY);
        if temporary {
            self.advance();
        }
        match self.keyword_at(0) {
            Some(K::TABLE) if temporary => self.create_temporary_table(start),
            Some(K::EXTERNAL) => {
                self.advance();
                self.create_table(start, replace, false, true)
            }
            Some(K::TABLE) => self.create_table(start, replace, false, false),
            Some(K::VIEW) => {
                let scope = match (global, temporary) {
                    (true, _) => ViewScope::GlobalTemp,
                    (_, true) => ViewScope::LocalTemp,
                    _ => ViewScope::Persistent,
                };
                self.create_view(start, replace, scope)
            }
            Some(K::FUNCTION) => self.create_function(start, replace, temporary),
            Some(K::NAMESPACE | K::DATABASE | K::SCHEMA) => self.create_namespace(),
            Some(K::MATERIALIZED) => Ok(self.unsupported("CREATE MATERIALIZED VIEW")),
            Some(K::STREAMING) => Ok(self.unsupported("CREATE STREAMING TABLE")),
            Some(K::FLOW) => Ok(self.unsupported("CREATE FLOW")),
            Some(K::INDEX) => Ok(self.unsupported("CREATE INDEX")),
            Some(K::ROLE) => Err(error::not_allowed("CREATE ROLE", &self.origin_to_end(start))),
            Some(K::MACRO) => Err(error::not_allowed("CREATE TEMPORARY MACRO", &self.origin_to_end(start))),
            _ => Err(self.unexpected()),
        }
    }

    fn create_namespace(&mut self) -> PResult<Command> {
        self.advance();
        let if_not_exists = self.eat_if_not_exists();
        let name = self.reference()?;
        let (mut comment, mut location, mut properties) = (None, None, Options::new());
        loop {
            if self.eat(K::COMMENT) {
                comment = Some(self.string()?);
            } else if self.eat(K::LOCATION) {
                location = Some(self.string()?);
            } else if self.is(K::WITH) && self.is_any_at(1, &[K::DBPROPERTIES, K::PROPERTIES]) {
                self.skip(2);
                properties = self.property_list()?;
            } else if self.is_seq(&[K::DEFAULT, K::COLLATION]) {
                return Ok(self.unsupported("DEFAULT COLLATION"));
            } else {
                return Ok(Command::CreateNamespace { name, if_not_exists, comment, location, properties });
            }
        }
    }

    fn create_view(&mut self, start: usize, replace: bool, scope: ViewScope) -> PResult<Command> {
        self.expect(K::VIEW)?;
        let if_not_exists = self.eat_if_not_exists();
        let name = self.reference()?;
        if scope != ViewScope::Persistent && (self.is(K::USING) || self.is_typed_columns()) {
            return self.create_view_using(replace, scope, name);
        }
        if if_not_exists && scope != ViewScope::Persistent {
            return Err(error::at("_LEGACY_ERROR_TEMP_0053", &self.origin_to_end(start)));
        }
        if if_not_exists && replace {
            let message = "CREATE VIEW with both IF NOT EXISTS and REPLACE is not allowed";
            return Err(error::not_allowed(message, &self.origin_to_end(start)));
        }
        let columns = if self.is_symbol(Symbol::LeftParen) {
            self.paren_list(|p| {
                let name = p.identifier()?;
                let comment = if p.eat(K::COMMENT) { Some(p.string()?) } else { None };
                Ok((name, comment))
            })?
        } else {
            vec![]
        };
        let (mut comment, mut properties) = (None, Options::new());
        loop {
            if self.eat(K::COMMENT) {
                comment = Some(self.string()?);
            } else if self.eat(K::TBLPROPERTIES) {
                properties.append(&mut self.property_list()?);
            } else if self.is_seq(&[K::WITH, K::SCHEMA]) {
                properties.insert("view.schemaMode".into(), self.schema_binding()?);
            } else if self.is_seq(&[K::WITH, K::METRICS]) {
                return Ok(self.unsupported("metric views"));
            } else if self.is_seq(&[K::PARTITIONED, K::ON]) {
                return Err(error::not_allowed("CREATE VIEW ... PARTITIONED ON", &self.origin_to_end(start)));
            } else if self.is_seq(&[K::DEFAULT, K::COLLATION]) {
                return Ok(self.unsupported("DEFAULT COLLATION"));
            } else {
                break;
            }
        }
        self.expect(K::AS)?;
        let query_start = self.start();
        let query = self.query()?;
        let query_text = Some(self.source(query_start));
        let view = CreateView { name, scope, replace, if_not_exists, columns, comment, properties, query, query_text };
        Ok(Command::CreateView(Box::new(view)))
    }

    /// `WITH SCHEMA BINDING|COMPENSATION|[TYPE] EVOLUTION`: the value of the property `view.schemaMode`.
    pub(super) fn schema_binding(&mut self) -> PResult<String> {
        let start = self.start();
        self.expect_seq(&[K::WITH, K::SCHEMA])?;
        let mode = if self.eat_seq(&[K::TYPE, K::EVOLUTION]) {
            "TYPE EVOLUTION"
        } else {
            match self.eat_any(&[K::BINDING, K::COMPENSATION, K::EVOLUTION]) {
                Some(keyword) => keyword.text(),
                None => return Err(self.unexpected()),
            }
        };
        if !self.options.view_schema_binding {
            return Err(error::at("FEATURE_NOT_ENABLED", &self.origin(start))
                .param("featureName", "VIEW ... WITH SCHEMA ...")
                .param("configKey", "spark.sql.legacy.viewSchemaBindingMode")
                .param("configValue", "true"));
        }
        Ok(mode.into())
    }

    /// Whether a parenthesised list has types: `(a INT, …)`.
    fn is_typed_columns(&self) -> bool {
        self.is_symbol(Symbol::LeftParen)
            && self.is_identifier_at(1, false)
            && self.is_identifier_at(2, false)
            && !self.is_at(2, K::COMMENT)
    }

    /// `CREATE TEMPORARY VIEW v [(columns)] USING format [OPTIONS (…)]`
    fn create_view_using(&mut self, replace: bool, scope: ViewScope, name: Vec<String>) -> PResult<Command> {
        let mut schema = None;
        if self.eat_symbol(Symbol::LeftParen) {
            let schema_start = self.start();
            self.column_list(false)?;
            schema = Some(self.source(schema_start));
            self.expect_symbol(Symbol::RightParen)?;
        }
        self.expect(K::USING)?;
        let format = Some(self.multipart()?.join("."));
        let mut options = if self.eat(K::OPTIONS) { self.property_list()? } else { Options::new() };
        let path_key = options.keys().find(|key| key.eq_ignore_ascii_case("path")).cloned();
        let paths = path_key.and_then(|key| options.remove(&key)).into_iter().collect();
        let source = DataSource { format, schema, options, paths, ..Default::default() };
        let view = CreateView {
            name,
            scope,
            replace,
            if_not_exists: false,
            columns: vec![],
            comment: None,
            properties: Options::new(),
            query: RelationKind::DataSource(source).into(),
            query_text: None,
        };
        Ok(Command::CreateView(Box::new(view)))
    }
}
