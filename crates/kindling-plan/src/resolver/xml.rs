//! The `xml` data source: files give the texts of records, which are read as rows here, and rows are written as elements.

use kindling_common::{SparkError, SparkResult};
use kindling_datasource::{FileFormat, TableFiles, XML_DOCUMENT, XML_RECORD};
use kindling_functions::{TypedExpr, get_field, xml_elements, xml_records, xml_schema};
use kindling_spec::{Options, Origin, StructField, StructType};

use super::{
    Resolved, Resolver,
    expression::{Text, Value},
    plan,
};
use crate::{AnalyzedPlan, Attribute};

/// What errors call the rows.
const TEXT: &str = "xml";

impl Resolver<'_> {
    /// `spark.read.xml(paths)`
    pub(super) fn xml_files(
        &mut self,
        paths: Vec<String>,
        schema: Option<StructType>,
        options: &Options,
        table: Option<TableFiles>,
    ) -> SparkResult<Resolved> {
        let texts = self.scan(FileFormat::Xml, paths, None, options, table)?;
        let find = |name: &str| texts.attributes().iter().find(|attribute| attribute.name == name).cloned();
        let (Some(record), Some(document)) = (find(XML_RECORD), find(XML_DOCUMENT)) else {
            return Err(SparkError::internal("a scan of XML without its texts"));
        };
        let partitions: Vec<Attribute> =
            texts.attributes().iter().filter(|a| a.id != record.id && a.id != document.id).cloned().collect();
        let mut schema = match schema {
            Some(schema) => schema,
            None => self.xml_inferred(&texts.plan, &record, options)?,
        };
        schema.fields.retain(|field| !partitions.iter().any(|p| self.names.same(&p.name, &field.name)));
        self.xml_rows(texts.plan, &record, Some(&document), &schema, options, &partitions)
    }

    /// `spark.read.xml(df)`: each text is a record.
    pub(super) fn xml_texts(
        &mut self,
        texts: datafusion::logical_expr::LogicalPlan,
        column: &Attribute,
        schema: Option<&StructType>,
        options: &Options,
    ) -> SparkResult<Resolved> {
        let schema = match schema {
            Some(schema) => schema.clone(),
            None => self.xml_inferred(&texts, column, options)?,
        };
        self.xml_rows(texts, column, None, &schema, options, &[])
    }

    fn xml_inferred(
        &mut self,
        texts: &datafusion::logical_expr::LogicalPlan,
        column: &Attribute,
        options: &Options,
    ) -> SparkResult<StructType> {
        use arrow::array::AsArray;
        let records = plan::select_attributes(texts.clone(), std::slice::from_ref(column))?;
        let found = self.texts_of(&records, column)?;
        let options = self.xml_options(options);
        self.with_call_context(&Origin::None, &text(), |call| {
            xml_schema(call, &options, found.iter().flat_map(|texts| texts.as_string::<i32>().iter().flatten()))
        })
    }

    /// The rows of records: the columns of a schema, and then those of partitions.
    fn xml_rows(
        &mut self,
        texts: datafusion::logical_expr::LogicalPlan,
        record: &Attribute,
        document: Option<&Attribute>,
        schema: &StructType,
        options: &Options,
        partitions: &[Attribute],
    ) -> SparkResult<Resolved> {
        let fields = schema.fields.iter().map(|field| StructField { nullable: true, ..field.clone() });
        let schema = StructType { fields: fields.collect() };
        let options = self.xml_options(options);
        let corrupt = options.get("columnNameOfCorruptRecord").map_or("_corrupt_record", String::as_str);
        // The whole file is read into rows only where they keep it.
        let document = document.filter(|_| schema.fields.iter().any(|field| field.name == corrupt));
        let rows = self.with_call_context(&Origin::None, &text(), |call| {
            xml_records(call, &options, record.typed(), document.map(Attribute::typed), &schema)
        })?;
        let row = self.attribute("row", &rows);
        let mut items = vec![(rows.expr, row.clone())];
        items.extend(partitions.iter().map(|a| (a.column(), a.clone())));
        let parsed = plan::project_items(texts, &items)?;
        let kept = self.scalar("isnotnull", vec![Value::of_attribute(&row)])?;
        let parsed = plan::filter(parsed, kept.typed.expr)?;
        let mut items = vec![];
        for (index, field) in schema.fields.iter().enumerate() {
            let value = self.with_call_context(&Origin::None, &text(), |call| get_field(call, row.typed(), index))?;
            let attribute = Attribute { metadata: field.metadata.clone(), ..self.new_column(field) };
            items.push((value.expr, attribute));
        }
        items.extend(partitions.iter().map(|a| (a.column(), a.clone())));
        let projected = plan::project_items(parsed, &items)?;
        Ok(Resolved::new(projected, items.into_iter().map(|(_, attribute)| attribute).collect()))
    }

    /// Rows as elements: one column for them, and then the columns at the end of the plan that are no part of them.
    pub fn xml_output(
        self,
        plan: &AnalyzedPlan,
        options: &Options,
        apart: &[String],
        bucketed: bool,
    ) -> SparkResult<AnalyzedPlan> {
        let is_apart = |index: usize, attribute: &Attribute| {
            apart.iter().any(|name| self.names.same(name, &attribute.name))
                || bucketed && index + 1 == plan.output.len()
        };
        let (mut fields, mut items) = (vec![], vec![]);
        for (index, attribute) in plan.output.iter().enumerate() {
            if is_apart(index, attribute) {
                items.push((attribute.column(), attribute.clone()));
            } else {
                if !options
                    .iter()
                    .any(|(key, value)| key.eq_ignore_ascii_case("validateName") && value.eq_ignore_ascii_case("false"))
                {
                    check_name(&attribute.name)?;
                }
                fields.push(Value::new(TypedExpr::string(attribute.name.clone()), attribute.name.clone()));
                fields.push(Value::of_attribute(attribute));
            }
        }
        let row = self.scalar("named_struct", fields)?;
        let options = self.xml_options(options);
        let indented = options.iter().all(|(key, value)| !key.eq_ignore_ascii_case("indent") || !value.is_empty());
        let element = self.with_call_context(&Origin::None, &text(), |call| {
            xml_elements(call, &options, row.typed, usize::from(indented))
        })?;
        let attribute = self.attribute(XML_RECORD, &element);
        items.insert(0, (element.expr, attribute));
        let projected = plan::project_items(plan.plan.clone(), &items)?;
        let output = items.into_iter().map(|(_, attribute)| attribute).collect();
        Ok(AnalyzedPlan { plan: projected, output, analyzed_at: plan.analyzed_at })
    }

    /// The options with what the session says.
    fn xml_options(&self, options: &Options) -> Options {
        let mut options = options.clone();
        if !options.keys().any(|key| key.eq_ignore_ascii_case("columnNameOfCorruptRecord")) {
            let name = self.conf.value(&kindling_common::conf::COLUMN_NAME_OF_CORRUPT_RECORD).to_string();
            options.insert("columnNameOfCorruptRecord".into(), name);
        }
        options
    }
}

fn text() -> Text {
    Text { call: TEXT.into(), arguments: vec![] }
}

/// The names of elements, as the writer of XML that Spark uses checks them.
fn check_name(name: &str) -> SparkResult<()> {
    let bad = |(index, c): &(usize, char)| {
        let starts = c.is_alphabetic() || matches!(c, '_' | ':');
        !(starts || *index > 0 && (c.is_numeric() || matches!(c, '-' | '.' | '·')))
    };
    match name.chars().enumerate().find(bad) {
        None => Ok(()),
        Some((_, c)) => Err(SparkError {
            message_override: Some(format!(
                "Task failed while writing rows. Illegal name character '{c}' (code {})",
                c as u32
            )),
            ..SparkError::new(kindling_common::ExceptionClass::Spark, "TASK_WRITE_FAILED")
        }),
    }
}
