//! `spark.read.json(df)`, `spark.read.csv(df)` and `spark.read.xml(df)`: a DataFrame of strings read as records.

use std::sync::Arc;

use arrow::array::AsArray;
use kindling_common::{SparkError, SparkResult};
use kindling_datasource::{FileFormat, RecordParser, SourceOptions, infer_records};
use kindling_spec::{Options, Relation, StructType};

use super::{Resolved, Resolver, plan};
use crate::{
    AnalyzedPlan, Attribute,
    logical::{ParseRecords, extension},
};

impl Resolver<'_> {
    pub(super) fn parse_records(
        &mut self,
        input: &Relation,
        format: &str,
        schema: Option<&StructType>,
        options: &Options,
    ) -> SparkResult<Resolved> {
        let input = self.relation(input)?;
        let [column] = input.attributes() else {
            return Err(SparkError::analysis("DATAFRAME_INPUT_NOT_SINGLE_COLUMN")
                .param("numColumns", input.attributes().len().to_string()));
        };
        let column = column.clone();
        if !column.data_type.is_string() {
            return Err(SparkError::analysis("DATAFRAME_INPUT_NOT_STRING_TYPE")
                .param("dataType", format!("\"{}\"", column.data_type.sql())));
        }
        let texts = plan::select_attributes(input.plan, std::slice::from_ref(&column))?;
        let format = FileFormat::find(format)?;
        if format == FileFormat::Xml {
            return self.xml_texts(texts, &column, schema, options);
        }
        let options = SourceOptions::new(options);
        let has_header = format == FileFormat::Csv && options.boolean("header", false)?;
        let mut header = None;
        let schema = match schema {
            Some(schema) if !has_header => schema.clone(),
            given => {
                let found = self.texts_of(&texts, &column)?;
                let lines = || found.iter().flat_map(|texts| texts.as_string::<i32>().iter().flatten());
                if has_header {
                    let filled = |line: &&str| line.bytes().any(|byte| byte > b' ');
                    header = lines().find(filled).map(str::to_string);
                }
                match given {
                    Some(schema) => schema.clone(),
                    None => infer_records(format, &options, &self.conf, lines())?,
                }
            }
        };
        let parser = RecordParser::new(format, &options, &self.conf, &schema)?;
        let attributes: Vec<Attribute> = parser.schema().fields.iter().map(|field| self.new_column(field)).collect();
        let schema = plan::internal_schema(&attributes)?;
        let node = ParseRecords { input: texts, parser: Arc::new(parser), header, schema };
        Ok(Resolved::new(extension(node), attributes))
    }

    /// The texts themselves: inferring a schema runs a job, as it does in Spark.
    pub(super) fn texts_of(
        &self,
        texts: &datafusion::logical_expr::LogicalPlan,
        column: &Attribute,
    ) -> SparkResult<Vec<arrow::array::ArrayRef>> {
        let analyzed_at = self.functions.query_start_micros;
        let analyzed = AnalyzedPlan { plan: texts.clone(), output: vec![column.clone()], analyzed_at };
        let batches = self.state.collect(&analyzed)?;
        Ok(batches.iter().filter_map(|batch| batch.columns().first().cloned()).collect())
    }
}
