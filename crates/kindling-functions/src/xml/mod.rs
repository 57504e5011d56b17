//! XML documents in memory and XPath 1.0 over them, for `from_xml` and `xpath…`.

mod document;
mod parse;
mod xpath;
mod xpath_parser;

pub(crate) use document::{Document, Kind, NodeId};
pub(crate) use parse::parse_document;
pub(crate) use xpath::{Object, evaluate};
pub(crate) use xpath_parser::{Expr, parse_xpath};
