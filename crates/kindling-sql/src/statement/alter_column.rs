//! Columns in `ALTER TABLE`: definitions with a position, and changes.

use kindling_spec::{AlterTableAction, ColumnDefinition, ColumnPosition};

use crate::{
    keyword::Keyword as K,
    parser::{PResult, Parser},
    token::Symbol,
};

impl Parser<'_> {
    /// `path type [NOT NULL] [DEFAULT expr] [COMMENT 'text'] [FIRST | AFTER column]`
    pub(super) fn positioned_column(&mut self) -> PResult<(Vec<String>, ColumnDefinition, Option<ColumnPosition>)> {
        let path = self.multipart()?;
        let name = path.last().cloned().unwrap_or_default();
        let data_type = self.data_type()?;
        let mut column =
            ColumnDefinition { name, data_type, nullable: true, comment: None, default: None, generated: None };
        let mut position = None;
        loop {
            if self.eat_not_null()? {
                column.nullable = false;
            } else if self.is(K::DEFAULT) && self.can_start_expression(1) {
                self.advance();
                column.default = Some(self.expression_with_text()?);
            } else if self.eat(K::COMMENT) {
                column.comment = Some(self.string()?);
            } else if let Some(found) = self.column_position()? {
                position = Some(found);
            } else {
                return Ok((path, column, position));
            }
        }
    }

    fn column_position(&mut self) -> PResult<Option<ColumnPosition>> {
        if self.eat(K::FIRST) {
            return Ok(Some(ColumnPosition::First));
        }
        if self.eat(K::AFTER) {
            return Ok(Some(ColumnPosition::After(self.plain_identifier()?)));
        }
        Ok(None)
    }

    /// `ALTER|CHANGE [COLUMN] path …`, also Hive's `CHANGE COLUMN old new type`.
    pub(super) fn alter_column(&mut self) -> PResult<AlterTableAction> {
        let change = self.is(K::CHANGE);
        self.advance();
        self.eat(K::COLUMN);
        let column = self.multipart()?;
        let (mut data_type, mut nullable, mut comment, mut position, mut default) = (None, None, None, None, None);
        if self.eat(K::TYPE) {
            data_type = Some(self.data_type()?);
        } else if self.is_any(&[K::SET, K::DROP]) {
            let set = self.is(K::SET);
            self.advance();
            if self.eat(K::DEFAULT) {
                default = Some(if set { Some(self.expression_with_text()?) } else { None });
            } else if self.eat_not_null()? {
                nullable = Some(!set);
            } else {
                return Err(self.unexpected());
            }
        } else if self.eat(K::COMMENT) {
            comment = Some(self.string()?);
        } else if let Some(found) = self.column_position()? {
            position = Some(found);
        } else if change && self.is_identifier() {
            let new_name = self.plain_identifier()?;
            if column.last().is_none_or(|name| !name.eq_ignore_ascii_case(&new_name)) {
                self.unsupported("ALTER TABLE ... CHANGE COLUMN with a new name");
                return Ok(AlterTableAction::Unsupported("ALTER TABLE ... CHANGE COLUMN with a new name".into()));
            }
            data_type = Some(self.data_type()?);
            if self.eat(K::COMMENT) {
                comment = Some(self.string()?);
            }
            position = self.column_position()?;
        } else {
            return Err(self.unexpected());
        }
        if self.is_symbol(Symbol::Comma) {
            self.unsupported("ALTER TABLE ... ALTER COLUMN of several columns");
            return Ok(AlterTableAction::Unsupported("ALTER TABLE ... ALTER COLUMN of several columns".into()));
        }
        Ok(AlterTableAction::AlterColumn { column, data_type, nullable, comment, position, default })
    }
}
