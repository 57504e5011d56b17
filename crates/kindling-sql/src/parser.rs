//! The cursor over the tokens: looking ahead, consuming, going back, origins and syntax errors.

use std::{collections::HashSet, sync::Arc};

use kindling_common::{SparkError, SparkResult};
use kindling_spec::{Expr, ExprKind, Origin, Relation, RelationKind, SqlOrigin};

use crate::{
    error,
    keyword::Keyword,
    lexer,
    options::ParserOptions,
    token::{Symbol, Token, TokenKind},
};

/// A result of parsing.
pub(crate) type PResult<T> = SparkResult<T>;

/// A parse in progress.
pub(crate) struct Parser<'a> {
    pub(crate) text: Arc<str>,
    pub(crate) options: &'a ParserOptions,
    tokens: Vec<Token>,
    pos: usize,
    /// The syntax error furthest into the text among those of abandoned attempts.
    furthest: Option<(usize, SparkError)>,
    /// Parameters of the lambdas around the current place.
    pub(crate) lambda_arguments: Vec<Vec<String>>,
    depth: usize,
    /// Whether statements end at their semicolons instead of the text's end.
    pub(crate) in_script: bool,
    /// Parentheses, by token, that were found to hold no query: trying again would double the work at each level.
    no_query: HashSet<usize>,
}

/// Nesting that recursion on a small stack (a web worker's) can carry.
const MAX_DEPTH: usize = 100;

impl<'a> Parser<'a> {
    pub(crate) fn new(text: &str, options: &'a ParserOptions) -> PResult<Parser<'a>> {
        let lexed = lexer::tokenize(text);
        if lexed.unclosed_comment {
            return Err(error::unclosed_comment(text));
        }
        Ok(Parser {
            text: Arc::from(text),
            options,
            tokens: lexed.tokens,
            pos: 0,
            furthest: None,
            lambda_arguments: vec![],
            depth: 0,
            in_script: false,
            no_query: HashSet::new(),
        })
    }

    // Looking.

    pub(crate) fn token(&self, ahead: usize) -> Token {
        let end = Token { kind: TokenKind::Eof, start: self.text.len(), end: self.text.len() };
        self.tokens.get(self.pos + ahead).copied().unwrap_or(end)
    }

    pub(crate) fn kind(&self) -> TokenKind {
        self.token(0).kind
    }

    pub(crate) fn text_of(&self, token: Token) -> &str {
        self.text.get(token.start..token.end).unwrap_or("")
    }

    pub(crate) fn keyword_at(&self, ahead: usize) -> Option<Keyword> {
        match self.token(ahead).kind {
            TokenKind::Keyword(keyword) => Some(keyword),
            _ => None,
        }
    }

    pub(crate) fn is(&self, keyword: Keyword) -> bool {
        self.keyword_at(0) == Some(keyword)
    }

    pub(crate) fn is_at(&self, ahead: usize, keyword: Keyword) -> bool {
        self.keyword_at(ahead) == Some(keyword)
    }

    pub(crate) fn is_any(&self, keywords: &[Keyword]) -> bool {
        self.keyword_at(0).is_some_and(|keyword| keywords.contains(&keyword))
    }

    pub(crate) fn is_any_at(&self, ahead: usize, keywords: &[Keyword]) -> bool {
        self.keyword_at(ahead).is_some_and(|keyword| keywords.contains(&keyword))
    }

    /// Whether the keywords come next, in this order.
    pub(crate) fn is_seq(&self, keywords: &[Keyword]) -> bool {
        keywords.iter().enumerate().all(|(i, keyword)| self.is_at(i, *keyword))
    }

    pub(crate) fn is_symbol(&self, symbol: Symbol) -> bool {
        self.kind() == TokenKind::Symbol(symbol)
    }

    pub(crate) fn is_symbol_at(&self, ahead: usize, symbol: Symbol) -> bool {
        self.token(ahead).kind == TokenKind::Symbol(symbol)
    }

    pub(crate) fn at_end(&self) -> bool {
        self.kind() == TokenKind::Eof
    }

    /// Whether a statement ends here.
    pub(crate) fn at_statement_end(&self) -> bool {
        self.at_end() || self.is_symbol(Symbol::Semicolon)
    }

    /// Makes `>` the next token where `>>` or `>>>` closes nested types.
    pub(crate) fn split_shift(&mut self) {
        let rest = match self.kind() {
            TokenKind::Symbol(Symbol::ShiftRight) => Symbol::Gt,
            TokenKind::Symbol(Symbol::ShiftRightUnsigned) => Symbol::ShiftRight,
            _ => return,
        };
        let Token { start, end, .. } = self.token(0);
        if let Some(token) = self.tokens.get_mut(self.pos) {
            *token = Token { kind: TokenKind::Symbol(Symbol::Gt), start, end: start + 1 };
            self.tokens.insert(self.pos + 1, Token { kind: TokenKind::Symbol(rest), start: start + 1, end });
        }
    }

    /// The value of the `?` that comes next, if values were given.
    pub(crate) fn positional_value(&self) -> Option<&Expr> {
        let before = self.tokens.iter().take(self.pos);
        let index = before.filter(|token| token.kind == TokenKind::Symbol(Symbol::Question)).count();
        self.options.positional_parameters.get(index)
    }

    /// How many `?` stand before a byte of the text.
    pub(crate) fn positional_before(&self, at: usize) -> usize {
        let before = self.tokens.iter().take_while(|token| token.start < at);
        before.filter(|token| token.kind == TokenKind::Symbol(Symbol::Question)).count()
    }

    // Consuming.

    pub(crate) fn advance(&mut self) -> Token {
        let token = self.token(0);
        if self.pos + 1 < self.tokens.len() {
            self.pos += 1;
        }
        token
    }

    pub(crate) fn skip(&mut self, count: usize) {
        for _ in 0..count {
            self.advance();
        }
    }

    pub(crate) fn eat(&mut self, keyword: Keyword) -> bool {
        let found = self.is(keyword);
        if found {
            self.advance();
        }
        found
    }

    pub(crate) fn eat_any(&mut self, keywords: &[Keyword]) -> Option<Keyword> {
        let keyword = self.keyword_at(0).filter(|keyword| keywords.contains(keyword))?;
        self.advance();
        Some(keyword)
    }

    pub(crate) fn eat_seq(&mut self, keywords: &[Keyword]) -> bool {
        let found = self.is_seq(keywords);
        if found {
            self.skip(keywords.len());
        }
        found
    }

    pub(crate) fn eat_symbol(&mut self, symbol: Symbol) -> bool {
        let found = self.is_symbol(symbol);
        if found {
            self.advance();
        }
        found
    }

    pub(crate) fn expect(&mut self, keyword: Keyword) -> PResult<()> {
        if self.eat(keyword) {
            return Ok(());
        }
        if self.is_at(1, keyword) {
            return Err(self.extra_input());
        }
        Err(self.unexpected())
    }

    pub(crate) fn expect_seq(&mut self, keywords: &[Keyword]) -> PResult<()> {
        keywords.iter().try_for_each(|keyword| self.expect(*keyword))
    }

    /// Expects a keyword that Spark reports as missing when what follows could come after it.
    pub(crate) fn expect_or_missing(&mut self, keyword: Keyword) -> PResult<()> {
        if self.eat(keyword) {
            return Ok(());
        }
        Err(self.missing(keyword.text()))
    }

    pub(crate) fn expect_symbol(&mut self, symbol: Symbol) -> PResult<()> {
        if self.eat_symbol(symbol) {
            return Ok(());
        }
        if self.is_symbol_at(1, symbol) && !self.at_end() {
            return Err(self.extra_input());
        }
        if symbol == Symbol::RightBracket {
            return Err(self.missing(symbol.text()));
        }
        Err(self.unexpected())
    }

    /// `item, item, …`
    pub(crate) fn comma_list<T>(&mut self, mut item: impl FnMut(&mut Self) -> PResult<T>) -> PResult<Vec<T>> {
        let mut items = vec![item(self)?];
        while self.eat_symbol(Symbol::Comma) {
            items.push(item(self)?);
        }
        Ok(items)
    }

    /// `(item, item, …)`
    pub(crate) fn paren_list<T>(&mut self, item: impl FnMut(&mut Self) -> PResult<T>) -> PResult<Vec<T>> {
        self.expect_symbol(Symbol::LeftParen)?;
        let items = self.comma_list(item)?;
        self.expect_symbol(Symbol::RightParen)?;
        Ok(items)
    }

    /// Tries a rule; on a syntax error goes back and remembers it. Other errors are final.
    pub(crate) fn attempt<T>(&mut self, rule: impl FnOnce(&mut Self) -> PResult<T>) -> PResult<Option<T>> {
        let (pos, depth, lambdas) = (self.pos, self.depth, self.lambda_arguments.len());
        match rule(self) {
            Ok(value) => Ok(Some(value)),
            Err(error) if error::is_syntax(&error) => {
                let at = self.token(0).start;
                if self.furthest.as_ref().is_none_or(|(furthest, _)| at > *furthest) {
                    self.furthest = Some((at, error));
                }
                self.pos = pos;
                self.depth = depth;
                self.lambda_arguments.truncate(lambdas);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// `(query)` if that is what the parenthesis here holds.
    pub(crate) fn attempt_parenthesized_query(&mut self) -> PResult<Option<Relation>> {
        let pos = self.pos;
        if !self.is_query_start_at(1) || self.no_query.contains(&pos) {
            return Ok(None);
        }
        let query = self.attempt(|p| {
            p.advance();
            let query = p.query()?;
            if !p.is_symbol(Symbol::RightParen) {
                return Err(if p.at_end() { p.missing(")") } else { p.unexpected() });
            }
            p.advance();
            Ok(query)
        })?;
        if query.is_none() {
            self.no_query.insert(pos);
        }
        Ok(query)
    }

    /// Runs a rule one level deeper, within what the stack can carry.
    pub(crate) fn nested<T>(&mut self, rule: impl FnOnce(&mut Self) -> PResult<T>) -> PResult<T> {
        if self.depth >= MAX_DEPTH {
            return Err(error::too_deep(&self.text));
        }
        self.depth += 1;
        let result = rule(self);
        self.depth -= 1;
        result
    }

    /// Expects the end of the statement: semicolons and the end of the text.
    pub(crate) fn expect_end(&mut self) -> PResult<()> {
        let mut semicolons = 0;
        while self.eat_symbol(Symbol::Semicolon) {
            semicolons += 1;
        }
        if self.at_end() {
            return Ok(());
        }
        let ends_next = matches!(self.token(1).kind, TokenKind::Eof | TokenKind::Symbol(Symbol::Semicolon));
        if semicolons > 0 || ends_next {
            return Err(self.extra_input());
        }
        Err(self.unexpected())
    }

    /// The error to show: the one given, or an abandoned attempt's that got further.
    pub(crate) fn final_error(&mut self, error: SparkError) -> SparkError {
        if !error::is_syntax(&error) {
            return error;
        }
        let at = self.token(0).start;
        match self.furthest.take() {
            Some((furthest, better)) if furthest > at => better,
            _ => error,
        }
    }

    // Errors.

    fn shown(&self) -> String {
        match self.token(0) {
            token if token.kind == TokenKind::Eof => "end of input".into(),
            token => format!("'{}'", self.text_of(token)),
        }
    }

    /// `Syntax error at or near 'x'`
    pub(crate) fn unexpected(&self) -> SparkError {
        error::syntax(&self.text, self.token(0).start, &self.shown(), "")
    }

    /// `Syntax error at or near 'x': extra input 'x'`
    pub(crate) fn extra_input(&self) -> SparkError {
        let shown = self.shown();
        error::syntax(&self.text, self.token(0).start, &shown, &format!(": extra input {shown}"))
    }

    /// `Syntax error at or near 'x': missing 'y'`
    pub(crate) fn missing(&self, what: &str) -> SparkError {
        error::syntax(&self.text, self.token(0).start, &self.shown(), &format!(": missing '{what}'"))
    }

    // Origins.

    /// First byte of the next token.
    pub(crate) fn start(&self) -> usize {
        self.token(0).start
    }

    /// One past the last byte of the last token consumed.
    pub(crate) fn end(&self) -> usize {
        self.pos.checked_sub(1).and_then(|i| self.tokens.get(i)).map_or(0, |token| token.end)
    }

    /// The origin of what was consumed since `start`.
    pub(crate) fn origin(&self, start: usize) -> Origin {
        self.origin_between(start, self.end())
    }

    /// The origin from `start` to the end of the statement.
    pub(crate) fn origin_to_end(&self, start: usize) -> Origin {
        if self.in_script {
            let mut rest = self.tokens.iter().skip_while(|token| token.start < start);
            let last = rest
                .by_ref()
                .take_while(|token| !matches!(token.kind, TokenKind::Eof | TokenKind::Symbol(Symbol::Semicolon)));
            return self.origin_between(start, last.last().map_or(start, |token| token.end));
        }
        let end = self
            .tokens
            .iter()
            .rev()
            .find(|token| !matches!(token.kind, TokenKind::Eof | TokenKind::Symbol(Symbol::Semicolon)));
        self.origin_between(start, end.map_or(start, |token| token.end))
    }

    pub(crate) fn origin_between(&self, start: usize, end: usize) -> Origin {
        let end = end.max(start);
        Origin::Sql(SqlOrigin { text: self.text.clone(), start, end, object_type: None, object_name: None })
    }

    /// An expression that spans from `start` to here.
    pub(crate) fn expr(&self, start: usize, kind: ExprKind) -> Expr {
        Expr { kind, origin: self.origin(start) }
    }

    /// A call by name that spans from `start` to here.
    pub(crate) fn call(&self, start: usize, name: &str, arguments: Vec<Expr>) -> Expr {
        Expr::call(name, arguments).at(self.origin(start))
    }

    /// A relation that spans from `start` to here.
    pub(crate) fn relation(&self, start: usize, kind: RelationKind) -> Relation {
        Relation { kind, plan_id: None, origin: self.origin(start) }
    }

    /// The text from `start` to the last token consumed.
    pub(crate) fn source(&self, start: usize) -> String {
        self.text.get(start..self.end().max(start)).unwrap_or("").to_string()
    }
}
