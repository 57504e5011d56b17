//! `DROP …`.

use kindling_spec::Command;

use crate::{
    error,
    keyword::Keyword as K,
    parser::{PResult, Parser},
};

impl Parser<'_> {
    pub(super) fn drop_object(&mut self) -> PResult<Command> {
        let start = self.start();
        self.expect(K::DROP)?;
        if self.eat_namespace() {
            let if_exists = self.eat_if_exists();
            let name = self.reference()?;
            let cascade = self.eat_any(&[K::RESTRICT, K::CASCADE]) == Some(K::CASCADE);
            return Ok(Command::DropNamespace { name, if_exists, cascade });
        }
        let temporary = self.eat(K::TEMPORARY);
        match self.keyword_at(0) {
            Some(kind @ (K::TABLE | K::VIEW)) if !temporary => {
                self.advance();
                let if_exists = self.eat_if_exists();
                let name = self.reference()?;
                let is_view = kind == K::VIEW;
                let purge = !is_view && self.eat(K::PURGE);
                Ok(Command::DropTable { name, if_exists, is_view, purge })
            }
            Some(K::FUNCTION) => {
                self.advance();
                let if_exists = self.eat_if_exists();
                let name = self.reference()?;
                Ok(Command::DropFunction { name, if_exists, temporary })
            }
            Some(K::VARIABLE | K::VAR) if temporary => {
                self.advance();
                let if_exists = self.eat_if_exists();
                let name = self.reference()?;
                Ok(Command::DropVariable { name, if_exists })
            }
            Some(K::INDEX) => Ok(self.unsupported("DROP INDEX")),
            Some(K::ROLE) => Err(error::not_allowed("DROP ROLE", &self.origin_to_end(start))),
            Some(K::MACRO) => Err(error::not_allowed("DROP TEMPORARY MACRO", &self.origin_to_end(start))),
            _ => Err(self.unexpected()),
        }
    }
}
