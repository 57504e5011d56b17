//! Functions that are there to say why they are not: what needs a JVM, a package that Spark loads apart, or a type that is missing.

use kindling_common::{SparkError, SparkResult};
use kindling_spec::DataType;

use crate::{
    CallContext, TypedExpr,
    entry::{FunctionEntry, MANY, generator, scalar},
};

type Args = Vec<TypedExpr>;

pub(super) static ENTRIES: &[FunctionEntry] = &[
    // There is no JVM.
    scalar("reflect", 2, MANY, |_, _| Err(SparkError::unsupported("reflect: calling Java methods"))),
    scalar("try_reflect", 2, MANY, |_, _| Err(SparkError::unsupported("try_reflect: calling Java methods"))),
    scalar("java_method", 2, MANY, |_, _| Err(SparkError::unsupported("java_method: calling Java methods"))),
    // A Spark without the packages answers the same.
    scalar("from_avro", 2, 3, |_, _| Err(not_loaded("AVRO_NOT_LOADED_SQL_FUNCTIONS_UNUSABLE", "FROM_AVRO"))),
    scalar("to_avro", 1, 2, |_, _| Err(not_loaded("AVRO_NOT_LOADED_SQL_FUNCTIONS_UNUSABLE", "TO_AVRO"))),
    scalar("schema_of_avro", 1, 2, |_, _| Err(not_loaded("AVRO_NOT_LOADED_SQL_FUNCTIONS_UNUSABLE", "SCHEMA_OF_AVRO"))),
    scalar("from_protobuf", 2, 4, |_, _| {
        Err(not_loaded("PROTOBUF_NOT_LOADED_SQL_FUNCTIONS_UNUSABLE", "FROM_PROTOBUF"))
    }),
    scalar("to_protobuf", 2, 4, |_, _| Err(not_loaded("PROTOBUF_NOT_LOADED_SQL_FUNCTIONS_UNUSABLE", "TO_PROTOBUF"))),
    // There are no GEOMETRY and GEOGRAPHY types.
    scalar("st_asbinary", 1, 2, |_, _| Err(SparkError::unsupported("st_asbinary: the GEOMETRY and GEOGRAPHY types"))),
    scalar("st_geogfromwkb", 1, 1, |_, _| Err(SparkError::unsupported("st_geogfromwkb: the GEOGRAPHY type"))),
    scalar("st_geomfromwkb", 1, 2, |_, _| Err(SparkError::unsupported("st_geomfromwkb: the GEOMETRY type"))),
    scalar("st_setsrid", 2, 2, |_, _| Err(SparkError::unsupported("st_setsrid: the GEOMETRY and GEOGRAPHY types"))),
    scalar("st_srid", 1, 1, |_, _| Err(SparkError::unsupported("st_srid: the GEOMETRY and GEOGRAPHY types"))),
    // There are no metric views.
    scalar("measure", 1, 1, |_, _| Err(SparkError::unsupported("measure: metric views"))),
    scalar("collate", 2, 2, collate),
    generator("python_worker_logs", 0, 0, |_, _| {
        Err(SparkError::analysis("FEATURE_NOT_ENABLED")
            .param("featureName", "Python Worker Logging")
            .param("configKey", "spark.sql.pyspark.worker.logging.enabled")
            .param("configValue", "true"))
    }),
];

fn not_loaded(condition: &'static str, function: &str) -> SparkError {
    SparkError::analysis(condition).param("functionName", function)
}

/// `collate(text, name)`: only the binary collation is there.
fn collate(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let name = match crate::fold(&args[1])? {
        Some(datafusion::common::ScalarValue::Utf8(Some(name))) => name,
        _ => return Err(crate::coercion::non_foldable(ctx, 1, "collationName", "\"STRING\"")),
    };
    let full = name.to_uppercase();
    let short = full.strip_prefix("SYSTEM.BUILTIN.").unwrap_or(&full);
    if short != "UTF8_BINARY" {
        return Err(SparkError::unsupported(format!("the collation {name}")));
    }
    let arg = args.into_iter().next().ok_or_else(|| SparkError::internal("no argument"))?;
    crate::coercion::expect(ctx, arg, 0, crate::coercion::Accept::Type(DataType::String))
}
