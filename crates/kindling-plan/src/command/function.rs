//! `CREATE FUNCTION … RETURN` and `DROP FUNCTION`.

use kindling_common::{SparkError, SparkResult};
use kindling_spec::{CreateFunction, DataType, FunctionBody, StructType, quote_identifier};

use super::{CommandContext, CommandOutput};
use crate::{
    attribute::quote_parts,
    catalog::{FunctionResult, SESSION_CATALOG, SqlFunction},
    resolver::Resolver,
};

impl CommandContext<'_> {
    pub(super) fn create_function(&self, definition: &CreateFunction) -> SparkResult<CommandOutput> {
        if let FunctionBody::Class(class) = &definition.body {
            return Err(SparkError::unsupported(format!("CREATE FUNCTION of the Java class {class}")));
        }
        let catalog = &self.state.catalog;
        let name = if definition.temporary {
            match definition.name.as_slice() {
                [name] => vec![name.clone()],
                [_, name] if crate::variable::variable_name(&definition.name).is_some() => vec![name.clone()],
                parts => {
                    return Err(SparkError::analysis("INVALID_SQL_SYNTAX.CREATE_TEMP_FUNC_WITH_DATABASE")
                        .param("database", quote_parts(parts.split_last().map_or(&[][..], |(_, rest)| rest))));
                }
            }
        } else {
            let identifier = catalog.qualify(&definition.name)?;
            catalog.database(&identifier.database)?;
            vec![SESSION_CATALOG.to_string(), identifier.database, identifier.table]
        };
        check_signature(definition, &name)?;
        let existing = if definition.temporary {
            let name = name.last().map(|name| name.to_lowercase());
            catalog.temp_functions().into_iter().any(|known| known.name.last().map(|n| n.to_lowercase()) == name)
        } else {
            catalog.function(&name)?.is_some()
        };
        if existing && definition.if_not_exists {
            return Ok(CommandOutput::empty());
        }
        if existing && !definition.replace {
            return Err(SparkError::analysis("ROUTINE_ALREADY_EXISTS")
                .param("routineName", quote_parts(&name))
                .param("newRoutineType", "routine")
                .param("existingRoutineType", "routine"));
        }
        let ansi = self.state.conf.read().boolean(&kindling_common::conf::ANSI_ENABLED);
        let returns = FunctionResult::Scalar(DataType::Null);
        let mut function = SqlFunction { name, definition: definition.clone(), ansi, returns };
        function.returns = Resolver::new(self.state)?.check_function(&function)?;
        catalog.put_function(function)?;
        Ok(CommandOutput::empty())
    }

    pub(super) fn drop_function(
        &self,
        name: &[String],
        if_exists: bool,
        temporary: bool,
    ) -> SparkResult<CommandOutput> {
        let catalog = &self.state.catalog;
        let (dropped, shown) = if temporary {
            let dropped = name.last().is_some_and(|name| catalog.drop_temp_function(name));
            (dropped, name.to_vec())
        } else {
            let identifier = catalog.qualify(name)?;
            let shown = vec![SESSION_CATALOG.to_string(), identifier.database.clone(), identifier.table.clone()];
            (catalog.drop_function(&identifier)?, shown)
        };
        if !dropped && !if_exists {
            return Err(SparkError::analysis("ROUTINE_NOT_FOUND").param("routineName", quote_parts(&shown)));
        }
        Ok(CommandOutput::empty())
    }
}

/// What is wrong with parameters and results whatever the body is.
fn check_signature(definition: &CreateFunction, name: &[String]) -> SparkResult<()> {
    let routine = name.last().map(|name| quote_identifier(name)).unwrap_or_default();
    let names: Vec<&String> = definition.parameters.iter().map(|parameter| &parameter.name).collect();
    if let Some(twice) = duplicates(&names) {
        return Err(SparkError::analysis("DUPLICATE_ROUTINE_PARAMETER_NAMES")
            .param("routineName", routine)
            .param("names", twice));
    }
    if let Some(parameter) = definition.parameters.iter().find(|parameter| !parameter.nullable) {
        return Err(SparkError::analysis("USER_DEFINED_FUNCTIONS.NOT_NULL_ON_FUNCTION_PARAMETERS")
            .param("input", parameter.name.clone()));
    }
    for pair in definition.parameters.windows(2) {
        if let [first, second] = pair
            && first.default.is_some()
            && second.default.is_none()
        {
            return Err(SparkError::analysis("USER_DEFINED_FUNCTIONS.NOT_A_VALID_DEFAULT_PARAMETER_POSITION")
                .param("functionName", name.last().cloned().unwrap_or_default())
                .param("parameterName", first.name.clone())
                .param("nextParameterName", second.name.clone()));
        }
    }
    for parameter in &definition.parameters {
        if let Some((_, default)) = &parameter.default
            && format!("{:?}", default.kind).contains("Subquery(SubqueryExpr")
        {
            return Err(SparkError::analysis("USER_DEFINED_FUNCTIONS.NOT_A_VALID_DEFAULT_EXPRESSION")
                .param("functionName", name.last().cloned().unwrap_or_default())
                .param("parameterName", parameter.name.clone()));
        }
    }
    let types = definition.parameters.iter().map(|parameter| &parameter.data_type).chain(&definition.return_type);
    if types.clone().any(|data_type| matches!(data_type, DataType::Char(_) | DataType::Varchar(_))) {
        return Err(SparkError::analysis("UNSUPPORTED_CHAR_OR_VARCHAR_AS_STRING"));
    }
    let Some(StructType { fields }) = &definition.return_table else { return Ok(()) };
    if let Some(field) = fields.iter().find(|field| !field.nullable) {
        return Err(SparkError::analysis("USER_DEFINED_FUNCTIONS.NOT_NULL_ON_FUNCTION_PARAMETERS")
            .param("input", field.name.clone()));
    }
    if let Some(twice) = duplicates(&fields.iter().map(|field| &field.name).collect::<Vec<_>>()) {
        return Err(SparkError::analysis("DUPLICATE_ROUTINE_RETURNS_COLUMNS")
            .param("routineName", routine)
            .param("columns", twice));
    }
    Ok(())
}

/// Names that come twice, quoted.
fn duplicates(names: &[&String]) -> Option<String> {
    let mut twice: Vec<String> = vec![];
    for (index, name) in names.iter().enumerate() {
        let same = |other: &&String| other.to_lowercase() == name.to_lowercase();
        let shown = quote_identifier(&name.to_lowercase());
        if names.get(..index).is_some_and(|before| before.iter().any(same)) && !twice.contains(&shown) {
            twice.push(shown);
        }
    }
    if twice.is_empty() { None } else { Some(twice.join(", ")) }
}
