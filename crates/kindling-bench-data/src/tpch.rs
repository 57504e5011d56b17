//! TPC-H tables as Parquet.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::Path,
    sync::Arc,
};

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
use tpchgen::generators::{
    CustomerGenerator, LineItemGenerator, NationGenerator, OrderGenerator, PartGenerator, PartSuppGenerator,
    RegionGenerator, SupplierGenerator,
};
use tpchgen_arrow::{
    CustomerArrow, LineItemArrow, NationArrow, OrderArrow, PartArrow, PartSuppArrow, RegionArrow, SupplierArrow,
};

use crate::Error;

/// Names of the tables.
pub const TPCH_TABLES: [&str; 8] =
    ["customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier"];

/// Writes one table as `<out>/<table>.parquet`.
pub fn write_tpch(table: &str, scale_factor: f64, out: &Path) -> Result<(), Error> {
    let file = BufWriter::new(File::create(out.join(format!("{table}.parquet")))?);
    let sf = scale_factor;
    match table {
        "customer" => write(CustomerArrow::new(CustomerGenerator::new(sf, 1, 1)), file),
        "lineitem" => write(LineItemArrow::new(LineItemGenerator::new(sf, 1, 1)), file),
        "nation" => write(NationArrow::new(NationGenerator::new(sf, 1, 1)), file),
        "orders" => write(OrderArrow::new(OrderGenerator::new(sf, 1, 1)), file),
        "part" => write(PartArrow::new(PartGenerator::new(sf, 1, 1)), file),
        "partsupp" => write(PartSuppArrow::new(PartSuppGenerator::new(sf, 1, 1)), file),
        "region" => write(RegionArrow::new(RegionGenerator::new(sf, 1, 1)), file),
        "supplier" => write(SupplierArrow::new(SupplierGenerator::new(sf, 1, 1)), file),
        other => Err(format!("no TPC-H table is named {other}").into()),
    }
}

fn write(batches: impl Iterator<Item = Result<RecordBatch, ArrowError>>, file: impl Write + Send) -> Result<(), Error> {
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
