//! `CREATE TABLE` and `REPLACE TABLE`.

use kindling_common::SparkError;
use kindling_spec::{
    BucketSpec, ColumnDefinition, Command, CreateTable, Expr, ExprKind, MultipartIdentifier, Options,
    UnresolvedFunction,
};

use crate::{
    error,
    keyword::Keyword as K,
    parser::{PResult, Parser},
    token::Symbol,
};

impl Parser<'_> {
    /// `CREATE TEMPORARY TABLE`: an old form of temporary views.
    pub(super) fn create_temporary_table(&mut self, start: usize) -> PResult<Command> {
        let origin = self.origin_to_end(start);
        while !self.at_end() {
            if self.is(K::USING) {
                return Err(error::at("INVALID_SQL_SYNTAX.CREATE_TEMP_TABLE_USING_PROVIDER", &origin));
            }
            self.advance();
        }
        Err(error::at("_LEGACY_ERROR_TEMP_0046", &origin))
    }

    pub(super) fn create_table(
        &mut self,
        start: usize,
        replace: bool,
        must_exist: bool,
        external: bool,
    ) -> PResult<Command> {
        self.expect(K::TABLE)?;
        let if_not_exists = self.eat_if_not_exists();
        let name = self.reference()?;
        if self.is(K::LIKE) {
            return self.create_table_like(name, if_not_exists);
        }
        let mut table = CreateTable {
            name,
            if_not_exists,
            replace,
            must_exist,
            external,
            columns: vec![],
            provider: None,
            options: Options::new(),
            partition_columns: vec![],
            partition_transforms: vec![],
            bucket_spec: None,
            cluster_columns: vec![],
            location: None,
            comment: None,
            properties: Options::new(),
            query: None,
        };
        if self.is_symbol(Symbol::LeftParen) && !self.is_query_start_at(0) {
            table.columns = self.paren_list(Self::column_definition)?;
        }
        if self.eat(K::USING) {
            table.provider = Some(self.multipart()?.join("."));
        }
        if !self.table_clauses(start, &mut table)? {
            return Ok(self.unsupported("CREATE Hive TABLE (AS SELECT)"));
        }
        let as_ = self.eat(K::AS);
        if as_ || self.is_query_start_at(0) {
            table.query = Some(self.query()?);
        }
        Ok(Command::CreateTable(Box::new(table)))
    }

    fn create_table_like(&mut self, target: MultipartIdentifier, if_not_exists: bool) -> PResult<Command> {
        self.expect(K::LIKE)?;
        let source = self.reference()?;
        let (mut provider, mut location, mut properties) = (None, None, Options::new());
        loop {
            if self.eat(K::USING) {
                provider = Some(self.multipart()?.join("."));
            } else if self.eat(K::LOCATION) {
                location = Some(self.string()?);
            } else if self.eat(K::TBLPROPERTIES) {
                properties = self.property_list()?;
            } else if self.is(K::STORED) || self.is_seq(&[K::ROW, K::FORMAT]) {
                return Ok(self.unsupported("CREATE Hive TABLE LIKE"));
            } else {
                return Ok(Command::CreateTableLike { target, source, provider, location, properties, if_not_exists });
            }
        }
    }

    /// The clauses in any order; false when they make a Hive table.
    fn table_clauses(&mut self, start: usize, table: &mut CreateTable) -> PResult<bool> {
        let mut seen: Vec<&str> = vec![];
        loop {
            let clause = match self.keyword_at(0) {
                Some(K::OPTIONS) => "OPTIONS",
                Some(K::PARTITIONED) => "PARTITIONED BY",
                Some(K::CLUSTERED) => "CLUSTERED BY",
                Some(K::CLUSTER) => "CLUSTER BY",
                Some(K::LOCATION) => "LOCATION",
                Some(K::COMMENT) => "COMMENT",
                Some(K::TBLPROPERTIES) => "TBLPROPERTIES",
                Some(K::STORED | K::SKEWED) => return Ok(false),
                Some(K::ROW) if self.is_at(1, K::FORMAT) => return Ok(false),
                Some(K::DEFAULT) if self.is_at(1, K::COLLATION) => {
                    return Err(SparkError::unsupported("DEFAULT COLLATION").at(&self.origin(start)));
                }
                _ => return Ok(true),
            };
            if seen.contains(&clause) {
                return Err(error::at("DUPLICATE_CLAUSES", &self.origin_to_end(start)).param("clauseName", clause));
            }
            seen.push(clause);
            self.advance();
            match clause {
                "OPTIONS" => table.options = self.option_list()?,
                "PARTITIONED BY" => {
                    self.expect(K::BY)?;
                    self.partition_fields(table)?;
                }
                "CLUSTERED BY" => table.bucket_spec = Some(self.bucket_spec(start)?),
                "CLUSTER BY" => {
                    self.expect(K::BY)?;
                    let columns = self.paren_list(Self::multipart)?;
                    table.cluster_columns = columns.into_iter().map(|parts| parts.join(".")).collect();
                }
                "LOCATION" => table.location = Some(self.string()?),
                "COMMENT" => table.comment = Some(self.string()?),
                _ => table.properties = self.property_list()?,
            }
        }
    }

    fn bucket_spec(&mut self, start: usize) -> PResult<BucketSpec> {
        self.expect(K::BY)?;
        let columns = self.identifier_list()?;
        let mut sort_columns = vec![];
        if self.eat_seq(&[K::SORTED, K::BY]) {
            sort_columns = self.paren_list(|p| {
                let name = p.plain_identifier()?;
                if p.eat_any(&[K::ASC, K::DESC]) == Some(K::DESC) {
                    let message = "Column ordering must be ASC, was 'DESC'";
                    return Err(error::not_allowed(message, &p.origin_to_end(start)));
                }
                Ok(name)
            })?;
        }
        self.expect(K::INTO)?;
        let buckets = self.integer_value()?;
        self.expect(K::BUCKETS)?;
        let num_buckets = usize::try_from(buckets).unwrap_or(0);
        Ok(BucketSpec { num_buckets, columns, sort_columns })
    }

    /// `PARTITIONED BY (a, bucket(4, b), c INT)`
    fn partition_fields(&mut self, table: &mut CreateTable) -> PResult<()> {
        self.paren_list(|p| {
            let start = p.start();
            let plain = p.is_identifier()
                && (p.is_symbol_at(1, Symbol::Comma)
                    || p.is_symbol_at(1, Symbol::RightParen)
                    || p.is_symbol_at(1, Symbol::Dot));
            if plain {
                let name = p.multipart()?.join(".");
                table.partition_columns.push(name);
            } else if p.is_identifier() && p.is_symbol_at(1, Symbol::LeftParen) {
                let name = vec![p.identifier()?];
                let arguments = p.paren_list(Self::transform_argument)?;
                let call = UnresolvedFunction { name, arguments, ..Default::default() };
                let transform = p.expr(start, ExprKind::UnresolvedFunction(call));
                table.partition_transforms.push(transform);
            } else {
                let column = p.column_definition()?;
                table.partition_columns.push(column.name.clone());
                table.columns.push(column);
            }
            Ok(())
        })?;
        Ok(())
    }

    fn transform_argument(&mut self) -> PResult<Expr> {
        let start = self.start();
        if self.is_identifier() && !self.is_string_at(1) && !self.is_any(&[K::NULL, K::TRUE, K::FALSE]) {
            let parts = self.multipart()?;
            return Ok(Expr::column(parts).at(self.origin(start)));
        }
        self.constant()
    }

    /// `name type [NOT NULL] [DEFAULT expr] [GENERATED ALWAYS AS (expr)] [COMMENT 'text']`
    pub(super) fn column_definition(&mut self) -> PResult<ColumnDefinition> {
        let constraint = self.is(K::CONSTRAINT) && self.is_any_at(2, &[K::CHECK, K::PRIMARY, K::UNIQUE, K::FOREIGN])
            || self.is(K::CHECK) && self.is_symbol_at(1, Symbol::LeftParen)
            || self.is_seq(&[K::PRIMARY, K::KEY])
            || self.is_seq(&[K::FOREIGN, K::KEY])
            || self.is(K::UNIQUE) && self.is_symbol_at(1, Symbol::LeftParen);
        if constraint {
            return Err(SparkError::unsupported("table constraints").at(&self.origin_to_end(self.start())));
        }
        let name = self.plain_identifier()?;
        let data_type = self.data_type()?;
        let mut column =
            ColumnDefinition { name, data_type, nullable: true, comment: None, default: None, generated: None };
        loop {
            if self.eat_not_null()? {
                column.nullable = false;
            } else if self.is(K::DEFAULT) && self.can_start_expression(1) {
                self.advance();
                column.default = Some(self.expression_with_text()?);
            } else if self.eat(K::COMMENT) {
                column.comment = Some(self.string()?);
            } else if self.eat(K::GENERATED) {
                column.generated = Some(self.generated()?);
            } else if self.is_column_constraint() {
                return Err(SparkError::unsupported("column constraints").at(&self.origin_to_end(self.start())));
            } else {
                return Ok(column);
            }
        }
    }

    pub(super) fn is_column_constraint(&self) -> bool {
        self.is_any(&[K::CHECK, K::PRIMARY, K::UNIQUE, K::REFERENCES, K::CONSTRAINT])
    }

    pub(super) fn expression_with_text(&mut self) -> PResult<(String, Expr)> {
        let start = self.start();
        let expr = self.expression()?;
        Ok((self.source(start), expr))
    }

    fn generated(&mut self) -> PResult<String> {
        if self.is_seq(&[K::BY, K::DEFAULT]) || self.is_seq(&[K::ALWAYS, K::AS, K::IDENTITY]) {
            return Err(SparkError::unsupported("identity columns").at(&self.origin_to_end(self.start())));
        }
        self.expect_seq(&[K::ALWAYS, K::AS])?;
        self.expect_symbol(Symbol::LeftParen)?;
        let (text, _) = self.expression_with_text()?;
        self.expect_symbol(Symbol::RightParen)?;
        Ok(text)
    }
}
