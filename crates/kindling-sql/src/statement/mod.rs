//! Statements: what is not a query.

use kindling_spec::{Options, Plan};

use crate::parser::{PResult, Parser};

impl Parser<'_> {
    pub(crate) fn statement(&mut self) -> PResult<Plan> {
        self.query().map(Plan::Relation)
    }
    pub(crate) fn property_list(&mut self) -> PResult<Options> {
        Ok(Options::new())
    }
}
