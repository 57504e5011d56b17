//! `AS alias [(columns)]`.

use kindling_common::{SparkError, SparkResult};
use kindling_spec::{Relation, RelationKind};

use super::{Below, Resolved, Resolver, plan, scope::Scope};
use crate::{
    Attribute,
    logical::{JoinHint, extension},
};

impl Resolver<'_> {
    pub(super) fn subquery_alias(
        &mut self,
        input: &Relation,
        alias: &str,
        columns: &[String],
    ) -> SparkResult<Resolved> {
        let hint = self.join_hint(&[alias.to_string()]);
        // A hint does not reach through the name of another relation.
        let hints = std::mem::take(&mut self.hints);
        let resolved = self.relation(input);
        self.hints = hints;
        let function = match &input.kind {
            RelationKind::TableValuedFunction { name, .. } => name.last().cloned(),
            _ => None,
        };
        let input = resolved?;
        if let Some(function) = function
            && !columns.is_empty()
            && columns.len() != input.attributes().len()
        {
            return Err(SparkError::analysis("NUM_TABLE_VALUE_ALIASES_MISMATCH")
                .param("funcName", kindling_spec::quote_identifier(&function.to_lowercase()))
                .param("aliasesNum", columns.len().to_string())
                .param("outColsNum", input.attributes().len().to_string()));
        }
        let input = if columns.is_empty() { input } else { self.rename_columns(input, columns)? };
        let mut resolved = qualified(input, vec![alias.to_string()]);
        if let Some(strategy) = hint {
            resolved.plan = extension(JoinHint::new(resolved.plan, strategy));
        }
        Ok(resolved)
    }

    /// Gives all columns new names.
    pub(super) fn rename_columns(&mut self, input: Resolved, columns: &[String]) -> SparkResult<Resolved> {
        let old = input.scope.attributes.clone();
        if old.len() != columns.len() {
            return Err(SparkError::analysis("ASSIGNMENT_ARITY_MISMATCH")
                // Spark names them the other way round here.
                .param("numTarget", old.len().to_string())
                .param("numExpr", columns.len().to_string()));
        }
        let items: Vec<_> = old
            .iter()
            .zip(columns)
            .map(|(attribute, name)| {
                let renamed = Attribute { id: self.state.next_id(), name: name.clone(), ..attribute.clone() };
                (attribute.column(), Attribute { plan_ids: vec![], ..renamed })
            })
            .collect();
        let plan = plan::project_items(input.plan, &items)?;
        Ok(Resolved::new(plan, items.into_iter().map(|(_, attribute)| attribute).collect()))
    }
}

/// Qualifies all columns; nothing below can be reached by name any more.
pub(super) fn qualified(input: Resolved, qualifier: Vec<String>) -> Resolved {
    let requalify =
        |attribute: Attribute| Attribute { qualifier: qualifier.clone(), qualified_only: false, ..attribute };
    Resolved {
        plan: input.plan,
        scope: Scope::new(input.scope.attributes.into_iter().map(requalify).collect()),
        below: Below::Nothing,
    }
}
