//! `SET` and `RESET`: configuration, time zone, catalog.

use kindling_spec::{Command, DayTimeField, Expr, ExprKind, Literal};

use crate::{
    error,
    keyword::Keyword as K,
    parser::{PResult, Parser},
    strings,
    token::{Symbol, TokenKind},
};

fn is_config_key(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | ':' | '\\'))
}

impl Parser<'_> {
    pub(super) fn set(&mut self) -> PResult<Command> {
        let start = self.start();
        self.expect(K::SET)?;
        match self.keyword_at(0) {
            Some(K::CATALOG) if self.is_identifier_at(1, false) || self.is_string_at(1) => {
                self.advance();
                let name = if self.is_string_at(0) { self.string()? } else { self.reference()?.join(".") };
                return Ok(Command::SetCatalog { name });
            }
            Some(K::ROLE) => return Err(error::not_allowed("SET ROLE", &self.origin_to_end(start))),
            Some(K::TIME) if self.is_at(1, K::ZONE) => return self.set_time_zone(start),
            Some(K::VARIABLE | K::VAR)
                if self.is_identifier_at(1, false) || self.is_symbol_at(1, Symbol::LeftParen) =>
            {
                self.advance();
                return self.set_variable(start);
            }
            Some(K::PATH) if self.is_symbol_at(1, Symbol::Eq) => return Ok(self.unsupported("SET PATH")),
            _ => {}
        }
        self.set_configuration(start)
    }

    /// `SET`, `SET -v`, `SET key`, `SET key = any text`, with backquotes around keys and values that need them.
    fn set_configuration(&mut self, start: usize) -> PResult<Command> {
        let command = |key: Option<String>, value: Option<String>| Command::SetConf { key, value, verbose: false };
        let quoted_key = self.kind() == TokenKind::BackquotedIdentifier;
        let key_token = self.token(0);
        let key_text = strings::unquote_identifier(self.text_of(key_token));
        let rest = self.rest_of_statement();
        if quoted_key {
            let after = self.text.get(key_token.end..).unwrap_or("").trim_start();
            let after = after.trim_end_matches(';').trim_end();
            return match after.strip_prefix('=') {
                Some(value) => Ok(command(Some(key_text), Some(unquoted(value)))),
                None if after.is_empty() => Ok(command(Some(key_text), None)),
                None => Err(error::at("INVALID_SET_SYNTAX", &self.origin_to_end(start))),
            };
        }
        if rest.is_empty() {
            return Ok(command(None, None));
        }
        if rest == "-v" {
            return Ok(Command::SetConf { key: None, value: None, verbose: true });
        }
        let (key, value) = match rest.split_once('=') {
            Some((key, value)) => (key.trim(), Some(value)),
            None => (rest.as_str(), None),
        };
        if is_config_key(key) && value.is_none_or(|value| !value.contains(';')) {
            return Ok(command(Some(key.to_string()), value.map(unquoted)));
        }
        Err(error::at("INVALID_SET_SYNTAX", &self.origin_to_end(start)))
    }

    /// The raw text from here to the end, all tokens consumed.
    fn rest_of_statement(&mut self) -> String {
        if self.in_script {
            let start = self.start();
            while !self.at_statement_end() {
                self.advance();
            }
            return self.source(start);
        }
        let rest = self.text.get(self.start()..).unwrap_or("").trim_end();
        let rest = rest.trim_end_matches(';').trim().to_string();
        while !self.at_end() {
            self.advance();
        }
        rest
    }

    fn set_time_zone(&mut self, start: usize) -> PResult<Command> {
        self.skip(2);
        let here = self.start();
        let zone = if self.is(K::LOCAL) {
            self.advance();
            self.expr(here, ExprKind::Literal(Literal::String("LOCAL".into())))
        } else if self.is_string_at(0) {
            let zone = self.string()?;
            self.expr(here, ExprKind::Literal(Literal::String(zone)))
        } else if self.is_interval_literal() {
            let zone = self.interval_literal()?;
            self.check_zone_interval(start, &zone)?;
            zone
        } else {
            return Err(error::at("_LEGACY_ERROR_TEMP_0045", &self.origin_to_end(start)));
        };
        if !self.at_statement_end() {
            return Err(error::at("_LEGACY_ERROR_TEMP_0045", &self.origin_to_end(start)));
        }
        Ok(Command::SetTimeZone { zone })
    }

    /// Within 18 hours, in whole seconds.
    fn check_zone_interval(&self, start: usize, zone: &Expr) -> PResult<()> {
        const HOUR: i64 = 3_600_000_000;
        let input = match &zone.kind {
            ExprKind::Literal(Literal::DayTimeInterval { microseconds, start, .. }) => {
                let days = microseconds / (24 * HOUR);
                if *start == DayTimeField::Day && days != 0 {
                    days
                } else if microseconds.abs() > 18 * HOUR {
                    microseconds / HOUR
                } else if microseconds % 1_000_000 != 0 {
                    microseconds / 1_000_000
                } else {
                    return Ok(());
                }
            }
            ExprKind::Literal(Literal::YearMonthInterval { months, .. }) => i64::from(*months),
            _ => 0,
        };
        Err(error::at("INVALID_INTERVAL_FORMAT.TIMEZONE_INTERVAL_OUT_OF_RANGE", &self.origin_to_end(start))
            .param("input", input.to_string()))
    }

    pub(super) fn reset(&mut self) -> PResult<Command> {
        let start = self.start();
        self.expect(K::RESET)?;
        if self.kind() == TokenKind::BackquotedIdentifier {
            let token = self.advance();
            return Ok(Command::ResetConf { key: Some(strings::unquote_identifier(self.text_of(token))) });
        }
        let rest = self.rest_of_statement();
        if rest.is_empty() {
            return Ok(Command::ResetConf { key: None });
        }
        if is_config_key(&rest) {
            return Ok(Command::ResetConf { key: Some(rest) });
        }
        Err(error::at("INVALID_RESET_COMMAND_FORMAT", &self.origin_to_end(start)))
    }
}

fn unquoted(value: &str) -> String {
    let value = value.trim();
    if value.len() >= 2 && value.starts_with('`') && value.ends_with('`') {
        return strings::unquote_identifier(value);
    }
    value.to_string()
}
