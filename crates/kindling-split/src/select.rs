//! Which functions go to the second module.

use crate::{
    error::{SplitError, SplitResult},
    module::Module,
};

/// A function no larger than this is not worth the stub that would stand for it.
const SMALL: usize = 24;

/// Parts of names of functions that are rarely called, and exceptions from them.
///
/// One a line; what follows ` #` is a comment. A function is meant if its name contains a line's text, unless it also contains
/// that of a line that begins with `!`. `^` ties a text to the beginning of a name, `$` to its end.
#[derive(Default)]
pub struct Patterns {
    rare: Vec<Pattern>,
    often: Vec<Pattern>,
}

struct Pattern {
    text: String,
    begins: bool,
    ends: bool,
}

impl Pattern {
    fn matches(&self, name: &str) -> bool {
        match (self.begins, self.ends) {
            (true, true) => name == self.text,
            (true, false) => name.starts_with(&self.text),
            (false, true) => name.ends_with(&self.text),
            (false, false) => name.contains(&self.text),
        }
    }
}

impl Patterns {
    /// Adds the lines of a list.
    pub fn add(&mut self, text: &str) -> SplitResult<()> {
        for line in text.lines() {
            // A `#` within a name, as in `{closure#0}`, begins no comment.
            let line =
                if line.starts_with('#') { "" } else { line.split_once(" #").map_or(line, |(line, _)| line).trim() };
            if line.is_empty() {
                continue;
            }
            let (line, list) = line.strip_prefix('!').map_or((line, &mut self.rare), |line| (line, &mut self.often));
            let (line, begins) = line.strip_prefix('^').map_or((line, false), |line| (line, true));
            let (line, ends) = line.strip_suffix('$').map_or((line, false), |line| (line, true));
            if line.is_empty() {
                return Err(SplitError::unsupported("a pattern that means every function"));
            }
            list.push(Pattern { text: line.to_string(), begins, ends });
        }
        Ok(())
    }
}

/// The functions that were selected, and lines that selected none.
pub struct Selection {
    /// By function index: whether it goes to the second module.
    pub moved: Vec<bool>,
    /// By function index: whether it goes there for its name, not for those who call it.
    pub named: Vec<bool>,
    /// Patterns that no function's name contains.
    pub unused: Vec<String>,
}

/// Selects what the patterns mean, and what only such functions call.
///
/// Functions that the second module's loading itself may need stay, as does what JavaScript calls.
pub fn select(module: &Module<'_>, patterns: &Patterns, loader: u32) -> Selection {
    let count = module.functions();
    let mut pinned = vec![false; count];
    pinned[..module.imported_functions as usize].fill(true);
    for &function in &module.referred {
        pinned[function as usize] = true;
    }
    for (index, uses) in module.uses.iter().enumerate() {
        if uses.bound {
            pinned[index + module.imported_functions as usize] = true;
        }
    }
    pin_reachable(module, loader, &mut pinned);

    let mut in_table = vec![false; count];
    for &(_, function) in &module.slots {
        in_table[function as usize] = true;
    }
    let mut moved = vec![false; count];
    let mut used = vec![false; patterns.rare.len()];
    for function in 0..count {
        let name = &module.names[function];
        let mut rare = false;
        for (_, used) in patterns.rare.iter().zip(&mut used).filter(|(pattern, _)| pattern.matches(name)) {
            rare = true;
            *used = true;
        }
        let often = || patterns.often.iter().any(|pattern| pattern.matches(name));
        moved[function] = rare && !pinned[function] && module.size(function as u32) > SMALL && !often();
    }
    let named = moved.clone();
    follow(module, &pinned, &in_table, &mut moved);
    let unused = patterns.rare.iter().zip(used).filter(|(_, used)| !used);
    Selection { moved, named, unused: unused.map(|(pattern, _)| pattern.text.clone()).collect() }
}

fn pin_reachable(module: &Module<'_>, from: u32, pinned: &mut [bool]) {
    let mut reached = vec![false; module.functions()];
    let mut waiting = vec![from];
    while let Some(function) = waiting.pop() {
        if std::mem::replace(&mut reached[function as usize], true) {
            continue;
        }
        pinned[function as usize] = true;
        if let Some(index) = module.body_index(function) {
            waiting.extend(&module.uses[index].calls);
        }
    }
}

/// Adds functions that nothing but moved functions can call.
fn follow(module: &Module<'_>, pinned: &[bool], in_table: &[bool], moved: &mut [bool]) {
    // Calls from functions that stay, by function called.
    let mut staying = vec![0u32; module.functions()];
    let mut called = vec![false; module.functions()];
    for (index, uses) in module.uses.iter().enumerate() {
        let caller = index + module.imported_functions as usize;
        for &callee in uses.calls.iter().filter(|&&callee| callee as usize != caller) {
            called[callee as usize] = true;
            if !moved[caller] {
                staying[callee as usize] += 1;
            }
        }
    }
    let free = |function: usize| !pinned[function] && !in_table[function];
    let mut waiting: Vec<usize> = (0..module.functions())
        .filter(|&function| !moved[function] && free(function) && called[function] && staying[function] == 0)
        .collect();
    while let Some(function) = waiting.pop() {
        moved[function] = true;
        let Some(index) = module.body_index(function as u32) else { continue };
        for &callee in module.uses[index].calls.iter().filter(|&&callee| callee as usize != function) {
            let callee = callee as usize;
            staying[callee] -= 1;
            if staying[callee] == 0 && !moved[callee] && free(callee) {
                waiting.push(callee);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Patterns;

    fn check(lines: &str, name: &str, rare: bool) {
        let mut patterns = Patterns::default();
        patterns.add(lines).unwrap();
        let found = |list: &[super::Pattern]| list.iter().any(|pattern| pattern.matches(name));
        assert_eq!(found(&patterns.rare) && !found(&patterns.often), rare, "{name} by {lines:?}");
    }

    #[test]
    fn a_line_means_names_that_contain_it() {
        check("xml::parse", "kindling::xml::parse::<u8>", true);
        check("xml::parse", "kindling::xml::print", false);
    }

    #[test]
    fn exceptions_win() {
        check("xml\n!xml::parse", "xml::parse", false);
        check("!xml::parse\nxml", "xml::print", true);
    }

    #[test]
    fn names_can_be_tied_at_both_ends() {
        check("^xml", "a::xml", false);
        check("xml$", "xml::a", false);
        check("^xml$", "xml", true);
        check("!^a::xml$\nxml", "a::xml", false);
    }

    #[test]
    fn comments_are_not_names() {
        check("# xml\nxml # why", "xml", true);
        check("a::{closure#0}", "a::{closure#0}", true);
        check("# xml", "xml", false);
    }

    #[test]
    fn a_line_that_would_mean_everything_is_refused() {
        assert!(Patterns::default().add("^").is_err());
    }
}
