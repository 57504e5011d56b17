//! What a function may know when it is built.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
};

use kindling_spec::Origin;

use crate::SessionTimeZone;

/// The SQL text of a call, asked for only when an error needs it.
pub trait CallText {
    /// The whole call as Spark prints it, e.g. `(a + b)`.
    fn call(&self) -> String;
    /// One argument, zero-based.
    fn argument(&self, index: usize) -> String;
}

/// No text: errors then show `?`.
#[derive(Debug, Clone, Copy)]
pub struct NoText;

impl CallText for NoText {
    fn call(&self) -> String {
        "?".into()
    }
    fn argument(&self, _index: usize) -> String {
        "?".into()
    }
}

/// The session as functions see it: one snapshot a query.
#[derive(Debug)]
pub struct FunctionConf {
    /// `spark.sql.ansi.enabled`
    pub ansi: bool,
    /// `spark.sql.session.timeZone`
    pub time_zone: SessionTimeZone,
    /// `spark.sql.caseSensitive`
    pub case_sensitive: bool,
    /// `spark.sql.mapKeyDedupPolicy` is `LAST_WIN`
    pub map_key_last_win: bool,
    /// `spark.sql.timestampType` is `TIMESTAMP_NTZ`
    pub timestamp_ntz_default: bool,
    /// `spark.sql.decimalOperations.allowPrecisionLoss`
    pub allow_precision_loss: bool,
    /// Microseconds since the epoch when the query started (`current_timestamp`).
    pub query_start_micros: i64,
    /// `current_catalog()`
    pub current_catalog: String,
    /// `current_database()`
    pub current_database: String,
    /// `current_user()`
    pub current_user: String,
    /// Source of seeds for `rand()` and the like without one; any 64-bit number.
    pub random_seed: u64,
    /// Added to every seed: the rounds of a recursive CTE draw other numbers (`ExpressionWithRandomSeed.withShiftedSeed`).
    pub seed_shift: i64,
    /// Source of ids unique in the session; share one counter over all queries of a session.
    pub next_id: AtomicU64,
}

impl Default for FunctionConf {
    fn default() -> Self {
        FunctionConf {
            ansi: true,
            time_zone: SessionTimeZone::utc(),
            case_sensitive: false,
            map_key_last_win: false,
            timestamp_ntz_default: false,
            allow_precision_loss: true,
            query_start_micros: 0,
            current_catalog: "spark_catalog".into(),
            current_database: "default".into(),
            current_user: "spark".into(),
            random_seed: 0,
            seed_shift: 0,
            next_id: AtomicU64::new(0),
        }
    }
}

/// The context of one call.
#[derive(Clone)]
pub struct CallContext<'a> {
    /// Whether overflow, bad casts and division by zero are errors in this call.
    pub ansi: bool,
    /// The session.
    pub conf: &'a FunctionConf,
    /// Where the call stands in the user's code.
    pub origin: Origin,
    /// Its SQL text.
    pub text: &'a dyn CallText,
}

impl fmt::Debug for CallContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallContext").field("ansi", &self.ansi).field("origin", &self.origin).finish_non_exhaustive()
    }
}

impl<'a> CallContext<'a> {
    /// A context with the session's ANSI mode.
    pub fn new(conf: &'a FunctionConf, origin: Origin, text: &'a dyn CallText) -> Self {
        CallContext { ansi: conf.ansi, conf, origin, text }
    }

    /// The same context with another ANSI mode (`try_…` functions, casts with a mode).
    pub fn with_ansi(&self, ansi: bool) -> Self {
        CallContext { ansi, ..self.clone() }
    }

    /// The session's time zone.
    pub fn time_zone(&self) -> &SessionTimeZone {
        &self.conf.time_zone
    }

    /// An id that no other call of the session has.
    pub fn fresh_id(&self) -> u64 {
        self.conf.next_id.fetch_add(1, Ordering::Relaxed)
    }

    /// A seed for a call that gives none.
    pub fn fresh_seed(&self) -> i64 {
        let n = self.fresh_id().wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ self.conf.random_seed;
        (n ^ (n >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) as i64
    }
}
