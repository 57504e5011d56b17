//! TPC-DS tables as Parquet.

use std::path::Path;

use tpcdsgen::config::SessionBuilder;
use tpcdsgen_arrow::{
    CallCenterArrow, CatalogPageArrow, CatalogReturnsArrow, CatalogSalesArrow, CustomerAddressArrow, CustomerArrow,
    CustomerDemographicsArrow, DateDimArrow, HouseholdDemographicsArrow, IncomeBandArrow, InventoryArrow, ItemArrow,
    PromotionArrow, ReasonArrow, ShipModeArrow, StoreArrow, StoreReturnsArrow, StoreSalesArrow, TimeDimArrow,
    WarehouseArrow, WebPageArrow, WebReturnsArrow, WebSalesArrow, WebSiteArrow,
};

use crate::{Error, parquet_file::write};

/// Names of the tables.
pub const TPCDS_TABLES: [&str; 24] = [
    "call_center",
    "catalog_page",
    "catalog_returns",
    "catalog_sales",
    "customer",
    "customer_address",
    "customer_demographics",
    "date_dim",
    "household_demographics",
    "income_band",
    "inventory",
    "item",
    "promotion",
    "reason",
    "ship_mode",
    "store",
    "store_returns",
    "store_sales",
    "time_dim",
    "warehouse",
    "web_page",
    "web_returns",
    "web_sales",
    "web_site",
];

/// Writes one table as `<out>/<table>.parquet`.
pub fn write_tpcds(table: &str, scale_factor: f64, out: &Path) -> Result<(), Error> {
    let session = SessionBuilder::new().with_scale_factor(scale_factor).build()?;
    let file = out.join(format!("{table}.parquet"));
    match table {
        "call_center" => write(CallCenterArrow::new(session), &file),
        "catalog_page" => write(CatalogPageArrow::new(session), &file),
        "catalog_returns" => write(CatalogReturnsArrow::new(session), &file),
        "catalog_sales" => write(CatalogSalesArrow::new(session), &file),
        "customer" => write(CustomerArrow::new(session), &file),
        "customer_address" => write(CustomerAddressArrow::new(session), &file),
        "customer_demographics" => write(CustomerDemographicsArrow::new(session), &file),
        "date_dim" => write(DateDimArrow::new(session), &file),
        "household_demographics" => write(HouseholdDemographicsArrow::new(session), &file),
        "income_band" => write(IncomeBandArrow::new(session), &file),
        "inventory" => write(InventoryArrow::new(session), &file),
        "item" => write(ItemArrow::new(session), &file),
        "promotion" => write(PromotionArrow::new(session), &file),
        "reason" => write(ReasonArrow::new(session), &file),
        "ship_mode" => write(ShipModeArrow::new(session), &file),
        "store" => write(StoreArrow::new(session), &file),
        "store_returns" => write(StoreReturnsArrow::new(session), &file),
        "store_sales" => write(StoreSalesArrow::new(session), &file),
        "time_dim" => write(TimeDimArrow::new(session), &file),
        "warehouse" => write(WarehouseArrow::new(session), &file),
        "web_page" => write(WebPageArrow::new(session), &file),
        "web_returns" => write(WebReturnsArrow::new(session), &file),
        "web_sales" => write(WebSalesArrow::new(session), &file),
        "web_site" => write(WebSiteArrow::new(session), &file),
        other => Err(format!("no TPC-DS table is named {other}").into()),
    }
}
