//! Names: which column of a relation a name means (Spark's `AttributeSeq.resolve` and `ColumnResolutionHelper`).

use kindling_common::{SparkError, SparkResult};

use super::suggest::order_by_similarity;
use crate::attribute::{Attribute, quote_parts};

/// The columns that names may refer to.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Scope {
    /// The visible columns, in order.
    pub attributes: Vec<Attribute>,
    /// Columns that a star leaves out and only a qualified name or a DataFrame's column reaches (keys of `USING` joins).
    pub hidden: Vec<Attribute>,
    /// Calls of `window` and `session_window` that are grouped by, with the columns that hold their windows.
    pub time_windows: Vec<(String, Attribute)>,
}

/// What a name means: a column, and the nested fields to take from it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Found {
    /// The column.
    pub attribute: Attribute,
    /// Fields below it.
    pub nested: Vec<String>,
}

/// How identifiers are compared.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NameMatch {
    /// `spark.sql.caseSensitive`
    pub case_sensitive: bool,
}

impl NameMatch {
    /// Whether two identifiers are the same.
    pub fn same(self, a: &str, b: &str) -> bool {
        if self.case_sensitive { a == b } else { a == b || a.to_lowercase() == b.to_lowercase() }
    }

    /// The key under which equal identifiers meet.
    pub fn key(self, name: &str) -> String {
        if self.case_sensitive { name.to_string() } else { name.to_lowercase() }
    }
}

impl Scope {
    /// A scope of visible columns.
    pub fn new(attributes: Vec<Attribute>) -> Scope {
        Scope { attributes, ..Scope::default() }
    }

    /// Finds a column by name parts; `Ok(None)` when there is none.
    pub fn find(&self, names: NameMatch, parts: &[String]) -> SparkResult<Option<Found>> {
        // Hidden columns are reachable by a qualified name only.
        for (attributes, qualified_only) in [(&self.attributes, false), (&self.hidden, true)] {
            let candidates = candidates(names, attributes, parts, qualified_only);
            if let Some(found) = pick(parts, candidates)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Finds a column that was part of the output of a Connect plan; `Ok(None)` when there is none.
    pub fn find_of_plan(&self, names: NameMatch, plan_id: i64, parts: &[String]) -> SparkResult<Option<Found>> {
        for attributes in [&self.attributes, &self.hidden] {
            let of_plan: Vec<Attribute> = attributes
                .iter()
                .filter(|attribute| attribute.depth_of(plan_id).is_some())
                .map(|attribute| Attribute { qualified_only: false, ..attribute.clone() })
                .collect();
            let mut candidates = candidates(names, &of_plan, parts, false);
            // In a self-join the side that is nearer to the plan is meant.
            let nearest = candidates.iter().filter_map(|found| found.attribute.depth_of(plan_id)).min();
            candidates.retain(|found| found.attribute.depth_of(plan_id) == nearest);
            if distinct(&candidates) > 1 {
                return Err(SparkError::analysis("AMBIGUOUS_COLUMN_REFERENCE").param("name", quote_parts(parts)));
            }
            if let Some(found) = pick(parts, candidates)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Whether any column was part of the output of a Connect plan.
    pub fn has_plan(&self, plan_id: i64) -> bool {
        self.attributes.iter().chain(&self.hidden).any(|attribute| attribute.depth_of(plan_id).is_some())
    }

    /// Visible columns with a qualifier that ends in `target` (`t.*`).
    pub fn qualified(&self, names: NameMatch, target: &[String]) -> Vec<Attribute> {
        self.attributes.iter().filter(|attribute| ends_with(names, &attribute.qualifier, target)).cloned().collect()
    }

    /// `UNRESOLVED_COLUMN` for a name that nothing matches.
    pub fn unresolved(&self, parts: &[String]) -> SparkError {
        let name = quote_parts(parts);
        let candidates: Vec<Vec<String>> = self
            .attributes
            .iter()
            .map(|attribute| attribute.qualifier.iter().chain([&attribute.name]).cloned().collect())
            .collect();
        if candidates.is_empty() {
            return SparkError::analysis("UNRESOLVED_COLUMN.WITHOUT_SUGGESTION").param("objectName", name);
        }
        let proposal: Vec<String> = order_by_similarity(parts, &candidates).into_iter().take(5).collect();
        SparkError::analysis("UNRESOLVED_COLUMN.WITH_SUGGESTION")
            .param("objectName", name)
            .param("proposal", proposal.join(", "))
    }
}

fn ends_with(names: NameMatch, qualifier: &[String], tail: &[String]) -> bool {
    let Some(offset) = qualifier.len().checked_sub(tail.len()) else { return false };
    !tail.is_empty() && qualifier.iter().skip(offset).zip(tail).all(|(a, b)| names.same(a, b))
}

/// Columns that a name may mean. A longer qualifier wins over a shorter one, any qualifier over none.
fn candidates(names: NameMatch, attributes: &[Attribute], parts: &[String], qualified_only: bool) -> Vec<Found> {
    for qualifier_length in [3, 2, 1, 0] {
        if qualifier_length == 0 && qualified_only {
            break;
        }
        let (Some(qualifier), Some(name)) = (parts.get(..qualifier_length), parts.get(qualifier_length)) else {
            continue;
        };
        let nested = parts.get(qualifier_length + 1..).unwrap_or(&[]);
        let found: Vec<Found> = attributes
            .iter()
            .filter(|attribute| {
                names.same(&attribute.name, name)
                    && if qualifier_length == 0 {
                        !attribute.qualified_only
                    } else {
                        ends_with(names, &attribute.qualifier, qualifier)
                    }
            })
            .map(|attribute| Found { attribute: attribute.clone(), nested: nested.to_vec() })
            .collect();
        if !found.is_empty() {
            return found;
        }
    }
    vec![]
}

fn distinct(candidates: &[Found]) -> usize {
    let mut ids: Vec<u64> = candidates.iter().map(|found| found.attribute.id).collect();
    ids.sort_unstable();
    ids.dedup();
    ids.len()
}

fn pick(parts: &[String], candidates: Vec<Found>) -> SparkResult<Option<Found>> {
    if distinct(&candidates) > 1 {
        let references: Vec<String> = candidates.iter().map(|found| found.attribute.qualified_sql()).collect();
        return Err(SparkError::analysis("AMBIGUOUS_REFERENCE")
            .param("name", quote_parts(parts))
            .param("referenceNames", format!("[{}]", references.join(", "))));
    }
    Ok(candidates.into_iter().next())
}

#[cfg(test)]
mod tests {
    use kindling_spec::DataType;

    use super::*;

    const NAMES: NameMatch = NameMatch { case_sensitive: false };

    fn attribute(id: u64, qualifier: &str, name: &str) -> Attribute {
        Attribute {
            id,
            name: name.into(),
            data_type: DataType::Integer,
            nullable: true,
            metadata: None,
            qualifier: vec![qualifier.into()],
            qualified_only: false,
            plan_ids: vec![],
        }
    }

    fn find(scope: &Scope, name: &str) -> SparkResult<Option<u64>> {
        let parts: Vec<String> = name.split('.').map(String::from).collect();
        Ok(scope.find(NAMES, &parts)?.map(|found| found.attribute.id))
    }

    #[test]
    fn a_qualifier_wins_over_a_column_of_the_same_name() {
        let scope = Scope::new(vec![attribute(1, "x", "t"), attribute(2, "t", "a")]);
        assert_eq!(find(&scope, "t.a").unwrap(), Some(2));
        assert_eq!(find(&scope, "T.b").unwrap(), Some(1));
    }

    #[test]
    fn two_columns_of_one_name_are_ambiguous() {
        let scope = Scope::new(vec![attribute(1, "x", "a"), attribute(2, "y", "a")]);
        let error = find(&scope, "a").unwrap_err();
        assert_eq!(error.condition, "AMBIGUOUS_REFERENCE");
        assert_eq!(error.parameters["referenceNames"], "[`x`.`a`, `y`.`a`]");
        assert_eq!(find(&scope, "y.a").unwrap(), Some(2));
    }

    #[test]
    fn hidden_columns_need_a_qualifier() {
        let scope = Scope {
            attributes: vec![attribute(1, "x", "a")],
            hidden: vec![attribute(2, "y", "b")],
            ..Scope::default()
        };
        assert_eq!(find(&scope, "b").unwrap(), None);
        assert_eq!(find(&scope, "y.b").unwrap(), Some(2));
    }
}
