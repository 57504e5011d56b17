//! Evaluating XPath 1.0.

use super::{
    Document, Expr, Kind, NodeId,
    xpath_parser::{Axis, Start, Step, Test},
};

/// What an expression gives.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Object {
    /// Nodes in document order.
    Nodes(Vec<NodeId>),
    Boolean(bool),
    Number(f64),
    String(String),
}

impl Object {
    /// `string()`
    pub fn string(&self, document: &Document) -> String {
        match self {
            Object::Nodes(nodes) => nodes.first().map(|node| document.string_value(*node)).unwrap_or_default(),
            Object::Boolean(value) => value.to_string(),
            Object::Number(value) => number_text(*value),
            Object::String(text) => text.clone(),
        }
    }

    /// `number()`
    pub fn number(&self, document: &Document) -> f64 {
        match self {
            Object::Boolean(value) => f64::from(u8::from(*value)),
            Object::Number(value) => *value,
            Object::String(text) => to_number(text),
            Object::Nodes(_) => to_number(&self.string(document)),
        }
    }

    /// `boolean()`
    pub fn boolean(&self) -> bool {
        match self {
            Object::Nodes(nodes) => !nodes.is_empty(),
            Object::Boolean(value) => *value,
            Object::Number(value) => *value != 0.0 && !value.is_nan(),
            Object::String(text) => !text.is_empty(),
        }
    }
}

fn to_number(text: &str) -> f64 {
    let text = text.trim();
    // XPath has no exponents.
    let plain = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-'));
    if plain { text.parse().unwrap_or(f64::NAN) } else { f64::NAN }
}

fn number_text(value: f64) -> String {
    if value.is_nan() {
        "NaN".into()
    } else if value.is_infinite() {
        if value > 0.0 { "Infinity".into() } else { "-Infinity".into() }
    } else if value == 0.0 {
        "0".into()
    } else {
        format!("{value}")
    }
}

#[derive(Clone, Copy)]
struct Context<'d> {
    document: &'d Document,
    node: NodeId,
    position: usize,
    size: usize,
}

/// Evaluates an expression over a document; the error names what is wrong with it.
pub(crate) fn evaluate(document: &Document, expr: &Expr) -> Result<Object, String> {
    eval(Context { document, node: 0, position: 1, size: 1 }, expr)
}

fn eval(c: Context<'_>, expr: &Expr) -> Result<Object, String> {
    Ok(match expr {
        Expr::Or(a, b) => Object::Boolean(eval(c, a)?.boolean() || eval(c, b)?.boolean()),
        Expr::And(a, b) => Object::Boolean(eval(c, a)?.boolean() && eval(c, b)?.boolean()),
        Expr::Compare(operator, a, b) => Object::Boolean(compare(c.document, operator, &eval(c, a)?, &eval(c, b)?)),
        Expr::Arithmetic(operator, a, b) => {
            let (a, b) = (eval(c, a)?.number(c.document), eval(c, b)?.number(c.document));
            Object::Number(match *operator {
                "+" => a + b,
                "-" => a - b,
                "*" => a * b,
                "div" => a / b,
                _ => a % b,
            })
        }
        Expr::Negate(a) => Object::Number(-eval(c, a)?.number(c.document)),
        Expr::Union(a, b) => match (eval(c, a)?, eval(c, b)?) {
            (Object::Nodes(mut a), Object::Nodes(b)) => {
                a.extend(b);
                Object::Nodes(in_order(a))
            }
            _ => return Err("Can not convert an operand of | to a NodeList!".into()),
        },
        Expr::Number(value) => Object::Number(*value),
        Expr::Literal(text) => Object::String(text.clone()),
        Expr::Call(name, arguments) => call(c, name, arguments)?,
        Expr::Path { start, steps } => {
            let mut nodes = match start {
                Start::Context => vec![c.node],
                Start::Root => vec![0],
                Start::Filter(primary, predicates) => {
                    let Object::Nodes(mut nodes) = eval(c, primary)? else {
                        return Err("Can not convert the start of a path to a NodeList!".into());
                    };
                    for predicate in predicates {
                        nodes = filter(c.document, nodes, predicate)?;
                    }
                    nodes
                }
            };
            for step in steps {
                nodes = take_step(c.document, &nodes, step)?;
            }
            Object::Nodes(nodes)
        }
    })
}

fn in_order(mut nodes: Vec<NodeId>) -> Vec<NodeId> {
    nodes.sort_unstable();
    nodes.dedup();
    nodes
}

fn take_step(document: &Document, from: &[NodeId], step: &Step) -> Result<Vec<NodeId>, String> {
    let mut out = vec![];
    for node in from {
        // In the order of the axis, so that positions count from the context node.
        let mut nodes = along(document, *node, step.axis);
        nodes.retain(|node| passes(document, *node, step));
        for predicate in &step.predicates {
            nodes = filter(document, nodes, predicate)?;
        }
        out.extend(nodes);
    }
    Ok(in_order(out))
}

fn filter(document: &Document, nodes: Vec<NodeId>, predicate: &Expr) -> Result<Vec<NodeId>, String> {
    let size = nodes.len();
    let mut out = vec![];
    for (index, node) in nodes.into_iter().enumerate() {
        let position = index + 1;
        let keep = match eval(Context { document, node, position, size }, predicate)? {
            Object::Number(number) => number == position as f64,
            other => other.boolean(),
        };
        if keep {
            out.push(node);
        }
    }
    Ok(out)
}

fn passes(document: &Document, node: NodeId, step: &Step) -> bool {
    let node = document.node(node);
    let principal = if step.axis == Axis::Attribute { Kind::Attribute } else { Kind::Element };
    match &step.test {
        Test::Any => node.kind == principal,
        Test::Name(name) => node.kind == principal && node.name == *name,
        Test::Node => true,
        Test::Text => node.kind == Kind::Text,
        Test::Comment => node.kind == Kind::Comment,
        Test::Instruction => node.kind == Kind::Instruction,
    }
}

fn ancestors(document: &Document, node: NodeId) -> Vec<NodeId> {
    let mut out = vec![];
    let mut current = node;
    while current != 0 {
        current = document.node(current).parent;
        out.push(current);
    }
    out
}

fn siblings(document: &Document, node: NodeId) -> &[NodeId] {
    match document.node(node).kind {
        Kind::Root | Kind::Attribute => &[],
        _ => &document.node(document.node(node).parent).children,
    }
}

fn along(document: &Document, node: NodeId, axis: Axis) -> Vec<NodeId> {
    let mut out = vec![];
    match axis {
        Axis::Child => out.extend(&document.node(node).children),
        Axis::Attribute => out.extend(&document.node(node).attributes),
        Axis::Itself => out.push(node),
        Axis::Parent => out.extend((node != 0).then(|| document.node(node).parent)),
        Axis::Ancestor => out = ancestors(document, node),
        Axis::AncestorOrSelf => {
            out.push(node);
            out.extend(ancestors(document, node));
        }
        Axis::DescendantOrSelf => document.descendants_or_self(node, &mut out),
        Axis::Descendant => {
            document.descendants_or_self(node, &mut out);
            out.remove(0);
        }
        Axis::FollowingSibling => out.extend(siblings(document, node).iter().filter(|other| **other > node)),
        Axis::PrecedingSibling => out.extend(siblings(document, node).iter().rev().filter(|other| **other < node)),
        Axis::Following | Axis::Preceding => {
            let mut all = vec![];
            document.descendants_or_self(0, &mut all);
            let mut inside = vec![];
            document.descendants_or_self(node, &mut inside);
            let above = ancestors(document, node);
            all.retain(|other| !inside.contains(other) && !above.contains(other));
            all.retain(|other| (*other > node) == (axis == Axis::Following));
            if axis == Axis::Preceding {
                all.reverse();
            }
            out = all;
        }
    }
    out
}

fn compare(document: &Document, operator: &str, a: &Object, b: &Object) -> bool {
    let numbers = |a: f64, b: f64| match operator {
        "=" => a == b,
        "!=" => a != b,
        "<" => a < b,
        "<=" => a <= b,
        ">" => a > b,
        _ => a >= b,
    };
    let strings = |a: &str, b: &str| match operator {
        "=" => a == b,
        "!=" => a != b,
        _ => numbers(to_number(a), to_number(b)),
    };
    match (a, b) {
        (Object::Nodes(a), Object::Nodes(b)) => a.iter().any(|a| {
            let a = document.string_value(*a);
            b.iter().any(|b| strings(&a, &document.string_value(*b)))
        }),
        (Object::Boolean(_), _) | (_, Object::Boolean(_)) if matches!(operator, "=" | "!=") => {
            numbers(f64::from(u8::from(a.boolean())), f64::from(u8::from(b.boolean())))
        }
        (Object::Nodes(nodes), Object::Number(number)) => {
            nodes.iter().any(|node| numbers(to_number(&document.string_value(*node)), *number))
        }
        (Object::Number(number), Object::Nodes(nodes)) => {
            nodes.iter().any(|node| numbers(*number, to_number(&document.string_value(*node))))
        }
        (Object::Nodes(nodes), other) => {
            let text = other.string(document);
            nodes.iter().any(|node| strings(&document.string_value(*node), &text))
        }
        (other, Object::Nodes(nodes)) => {
            let text = other.string(document);
            nodes.iter().any(|node| strings(&text, &document.string_value(*node)))
        }
        (Object::String(a), Object::String(b)) => strings(a, b),
        (a, b) => numbers(a.number(document), b.number(document)),
    }
}

fn call(c: Context<'_>, name: &str, arguments: &[Expr]) -> Result<Object, String> {
    let d = c.document;
    let values: Result<Vec<Object>, String> = arguments.iter().map(|argument| eval(c, argument)).collect();
    let values = values?;
    let wrong = || format!("FuncExpr arguments of {name} do not fit");
    let own = || Object::Nodes(vec![c.node]);
    let text = |index: usize| values.get(index).map(|value| value.string(d)).ok_or_else(wrong);
    let first_text = || values.first().map_or_else(|| own().string(d), |value| value.string(d));
    let number = |index: usize| values.get(index).map(|value| value.number(d)).ok_or_else(wrong);
    let nodes = |index: usize| match values.get(index) {
        Some(Object::Nodes(nodes)) => Ok(nodes.clone()),
        _ => Err(wrong()),
    };
    Ok(match name {
        "last" => Object::Number(c.size as f64),
        "position" => Object::Number(c.position as f64),
        "count" => Object::Number(nodes(0)?.len() as f64),
        "sum" => Object::Number(nodes(0)?.iter().map(|node| to_number(&d.string_value(*node))).sum()),
        "string" => Object::String(first_text()),
        "concat" => Object::String(values.iter().map(|value| value.string(d)).collect()),
        "starts-with" => Object::Boolean(text(0)?.starts_with(&text(1)?)),
        "contains" => Object::Boolean(text(0)?.contains(&text(1)?)),
        "substring-before" => {
            Object::String(text(0)?.split_once(&text(1)?).map(|(before, _)| before.to_string()).unwrap_or_default())
        }
        "substring-after" => {
            Object::String(text(0)?.split_once(&text(1)?).map(|(_, after)| after.to_string()).unwrap_or_default())
        }
        "substring" => {
            let from = round(number(1)?);
            let to = if values.len() > 2 { from + round(number(2)?) } else { f64::INFINITY };
            let inside = |index: usize| (index + 1) as f64 >= from && ((index + 1) as f64) < to;
            let kept = text(0)?.chars().enumerate().filter(|(index, _)| inside(*index)).map(|(_, c)| c).collect();
            Object::String(kept)
        }
        "string-length" => Object::Number(first_text().chars().count() as f64),
        "normalize-space" => Object::String(first_text().split_whitespace().collect::<Vec<_>>().join(" ")),
        "translate" => {
            let (from, to): (Vec<char>, Vec<char>) = (text(1)?.chars().collect(), text(2)?.chars().collect());
            let map = |c: char| match from.iter().position(|known| *known == c) {
                Some(index) => to.get(index).copied(),
                None => Some(c),
            };
            Object::String(text(0)?.chars().filter_map(map).collect())
        }
        "not" => Object::Boolean(!values.first().ok_or_else(wrong)?.boolean()),
        "true" => Object::Boolean(true),
        "false" => Object::Boolean(false),
        "boolean" => Object::Boolean(values.first().ok_or_else(wrong)?.boolean()),
        "number" => Object::Number(values.first().map_or_else(|| own().number(d), |value| value.number(d))),
        "floor" => Object::Number(number(0)?.floor()),
        "ceiling" => Object::Number(number(0)?.ceil()),
        "round" => Object::Number(round(number(0)?)),
        "name" | "local-name" => {
            let node = if values.is_empty() { Some(c.node) } else { nodes(0)?.first().copied() };
            let full = node.map(|node| d.node(node).name.clone()).unwrap_or_default();
            let local = full.rsplit(':').next().unwrap_or_default().to_string();
            Object::String(if name == "name" { full } else { local })
        }
        "namespace-uri" => Object::String(String::new()),
        _ => return Err(format!("Could not find function: {name}")),
    })
}

fn round(value: f64) -> f64 {
    (value + 0.5).floor()
}

#[cfg(test)]
mod tests {
    use super::{
        super::{parse_document, parse_xpath},
        *,
    };

    fn check(xml: &str, path: &str, expected: &str) {
        let document = parse_document(xml).unwrap();
        let expr = parse_xpath(path).unwrap_or_else(|| panic!("{path} does not parse"));
        assert_eq!(evaluate(&document, &expr).unwrap().string(&document), expected, "{path}");
    }

    #[test]
    fn paths_predicates_and_functions() {
        let xml = "<a><b c='1'>x</b><b c='2'>y<d>z</d></b><!-- q --></a>";
        check(xml, "a/b[@c=\"2\"]", "yz");
        check(xml, "a/b[2]/text()", "y");
        check(xml, "//b[last()]/@c", "2");
        check(xml, "count(//b)", "2");
        check(xml, "sum(a/b/@c)", "3");
        check(xml, "concat(a/b, '-', //d)", "x-z");
        check(xml, "a/b[position() < 2]/@c", "1");
        check(xml, "//d/../@c", "2");
        check(xml, "//d/ancestor::a/b[1]", "x");
        check(xml, "a/*[starts-with(., 'y')]/d", "z");
        check(xml, "substring('12345', 2, 3)", "234");
        check(xml, "normalize-space('  a  b ')", "a b");
        check(xml, "1 + 2 * 3 - 4 div 2", "5");
        check(xml, "a/b = 'x' and not(a/b = 'q')", "true");
        check(xml, "translate('bar', 'abc', 'AB')", "BAr");
        check(xml, "/a/b[1]/following-sibling::b/@c", "2");
        check(xml, "a/b | //d", "x");
        check(xml, "a/nothing", "");
    }

    #[test]
    fn what_is_no_path_does_not_parse() {
        for bad in ["a[", "a/", "", "a b", "(a", "f("] {
            assert!(parse_xpath(bad).is_none(), "{bad}");
        }
    }
}
