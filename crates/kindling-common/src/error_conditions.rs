//! The catalogue of error conditions: name, SQLSTATE and message template.
//!
//! Names, states and wording are Spark's (its `error-conditions.json` is the reference), so that what a user
//! searches for is found. `<parameter>` marks a message parameter. Kept sorted by name; a condition is added
//! when the first code raises it.

use std::collections::BTreeMap;

/// One error condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorCondition {
    /// Condition with its subcondition, e.g. `UNRESOLVED_COLUMN.WITH_SUGGESTION`.
    pub name: &'static str,
    /// SQLSTATE.
    pub sql_state: &'static str,
    /// Message template.
    pub template: &'static str,
}

impl ErrorCondition {
    /// The template with its parameters filled in.
    pub fn format(&self, parameters: &BTreeMap<String, String>) -> String {
        let mut out = String::with_capacity(self.template.len() + 64);
        let mut rest = self.template;
        while let Some(open) = rest.find('<') {
            let (text, tail) = rest.split_at(open);
            out.push_str(text);
            let name = tail.get(1..).and_then(|tail| tail.split_once('>')).map(|(name, _)| name);
            match name.and_then(|name| parameters.get_key_value(name)) {
                Some((name, value)) => {
                    out.push_str(value);
                    rest = tail.get(name.len() + 2..).unwrap_or("");
                }
                None => {
                    out.push('<');
                    rest = tail.get(1..).unwrap_or("");
                }
            }
        }
        out.push_str(rest);
        out
    }
}

/// Looks a condition up by its full name.
pub fn find_condition(name: &str) -> Option<&'static ErrorCondition> {
    CONDITIONS.binary_search_by(|condition| condition.name.cmp(name)).ok().and_then(|i| CONDITIONS.get(i))
}

const fn condition(name: &'static str, sql_state: &'static str, template: &'static str) -> ErrorCondition {
    ErrorCondition { name, sql_state, template }
}

/// Sorted by name (a test checks it).
#[rustfmt::skip]
static CONDITIONS: &[ErrorCondition] = &[
    condition("ALL_PARTITION_COLUMNS_NOT_ALLOWED", "KD005", "Cannot use all columns for partition columns."),
    condition("ARITHMETIC_OVERFLOW", "22003", "<message>.<alternative> If necessary set <config> to \"false\" to bypass this error."),
    condition("BINARY_ARITHMETIC_OVERFLOW", "22003", "<value1> <symbol> <value2> caused overflow. Use <functionName> to ignore overflow problem and return NULL."),
    condition("CANNOT_MERGE_SCHEMAS", "42KD9", "Failed merging schemas:\nInitial schema:\n<left>\nSchema that cannot be merged with the initial schema:\n<right>."),
    condition("CANNOT_PARSE_INTERVAL", "22006", "Unable to parse <intervalString>. Please ensure that the value provided is in a valid format for defining an interval. You can reference the documentation for the correct format. If the issue persists, please double check that the input value is not null or empty and try again."),
    condition("CANNOT_PARSE_TIMESTAMP", "22007", "<message>. Use <func> to tolerate invalid input string and return NULL instead."),
    condition("CAST_INVALID_INPUT", "22018", "The value <expression> of the type <sourceType> cannot be cast to <targetType> because it is malformed. Correct the value as per the syntax, or change its target type. Use `try_cast` to tolerate malformed input and return NULL instead."),
    condition("CAST_OVERFLOW", "22003", "The value <value> of the type <sourceType> cannot be cast to <targetType> due to an overflow. Use `try_cast` to tolerate overflow and return NULL instead."),
    condition("CODEC_NOT_AVAILABLE.WITH_AVAILABLE_CODECS_SUGGESTION", "56038", "The codec <codecName> is not available. Available codecs are <availableCodecs>."),
    condition("COLUMN_ALREADY_EXISTS", "42711", "The column <columnName> already exists. Choose another name or rename the existing column."),
    condition("CONFLICTING_DIRECTORY_STRUCTURES", "KD009", "Conflicting directory structures detected.\nSuspicious paths:\n<discoveredBasePaths>\nIf provided paths are partition directories, please set \"basePath\" in the options of the data source to specify the root directory of the table.\nIf there are multiple root directories, please load them separately and then union them."),
    condition("CONFLICTING_PARTITION_COLUMN_NAMES", "KD009", "Conflicting partition column names detected:\n<distinctPartColLists>\nFor partitioned table directories, data files should only live in leaf directories.\nAnd directories at the same level should have the same partition column name.\nPlease check the following directories for unexpected files or inconsistent partition column names:\n<suspiciousPaths>"),
    condition("DATATYPE_MISMATCH.ARRAY_FUNCTION_DIFF_TYPES", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: Input to <functionName> should have been <dataType> followed by a value with same element type, but it's [<leftType>, <rightType>]."),
    condition("DATATYPE_MISMATCH.BINARY_ARRAY_DIFF_TYPES", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: Input to function <functionName> should have been two <arrayType> with same element type, but it's [<leftType>, <rightType>]."),
    condition("DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: the left and right operands of the binary operator have incompatible types (<left> and <right>)."),
    condition("DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: the binary operator requires the input type <inputType>, not <actualDataType>."),
    condition("DATATYPE_MISMATCH.BLOOM_FILTER_BINARY_OP_WRONG_TYPE", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: The Bloom filter binary input to <functionName> should be either a constant value or a scalar subquery expression, but it's <actual>."),
    condition("DATATYPE_MISMATCH.BLOOM_FILTER_WRONG_TYPE", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: Input to function <functionName> should have been <expectedLeft> followed by value with <expectedRight>, but it's [<actual>]."),
    condition("DATATYPE_MISMATCH.CANNOT_CONVERT_TO_JSON", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: Unable to convert column <name> of type <type> to JSON."),
    condition("DATATYPE_MISMATCH.CANNOT_DROP_ALL_FIELDS", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: Cannot drop all fields in struct."),
    condition("DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: cannot cast <srcType> to <targetType>."),
    condition("DATATYPE_MISMATCH.CAST_WITH_CONF_SUGGESTION", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: cannot cast <srcType> to <targetType> with ANSI mode on.\nIf you have to cast <srcType> to <targetType>, you can set <config> as <configVal>."),
    condition("DATATYPE_MISMATCH.CAST_WITH_FUNC_SUGGESTION", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: cannot cast <srcType> to <targetType>.\nTo convert values from <srcType> to <targetType>, you can use the functions <functionNames> instead."),
    condition("DATATYPE_MISMATCH.CREATE_MAP_KEY_DIFF_TYPES", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: The given keys of function <functionName> should all be the same type, but they are <dataType>."),
    condition("DATATYPE_MISMATCH.CREATE_MAP_VALUE_DIFF_TYPES", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: The given values of function <functionName> should all be the same type, but they are <dataType>."),
    condition("DATATYPE_MISMATCH.CREATE_NAMED_STRUCT_WITHOUT_FOLDABLE_STRING", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: Only foldable `STRING` expressions are allowed to appear at odd position, but they are <inputExprs>."),
    condition("DATATYPE_MISMATCH.DATA_DIFF_TYPES", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: Input to <functionName> should all be the same type, but it's <dataType>."),
    condition("DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: Filter expression <filter> of type <type> is not a boolean."),
    condition("DATATYPE_MISMATCH.HASH_MAP_TYPE", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: Input to the function <functionName> cannot contain elements of the \"MAP\" type. In Spark, same maps may have different hashcode, thus hash expressions are prohibited on \"MAP\" elements. To restore previous behavior set \"spark.sql.legacy.allowHashOnMapType\" to \"true\"."),
    condition("DATATYPE_MISMATCH.HASH_VARIANT_TYPE", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: Input to the function <functionName> cannot contain elements of the \"VARIANT\" type yet."),
    condition("DATATYPE_MISMATCH.INPUT_SIZE_NOT_ONE", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: Length of <exprName> should be 1."),
    condition("DATATYPE_MISMATCH.INVALID_ARG_VALUE", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: The <inputName> value must to be a <requireType> literal of <validValues>, but got <inputValue>."),
    condition("DATATYPE_MISMATCH.INVALID_JSON_MAP_KEY_TYPE", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: Input schema <schema> can only contain STRING as a key type for a MAP."),
    condition("DATATYPE_MISMATCH.INVALID_JSON_SCHEMA", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: Input schema <schema> must be a struct, an array, a map or a variant."),
    condition("DATATYPE_MISMATCH.INVALID_MAP_KEY_TYPE", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: The key of map cannot be/contain <keyType>."),
    condition("DATATYPE_MISMATCH.INVALID_ORDERING_TYPE", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: The <functionName> does not support ordering on type <dataType>."),
    condition("DATATYPE_MISMATCH.INVALID_ROW_LEVEL_OPERATION_ASSIGNMENTS", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: <errors>"),
    condition("DATATYPE_MISMATCH.INVALID_XML_MAP_KEY_TYPE", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: Input schema <schema> can only contain STRING as a key type for a MAP."),
    condition("DATATYPE_MISMATCH.INVALID_XML_SCHEMA", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: Input schema <schema> must be a struct or a variant."),
    condition("DATATYPE_MISMATCH.IN_SUBQUERY_DATA_TYPE_MISMATCH", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: The data type of one or more elements in the left hand side of an IN subquery is not compatible with the data type of the output of the subquery. Mismatched columns: [<mismatchedColumns>], left side: [<leftType>], right side: [<rightType>]."),
    condition("DATATYPE_MISMATCH.IN_SUBQUERY_LENGTH_MISMATCH", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: The number of columns in the left hand side of an IN subquery does not match the number of columns in the output of subquery. Left hand side columns(length: <leftLength>): [<leftColumns>], right hand side columns(length: <rightLength>): [<rightColumns>]."),
    condition("DATATYPE_MISMATCH.MAP_CONCAT_DIFF_TYPES", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: The <functionName> should all be of type map, but it's <dataType>."),
    condition("DATATYPE_MISMATCH.MAP_FUNCTION_DIFF_TYPES", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: Input to <functionName> should have been <dataType> followed by a value with same key type, but it's [<leftType>, <rightType>]."),
    condition("DATATYPE_MISMATCH.MAP_ZIP_WITH_DIFF_TYPES", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: Input to the <functionName> should have been two maps with compatible key types, but it's [<leftType>, <rightType>]."),
    condition("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: the input <inputName> should be a foldable <inputType> expression; however, got <inputExpr>."),
    condition("DATATYPE_MISMATCH.NON_STRING_TYPE", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: all arguments of the function <funcName> must be strings."),
    condition("DATATYPE_MISMATCH.NON_STRUCT_TYPE", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: the input <inputName> should be a struct expression; however, got <inputType>."),
    condition("DATATYPE_MISMATCH.NULL_TYPE", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: Null typed values cannot be used as arguments of <functionName>."),
    condition("DATATYPE_MISMATCH.PARAMETER_CONSTRAINT_VIOLATION", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: The <leftExprName>(<leftExprValue>) must be <constraint> the <rightExprName>(<rightExprValue>)."),
    condition("DATATYPE_MISMATCH.RANGE_FRAME_INVALID_TYPE", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: The data type <orderSpecType> used in the order specification does not support the data type <valueBoundaryType> which is used in the range frame."),
    condition("DATATYPE_MISMATCH.RANGE_FRAME_MULTI_ORDER", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: A range window frame with value boundaries cannot be used in a window specification with multiple order by expressions: <orderSpec>."),
    condition("DATATYPE_MISMATCH.RANGE_FRAME_WITHOUT_ORDER", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: A range window frame cannot be used in an unordered window specification."),
    condition("DATATYPE_MISMATCH.SEQUENCE_WRONG_INPUT_TYPES", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: <functionName> uses the wrong parameter type. The parameter type must conform to:\n1. The start and stop expressions must resolve to the same type.\n2. If start and stop expressions resolve to the <startType> type, then the step expression must resolve to the <stepType> type.\n3. Otherwise, if start and stop expressions resolve to the <otherStartType> type, then the step expression must resolve to the same type."),
    condition("DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_DIFF_TYPES", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: Window frame bounds <lower> and <upper> do not have the same type: <lowerType> <> <upperType>."),
    condition("DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_INVALID_BOUND", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: Window frame upper bound <upper> does not follow the lower bound <lower>."),
    condition("DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_UNACCEPTED_TYPE", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: The data type of the <location> bound <exprType> does not match the expected data type <expectedType>."),
    condition("DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_WITHOUT_FOLDABLE", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: Window frame <location> bound <expression> is not a literal."),
    condition("DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_WRONG_COMPARISON", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: The lower bound of a window frame must be <comparison> to the upper bound."),
    condition("DATATYPE_MISMATCH.STACK_COLUMN_DIFF_TYPES", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: The data type of the column (<columnIndex>) do not have the same type: <leftType> (<leftParamIndex>) <> <rightType> (<rightParamIndex>)."),
    condition("DATATYPE_MISMATCH.TYPE_CHECK_FAILURE_WITH_HINT", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: <msg><hint>."),
    condition("DATATYPE_MISMATCH.UNEXPECTED_CLASS_TYPE", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: class <className> not found."),
    condition("DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: The <paramIndex> parameter requires the <requiredType> type, however <inputSql> has the type <inputType>."),
    condition("DATATYPE_MISMATCH.UNEXPECTED_NULL", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: The <exprName> must not be null."),
    condition("DATATYPE_MISMATCH.UNEXPECTED_RETURN_TYPE", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: The <functionName> requires return <expectedType> type, but the actual is <actualType> type."),
    condition("DATATYPE_MISMATCH.UNEXPECTED_STATIC_METHOD", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: cannot find a static method <methodName> that matches the argument types in <className>."),
    condition("DATATYPE_MISMATCH.UNSUPPORTED_INPUT_TYPE", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: The input of <functionName> can't be <dataType> type data."),
    condition("DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: The <exprName> must be between <valueRange> (current value = <currentValue>)."),
    condition("DATATYPE_MISMATCH.WRONG_NUM_ARG_TYPES", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: The expression requires <expectedNum> argument types but the actual number is <actualNum>."),
    condition("DATATYPE_MISMATCH.WRONG_NUM_ENDPOINTS", "42K09", "Cannot resolve <sqlExpr> due to data type mismatch: The number of endpoints must be >= 2 to construct intervals but the actual number is <actualNumber>."),
    condition("DATA_SOURCE_NOT_FOUND", "42K02", "Failed to find the data source: <provider>. Make sure the provider name is correct and the package is properly registered and compatible with your Spark version."),
    condition("DATETIME_OVERFLOW", "22008", "Datetime operation overflow: <operation>."),
    condition("DIVIDE_BY_ZERO", "22012", "Division by zero. Use `try_divide` to tolerate divisor being 0 and return NULL instead. If necessary set <config> to \"false\" to bypass this error."),
    condition("EMPTY_SCHEMA_NOT_SUPPORTED_FOR_DATASOURCE", "0A000", "The <format> datasource does not support writing empty or nested empty schemas. Please make sure the data schema has at least one or more column(s)."),
    condition("FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER", "KD001", "Encountered error while reading file <path>. Could not read footer. Please ensure that the file is in either ORC or Parquet format.\nIf not, please convert it to a valid format. If the file is in the valid format, please check if it is corrupt.\nIf it is, you can choose to either ignore it or fix the corruption."),
    condition("FAILED_READ_FILE.FILE_NOT_EXIST", "KD001", "Encountered error while reading file <path>. File does not exist. It is possible the underlying files have been updated.\nYou can explicitly invalidate the cache in Spark by running 'REFRESH TABLE tableName' command in SQL or by recreating the Dataset/DataFrame involved."),
    condition("FAILED_READ_FILE.NO_HINT", "KD001", "Encountered error while reading file <path>. "),
    condition("FAILED_READ_FILE.PARQUET_COLUMN_DATA_TYPE_MISMATCH", "KD001", "Encountered error while reading file <path>. Data type mismatches when reading Parquet column <column>. Expected Spark type <expectedType>, actual Parquet type <actualType>."),
    condition("INTERNAL_ERROR", "XX000", "<message>"),
    condition("INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION", "22015", "Integer overflow while operating with intervals. Try devising appropriate values for the interval parameters."),
    condition("INTERVAL_ARITHMETIC_OVERFLOW.WITH_SUGGESTION", "22015", "Integer overflow while operating with intervals. Use <functionName> to tolerate overflow and return NULL instead."),
    condition("INTERVAL_DIVIDED_BY_ZERO", "22012", "Division by zero. Use `try_divide` to tolerate divisor being 0 and return NULL instead."),
    condition("INVALID_ARRAY_INDEX", "22003", "The index <indexValue> is out of bounds. The array has <arraySize> elements. Use the SQL function `get()` to tolerate accessing element at invalid index and return NULL instead."),
    condition("INVALID_ARRAY_INDEX_IN_ELEMENT_AT", "22003", "The index <indexValue> is out of bounds. The array has <arraySize> elements. Use `try_element_at` to tolerate accessing element at invalid index and return NULL instead."),
    condition("INVALID_CORRUPT_RECORD_TYPE", "42804", "The column <columnName> for corrupt records must have the nullable STRING type, but got <actualType>."),
    condition("INVALID_DATETIME_PATTERN.ILLEGAL_CHARACTER", "22007", "Unrecognized datetime pattern: <pattern>. Illegal pattern character found in datetime pattern: <c>. Please provide legal character."),
    condition("INVALID_DATETIME_PATTERN.WITH_SUGGESTION", "22007", "Unrecognized datetime pattern: <pattern>. You can form a valid datetime pattern with the guide from '<docroot>/sql-ref-datetime-pattern.html'."),
    condition("INVALID_DELIMITER_VALUE.DELIMITER_LONGER_THAN_EXPECTED", "42602", "Invalid value for delimiter. Delimiter cannot be more than one character: <str>."),
    condition("INVALID_DELIMITER_VALUE.EMPTY_STRING", "42602", "Invalid value for delimiter. Delimiter cannot be empty string."),
    condition("INVALID_DELIMITER_VALUE.SINGLE_BACKSLASH", "42602", "Invalid value for delimiter. Single backslash is prohibited. It has special meaning as beginning of an escape sequence. To get the backslash character, pass a string with two backslashes as the delimiter."),
    condition("INVALID_DELIMITER_VALUE.UNSUPPORTED_SPECIAL_CHARACTER", "42602", "Invalid value for delimiter. Unsupported special character for delimiter: <str>."),
    condition("INVALID_INDEX_OF_ZERO", "22003", "The index 0 is invalid. An index shall be either < 0 or > 0 (the first element has index 1)."),
    condition("INVALID_INTERVAL_FORMAT.UNRECOGNIZED_NUMBER", "22006", "Error parsing '<input>' to interval. Please ensure that the value provided is in a valid format for defining an interval. You can reference the documentation for the correct format. Unrecognized number <number>."),
    condition("INVALID_PARAMETER_VALUE.AES_CRYPTO_ERROR", "22023", "The value of parameter(s) <parameter> in <functionName> is invalid: detail message: <detailMessage>"),
    condition("INVALID_PARAMETER_VALUE.AES_IV_LENGTH", "22023", "The value of parameter(s) <parameter> in <functionName> is invalid: supports 16-byte CBC IVs and 12-byte GCM IVs, but got <actualLength> bytes for <mode>."),
    condition("INVALID_PARAMETER_VALUE.AES_KEY_LENGTH", "22023", "The value of parameter(s) <parameter> in <functionName> is invalid: expects a binary value with 16, 24 or 32 bytes, but got <actualLength> bytes."),
    condition("INVALID_PARAMETER_VALUE.BINARY_FORMAT", "22023", "The value of parameter(s) <parameter> in <functionName> is invalid: expects one of binary formats 'base64', 'hex', 'utf-8', but got <invalidFormat>."),
    condition("INVALID_PARAMETER_VALUE.BIT_POSITION_RANGE", "22023", "The value of parameter(s) <parameter> in <functionName> is invalid: expects an integer value in [0, <upper>), but got <invalidValue>."),
    condition("INVALID_PARAMETER_VALUE.BOOLEAN", "22023", "The value of parameter(s) <parameter> in <functionName> is invalid: expects a boolean literal, but got <invalidValue>."),
    condition("INVALID_PARAMETER_VALUE.CHARSET", "22023", "The value of parameter(s) <parameter> in <functionName> is invalid: expects one of the <charsets>, but got <charset>."),
    condition("INVALID_PARAMETER_VALUE.DATETIME_UNIT", "22023", "The value of parameter(s) <parameter> in <functionName> is invalid: expects one of the units without quotes YEAR, QUARTER, MONTH, WEEK, DAY, DAYOFYEAR, HOUR, MINUTE, SECOND, MILLISECOND, MICROSECOND, but got the string literal <invalidValue>."),
    condition("INVALID_PARAMETER_VALUE.DOUBLE", "22023", "The value of parameter(s) <parameter> in <functionName> is invalid: expects an double literal, but got <invalidValue>."),
    condition("INVALID_PARAMETER_VALUE.DTYPE", "22023", "The value of parameter(s) <parameter> in <functionName> is invalid: Unsupported dtype: <invalidValue>. Valid values: float64, float32."),
    condition("INVALID_PARAMETER_VALUE.EXTENSION", "22023", "The value of parameter(s) <parameter> in <functionName> is invalid: Invalid extension: <invalidValue>. Extension is limited to exactly 3 letters (e.g. csv, tsv, etc...)"),
    condition("INVALID_PARAMETER_VALUE.INTEGER", "22023", "The value of parameter(s) <parameter> in <functionName> is invalid: expects an integer literal, but got <invalidValue>."),
    condition("INVALID_PARAMETER_VALUE.INTERRUPT_TYPE_OPERATION_ID_REQUIRES_ID", "22023", "The value of parameter(s) <parameter> in <functionName> is invalid: INTERRUPT_TYPE_OPERATION_ID requested, but no operation_id provided."),
    condition("INVALID_PARAMETER_VALUE.INTERRUPT_TYPE_TAG_REQUIRES_TAG", "22023", "The value of parameter(s) <parameter> in <functionName> is invalid: INTERRUPT_TYPE_TAG requested, but no operation_tag provided."),
    condition("INVALID_PARAMETER_VALUE.LENGTH", "22023", "The value of parameter(s) <parameter> in <functionName> is invalid: Expects `length` greater than or equal to 0, but got <length>."),
    condition("INVALID_PARAMETER_VALUE.LONG", "22023", "The value of parameter(s) <parameter> in <functionName> is invalid: expects a long literal, but got <invalidValue>."),
    condition("INVALID_PARAMETER_VALUE.NULL", "22023", "The value of parameter(s) <parameter> in <functionName> is invalid: expects a non-NULL value."),
    condition("INVALID_PARAMETER_VALUE.PATTERN", "22023", "The value of parameter(s) <parameter> in <functionName> is invalid: <value>."),
    condition("INVALID_PARAMETER_VALUE.REGEX_GROUP_INDEX", "22023", "The value of parameter(s) <parameter> in <functionName> is invalid: Expects group index between 0 and <groupCount>, but got <groupIndex>."),
    condition("INVALID_PARAMETER_VALUE.START", "22023", "The value of parameter(s) <parameter> in <functionName> is invalid: Expects a positive or a negative value for `start`, but got 0."),
    condition("INVALID_PARAMETER_VALUE.STREAMING_LISTENER_COMMAND_MISSING", "22023", "The value of parameter(s) <parameter> in <functionName> is invalid: Missing command in StreamingQueryListenerBusCommand."),
    condition("INVALID_PARAMETER_VALUE.STRING", "22023", "The value of parameter(s) <parameter> in <functionName> is invalid: expects a string literal, but got <invalidValue>."),
    condition("INVALID_PARAMETER_VALUE.TIME_UNIT", "22023", "The value of parameter(s) <parameter> in <functionName> is invalid: expects one of the units 'HOUR', 'MINUTE', 'SECOND', 'MILLISECOND', 'MICROSECOND', but got '<invalidValue>'."),
    condition("INVALID_PARAMETER_VALUE.ZERO_INDEX", "22023", "The value of parameter(s) <parameter> in <functionName> is invalid: expects %1$, %2$ and so on, but got %0$."),
    condition("INVALID_PARTITION_COLUMN_DATA_TYPE", "0A000", "Cannot use <type> for partition column."),
    condition("INVALID_TIMEZONE", "22009", "The timezone: <timeZone> is invalid. The timezone must be either a region-based zone ID or a zone offset. Region IDs must have the form 'area/city', such as 'America/Los_Angeles'. Zone offsets must be in the format '(+|-)HH', '(+|-)HH:mm’ or '(+|-)HH:mm:ss', e.g '-08' , '+01:00' or '-13:33:33', and must be in the range from -18:00 to +18:00. 'Z' and 'UTC' are accepted as synonyms for '+00:00'."),
    condition("MALFORMED_CSV_RECORD", "KD000", "Malformed CSV record: <badRecord>"),
    condition("MALFORMED_RECORD_IN_PARSING.CANNOT_PARSE_JSON_ARRAYS_AS_STRUCTS", "22023", "Malformed records are detected in record parsing: <badRecord>.\nParse Mode: <failFastMode>. To process malformed records as null result, try setting the option 'mode' as 'PERMISSIVE'. Parsing JSON arrays as structs is forbidden."),
    condition("MALFORMED_RECORD_IN_PARSING.CANNOT_PARSE_STRING_AS_DATATYPE", "22023", "Malformed records are detected in record parsing: <badRecord>.\nParse Mode: <failFastMode>. To process malformed records as null result, try setting the option 'mode' as 'PERMISSIVE'. Cannot parse the value <fieldValue> of the field <fieldName> as target spark data type <targetType> from the input type <inputType>."),
    condition("MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION", "22023", "Malformed records are detected in record parsing: <badRecord>.\nParse Mode: <failFastMode>. To process malformed records as null result, try setting the option 'mode' as 'PERMISSIVE'. "),
    condition("NUMERIC_VALUE_OUT_OF_RANGE.WITHOUT_SUGGESTION", "22003", " The <roundedValue> rounded half up from <originalValue> cannot be represented as Decimal(<precision>, <scale>)."),
    condition("NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION", "22003", " <value> cannot be represented as Decimal(<precision>, <scale>). If necessary set <config> to \"false\" to bypass this error, and return NULL instead."),
    condition("OPTION_VALUE_EXCEEDS_ONE_CHARACTER", "22023", "The value of <paramName> cannot be more than one character, but got <actualValue>."),
    condition("PARSE_SYNTAX_ERROR", "42601", "Syntax error at or near <error><hint>."),
    condition("PARTITION_COLUMN_NOT_FOUND_IN_SCHEMA", "42000", "Partition column <column> not found in schema <schema>. Please provide the existing column for partitioning."),
    condition("PATH_ALREADY_EXISTS", "42K04", "Path <outputPath> already exists. Set mode as \"overwrite\" to overwrite the existing path."),
    condition("PATH_NOT_FOUND", "42K03", "Path does not exist: <path>."),
    condition("REMAINDER_BY_ZERO", "22012", "Remainder by zero. Use `try_mod` to tolerate divisor being 0 and return NULL instead. If necessary set <config> to \"false\" to bypass this error."),
    condition("TASK_WRITE_FAILED", "58030", "Task failed while writing rows to <path>."),
    condition("UNABLE_TO_ACQUIRE_MEMORY", "53200", "Unable to acquire <requestedBytes> bytes of memory, got <receivedBytes>."),
    condition("UNABLE_TO_INFER_SCHEMA", "42KD9", "Unable to infer schema for <format>. It must be specified manually."),
    condition("UNSUPPORTED_ARROWTYPE", "0A000", "Unsupported arrow type <typeName>."),
    condition("UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE", "0A000", "The <format> datasource doesn't support the column <columnName> of the type <columnType>."),
    condition("UNSUPPORTED_FEATURE.NOT_IN_KINDLING", "0A000", "The feature is not supported: <feature> is not available in Kindling yet."),
    condition("UNSUPPORTED_FEATURE.QUERY_ONLY_CORRUPT_RECORD_COLUMN", "0A000", "The feature is not supported: Queries from raw JSON/CSV/XML files are disallowed when the\nreferenced columns only include the internal corrupt record column\n(named `_corrupt_record` by default). For example:\n`spark.read.schema(schema).json(file).filter($\"_corrupt_record\".isNotNull).count()`\nand `spark.read.schema(schema).json(file).select(\"_corrupt_record\").show()`.\nInstead, you can cache or save the parsed results and then send the same query.\nFor example, `val df = spark.read.schema(schema).json(file).cache()` and then\n`df.filter($\"_corrupt_record\".isNotNull).count()`."),
    condition("WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "42605", "The <functionName> requires <expectedNum> parameters but the actual number is <actualNum>. Please, refer to '<docroot>/sql-ref-functions.html' for a fix."),
    condition("_LEGACY_ERROR_TEMP_2146", "XXKST", "<paramName> should be an integer. Found <value>."),
    condition("_LEGACY_ERROR_TEMP_2147", "XXKST", "<paramName> flag can be true or false."),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_sorted_and_unique() {
        for pair in CONDITIONS.windows(2) {
            assert!(pair[0].name < pair[1].name, "{} must come after {}", pair[0].name, pair[1].name);
        }
    }
}
