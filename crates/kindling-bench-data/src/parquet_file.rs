//! Record batches as a Parquet file.

use std::{fs::File, io::BufWriter, path::Path, sync::Arc};

use arrow::{
    array::{ArrayRef, RecordBatch},
    compute::cast,
    datatypes::{DataType, Field, Schema, SchemaRef},
    error::ArrowError,
};
use parquet::{
    arrow::{ArrowWriter, arrow_writer::ArrowWriterOptions},
    basic::Compression,
    file::properties::WriterProperties,
};

use crate::Error;

/// Writes batches as one Snappy-compressed file. An empty input leaves an empty file behind.
pub(crate) fn write(batches: impl Iterator<Item = Result<RecordBatch, ArrowError>>, path: &Path) -> Result<(), Error> {
    let file = BufWriter::new(File::create(path)?);
    let mut writer = None;
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_max_row_group_row_count(Some(1 << 17))
        .build();
    let mut file = Some(file);
    for batch in batches {
        let batch = plain(&batch?)?;
        if let Some(file) = file.take() {
            let options = ArrowWriterOptions::new().with_properties(properties.clone()).with_skip_arrow_metadata(true);
            writer = Some(ArrowWriter::try_new_with_options(file, batch.schema(), options)?);
        }
        if let Some(writer) = &mut writer {
            writer.write(&batch)?;
        }
    }
    if let Some(writer) = writer {
        writer.close()?;
    }
    Ok(())
}

/// Strings as plain UTF-8: every reader knows them.
fn plain(batch: &RecordBatch) -> Result<RecordBatch, Error> {
    let (mut fields, mut columns): (Vec<Field>, Vec<ArrayRef>) = (vec![], vec![]);
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        if *field.data_type() == DataType::Utf8View {
            fields.push(Field::clone(field).with_data_type(DataType::Utf8));
            columns.push(cast(column, &DataType::Utf8)?);
        } else {
            fields.push(Field::clone(field));
            columns.push(Arc::clone(column));
        }
    }
    let schema: SchemaRef = Arc::new(Schema::new(fields));
    Ok(RecordBatch::try_new(schema, columns)?)
}
