//! `ALTER DATABASE`, `ALTER TABLE` and `ALTER VIEW`.

use kindling_spec::{AlterTableAction, Command, MultipartIdentifier, Options};

use crate::{
    error,
    keyword::Keyword as K,
    parser::{PResult, Parser},
    token::Symbol,
};

impl Parser<'_> {
    pub(super) fn alter(&mut self) -> PResult<Command> {
        let start = self.start();
        self.expect(K::ALTER)?;
        if self.eat_namespace() {
            return self.alter_namespace();
        }
        if self.is(K::INDEX) {
            return Err(error::not_allowed("ALTER INDEX", &self.origin_to_end(start)));
        }
        let is_view = match self.eat_any(&[K::TABLE, K::VIEW]) {
            Some(keyword) => keyword == K::VIEW,
            None => return Err(self.unexpected()),
        };
        let name = self.reference()?;
        let action = self.alter_action(start, is_view)?;
        Ok(Command::AlterTable { name, is_view, action })
    }

    fn alter_namespace(&mut self) -> PResult<Command> {
        let name = self.reference()?;
        if self.is(K::UNSET) || self.is_seq(&[K::DEFAULT, K::COLLATION]) {
            return Ok(self.unsupported("ALTER DATABASE ... UNSET or DEFAULT COLLATION"));
        }
        self.expect(K::SET)?;
        if self.eat(K::LOCATION) {
            let location = Some(self.string()?);
            return Ok(Command::AlterNamespace { name, properties: Options::new(), location });
        }
        if self.eat_any(&[K::DBPROPERTIES, K::PROPERTIES]).is_none() {
            return Err(self.unexpected());
        }
        let properties = self.property_list()?;
        Ok(Command::AlterNamespace { name, properties, location: None })
    }

    fn alter_action(&mut self, start: usize, is_view: bool) -> PResult<AlterTableAction> {
        if self.is(K::PARTITION) {
            return self.alter_partition(start);
        }
        match self.keyword_at(0) {
            Some(K::RENAME) => self.alter_rename(),
            Some(K::ADD) => self.alter_add(start),
            Some(K::DROP) => self.alter_drop(),
            Some(K::ALTER | K::CHANGE) if !is_view => self.alter_column(),
            Some(K::REPLACE) if !is_view => {
                self.advance();
                self.expect(K::COLUMNS)?;
                self.paren_list(Self::column_definition).map(AlterTableAction::ReplaceColumns)
            }
            Some(K::SET) => self.alter_set(vec![]),
            Some(K::UNSET) => {
                self.advance();
                self.expect(K::TBLPROPERTIES)?;
                let if_exists = self.eat_if_exists();
                let keys = self.property_list()?.into_keys().collect();
                Ok(AlterTableAction::UnsetProperties { keys, if_exists })
            }
            Some(K::RECOVER) => {
                self.advance();
                self.expect(K::PARTITIONS)?;
                Ok(AlterTableAction::RecoverPartitions)
            }
            Some(K::CLUSTER) => Ok(self.unsupported_action("ALTER TABLE ... CLUSTER BY")),
            Some(K::DEFAULT) => Ok(self.unsupported_action("ALTER TABLE ... DEFAULT COLLATION")),
            Some(K::WITH) if is_view && self.is_at(1, K::SCHEMA) => {
                let mode = self.schema_binding()?;
                Ok(AlterTableAction::SetProperties(Options::from([("view.schemaMode".to_string(), mode)])))
            }
            Some(
                K::TOUCH
                | K::ARCHIVE
                | K::UNARCHIVE
                | K::EXCHANGE
                | K::SKEWED
                | K::CLUSTERED
                | K::COMPACT
                | K::CONCATENATE
                | K::NOT,
            ) => {
                let keyword = self.keyword_at(0).map_or("", K::text);
                Err(error::not_allowed(format!("ALTER TABLE {keyword}"), &self.origin_to_end(start)))
            }
            _ if is_view => {
                self.eat(K::AS);
                let query_start = self.start();
                let query = Box::new(self.query()?);
                Ok(AlterTableAction::ViewAs { query, query_text: self.source(query_start) })
            }
            _ => Err(self.unexpected()),
        }
    }

    fn unsupported_action(&mut self, name: &str) -> AlterTableAction {
        self.unsupported(name);
        AlterTableAction::Unsupported(name.into())
    }

    fn alter_partition(&mut self, start: usize) -> PResult<AlterTableAction> {
        let from = self.partition_spec()?;
        if self.eat_seq(&[K::RENAME, K::TO]) {
            let to = self.partition_spec()?;
            return Ok(AlterTableAction::RenamePartition { from, to });
        }
        if self.is(K::SET) {
            return self.alter_set(from);
        }
        Err(error::not_allowed("ALTER TABLE ... PARTITION", &self.origin_to_end(start)))
    }

    fn alter_rename(&mut self) -> PResult<AlterTableAction> {
        self.expect(K::RENAME)?;
        if self.eat(K::TO) {
            return self.multipart().map(AlterTableAction::RenameTo);
        }
        self.expect(K::COLUMN)?;
        let column = self.multipart()?;
        self.expect(K::TO)?;
        Ok(AlterTableAction::RenameColumn { column, new_name: self.plain_identifier()? })
    }

    fn alter_add(&mut self, start: usize) -> PResult<AlterTableAction> {
        self.expect(K::ADD)?;
        if self.eat_any(&[K::COLUMN, K::COLUMNS]).is_some() {
            let parenthesized = self.eat_symbol(Symbol::LeftParen);
            let columns = self.comma_list(Self::positioned_column)?;
            if parenthesized {
                self.expect_symbol(Symbol::RightParen)?;
            }
            return Ok(AlterTableAction::AddColumns(columns));
        }
        let if_not_exists = self.eat_if_not_exists();
        if !self.is(K::PARTITION) {
            if self.is_any(&[K::CONSTRAINT, K::CHECK, K::PRIMARY, K::UNIQUE, K::FOREIGN]) {
                return Ok(self.unsupported_action("ALTER TABLE ... ADD CONSTRAINT"));
            }
            return Err(self.unexpected());
        }
        let mut partitions = vec![];
        while self.is(K::PARTITION) {
            let spec = self.full_partition_spec(start)?;
            let location = if self.eat(K::LOCATION) { Some(self.string()?) } else { None };
            partitions.push((spec, location));
        }
        Ok(AlterTableAction::AddPartitions { partitions, if_not_exists })
    }

    fn alter_drop(&mut self) -> PResult<AlterTableAction> {
        self.expect(K::DROP)?;
        if self.eat_any(&[K::COLUMN, K::COLUMNS]).is_some() {
            let if_exists = self.eat_if_exists();
            let columns: Vec<MultipartIdentifier> = if self.is_symbol(Symbol::LeftParen) {
                self.paren_list(Self::multipart)?
            } else {
                self.comma_list(Self::multipart)?
            };
            return Ok(AlterTableAction::DropColumns { columns, if_exists });
        }
        if self.is(K::CONSTRAINT) {
            return Ok(self.unsupported_action("ALTER TABLE ... DROP CONSTRAINT"));
        }
        let if_exists = self.eat_if_exists();
        if !self.is(K::PARTITION) {
            return Err(self.unexpected());
        }
        let partitions = self.comma_list(Self::partition_spec)?;
        self.eat(K::PURGE);
        Ok(AlterTableAction::DropPartitions { partitions, if_exists })
    }

    fn alter_set(&mut self, partition: kindling_spec::PartitionSpec) -> PResult<AlterTableAction> {
        self.expect(K::SET)?;
        match self.keyword_at(0) {
            Some(K::TBLPROPERTIES) => {
                self.advance();
                self.property_list().map(AlterTableAction::SetProperties)
            }
            Some(K::LOCATION) => {
                self.advance();
                Ok(AlterTableAction::SetLocation { partition, location: self.string()? })
            }
            Some(K::SERDE | K::SERDEPROPERTIES) => {
                Ok(self.unsupported_action("ALTER TABLE ... SET [SERDE|SERDEPROPERTIES]"))
            }
            _ => Err(self.unexpected()),
        }
    }
}
