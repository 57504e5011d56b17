//! The keywords of Spark 4.2's grammar and how free each one is.
//!
//! By default every keyword is an identifier too; the strict ones only cannot be table aliases. With
//! `spark.sql.ansi.enforceReservedKeywords` those in [`is_reserved`] are not identifiers at all.

macro_rules! keywords {
    ($($name:ident $text:literal,)*) => {
        /// A keyword, named as in Spark's lexer.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[allow(non_camel_case_types, clippy::upper_case_acronyms, missing_docs)]
        pub(crate) enum Keyword { $($name,)* }

        /// Keywords with their texts, sorted by text.
        static KEYWORDS: &[(&str, Keyword)] = &[$(($text, Keyword::$name),)*];
    };
}

#[rustfmt::skip]
keywords! {
    ADD "ADD", AFTER "AFTER", AGGREGATE "AGGREGATE", ALL "ALL", ALTER "ALTER", ALWAYS "ALWAYS", ANALYZE "ANALYZE",
    AND "AND", ANTI "ANTI", ANY "ANY", ANY_VALUE "ANY_VALUE", APPROX "APPROX", ARCHIVE "ARCHIVE", ARRAY "ARRAY",
    AS "AS", ASC "ASC", ASENSITIVE "ASENSITIVE", AT "AT", ATOMIC "ATOMIC", AUTHORIZATION "AUTHORIZATION",
    BEGIN "BEGIN", BERNOULLI "BERNOULLI", BETWEEN "BETWEEN", BIGINT "BIGINT", BINARY "BINARY", BINDING "BINDING",
    BOOLEAN "BOOLEAN", BOTH "BOTH", BUCKET "BUCKET", BUCKETS "BUCKETS", BY "BY", BYTE "BYTE", CACHE "CACHE",
    CALL "CALL", CALLED "CALLED", CASCADE "CASCADE", CASE "CASE", CAST "CAST", CATALOG "CATALOG",
    CATALOGS "CATALOGS", CHANGE "CHANGE", CHANGES "CHANGES", CHAR "CHAR", CHARACTER "CHARACTER", CHECK "CHECK",
    CLEAR "CLEAR", CLOSE "CLOSE", CLUSTER "CLUSTER", CLUSTERED "CLUSTERED", CODEGEN "CODEGEN", COLLATE "COLLATE",
    COLLATION "COLLATION", COLLATIONS "COLLATIONS", COLLECTION "COLLECTION", COLUMN "COLUMN", COLUMNS "COLUMNS",
    COMMENT "COMMENT", COMMIT "COMMIT", COMPACT "COMPACT", COMPACTIONS "COMPACTIONS", COMPENSATION "COMPENSATION",
    COMPUTE "COMPUTE", CONCATENATE "CONCATENATE", CONDITION "CONDITION", CONSTRAINT "CONSTRAINT",
    CONTAINS "CONTAINS", CONTINUE "CONTINUE", COST "COST", CREATE "CREATE", CROSS "CROSS", CUBE "CUBE",
    CURRENT "CURRENT", CURRENT_DATABASE "CURRENT_DATABASE", CURRENT_DATE "CURRENT_DATE", CURRENT_PATH "CURRENT_PATH",
    CURRENT_SCHEMA "CURRENT_SCHEMA", CURRENT_TIME "CURRENT_TIME", CURRENT_TIMESTAMP "CURRENT_TIMESTAMP",
    CURRENT_USER "CURRENT_USER", CURSOR "CURSOR", DATA "DATA", DATABASE "DATABASE", DATABASES "DATABASES",
    DATE "DATE", DATEADD "DATEADD", DATEDIFF "DATEDIFF", DATE_ADD "DATE_ADD", DATE_DIFF "DATE_DIFF", DAY "DAY",
    DAYOFYEAR "DAYOFYEAR", DAYS "DAYS", DBPROPERTIES "DBPROPERTIES", DEC "DEC", DECIMAL "DECIMAL", DECLARE "DECLARE",
    DEFAULT "DEFAULT", DEFAULT_PATH "DEFAULT_PATH", DEFINED "DEFINED", DEFINER "DEFINER", DELAY "DELAY",
    DELETE "DELETE", DELIMITED "DELIMITED", DESC "DESC", DESCRIBE "DESCRIBE", DETERMINISTIC "DETERMINISTIC",
    DFS "DFS", DIRECTORIES "DIRECTORIES", DIRECTORY "DIRECTORY", DISTANCE "DISTANCE", DISTINCT "DISTINCT",
    DISTRIBUTE "DISTRIBUTE", DIV "DIV", DO "DO", DOUBLE "DOUBLE", DROP "DROP", ELSE "ELSE", ELSEIF "ELSEIF",
    END "END", ENFORCED "ENFORCED", ESCAPE "ESCAPE", ESCAPED "ESCAPED", EVOLUTION "EVOLUTION", EXACT "EXACT",
    EXCEPT "EXCEPT", EXCHANGE "EXCHANGE", EXCLUDE "EXCLUDE", EXCLUSIVE "EXCLUSIVE", EXECUTE "EXECUTE",
    EXISTS "EXISTS", EXIT "EXIT", EXPLAIN "EXPLAIN", EXPORT "EXPORT", EXTEND "EXTEND", EXTENDED "EXTENDED",
    EXTERNAL "EXTERNAL", EXTRACT "EXTRACT", FALSE "FALSE", FETCH "FETCH", FIELDS "FIELDS", FILEFORMAT "FILEFORMAT",
    FILTER "FILTER", FIRST "FIRST", FLOAT "FLOAT", FLOW "FLOW", FOLLOWING "FOLLOWING", FOR "FOR", FOREIGN "FOREIGN",
    FORMAT "FORMAT", FORMATTED "FORMATTED", FOUND "FOUND", FROM "FROM", FULL "FULL", FUNCTION "FUNCTION",
    FUNCTIONS "FUNCTIONS", GENERATED "GENERATED", GEOGRAPHY "GEOGRAPHY", GEOMETRY "GEOMETRY", GLOBAL "GLOBAL",
    GRANT "GRANT", GROUP "GROUP", GROUPING "GROUPING", HANDLER "HANDLER", HAVING "HAVING", HOUR "HOUR",
    HOURS "HOURS", IDENTIFIED "IDENTIFIED", IDENTIFIER_KW "IDENTIFIER", IDENTITY "IDENTITY", IF "IF",
    IGNORE "IGNORE", ILIKE "ILIKE", IMMEDIATE "IMMEDIATE", IMPORT "IMPORT", IN "IN", INCLUDE "INCLUDE",
    INCLUSIVE "INCLUSIVE", INCREMENT "INCREMENT", INDEX "INDEX", INDEXES "INDEXES", INNER "INNER", INPATH "INPATH",
    INPUT "INPUT", INPUTFORMAT "INPUTFORMAT", INSENSITIVE "INSENSITIVE", INSERT "INSERT", INT "INT",
    INTEGER "INTEGER", INTERSECT "INTERSECT", INTERVAL "INTERVAL", INTO "INTO", INVOKER "INVOKER", IS "IS",
    ITEMS "ITEMS", ITERATE "ITERATE", JOIN "JOIN", JSON "JSON", KEY "KEY", KEYS "KEYS", LANGUAGE "LANGUAGE",
    LAST "LAST", LATERAL "LATERAL", LAZY "LAZY", LEADING "LEADING", LEAVE "LEAVE", LEFT "LEFT", LEVEL "LEVEL",
    LIKE "LIKE", LIMIT "LIMIT", LINES "LINES", LIST "LIST", LOAD "LOAD", LOCAL "LOCAL", LOCATION "LOCATION",
    LOCK "LOCK", LOCKS "LOCKS", LOGICAL "LOGICAL", LONG "LONG", LOOP "LOOP", MACRO "MACRO", MAP "MAP",
    MATCHED "MATCHED", MATERIALIZED "MATERIALIZED", MAX "MAX", MEASURE "MEASURE", MERGE "MERGE", METRICS "METRICS",
    MICROSECOND "MICROSECOND", MICROSECONDS "MICROSECONDS", MILLISECOND "MILLISECOND", MILLISECONDS "MILLISECONDS",
    SETMINUS "MINUS", MINUTE "MINUTE", MINUTES "MINUTES", MODIFIES "MODIFIES", MONTH "MONTH", MONTHS "MONTHS",
    MSCK "MSCK", NAME "NAME", NAMESPACE "NAMESPACE", NAMESPACES "NAMESPACES", NANOSECOND "NANOSECOND",
    NANOSECONDS "NANOSECONDS", NATURAL "NATURAL", NEAREST "NEAREST", NEXT "NEXT", NO "NO", NONE "NONE",
    NORELY "NORELY", NOT "NOT", NULL "NULL", NULLS "NULLS", NUMERIC "NUMERIC", OF "OF", OFFSET "OFFSET", ON "ON",
    ONLY "ONLY", OPEN "OPEN", OPTION "OPTION", OPTIONS "OPTIONS", OR "OR", ORDER "ORDER", OUT "OUT", OUTER "OUTER",
    OUTPUTFORMAT "OUTPUTFORMAT", OVER "OVER", OVERLAPS "OVERLAPS", OVERLAY "OVERLAY", OVERWRITE "OVERWRITE",
    PARTITION "PARTITION", PARTITIONED "PARTITIONED", PARTITIONS "PARTITIONS", PATH "PATH", PERCENTLIT "PERCENT",
    PIVOT "PIVOT", PLACING "PLACING", POSITION "POSITION", PRECEDING "PRECEDING", PRIMARY "PRIMARY",
    PRINCIPALS "PRINCIPALS", PROCEDURE "PROCEDURE", PROCEDURES "PROCEDURES", PROPERTIES "PROPERTIES", PURGE "PURGE",
    QUALIFY "QUALIFY", QUARTER "QUARTER", QUERY "QUERY", RANGE "RANGE", READ "READ", READS "READS", REAL "REAL",
    RECORDREADER "RECORDREADER", RECORDWRITER "RECORDWRITER", RECOVER "RECOVER", RECURSION "RECURSION",
    RECURSIVE "RECURSIVE", REDUCE "REDUCE", REFERENCES "REFERENCES", REFRESH "REFRESH", RELY "RELY", RENAME "RENAME",
    REPAIR "REPAIR", REPEAT "REPEAT", REPEATABLE "REPEATABLE", REPLACE "REPLACE", RESET "RESET", RESPECT "RESPECT",
    RESTRICT "RESTRICT", RETURN "RETURN", RETURNS "RETURNS", REVOKE "REVOKE", RIGHT "RIGHT", RLIKE "RLIKE",
    ROLE "ROLE", ROLES "ROLES", ROLLBACK "ROLLBACK", ROLLUP "ROLLUP", ROW "ROW", ROWS "ROWS", SCHEMA "SCHEMA",
    SCHEMAS "SCHEMAS", SECOND "SECOND", SECONDS "SECONDS", SECURITY "SECURITY", SELECT "SELECT", SEMI "SEMI",
    SEPARATED "SEPARATED", SERDE "SERDE", SERDEPROPERTIES "SERDEPROPERTIES", SESSION_USER "SESSION_USER", SET "SET",
    SETS "SETS", SHORT "SHORT", SHOW "SHOW", SIMILARITY "SIMILARITY", SINGLE "SINGLE", SKEWED "SKEWED",
    SMALLINT "SMALLINT", SOME "SOME", SORT "SORT", SORTED "SORTED", SOURCE "SOURCE", SPECIFIC "SPECIFIC", SQL "SQL",
    SQLEXCEPTION "SQLEXCEPTION", SQLSTATE "SQLSTATE", START "START", STATISTICS "STATISTICS", STORED "STORED",
    STRATIFY "STRATIFY", STREAM "STREAM", STREAMING "STREAMING", STRING "STRING", STRUCT "STRUCT", SUBSTR "SUBSTR",
    SUBSTRING "SUBSTRING", SYNC "SYNC", SYSTEM "SYSTEM", SYSTEM_PATH "SYSTEM_PATH", SYSTEM_TIME "SYSTEM_TIME",
    SYSTEM_VERSION "SYSTEM_VERSION", TABLE "TABLE", TABLES "TABLES", TABLESAMPLE "TABLESAMPLE", TARGET "TARGET",
    TBLPROPERTIES "TBLPROPERTIES", TEMPORARY "TEMPORARY", TERMINATED "TERMINATED", THEN "THEN", TIME "TIME",
    TIMEDIFF "TIMEDIFF", TIMESTAMP "TIMESTAMP", TIMESTAMPADD "TIMESTAMPADD", TIMESTAMPDIFF "TIMESTAMPDIFF",
    TIMESTAMP_LTZ "TIMESTAMP_LTZ", TIMESTAMP_NTZ "TIMESTAMP_NTZ", TINYINT "TINYINT", TO "TO", TOUCH "TOUCH",
    TRAILING "TRAILING", TRANSACTION "TRANSACTION", TRANSACTIONS "TRANSACTIONS", TRANSFORM "TRANSFORM", TRIM "TRIM",
    TRUE "TRUE", TRUNCATE "TRUNCATE", TRY_CAST "TRY_CAST", TYPE "TYPE", UNARCHIVE "UNARCHIVE", UNBOUNDED "UNBOUNDED",
    UNCACHE "UNCACHE", UNION "UNION", UNIQUE "UNIQUE", UNKNOWN "UNKNOWN", UNLOCK "UNLOCK", UNPIVOT "UNPIVOT",
    UNSET "UNSET", UNTIL "UNTIL", UPDATE "UPDATE", USE "USE", USER "USER", USING "USING", VALUE "VALUE",
    VALUES "VALUES", VAR "VAR", VARCHAR "VARCHAR", VARIABLE "VARIABLE", VARIANT "VARIANT", VERSION "VERSION",
    VIEW "VIEW", VIEWS "VIEWS", VOID "VOID", WATERMARK "WATERMARK", WEEK "WEEK", WEEKS "WEEKS", WHEN "WHEN",
    WHERE "WHERE", WHILE "WHILE", WINDOW "WINDOW", WITH "WITH", WITHIN "WITHIN", WITHOUT "WITHOUT", BINARY_HEX "X",
    YEAR "YEAR", YEARS "YEARS", ZONE "ZONE",
}

/// Keywords with whether they are reserved, sorted: what `sql_keywords()` gives. Spark reads them from its grammar, where those
/// with two spellings have no text.
pub fn keywords() -> impl Iterator<Item = (&'static str, bool)> {
    let one_spelling = |(_, keyword): &&(&str, Keyword)| !matches!(keyword, Keyword::RLIKE | Keyword::TEMPORARY);
    KEYWORDS.iter().filter(one_spelling).map(|(text, keyword)| (*text, keyword.is_reserved()))
}

impl Keyword {
    /// The keyword that a word is, whatever its case.
    pub(crate) fn lookup(word: &str) -> Option<Keyword> {
        if word.len() > 32 {
            return None;
        }
        let upper = word.to_ascii_uppercase();
        let text = match upper.as_str() {
            "TEMP" => "TEMPORARY",
            "REGEXP" => "RLIKE",
            other => other,
        };
        KEYWORDS.binary_search_by(|(name, _)| (*name).cmp(text)).ok().and_then(|i| KEYWORDS.get(i)).map(|(_, k)| *k)
    }

    /// The text the keyword is written with.
    pub(crate) fn text(self) -> &'static str {
        KEYWORDS.iter().find(|(_, keyword)| *keyword == self).map_or("", |(text, _)| text)
    }

    /// Strict-non-reserved keywords cannot be table aliases.
    pub(crate) fn is_strict(self) -> bool {
        use Keyword::*;
        matches!(
            self,
            ANTI | CROSS
                | EXCEPT
                | FULL
                | INNER
                | INTERSECT
                | JOIN
                | LATERAL
                | LEFT
                | NATURAL
                | ON
                | RIGHT
                | SEMI
                | SETMINUS
                | UNION
                | USING
        )
    }

    /// Reserved under `spark.sql.ansi.enforceReservedKeywords`.
    pub(crate) fn is_reserved(self) -> bool {
        use Keyword::*;
        matches!(
            self,
            ALL | AND
                | ANY
                | AS
                | AUTHORIZATION
                | BOTH
                | CALL
                | CASE
                | CAST
                | CHECK
                | COLLATE
                | COLLATION
                | COLLATIONS
                | COLUMN
                | CONSTRAINT
                | CREATE
                | CROSS
                | CURRENT_DATE
                | CURRENT_PATH
                | CURRENT_SCHEMA
                | CURRENT_TIME
                | CURRENT_TIMESTAMP
                | CURRENT_USER
                | DISTINCT
                | ELSE
                | END
                | ESCAPE
                | EXCEPT
                | EXECUTE
                | FALSE
                | FETCH
                | FILTER
                | FOR
                | FOREIGN
                | FROM
                | FULL
                | GRANT
                | GROUP
                | HAVING
                | IN
                | INNER
                | INTERSECT
                | INTO
                | IS
                | JOIN
                | LATERAL
                | LEADING
                | LEFT
                | NATURAL
                | NOT
                | NULL
                | OFFSET
                | ON
                | ONLY
                | OR
                | ORDER
                | OUTER
                | OVERLAPS
                | PRIMARY
                | RECURSIVE
                | REFERENCES
                | RIGHT
                | SELECT
                | SESSION_USER
                | SOME
                | SQL
                | TABLE
                | THEN
                | TIME
                | TO
                | TRAILING
                | UNION
                | UNIQUE
                | UNKNOWN
                | USER
                | USING
                | WHEN
                | WHERE
                | WITH
                | WITHIN
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_sorted_for_lookup() {
        for pair in KEYWORDS.windows(2) {
            assert!(pair[0].0 < pair[1].0, "{} must come after {}", pair[0].0, pair[1].0);
        }
    }

    #[test]
    fn synonyms_name_one_keyword() {
        assert_eq!(Keyword::lookup("temp"), Some(Keyword::TEMPORARY));
        assert_eq!(Keyword::lookup("Regexp"), Some(Keyword::RLIKE));
        assert_eq!(Keyword::lookup("foo"), None);
    }
}
