//! TPC-H tables as Parquet.

use std::path::Path;

use tpchgen::generators::{
    CustomerGenerator, LineItemGenerator, NationGenerator, OrderGenerator, PartGenerator, PartSuppGenerator,
    RegionGenerator, SupplierGenerator,
};
use tpchgen_arrow::{
    CustomerArrow, LineItemArrow, NationArrow, OrderArrow, PartArrow, PartSuppArrow, RegionArrow, SupplierArrow,
};

use crate::{Error, parquet_file::write};

/// Names of the tables.
pub const TPCH_TABLES: [&str; 8] =
    ["customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier"];

/// Writes one table as `<out>/<table>.parquet`.
pub fn write_tpch(table: &str, scale_factor: f64, out: &Path) -> Result<(), Error> {
    let file = out.join(format!("{table}.parquet"));
    let sf = scale_factor;
    match table {
        "customer" => write(CustomerArrow::new(CustomerGenerator::new(sf, 1, 1)), &file),
        "lineitem" => write(LineItemArrow::new(LineItemGenerator::new(sf, 1, 1)), &file),
        "nation" => write(NationArrow::new(NationGenerator::new(sf, 1, 1)), &file),
        "orders" => write(OrderArrow::new(OrderGenerator::new(sf, 1, 1)), &file),
        "part" => write(PartArrow::new(PartGenerator::new(sf, 1, 1)), &file),
        "partsupp" => write(PartSuppArrow::new(PartSuppGenerator::new(sf, 1, 1)), &file),
        "region" => write(RegionArrow::new(RegionGenerator::new(sf, 1, 1)), &file),
        "supplier" => write(SupplierArrow::new(SupplierGenerator::new(sf, 1, 1)), &file),
        other => Err(format!("no TPC-H table is named {other}").into()),
    }
}
