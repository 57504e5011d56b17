//! Parsing XML. Documents must be well-formed; external entities are never read.

use super::{Document, Kind, NodeId};

/// Deepest nesting that is read; recursion over documents stays within the stack.
const DEEPEST: usize = 200;

/// Parses a document; the error is a short reason.
pub(crate) fn parse_document(text: &str) -> Result<Document, &'static str> {
    let mut parser = Parser { rest: text.trim_start_matches('\u{feff}'), document: Document::new() };
    parser.content(0, 0)?;
    if !parser.rest.is_empty() {
        return Err("Content is not allowed in trailing section.");
    }
    let elements =
        parser.document.nodes[0].children.iter().filter(|id| parser.document.node(**id).kind == Kind::Element);
    match elements.count() {
        0 => Err("Premature end of file."),
        1 => Ok(parser.document),
        _ => Err("The markup in the document following the root element must be well-formed."),
    }
}

struct Parser<'a> {
    rest: &'a str,
    document: Document,
}

fn is_name_start(c: char) -> bool {
    c.is_alphabetic() || matches!(c, '_' | ':')
}

fn is_name(c: char) -> bool {
    is_name_start(c) || c.is_numeric() || matches!(c, '-' | '.' | '\u{b7}')
}

impl Parser<'_> {
    fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    fn eat(&mut self, mark: &str) -> bool {
        match self.rest.strip_prefix(mark) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn until(&mut self, mark: &str, reason: &'static str) -> Result<String, &'static str> {
        let (text, rest) = self.rest.split_once(mark).ok_or(reason)?;
        let text = text.to_string();
        self.rest = rest;
        Ok(text)
    }

    fn name(&mut self) -> Result<String, &'static str> {
        if !self.rest.starts_with(is_name_start) {
            return Err("The content of elements must consist of well-formed character data or markup.");
        }
        let end = self.rest.find(|c| !is_name(c)).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        let name = name.to_string();
        self.rest = rest;
        Ok(name)
    }

    /// Everything up to the closing tag of `parent`, or to the end for the document.
    fn content(&mut self, parent: NodeId, depth: usize) -> Result<(), &'static str> {
        if depth > DEEPEST {
            return Err("Elements are nested too deeply.");
        }
        loop {
            if self.rest.is_empty() {
                return if parent == 0 {
                    Ok(())
                } else {
                    Err("XML document structures must start and end within the same entity.")
                };
            }
            if self.eat("<!--") {
                let text = self.until("-->", "A comment is not closed.")?;
                self.document.add(Kind::Comment, parent, String::new(), text);
            } else if self.eat("<![CDATA[") {
                let text = self.until("]]>", "A CDATA section is not closed.")?;
                self.text(parent, text);
            } else if self.eat("<?") {
                let text = self.until("?>", "A processing instruction is not closed.")?;
                let (name, value) = text.split_once([' ', '\n', '\t']).unwrap_or((&text, ""));
                if !name.eq_ignore_ascii_case("xml") {
                    self.document.add(Kind::Instruction, parent, name.to_string(), value.trim().to_string());
                }
            } else if self.rest.starts_with("<!DOCTYPE") {
                self.doctype()?;
            } else if self.eat("</") {
                let name = self.name()?;
                self.skip_spaces();
                if parent == 0 || name != self.document.node(parent).name || !self.eat(">") {
                    return Err("The end-tag does not match the start-tag.");
                }
                return Ok(());
            } else if self.eat("<") {
                self.start_tag(parent, depth)?;
            } else {
                let end = self.rest.find('<').unwrap_or(self.rest.len());
                let (raw, rest) = self.rest.split_at(end);
                let text = unescape(raw)?;
                self.rest = rest;
                if parent == 0 {
                    if !text.trim().is_empty() {
                        return Err("Content is not allowed in prolog.");
                    }
                } else {
                    self.text(parent, text);
                }
            }
        }
    }

    /// Adjacent texts are one node.
    fn text(&mut self, parent: NodeId, text: String) {
        if let Some(last) = self.document.nodes[parent].children.last().copied()
            && self.document.node(last).kind == Kind::Text
        {
            self.document.nodes[last].value.push_str(&text);
            return;
        }
        self.document.add(Kind::Text, parent, String::new(), text);
    }

    fn start_tag(&mut self, parent: NodeId, depth: usize) -> Result<(), &'static str> {
        let name = self.name()?;
        let element = self.document.add(Kind::Element, parent, name, String::new());
        loop {
            self.skip_spaces();
            if self.eat("/>") {
                return Ok(());
            }
            if self.eat(">") {
                return self.content(element, depth + 1);
            }
            let name = self.name()?;
            self.skip_spaces();
            if !self.eat("=") {
                return Err("An attribute name must be followed by the '=' character.");
            }
            self.skip_spaces();
            let quote = match self.rest.chars().next() {
                Some('"') => "\"",
                Some('\'') => "'",
                _ => return Err("Open quote is expected for an attribute."),
            };
            self.rest = &self.rest[1..];
            let value = unescape(&self.until(quote, "An attribute value is not closed.")?)?;
            let twice =
                self.document.node(element).attributes.iter().any(|known| self.document.node(*known).name == name);
            if twice {
                return Err("An attribute was already specified for its element.");
            }
            self.document.add(Kind::Attribute, element, name, value);
        }
    }

    /// Skips a document type declaration with its internal subset.
    fn doctype(&mut self) -> Result<(), &'static str> {
        let mut depth = 0_usize;
        for (at, c) in self.rest.char_indices() {
            match c {
                '[' => depth += 1,
                ']' => depth = depth.saturating_sub(1),
                '>' if depth == 0 => {
                    self.rest = &self.rest[at + 1..];
                    return Ok(());
                }
                _ => {}
            }
        }
        Err("The document type declaration is not closed.")
    }
}

fn unescape(text: &str) -> Result<String, &'static str> {
    if !text.contains('&') {
        return Ok(text.to_string());
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let (entity, tail) = after.split_once(';').ok_or("A reference must end with the ';' delimiter.")?;
        rest = tail;
        let code = match entity.strip_prefix('#') {
            Some(number) => match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok(),
                None => number.parse().ok(),
            },
            None => None,
        };
        out.push(match (entity, code.and_then(char::from_u32)) {
            ("lt", _) => '<',
            ("gt", _) => '>',
            ("amp", _) => '&',
            ("quot", _) => '"',
            ("apos", _) => '\'',
            (_, Some(c)) => c,
            _ => return Err("An entity was referenced, but not declared."),
        });
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_formed_documents_parse() {
        let document =
            parse_document("<?xml version='1.0'?><!DOCTYPE a [<!ELEMENT a ANY>]><a x=\"1 &lt;\"><b>t<!-- c --><![CDATA[<u>]]></b><c/></a>")
                .unwrap();
        let a = document.element().unwrap();
        assert_eq!(document.string_value(a), "t<u>");
        assert_eq!(document.node(document.node(a).attributes[0]).value, "1 <");
    }

    #[test]
    fn malformed_documents_say_why() {
        for bad in ["", "x", "<a>", "<a></b>", "<a x=1/>", "<a/><b/>", "<a>&nope;</a>", "<a x='1' x='2'/>"] {
            assert!(parse_document(bad).is_err(), "{bad}");
        }
        assert!(parse_document(&"<a>".repeat(100_000)).is_err());
    }
}
