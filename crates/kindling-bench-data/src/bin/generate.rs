//! `generate taxi`, `generate tpch` and `generate tpcds`: see the crate's README.

use std::{fs::File, io::BufWriter, path::PathBuf};

use clap::{Parser, ValueEnum};
use kindling_bench_data::{
    Error, TPCDS_TABLES, TPCH_TABLES, write_taxi_csv, write_taxi_parquet, write_tpcds, write_tpch,
};

#[derive(Parser)]
#[command(about = "Deterministic data for benchmarks, tests and notebooks")]
enum Command {
    /// Taxi trips.
    Taxi {
        /// Number of trips.
        #[arg(long)]
        rows: u64,
        /// File format.
        #[arg(long, value_enum, default_value = "csv")]
        format: Format,
        /// File to write.
        #[arg(long)]
        out: PathBuf,
    },
    /// TPC-H tables, a Parquet file each.
    Tpch {
        /// Scale factor.
        #[arg(long)]
        sf: f64,
        /// Folder to write to.
        #[arg(long)]
        out: PathBuf,
    },
    /// TPC-DS tables, a Parquet file each.
    Tpcds {
        /// Scale factor.
        #[arg(long)]
        sf: f64,
        /// Folder to write to.
        #[arg(long)]
        out: PathBuf,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Csv,
    Parquet,
}

fn main() -> Result<(), Error> {
    match Command::parse() {
        Command::Taxi { rows, format, out } => {
            if let Some(folder) = out.parent() {
                std::fs::create_dir_all(folder)?;
            }
            let file = BufWriter::with_capacity(1 << 20, File::create(&out)?);
            match format {
                Format::Csv => write_taxi_csv(rows, file)?,
                Format::Parquet => write_taxi_parquet(rows, file)?,
            }
            println!("{}: {rows} trips", out.display());
        }
        Command::Tpch { sf, out } => {
            std::fs::create_dir_all(&out)?;
            for table in TPCH_TABLES {
                write_tpch(table, sf, &out)?;
                println!("{}", out.join(format!("{table}.parquet")).display());
            }
        }
        Command::Tpcds { sf, out } => {
            std::fs::create_dir_all(&out)?;
            for table in TPCDS_TABLES {
                write_tpcds(table, sf, &out)?;
                println!("{}", out.join(format!("{table}.parquet")).display());
            }
        }
    }
    Ok(())
}
