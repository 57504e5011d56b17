//! `EXPLAIN` of commands: the node that Spark runs for one, with its arguments and the query below it.

use kindling_common::{SparkError, SparkResult, conf};
use kindling_physical::display;
use kindling_spec::{Command, ExplainMode, Insert, Origin, Plan, SaveMode, ViewScope};

use super::{CommandContext, insert::Matching};
use crate::{AnalyzedPlan, analyze, attribute::quote_parts, create_physical_plan, logical_text::tree_string, optimize};

/// A command as its plan shows it.
struct Shown {
    /// The node.
    node: &'static str,
    /// What follows its name.
    arguments: String,
    /// The lines below it, indented as they stand below the physical node.
    below: String,
    /// Its output, for the extended form.
    output: &'static str,
}

impl CommandContext<'_> {
    pub(super) fn explain_text(&self, plan: &Plan, mode: ExplainMode) -> SparkResult<String> {
        match plan {
            Plan::Relation(_) => self.runner.explain(self.state, plan, mode),
            Plan::Command(Command::Insert(insert)) if mode == ExplainMode::Simple => self.explain_insert(insert),
            Plan::Command(command) => self.explain_command(command, mode),
        }
    }

    fn explain_command(&self, command: &Command, mode: ExplainMode) -> SparkResult<String> {
        let shown = self.shown_command(command)?;
        let Some(Shown { node, arguments, below, output }) = shown else {
            return Err(SparkError::unsupported("EXPLAIN of this command"));
        };
        let line = format!("{node} {arguments}").trim_end().to_string();
        let physical = format!("== Physical Plan ==\nExecute {node}\n   +- {line}\n{below}");
        match mode {
            ExplainMode::Simple => Ok(format!("{physical}\n")),
            ExplainMode::Extended if below.is_empty() => Ok(format!(
                "== Parsed Logical Plan ==\n{line}\n\n== Analyzed Logical Plan ==\n{output}\n{line}\n\n\
                 == Optimized Logical Plan ==\n{line}\n\n{physical}"
            )),
            _ => Err(SparkError::unsupported("EXPLAIN of this command in this form")),
        }
    }

    fn shown_command(&self, command: &Command) -> SparkResult<Option<Shown>> {
        let catalog = &self.state.catalog;
        let plain = |node, arguments| Some(Shown { node, arguments, below: String::new(), output: "" });
        Ok(match command {
            Command::DescribeQuery { query } => {
                let text = match &query.origin {
                    Origin::Sql(sql) => sql.fragment().to_string(),
                    _ => String::new(),
                };
                analyze(self.state, query)?;
                plain("DescribeQueryCommand", text)
                    .map(|shown| Shown { output: "col_name: string, data_type: string, comment: string", ..shown })
            }
            Command::DescribeTable { table, extended, partition, column: Some(column), .. } if partition.is_empty() => {
                let table = catalog.table_by_name(table)?;
                let path = format!("{}.{}", table.identifier.unquoted(), column.join(".")).replace('.', ", ");
                let ids = [self.state.next_id(), self.state.next_id()];
                let arguments = format!(
                    "{}, [{path}], {extended}, [info_name#{}, info_value#{}]",
                    table.identifier.quoted(),
                    ids[0],
                    ids[1]
                );
                plain("DescribeColumnCommand", arguments)
                    .map(|shown| Shown { output: "info_name: string, info_value: string", ..shown })
            }
            Command::AnalyzeTable { table, partition, columns, all_columns, no_scan }
                if partition.is_empty() && columns.is_empty() && !all_columns =>
            {
                let table = catalog.table_by_name(table)?;
                plain("AnalyzeTableCommand", format!("{}, {no_scan}", table.identifier.quoted()))
            }
            Command::TruncateTable { name, partition } if partition.is_empty() => {
                plain("TruncateTableCommand", catalog.table_by_name(name)?.identifier.quoted())
            }
            Command::CreateTable(create) if !create.replace => {
                let name = catalog.qualify(&create.name)?.quoted();
                match &create.query {
                    None => plain("CreateDataSourceTableCommand", format!("{name}, {}", create.if_not_exists)),
                    Some(query) => {
                        let plan = analyze(self.state, query)?;
                        let mode = if create.if_not_exists { "Ignore" } else { "ErrorIfExists" };
                        Some(Shown {
                            node: "CreateDataSourceTableAsSelectCommand",
                            arguments: format!("{name}, {mode}, [{}]", names(&plan)),
                            below: logical_below(&plan),
                            output: "",
                        })
                    }
                }
            }
            Command::CreateView(view) => {
                let plan = analyze(self.state, &view.query)?;
                let name = match view.scope {
                    ViewScope::Persistent => catalog.qualify(&view.name)?.quoted(),
                    _ => quote_parts(&view.name),
                };
                let (scope, schema) = match view.scope {
                    ViewScope::LocalTemp => ("LocalTempView", "UNSUPPORTED"),
                    ViewScope::GlobalTemp => ("GlobalTempView", "UNSUPPORTED"),
                    ViewScope::Persistent => {
                        ("PersistedView", crate::resolver::default_schema_mode(&self.state.conf.read()))
                    }
                };
                let text = view.query_text.clone().unwrap_or_default();
                let arguments =
                    format!("{name}, {text}, {}, {}, {scope}, {schema}, true", view.if_not_exists, view.replace);
                Some(Shown { node: "CreateViewCommand", arguments, below: logical_below(&plan), output: "" })
            }
            _ => None,
        })
    }

    fn explain_insert(&self, insert: &Insert) -> SparkResult<String> {
        if insert.directory.is_some() || !insert.partition.is_empty() {
            return Err(SparkError::unsupported("EXPLAIN of this command"));
        }
        let table = self.table_of(&insert.table, "INSERT")?;
        let matching = if insert.by_name { Matching::ByName } else { Matching::ByPosition(&insert.columns) };
        let plan = self.plan_insert(&table, &insert.query, &matching, &[])?;
        let mode = if insert.overwrite { SaveMode::Overwrite } else { SaveMode::Append };
        let location = table.location.clone().unwrap_or_default();
        let format = kindling_datasource::FileFormat::find(table.provider.as_deref().unwrap_or_default())?;
        let index = if table.partition_columns.is_empty() { "InMemoryFileIndex" } else { "CatalogFileIndex" };
        let partitions = match table.partition_columns.as_slice() {
            [] => String::new(),
            columns => {
                let ids = columns.iter().map(|name| {
                    let found = plan.output.iter().find(|column| column.name == *name);
                    found.map_or_else(|| name.clone(), |column| column.internal_name())
                });
                format!("[{}], ", ids.collect::<Vec<_>>().join(", "))
            }
        };
        let prepared = create_physical_plan(self.state, &optimize(self.state, &plan)?)?;
        let max_fields = self.state.conf.read().integer(&conf::MAX_TO_STRING_FIELDS).max(1) as usize;
        let mut out = format!(
            "== Physical Plan ==\nExecute InsertIntoHadoopFsRelationCommand {location}, false, {partitions}{}, \
             [path={location}], {mode:?}, {}, org.apache.spark.sql.execution.datasources.{index}({location}), [{}]\n\
             +- WriteFiles\n",
            format.display_name(),
            table.identifier.quoted(),
            names(&plan)
        );
        for (i, line) in display::prepared_text(&prepared, max_fields).lines().enumerate() {
            out.push_str(&format!("   {}{line}\n", if i == 0 { "+- " } else { "   " }));
        }
        out.push('\n');
        Ok(out)
    }
}

fn names(plan: &AnalyzedPlan) -> String {
    plan.output.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// The analysed query of a command, below the command's own line.
fn logical_below(plan: &AnalyzedPlan) -> String {
    let mut out = String::new();
    for (i, line) in tree_string(&plan.plan).lines().enumerate() {
        out.push_str(&format!("         {}{line}\n", if i == 0 { "+- " } else { "   " }));
    }
    out
}
