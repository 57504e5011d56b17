//! Tokens of a SQL text.

use crate::keyword::Keyword;

/// One token; its text is `sql[start..end]`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Token {
    /// What it is.
    pub(crate) kind: TokenKind,
    /// First byte.
    pub(crate) start: usize,
    /// One past the last byte.
    pub(crate) end: usize,
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A keyword, perhaps used as an identifier.
    Keyword(Keyword),
    /// An unquoted identifier.
    Identifier,
    /// `` `quoted` ``
    BackquotedIdentifier,
    /// `'…'`, `r'…'`, `r"…"`
    String,
    /// `"…"`: a string, or an identifier by configuration.
    DoubleQuoted,
    /// `$tag$ … $tag$`
    DollarQuoted,
    /// `1`
    Integer,
    /// `1.5`, `.5`, `5.`
    Decimal,
    /// `1e5`
    Exponent,
    /// `1L`
    BigInt,
    /// `1S`
    SmallInt,
    /// `1Y`
    TinyInt,
    /// `1.0D`
    Double,
    /// `1.0F`
    Float,
    /// `1.0BD`
    BigDecimal,
    /// An operator or a punctuation mark.
    Symbol(Symbol),
    /// What the grammar has no token for.
    Unrecognized,
    /// The end of the text.
    Eof,
}

macro_rules! symbols {
    ($($name:ident $text:literal,)*) => {
        /// Operators and punctuation.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[allow(missing_docs)]
        pub(crate) enum Symbol { $($name,)* }

        impl Symbol {
            /// The symbols, longer ones before their prefixes.
            pub(crate) const ALL: &'static [(&'static str, Symbol)] = &[$(($text, Symbol::$name),)*];

            /// As written.
            pub(crate) fn text(self) -> &'static str {
                match self { $(Symbol::$name => $text,)* }
            }
        }
    };
}

symbols! {
    HintStart "/*+",
    NullSafeEq "<=>",
    ShiftRightUnsigned ">>>",
    HintEnd "*/",
    ShiftLeft "<<",
    ShiftRight ">>",
    NotEqAngle "<>",
    NotEq "!=",
    Lte "<=",
    LteBang "!>",
    Gte ">=",
    GteBang "!<",
    EqEq "==",
    FatArrow "=>",
    Arrow "->",
    DoubleColon "::",
    Concat "||",
    OperatorPipe "|>",
    Semicolon ";",
    LeftParen "(",
    RightParen ")",
    Comma ",",
    Dot ".",
    LeftBracket "[",
    RightBracket "]",
    Bang "!",
    Eq "=",
    Lt "<",
    Gt ">",
    Plus "+",
    Minus "-",
    Asterisk "*",
    Slash "/",
    Percent "%",
    Tilde "~",
    Ampersand "&",
    Pipe "|",
    Hat "^",
    Colon ":",
    Question "?",
}
