//! Parsing XPath 1.0.

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expr {
    Or(Box<Expr>, Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    /// `=`, `!=`, `<`, `<=`, `>`, `>=`
    Compare(&'static str, Box<Expr>, Box<Expr>),
    /// `+`, `-`, `*`, `div`, `mod`
    Arithmetic(&'static str, Box<Expr>, Box<Expr>),
    Negate(Box<Expr>),
    Union(Box<Expr>, Box<Expr>),
    Number(f64),
    Literal(String),
    Call(String, Vec<Expr>),
    /// Steps from the context, from the root, or from what an expression gives.
    Path {
        start: Start,
        steps: Vec<Step>,
    },
}

/// Where a path starts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Start {
    Context,
    Root,
    Filter(Box<Expr>, Vec<Expr>),
}

/// One step.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Step {
    pub axis: Axis,
    pub test: Test,
    pub predicates: Vec<Expr>,
}

/// The direction of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Axis {
    Child,
    Descendant,
    DescendantOrSelf,
    Parent,
    Ancestor,
    AncestorOrSelf,
    FollowingSibling,
    PrecedingSibling,
    Following,
    Preceding,
    Attribute,
    Itself,
}

/// What a step lets through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Test {
    Any,
    Name(String),
    Node,
    Text,
    Comment,
    Instruction,
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Number(f64),
    Literal(String),
    Name(String),
    Mark(&'static str),
}

const MARKS: [&str; 23] = [
    "::", "//", "..", "!=", "<=", ">=", "(", ")", "[", "]", ".", "@", ",", "/", "|", "+", "-", "=", "<", ">", "*", "$",
    ":",
];

fn tokenize(text: &str) -> Option<Vec<Token>> {
    let mut tokens = vec![];
    let mut rest = text.trim_start();
    while let Some(c) = rest.chars().next() {
        let digits = c.is_ascii_digit() || c == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit());
        if digits {
            let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
            tokens.push(Token::Number(rest[..end].parse().ok()?));
            rest = &rest[end..];
        } else if matches!(c, '"' | '\'') {
            let (literal, tail) = rest[1..].split_once(c)?;
            tokens.push(Token::Literal(literal.to_string()));
            rest = tail;
        } else if c.is_alphabetic() || c == '_' {
            let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
            let mut end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
            // A prefixed name is one token; an axis is not.
            if rest[end..].starts_with(':')
                && !rest[end..].starts_with("::")
                && rest[end + 1..].starts_with(|c: char| c.is_alphabetic() || c == '_')
            {
                let local = end + 1;
                end = rest[local..].find(|c| !is_name(c)).map_or(rest.len(), |at| local + at);
            }
            tokens.push(Token::Name(rest[..end].to_string()));
            rest = &rest[end..];
        } else {
            let mark = MARKS.iter().find(|mark| rest.starts_with(**mark))?;
            tokens.push(Token::Mark(mark));
            rest = &rest[mark.len()..];
        }
        rest = rest.trim_start();
    }
    Some(tokens)
}

/// Parses an expression; `None` where it is none.
pub(crate) fn parse_xpath(text: &str) -> Option<Expr> {
    let tokens = tokenize(text)?;
    let mut parser = Parser { tokens: &tokens, at: 0, depth: 0 };
    let expr = parser.or()?;
    (parser.at == tokens.len()).then_some(expr)
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    depth: usize,
}

const DEEPEST: usize = 100;

impl Parser<'_> {
    fn peek(&self, ahead: usize) -> Option<&Token> {
        self.tokens.get(self.at + ahead)
    }

    fn eat(&mut self, mark: &str) -> bool {
        let found = matches!(self.peek(0), Some(Token::Mark(m)) if *m == mark);
        self.at += usize::from(found);
        found
    }

    /// An operator that is written as a word.
    fn word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(0), Some(Token::Name(name)) if name == word);
        self.at += usize::from(found);
        found
    }

    fn or(&mut self) -> Option<Expr> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let mut left = self.and()?;
        while self.word("or") {
            left = Expr::Or(Box::new(left), Box::new(self.and()?));
        }
        self.depth -= 1;
        Some(left)
    }

    fn and(&mut self) -> Option<Expr> {
        let mut left = self.compare(&["=", "!="])?;
        while self.word("and") {
            left = Expr::And(Box::new(left), Box::new(self.compare(&["=", "!="])?));
        }
        Some(left)
    }

    fn compare(&mut self, operators: &[&'static str]) -> Option<Expr> {
        let equality = operators.contains(&"=");
        let next = |parser: &mut Self| {
            if equality { parser.compare(&["<=", ">=", "<", ">"]) } else { parser.additive() }
        };
        let mut left = next(self)?;
        while let Some(operator) = operators.iter().find(|operator| self.eat(operator)) {
            left = Expr::Compare(operator, Box::new(left), Box::new(next(self)?));
        }
        Some(left)
    }

    fn additive(&mut self) -> Option<Expr> {
        let mut left = self.multiplicative()?;
        loop {
            let operator = if self.eat("+") {
                "+"
            } else if self.eat("-") {
                "-"
            } else {
                return Some(left);
            };
            left = Expr::Arithmetic(operator, Box::new(left), Box::new(self.multiplicative()?));
        }
    }

    fn multiplicative(&mut self) -> Option<Expr> {
        let mut left = self.unary()?;
        loop {
            let operator = if self.eat("*") {
                "*"
            } else if self.word("div") {
                "div"
            } else if self.word("mod") {
                "mod"
            } else {
                return Some(left);
            };
            left = Expr::Arithmetic(operator, Box::new(left), Box::new(self.unary()?));
        }
    }

    fn unary(&mut self) -> Option<Expr> {
        if self.eat("-") {
            self.depth += 1;
            if self.depth > DEEPEST {
                return None;
            }
            let negated = Expr::Negate(Box::new(self.unary()?));
            self.depth -= 1;
            return Some(negated);
        }
        let mut left = self.path()?;
        while self.eat("|") {
            left = Expr::Union(Box::new(left), Box::new(self.path()?));
        }
        Some(left)
    }

    fn path(&mut self) -> Option<Expr> {
        if let Some(primary) = self.primary() {
            let mut predicates = vec![];
            while self.eat("[") {
                predicates.push(self.predicate()?);
            }
            let mut steps = vec![];
            if self.eat("//") {
                steps.push(any_descendant());
                self.relative(&mut steps)?;
            } else if self.eat("/") {
                self.relative(&mut steps)?;
            }
            if predicates.is_empty() && steps.is_empty() {
                return Some(primary);
            }
            return Some(Expr::Path { start: Start::Filter(Box::new(primary), predicates), steps });
        }
        let mut steps = vec![];
        if self.eat("//") {
            steps.push(any_descendant());
            self.relative(&mut steps)?;
            return Some(Expr::Path { start: Start::Root, steps });
        }
        if self.eat("/") {
            if self.starts_step() {
                self.relative(&mut steps)?;
            }
            return Some(Expr::Path { start: Start::Root, steps });
        }
        self.relative(&mut steps)?;
        Some(Expr::Path { start: Start::Context, steps })
    }

    fn starts_step(&self) -> bool {
        matches!(self.peek(0), Some(Token::Name(_) | Token::Mark("@" | "." | ".." | "*")))
    }

    fn relative(&mut self, steps: &mut Vec<Step>) -> Option<()> {
        loop {
            steps.push(self.step()?);
            if self.eat("//") {
                steps.push(any_descendant());
            } else if !self.eat("/") {
                return Some(());
            }
        }
    }

    fn step(&mut self) -> Option<Step> {
        if self.eat("..") {
            return Some(Step { axis: Axis::Parent, test: Test::Node, predicates: vec![] });
        }
        if self.eat(".") {
            return Some(Step { axis: Axis::Itself, test: Test::Node, predicates: vec![] });
        }
        let axis = self.axis()?;
        let test = if self.eat("*") {
            Test::Any
        } else {
            let Some(Token::Name(name)) = self.peek(0).cloned() else { return None };
            self.at += 1;
            if self.eat("(") {
                if let Some(Token::Literal(_)) = self.peek(0) {
                    self.at += 1;
                }
                if !self.eat(")") {
                    return None;
                }
                match name.as_str() {
                    "node" => Test::Node,
                    "text" => Test::Text,
                    "comment" => Test::Comment,
                    "processing-instruction" => Test::Instruction,
                    _ => return None,
                }
            } else {
                Test::Name(name)
            }
        };
        let mut predicates = vec![];
        while self.eat("[") {
            predicates.push(self.predicate()?);
        }
        Some(Step { axis, test, predicates })
    }

    fn axis(&mut self) -> Option<Axis> {
        if self.eat("@") {
            return Some(Axis::Attribute);
        }
        let (Some(Token::Name(name)), Some(Token::Mark("::"))) = (self.peek(0), self.peek(1)) else {
            return Some(Axis::Child);
        };
        let axis = match name.as_str() {
            "child" => Axis::Child,
            "descendant" => Axis::Descendant,
            "descendant-or-self" => Axis::DescendantOrSelf,
            "parent" => Axis::Parent,
            "ancestor" => Axis::Ancestor,
            "ancestor-or-self" => Axis::AncestorOrSelf,
            "following-sibling" => Axis::FollowingSibling,
            "preceding-sibling" => Axis::PrecedingSibling,
            "following" => Axis::Following,
            "preceding" => Axis::Preceding,
            "attribute" => Axis::Attribute,
            "self" => Axis::Itself,
            _ => return None,
        };
        self.at += 2;
        Some(axis)
    }

    fn predicate(&mut self) -> Option<Expr> {
        let expr = self.or()?;
        self.eat("]").then_some(expr)
    }

    /// A literal, a number, a call or a parenthesis; `None`, with nothing read, where a path stands.
    fn primary(&mut self) -> Option<Expr> {
        let at = self.at;
        let found = match self.peek(0)?.clone() {
            Token::Number(number) => {
                self.at += 1;
                Some(Expr::Number(number))
            }
            Token::Literal(text) => {
                self.at += 1;
                Some(Expr::Literal(text))
            }
            Token::Mark("(") => {
                self.at += 1;
                let inner = self.or();
                inner.filter(|_| self.eat(")"))
            }
            Token::Name(name) if self.peek(1) == Some(&Token::Mark("(")) => {
                if matches!(name.as_str(), "node" | "text" | "comment" | "processing-instruction") {
                    return None;
                }
                self.at += 2;
                self.arguments().map(|arguments| Expr::Call(name, arguments))
            }
            _ => None,
        };
        if found.is_none() {
            self.at = at;
        }
        found
    }

    fn arguments(&mut self) -> Option<Vec<Expr>> {
        let mut arguments = vec![];
        if self.eat(")") {
            return Some(arguments);
        }
        loop {
            arguments.push(self.or()?);
            if self.eat(")") {
                return Some(arguments);
            }
            if !self.eat(",") {
                return None;
            }
        }
    }
}

fn any_descendant() -> Step {
    Step { axis: Axis::DescendantOrSelf, test: Test::Node, predicates: vec![] }
}
