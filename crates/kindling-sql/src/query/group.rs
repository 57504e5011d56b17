//! `GROUP BY`: expressions, `ROLLUP`, `CUBE`, `GROUPING SETS` and their combinations.

use kindling_spec::{Expr, GroupType, Origin};

use crate::{
    keyword::Keyword as K,
    parser::{PResult, Parser},
    token::Symbol,
};

/// How an aggregate groups.
pub(super) struct Grouping {
    pub(super) group_type: GroupType,
    pub(super) grouping: Vec<Expr>,
    pub(super) grouping_sets: Vec<Vec<Expr>>,
}

/// One element of `GROUP BY`, each a list of sets but for a plain expression.
pub(super) enum Element {
    Expr(Expr),
    Rollup(Vec<Vec<Expr>>),
    Cube(Vec<Vec<Expr>>),
    Sets(Vec<Vec<Expr>>),
}

impl Element {
    /// The clause as errors name it.
    pub(super) fn clause(&self) -> &'static str {
        match self {
            Element::Expr(_) => "GROUP BY",
            Element::Rollup(_) => "GROUP BY ROLLUP",
            Element::Cube(_) => "GROUP BY CUBE",
            Element::Sets(_) => "GROUPING SETS",
        }
    }

    fn sets(self) -> Vec<Vec<Expr>> {
        match self {
            Element::Expr(expr) => vec![vec![expr]],
            Element::Rollup(parts) => rollup(&parts),
            Element::Cube(parts) => cube(&parts),
            Element::Sets(sets) => sets,
        }
    }
}

impl Parser<'_> {
    pub(super) fn aggregation_clause(&mut self) -> PResult<Grouping> {
        self.expect_seq(&[K::GROUP, K::BY])?;
        let elements = self.comma_list(|p| match p.grouping_analytics()? {
            Some(element) => Ok(element),
            None => p.expression().map(Element::Expr),
        })?;
        if let Some(keyword) = self.trailing_analytics() {
            let keys: Vec<Expr> =
                elements.into_iter().flat_map(|element| element.sets().into_iter().flatten()).collect();
            let group_type = if keyword == K::ROLLUP { GroupType::Rollup } else { GroupType::Cube };
            return Ok(Grouping { group_type, grouping: keys, grouping_sets: vec![] });
        }
        if self.eat_seq(&[K::GROUPING, K::SETS]) {
            let sets = self.paren_list(Self::grouping_set)?;
            let mut grouping: Vec<Expr> = elements.into_iter().flat_map(|e| e.sets().into_iter().flatten()).collect();
            for expr in sets.iter().flatten() {
                add_key(&mut grouping, expr);
            }
            return Ok(Grouping { group_type: GroupType::GroupingSets, grouping, grouping_sets: sets });
        }
        Ok(combine(elements))
    }

    pub(super) fn trailing_analytics(&mut self) -> Option<K> {
        let keyword = self.keyword_at(1).filter(|k| matches!(k, K::ROLLUP | K::CUBE))?;
        if !self.is(K::WITH) {
            return None;
        }
        self.skip(2);
        Some(keyword)
    }

    pub(super) fn grouping_analytics(&mut self) -> PResult<Option<Element>> {
        if self.is_any(&[K::ROLLUP, K::CUBE]) && self.is_symbol_at(1, Symbol::LeftParen) {
            let is_rollup = self.is(K::ROLLUP);
            self.advance();
            let parts = self.paren_list(Self::grouping_set)?;
            return Ok(Some(if is_rollup { Element::Rollup(parts) } else { Element::Cube(parts) }));
        }
        if self.is_seq(&[K::GROUPING, K::SETS]) && self.is_symbol_at(2, Symbol::LeftParen) {
            self.skip(2);
            let elements = self.paren_list(|p| match p.grouping_analytics()? {
                Some(element) => Ok(element.sets()),
                None => p.grouping_set().map(|set| vec![set]),
            })?;
            return Ok(Some(Element::Sets(elements.concat())));
        }
        Ok(None)
    }

    /// `(a, b)`, `()` or `a`
    fn grouping_set(&mut self) -> PResult<Vec<Expr>> {
        if self.is_symbol(Symbol::LeftParen) {
            let set = self.attempt(|p| {
                p.advance();
                let set = if p.is_symbol(Symbol::RightParen) { vec![] } else { p.comma_list(Self::expression)? };
                p.expect_symbol(Symbol::RightParen)?;
                if p.is_symbol(Symbol::Comma) || p.is_symbol(Symbol::RightParen) {
                    Ok(set)
                } else {
                    Err(p.unexpected())
                }
            })?;
            if let Some(set) = set {
                return Ok(set);
            }
        }
        Ok(vec![self.expression()?])
    }
}

/// Several elements make the cross product of their sets.
fn combine(elements: Vec<Element>) -> Grouping {
    let single = |parts: &[Vec<Expr>]| parts.iter().all(|part| part.len() == 1);
    match elements.as_slice() {
        all if all.iter().all(|element| matches!(element, Element::Expr(_))) => {
            let grouping = elements.into_iter().flat_map(|e| e.sets().concat()).collect();
            return Grouping { group_type: GroupType::GroupBy, grouping, grouping_sets: vec![] };
        }
        [Element::Rollup(parts)] if single(parts) => {
            return Grouping { group_type: GroupType::Rollup, grouping: parts.concat(), grouping_sets: vec![] };
        }
        [Element::Cube(parts)] if single(parts) => {
            return Grouping { group_type: GroupType::Cube, grouping: parts.concat(), grouping_sets: vec![] };
        }
        _ => {}
    }
    let mut grouping = vec![];
    let mut sets: Vec<Vec<Expr>> = vec![vec![]];
    for element in elements {
        let element_sets = match element {
            Element::Rollup(parts) => {
                parts.iter().flatten().for_each(|expr| add_key(&mut grouping, expr));
                rollup(&parts)
            }
            Element::Cube(parts) => {
                parts.iter().flatten().for_each(|expr| add_key(&mut grouping, expr));
                cube(&parts)
            }
            other => other.sets(),
        };
        element_sets.iter().flatten().for_each(|expr| add_key(&mut grouping, expr));
        let product = sets.iter().flat_map(|set| {
            element_sets.iter().map(move |more| {
                let mut set = set.clone();
                more.iter().for_each(|expr| add_key(&mut set, expr));
                set
            })
        });
        sets = product.collect();
    }
    Grouping { group_type: GroupType::GroupingSets, grouping, grouping_sets: sets }
}

/// Adds a key unless the same text is there.
fn add_key(keys: &mut Vec<Expr>, expr: &Expr) {
    if !keys.iter().any(|key| text(key) == text(expr)) {
        keys.push(expr.clone());
    }
}

fn text(expr: &Expr) -> String {
    match &expr.origin {
        Origin::Sql(sql) => sql.fragment().to_lowercase(),
        _ => format!("{:?}", expr.kind),
    }
}

fn rollup(parts: &[Vec<Expr>]) -> Vec<Vec<Expr>> {
    (0..=parts.len()).rev().map(|len| parts.iter().take(len).flatten().cloned().collect()).collect()
}

fn cube(parts: &[Vec<Expr>]) -> Vec<Vec<Expr>> {
    let Some((first, rest)) = parts.split_first() else { return vec![vec![]] };
    let without = cube(rest);
    let with = without.iter().map(|set| first.iter().chain(set).cloned().collect());
    with.collect::<Vec<_>>().into_iter().chain(without).collect()
}
