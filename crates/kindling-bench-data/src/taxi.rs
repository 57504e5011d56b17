//! Trips shaped like the yellow-taxi records of New York: rush hours, distances with a long tail, tips by card only,
//! the odd trip without coordinates.

use std::{
    io::{self, Write},
    sync::Arc,
};

use arrow::{
    array::{ArrayRef, Float64Array, Int32Array, RecordBatch, StringArray, TimestampMicrosecondArray},
    datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit},
};
use parquet::{
    arrow::{ArrowWriter, arrow_writer::ArrowWriterOptions},
    basic::Compression,
    file::properties::WriterProperties,
};

use crate::Error;

const NAMES: [&str; 18] = [
    "VendorID",
    "tpep_pickup_datetime",
    "tpep_dropoff_datetime",
    "passenger_count",
    "trip_distance",
    "pickup_longitude",
    "pickup_latitude",
    "RatecodeID",
    "store_and_fwd_flag",
    "dropoff_longitude",
    "dropoff_latitude",
    "payment_type",
    "fare_amount",
    "extra",
    "mta_tax",
    "tip_amount",
    "tolls_amount",
    "total_amount",
];

/// Trips by hour of the day, in thousandths.
const HOURS: [u64; 24] =
    [30, 21, 16, 11, 9, 10, 22, 38, 46, 47, 45, 47, 50, 49, 51, 50, 44, 53, 63, 65, 61, 59, 60, 53];

/// One trip.
#[derive(Debug, Clone, PartialEq)]
pub struct Trip {
    /// 1 or 2.
    pub vendor_id: i32,
    /// Seconds since the epoch, local time.
    pub pickup: i64,
    /// Seconds since the epoch, local time.
    pub dropoff: i64,
    /// 0 to 6.
    pub passenger_count: i32,
    /// Hundredths of a mile.
    pub trip_distance: i64,
    /// Degrees; 0 where it is not known.
    pub pickup_longitude: f64,
    /// Degrees; 0 where it is not known.
    pub pickup_latitude: f64,
    /// 1 standard, 2 JFK, 5 negotiated.
    pub ratecode_id: i32,
    /// `Y` or `N`.
    pub store_and_fwd_flag: &'static str,
    /// Degrees; 0 where it is not known.
    pub dropoff_longitude: f64,
    /// Degrees; 0 where it is not known.
    pub dropoff_latitude: f64,
    /// 1 card, 2 cash, 3 no charge, 4 dispute.
    pub payment_type: i32,
    /// Cents.
    pub fare_amount: i64,
    /// Cents.
    pub extra: i64,
    /// Cents.
    pub mta_tax: i64,
    /// Cents.
    pub tip_amount: i64,
    /// Cents.
    pub tolls_amount: i64,
    /// Cents.
    pub total_amount: i64,
}

/// SplitMix64, seeded by the row.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    /// From 0 to 1, without 1.
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

impl Trip {
    /// The trip of a row.
    pub fn of_row(row: u64) -> Trip {
        let mut random = Random(row.wrapping_mul(0xd134_2543_de82_ef95) ^ 0x7461_7869);
        // 2015, whose January is what the public samples hold; 31 days keep the file's first rows varied.
        let day = 16_436 + random.below(31) as i64;
        let mut pick = random.below(1000);
        let mut hour = 0;
        while hour < 23 && pick >= HOURS[hour] {
            pick -= HOURS[hour];
            hour += 1;
        }
        let pickup = day * 86_400 + hour as i64 * 3600 + random.below(3600) as i64;
        let skew = random.unit();
        let airport = random.below(100) < 3;
        // Most trips are short; a power of the draw gives the tail.
        let miles =
            if airport { 15.0 + 5.0 * skew } else { 0.4 + 1.9 * skew + 12.0 * skew * skew * skew * skew * skew };
        let trip_distance = (miles * 100.0) as i64;
        let busy = matches!(hour, 8..=9 | 16..=19);
        let speed = if busy { 8.0 } else { 12.0 } + 10.0 * random.unit();
        let dropoff = pickup + 60 + (miles / speed * 3600.0) as i64;
        let known = random.below(100) >= 2;
        // Coordinates in the files are single-precision numbers, hence their digits.
        let mut place = |center: f64, spread: f64| {
            let value = center + spread * (random.unit() + random.unit() + random.unit() - 1.5);
            if known { f64::from(value as f32) } else { 0.0 }
        };
        let (pickup_longitude, pickup_latitude) = (place(-73.9748, 0.03), place(40.7505, 0.03));
        let (dropoff_longitude, dropoff_latitude) = (place(-73.9742, 0.035), place(40.7513, 0.035));
        let payment_type = match random.below(1000) {
            0..=619 => 1,
            620..=993 => 2,
            994..=997 => 3,
            _ => 4,
        };
        let ratecode_id = if airport {
            2
        } else if random.below(300) == 0 {
            5
        } else {
            1
        };
        let minutes = (dropoff - pickup) / 60;
        let fare_amount = if airport { 5200 } else { (250 + trip_distance * 2 + minutes * 25 + 25) / 50 * 50 };
        let extra = if (16..20).contains(&hour) {
            100
        } else if !(6..20).contains(&hour) {
            50
        } else {
            0
        };
        let mta_tax = 50;
        let tolls_amount = if airport && random.below(2) == 0 { 533 } else { 0 };
        // Cash tips are not recorded.
        let tip_amount = if payment_type == 1 { fare_amount * (10 + random.below(18) as i64) / 100 } else { 0 };
        Trip {
            vendor_id: 1 + random.below(2) as i32,
            pickup,
            dropoff,
            passenger_count: [1, 1, 1, 1, 1, 1, 1, 2, 2, 3, 5, 6, 1, 1, 4, 0][random.below(16) as usize],
            trip_distance,
            pickup_longitude,
            pickup_latitude,
            ratecode_id,
            store_and_fwd_flag: if random.below(120) == 0 { "Y" } else { "N" },
            dropoff_longitude,
            dropoff_latitude,
            payment_type,
            fare_amount,
            extra,
            mta_tax,
            tip_amount,
            tolls_amount,
            total_amount: fare_amount + extra + mta_tax + tip_amount + tolls_amount,
        }
    }
}

/// The columns, as Parquet holds them.
pub fn taxi_schema() -> SchemaRef {
    let field = |(i, name): (usize, &&str)| {
        let data_type = match i {
            1 | 2 => DataType::Timestamp(TimeUnit::Microsecond, Some(Arc::from("UTC"))),
            0 | 3 | 7 | 11 => DataType::Int32,
            8 => DataType::Utf8,
            _ => DataType::Float64,
        };
        Field::new(*name, data_type, true)
    };
    Arc::new(Schema::new(NAMES.iter().enumerate().map(field).collect::<Vec<_>>()))
}

/// Rows `start..start + count`.
pub fn taxi_batch(start: u64, count: usize) -> Result<RecordBatch, Error> {
    let trips: Vec<Trip> = (start..start + count as u64).map(Trip::of_row).collect();
    let int = |get: fn(&Trip) -> i32| Arc::new(Int32Array::from_iter_values(trips.iter().map(get))) as ArrayRef;
    let double = |get: fn(&Trip) -> f64| Arc::new(Float64Array::from_iter_values(trips.iter().map(get))) as ArrayRef;
    let cents = |get: fn(&Trip) -> i64| {
        Arc::new(Float64Array::from_iter_values(trips.iter().map(|trip| get(trip) as f64 / 100.0))) as ArrayRef
    };
    let time = |get: fn(&Trip) -> i64| {
        let micros = trips.iter().map(|trip| get(trip) * 1_000_000);
        Arc::new(TimestampMicrosecondArray::from_iter_values(micros).with_timezone("UTC")) as ArrayRef
    };
    let columns = vec![
        int(|trip| trip.vendor_id),
        time(|trip| trip.pickup),
        time(|trip| trip.dropoff),
        int(|trip| trip.passenger_count),
        cents(|trip| trip.trip_distance),
        double(|trip| trip.pickup_longitude),
        double(|trip| trip.pickup_latitude),
        int(|trip| trip.ratecode_id),
        Arc::new(StringArray::from_iter_values(trips.iter().map(|trip| trip.store_and_fwd_flag))),
        double(|trip| trip.dropoff_longitude),
        double(|trip| trip.dropoff_latitude),
        int(|trip| trip.payment_type),
        cents(|trip| trip.fare_amount),
        cents(|trip| trip.extra),
        cents(|trip| trip.mta_tax),
        cents(|trip| trip.tip_amount),
        cents(|trip| trip.tolls_amount),
        cents(|trip| trip.total_amount),
    ];
    Ok(RecordBatch::try_new(taxi_schema(), columns)?)
}

/// Writes `rows` trips as Parquet (snappy, row groups of a quarter of a million rows).
pub fn write_taxi_parquet(rows: u64, out: impl Write + Send) -> Result<(), Error> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_max_row_group_row_count(Some(1 << 18))
        .build();
    let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
    let mut writer = ArrowWriter::try_new_with_options(out, taxi_schema(), options)?;
    let mut start = 0;
    while start < rows {
        let count = (rows - start).min(8192);
        writer.write(&taxi_batch(start, count as usize)?)?;
        start += count;
    }
    writer.close()?;
    Ok(())
}

/// Writes `rows` trips as CSV with a header.
pub fn write_taxi_csv(rows: u64, mut out: impl Write) -> io::Result<()> {
    let mut line = Vec::with_capacity(256);
    line.extend_from_slice(NAMES.join(",").as_bytes());
    line.push(b'\n');
    out.write_all(&line)?;
    for row in 0..rows {
        line.clear();
        push_trip(&Trip::of_row(row), &mut line);
        out.write_all(&line)?;
    }
    out.flush()
}

fn push_trip(trip: &Trip, out: &mut Vec<u8>) {
    fn int(out: &mut Vec<u8>, value: i32) {
        out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
        out.push(b',');
    }
    fn double(out: &mut Vec<u8>, value: f64) {
        out.extend_from_slice(ryu::Buffer::new().format(value).as_bytes());
        out.push(b',');
    }
    fn cents(out: &mut Vec<u8>, value: i64) {
        double(out, value as f64 / 100.0);
    }
    int(out, trip.vendor_id);
    push_time(trip.pickup, out);
    push_time(trip.dropoff, out);
    int(out, trip.passenger_count);
    cents(out, trip.trip_distance);
    double(out, trip.pickup_longitude);
    double(out, trip.pickup_latitude);
    int(out, trip.ratecode_id);
    out.extend_from_slice(trip.store_and_fwd_flag.as_bytes());
    out.push(b',');
    double(out, trip.dropoff_longitude);
    double(out, trip.dropoff_latitude);
    int(out, trip.payment_type);
    cents(out, trip.fare_amount);
    cents(out, trip.extra);
    cents(out, trip.mta_tax);
    cents(out, trip.tip_amount);
    cents(out, trip.tolls_amount);
    cents(out, trip.total_amount);
    out.pop();
    out.push(b'\n');
}

/// `2015-01-15 19:05:39,`; all days lie in the first months of 2015.
fn push_time(seconds: i64, out: &mut Vec<u8>) {
    let day = seconds / 86_400 - 16_436;
    let (month, day) = if day < 31 { (1, day + 1) } else { (2, day - 30) };
    let time = seconds % 86_400;
    let text = format!("2015-{month:02}-{day:02} {:02}:{:02}:{:02},", time / 3600, time / 60 % 60, time % 60);
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn csv(rows: u64) -> String {
        let mut out = vec![];
        write_taxi_csv(rows, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_smaller_file_is_the_start_of_a_larger_one() {
        let (small, large) = (csv(10), csv(100));
        assert!(large.starts_with(&small));
        assert_eq!(large.lines().count(), 101);
        assert!(large.lines().all(|line| line.split(',').count() == 18));
    }

    #[test]
    fn the_first_trip_never_changes() {
        assert_eq!(csv(1).lines().nth(1).unwrap(), FIRST);
    }

    const FIRST: &str = "2,2015-01-29 15:14:47,2015-01-29 15:23:02,0,2.16,-73.95271301269531,40.73017120361328,1,N,\
                         -73.9830093383789,40.73259353637695,2,9.0,0.0,0.5,0.0,0.0,9.5";

    #[test]
    fn trips_make_sense() {
        for row in 0..10_000 {
            let trip = Trip::of_row(row);
            assert!(trip.dropoff > trip.pickup && trip.trip_distance > 0 && trip.total_amount > trip.fare_amount);
            assert!(trip.payment_type == 1 || trip.tip_amount == 0);
        }
        assert_eq!(HOURS.iter().sum::<u64>(), 1000);
    }

    #[test]
    fn parquet_holds_the_same_rows() {
        let mut out = vec![];
        write_taxi_parquet(20_000, &mut out).unwrap();
        assert!(out.starts_with(b"PAR1") && out.ends_with(b"PAR1"));
        assert_eq!(taxi_batch(5, 3).unwrap().num_rows(), 3);
    }
}
