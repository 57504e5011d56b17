//! Generators in select lists and `LATERAL VIEW`.

use std::{collections::HashMap, sync::Arc};

use datafusion::{
    common::DFSchema,
    logical_expr::{Expr as DfExpr, LogicalPlan},
};
use kindling_common::{SparkError, SparkResult};
use kindling_functions::{GeneratorCall, TypedExpr, error::from_datafusion};
use kindling_spec::{DataType, Expr, Relation, StructField, StructType};

use super::{
    Below, Resolved, Resolver,
    expression::{ExprContext, Generator, Value},
    plan,
    scope::Scope,
};
use crate::{
    Attribute,
    logical::{Generate, extension},
};

impl Resolver<'_> {
    /// Adds a generator over a plan; gives the generated columns.
    pub(super) fn generate(
        &mut self,
        plan: LogicalPlan,
        generator: &Generator,
        aliases: &[String],
        qualifier: &[String],
    ) -> SparkResult<(LogicalPlan, Vec<Attribute>)> {
        let GeneratorCall { outer, rows, output, .. } = &generator.call;
        if !aliases.is_empty() && aliases.len() != output.fields.len() {
            return Err(SparkError::analysis("UDTF_ALIAS_NUMBER_MISMATCH")
                .param("aliasesSize", output.fields.len().to_string())
                .param("aliasesNames", aliases.join(",")));
        }
        let attributes: Vec<Attribute> = output
            .fields
            .iter()
            .enumerate()
            .map(|(index, field)| {
                let mut column = self.new_column(field);
                if let Some(alias) = aliases.get(index) {
                    column.name.clone_from(alias);
                }
                column.nullable |= *outer;
                column.qualifier = qualifier.to_vec();
                column
            })
            .collect();
        let fields = attributes
            .iter()
            .map(|attribute| (None, Arc::new(plan::internal_field(attribute).with_nullable(true))))
            .collect();
        let generated = DFSchema::new_with_metadata(fields, HashMap::new()).map_err(from_datafusion)?;
        let node = Generate::try_new(plan, generator.text.clone(), rows.expr.clone(), *outer, &generated)
            .map_err(from_datafusion)?;
        Ok((extension(node), attributes))
    }

    /// Resolves a generator call outside a select list.
    fn generator(&mut self, scope: &Scope, expr: &Expr) -> SparkResult<Generator> {
        let mut context = ExprContext::new(scope, "LATERAL VIEW");
        context.generators = Some(vec![]);
        let value = self.expression(expr, &mut context)?;
        context.generators.and_then(|mut found| found.pop()).ok_or_else(|| {
            SparkError::analysis("UNSUPPORTED_GENERATOR.NOT_GENERATOR")
                .param("functionName", kindling_spec::quote_identifier(value.text.split('(').next().unwrap_or("")))
                .param("classCanonicalName", "?")
        })
    }

    pub(super) fn lateral_view(
        &mut self,
        input: &Relation,
        generator: &Expr,
        outer: bool,
        table_alias: Option<&str>,
        column_aliases: &[String],
    ) -> SparkResult<Resolved> {
        let input = self.relation(input)?;
        let mut generator = self.generator(&input.scope, generator)?;
        generator.call.outer |= outer;
        let qualifier: Vec<String> = table_alias.map(String::from).into_iter().collect();
        let (plan, generated) = self.generate(input.plan, &generator, column_aliases, &qualifier)?;
        let mut scope = input.scope;
        scope.attributes.extend(generated);
        Ok(Resolved { plan, scope, below: Below::Nothing })
    }

    /// A generator as a relation of its own: `FROM explode(…)`.
    pub(super) fn generator_relation(&mut self, call: &Expr) -> SparkResult<Resolved> {
        let generator = self.generator(&Scope::default(), call)?;
        let (plan, generated) = self.generate(plan::one_row(), &generator, &[], &[])?;
        Ok(Resolved::new(plan, generated))
    }

    /// Each row `times` times.
    pub(super) fn replicate(
        &mut self,
        plan: LogicalPlan,
        times: Value,
        columns: Vec<Attribute>,
    ) -> SparkResult<Resolved> {
        // Rows are generated from an array of that many equal structs.
        let mut fields = vec![];
        let mut arguments = vec![];
        for (index, column) in columns.iter().enumerate() {
            let name = format!("col{index}");
            fields.push(StructField::new(name.clone(), column.data_type.clone(), column.nullable));
            arguments.push(Value::new(TypedExpr::string(name.clone()), name));
            arguments.push(Value::of_attribute(column));
        }
        let row = self.scalar("named_struct", arguments)?;
        let count = Value::new(self.cast_typed(times.typed, &DataType::Integer)?, times.text);
        let rows = self.scalar("array_repeat", vec![row, count])?;
        let call =
            GeneratorCall { name: "replicaterows", outer: false, rows: rows.typed, output: StructType { fields } };
        let generator = Generator::of(call, "replicaterows(...)");
        let (plan, generated) = self.generate(plan, &generator, &[], &[])?;
        let items: Vec<(DfExpr, Attribute)> = generated
            .into_iter()
            .zip(columns)
            .map(|(generated, column)| (generated.column(), Attribute { id: self.state.next_id(), ..column }))
            .collect();
        let plan = plan::project_items(plan, &items)?;
        Ok(Resolved::new(plan, items.into_iter().map(|(_, attribute)| attribute).collect()))
    }
}
