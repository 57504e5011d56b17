//! `CREATE FUNCTION … RETURN` and `DROP FUNCTION`.

use kindling_common::{SparkError, SparkResult, conf};
use kindling_spec::{CreateFunction, DataType, FunctionBody, StructType, quote_identifier};

use super::{CommandContext, CommandOutput, describe_text::java_date};
use crate::{
    attribute::quote_parts,
    catalog::{BodyTraits, FunctionResult, SESSION_CATALOG, SqlFunction},
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
        let values = self.state.conf.read().clone();
        let mut function = SqlFunction {
            name,
            definition: definition.clone(),
            ansi: values.boolean(&conf::ANSI_ENABLED),
            time_zone: values.value(&conf::SESSION_TIME_ZONE).to_string(),
            created_at: self.state.clock.now_millis(),
            returns: FunctionResult::Scalar(DataType::Null),
            traits: BodyTraits::default(),
        };
        (function.returns, function.traits) = Resolver::new(self.state)?.check_function(&function)?;
        function.traits.reads_data |= definition.reads_sql_data;
        if definition.contains_sql && function.traits.reads_data {
            return Err(SparkError::analysis("INVALID_SQL_FUNCTION_DATA_ACCESS"));
        }
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
        if let [single] = name
            && kindling_functions::lookup(&single.to_lowercase()).is_some()
        {
            return Err(SparkError::analysis("FORBIDDEN_OPERATION")
                .param("statement", "DROP")
                .param("objectType", "FUNCTION")
                .param("objectName", quote_parts(name)));
        }
        let (dropped, shown) = if temporary {
            let dropped = name.last().is_some_and(|name| catalog.drop_temp_function(name));
            (dropped, name.to_vec())
        } else {
            let identifier = catalog.qualify(name)?;
            let shown = vec![identifier.database.clone(), identifier.table.clone()];
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

/// The lines of `DESCRIBE FUNCTION` (Spark's `SQLFunction.describe`).
pub(super) fn described(function: &SqlFunction, extended: bool) -> Vec<String> {
    let definition = &function.definition;
    let parameters: Vec<(String, String, String)> = definition
        .parameters
        .iter()
        .map(|parameter| {
            let default = parameter.default.as_ref().map(|(text, _)| format!("DEFAULT {text}"));
            let comment = parameter.comment.as_ref().map(|comment| format!("'{comment}'"));
            let notes: Vec<String> = default.into_iter().chain(comment).collect();
            (parameter.name.clone(), parameter.data_type.sql(), notes.join(" "))
        })
        .collect();
    let (kind, returns) = match &function.returns {
        FunctionResult::Scalar(data_type) => ("SCALAR", vec![data_type.sql()]),
        FunctionResult::Table(columns) => {
            let columns: Vec<(String, String, String)> = columns
                .fields
                .iter()
                .map(|field| {
                    let comment = super::describe::comment_of(field).map(|comment| format!("'{comment}'"));
                    (field.name.clone(), field.data_type.sql(), comment.unwrap_or_default())
                })
                .collect();
            ("TABLE", in_columns(&columns, extended))
        }
    };
    let input = if parameters.is_empty() { vec!["()".to_string()] } else { in_columns(&parameters, extended) };
    let mut sections: Vec<(&str, Vec<String>)> = vec![
        ("Function:", vec![function.name.join(".")]),
        ("Type:", vec![kind.to_string()]),
        ("Input:", input),
        ("Returns:", returns),
    ];
    if extended {
        let deterministic = definition.deterministic.unwrap_or(!function.traits.volatile);
        let access = if function.traits.reads_data { "READS SQL DATA" } else { "CONTAINS SQL" };
        let body = match &definition.body {
            FunctionBody::Expr(_, text) | FunctionBody::Query(_, text) | FunctionBody::Class(text) => text.clone(),
        };
        sections.extend(definition.comment.iter().map(|comment| ("Comment:", vec![comment.clone()])));
        sections.push(("Deterministic:", vec![deterministic.to_string()]));
        sections.push(("Data Access:", vec![access.to_string()]));
        let configs = vec![
            format!("spark.sql.ansi.enabled={}", function.ansi),
            format!("spark.sql.session.timeZone={}", function.time_zone),
        ];
        sections.push(("Configs:", configs));
        sections.push(("Create Time:", vec![java_date(function.created_at)]));
        sections.push(("Body:", vec![body]));
    }
    let width = sections.iter().map(|(title, _)| title.len()).max().unwrap_or(0);
    let lines = sections.into_iter().flat_map(|(title, values)| {
        values
            .into_iter()
            .enumerate()
            .map(move |(index, value)| format!("{:<width$} {value}", if index == 0 { title } else { "" }))
    });
    lines.collect()
}

/// Names, types and notes below one another; the notes only where all is told.
fn in_columns(rows: &[(String, String, String)], extended: bool) -> Vec<String> {
    let width =
        |pick: fn(&(String, String, String)) -> &String| rows.iter().map(|row| pick(row).len()).max().unwrap_or(0);
    let (names, types) = (width(|row| &row.0), width(|row| &row.1));
    let line = |(name, data_type, notes): &(String, String, String)| {
        if extended && !notes.is_empty() {
            format!("{name:<names$} {data_type:<types$} {notes}")
        } else {
            format!("{name:<names$} {data_type:<types$}")
        }
    };
    rows.iter().map(line).collect()
}
