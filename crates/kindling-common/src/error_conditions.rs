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
    condition("AMBIGUOUS_ALIAS_IN_NESTED_CTE", "42KD0", "Name <name> is ambiguous in nested CTE.\nPlease set <config> to \"CORRECTED\" so that name defined in inner CTE takes precedence. If set it to \"LEGACY\", outer CTE definitions will take precedence.\nSee '<docroot>/sql-migration-guide.html#query-engine'."),
    condition("AMBIGUOUS_COLUMN_REFERENCE", "42702", "Column <name> is ambiguous. It's because you joined several DataFrame together, and some of these DataFrames are the same.\nThis column points to one of the DataFrames but Spark is unable to figure out which one.\nPlease alias the DataFrames with different names via `DataFrame.alias` before joining them,\nand specify the column using qualified name, e.g. `df.alias(\"a\").join(df.alias(\"b\"), col(\"a.id\") > col(\"b.id\"))`."),
    condition("AMBIGUOUS_LATERAL_COLUMN_ALIAS", "42702", "Lateral column alias <name> is ambiguous and has <n> matches."),
    condition("AMBIGUOUS_REFERENCE", "42704", "Reference <name> is ambiguous, could be: <referenceNames>."),
    condition("AMBIGUOUS_REFERENCE_TO_FIELDS", "42000", "Ambiguous reference to the field <field>. It appears <count> times in the schema."),
    condition("ARITHMETIC_OVERFLOW", "22003", "<message>.<alternative> If necessary set <config> to \"false\" to bypass this error."),
    condition("ASSIGNMENT_ARITY_MISMATCH", "42802", "The number of columns or variables assigned or aliased: <numTarget> does not match the number of source expressions: <numExpr>."),
    condition("BINARY_ARITHMETIC_OVERFLOW", "22003", "<value1> <symbol> <value2> caused overflow. Use <functionName> to ignore overflow problem and return NULL."),
    condition("CANNOT_MERGE_SCHEMAS", "42KD9", "Failed merging schemas:\nInitial schema:\n<left>\nSchema that cannot be merged with the initial schema:\n<right>."),
    condition("CANNOT_MODIFY_CONFIG", "46110", "Cannot modify the value of the Spark config: <key>. See also '<docroot>/sql-migration-guide.html#ddl-statements'."),
    condition("CANNOT_MODIFY_STATIC_CONFIG", "46110", "Cannot modify the value of the static Spark config: <key>."),
    condition("CANNOT_PARSE_INTERVAL", "22006", "Unable to parse <intervalString>. Please ensure that the value provided is in a valid format for defining an interval. You can reference the documentation for the correct format. If the issue persists, please double check that the input value is not null or empty and try again."),
    condition("CANNOT_PARSE_TIMESTAMP", "22007", "<message>. Use <func> to tolerate invalid input string and return NULL instead."),
    condition("CANNOT_RESOLVE_DATAFRAME_COLUMN", "42704", "Cannot resolve dataframe column <name>. It's probably because of illegal references like `df1.select(df2.col(\"a\"))`."),
    condition("CAST_INVALID_INPUT", "22018", "The value <expression> of the type <sourceType> cannot be cast to <targetType> because it is malformed. Correct the value as per the syntax, or change its target type. Use `try_cast` to tolerate malformed input and return NULL instead."),
    condition("CAST_OVERFLOW", "22003", "The value <value> of the type <sourceType> cannot be cast to <targetType> due to an overflow. Use `try_cast` to tolerate overflow and return NULL instead."),
    condition("CODEC_NOT_AVAILABLE.WITH_AVAILABLE_CODECS_SUGGESTION", "56038", "The codec <codecName> is not available. Available codecs are <availableCodecs>."),
    condition("COLUMN_ALREADY_EXISTS", "42711", "The column <columnName> already exists. Choose another name or rename the existing column."),
    condition("CONFLICTING_DIRECTORY_STRUCTURES", "KD009", "Conflicting directory structures detected.\nSuspicious paths:\n<discoveredBasePaths>\nIf provided paths are partition directories, please set \"basePath\" in the options of the data source to specify the root directory of the table.\nIf there are multiple root directories, please load them separately and then union them."),
    condition("CONFLICTING_PARTITION_COLUMN_NAMES", "KD009", "Conflicting partition column names detected:\n<distinctPartColLists>\nFor partitioned table directories, data files should only live in leaf directories.\nAnd directories at the same level should have the same partition column name.\nPlease check the following directories for unexpected files or inconsistent partition column names:\n<suspiciousPaths>"),
    condition("CONNECT_INVALID_PLAN.FIELD", "56K00", "The Spark Connect plan is invalid. <detail>."),
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
    condition("FIELD_NOT_FOUND", "42704", "No such struct field <fieldName> in <fields>."),
    condition("GROUPING_COLUMN_MISMATCH", "42803", "Column of grouping (<grouping>) can't be found in grouping columns <groupingColumns>."),
    condition("GROUPING_ID_COLUMN_MISMATCH", "42803", "Columns of grouping_id (<groupingIdColumn>) does not match grouping columns (<groupByColumns>)."),
    condition("GROUP_BY_AGGREGATE", "42903", "Aggregate functions are not allowed in GROUP BY, but found <sqlExpr>."),
    condition("GROUP_BY_POS_AGGREGATE", "42903", "GROUP BY <index> refers to an expression <aggExpr> that contains an aggregate function. Aggregate functions are not allowed in GROUP BY."),
    condition("GROUP_BY_POS_OUT_OF_RANGE", "42805", "GROUP BY position <index> is not in select list (valid range is [1, <size>])."),
    condition("GROUP_EXPRESSION_TYPE_IS_NOT_ORDERABLE", "42822", "The expression <sqlExpr> cannot be used as a grouping expression because its data type <dataType> is not an orderable data type."),
    condition("INCOMPATIBLE_COLUMN_TYPE", "42825", "<operator> can only be performed on tables with compatible column types. The <columnOrdinalNumber> column of the <tableOrdinalNumber> table is <dataType1> type which is not compatible with <dataType2> at the same column of the first table.<hint>."),
    condition("INTERNAL_ERROR", "XX000", "<message>"),
    condition("INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION", "22015", "Integer overflow while operating with intervals. Try devising appropriate values for the interval parameters."),
    condition("INTERVAL_ARITHMETIC_OVERFLOW.WITH_SUGGESTION", "22015", "Integer overflow while operating with intervals. Use <functionName> to tolerate overflow and return NULL instead."),
    condition("INTERVAL_DIVIDED_BY_ZERO", "22012", "Division by zero. Use `try_divide` to tolerate divisor being 0 and return NULL instead."),
    condition("INVALID_ARRAY_INDEX", "22003", "The index <indexValue> is out of bounds. The array has <arraySize> elements. Use the SQL function `get()` to tolerate accessing element at invalid index and return NULL instead."),
    condition("INVALID_ARRAY_INDEX_IN_ELEMENT_AT", "22003", "The index <indexValue> is out of bounds. The array has <arraySize> elements. Use `try_element_at` to tolerate accessing element at invalid index and return NULL instead."),
    condition("INVALID_ATTRIBUTE_NAME_SYNTAX", "42601", "Syntax error in the attribute name: <name>. Check that backticks appear in pairs, a quoted string is a complete name part and use a backtick only inside quoted name parts."),
    condition("INVALID_COLUMN_OR_FIELD_DATA_TYPE", "42000", "Column or field <name> is of type <type> while it's required to be <expectedType>."),
    condition("INVALID_CONF_VALUE.TYPE_MISMATCH", "22022", "The value '<confValue>' in the config <confName> is invalid. It should be a/an '<confType>' value."),
    condition("INVALID_CORRUPT_RECORD_TYPE", "42804", "The column <columnName> for corrupt records must have the nullable STRING type, but got <actualType>."),
    condition("INVALID_CURSOR.POSITION_NOT_FOUND", "HY109", "The cursor is invalid. The cursor position id <responseId> is not found."),
    condition("INVALID_DATETIME_PATTERN.ILLEGAL_CHARACTER", "22007", "Unrecognized datetime pattern: <pattern>. Illegal pattern character found in datetime pattern: <c>. Please provide legal character."),
    condition("INVALID_DATETIME_PATTERN.WITH_SUGGESTION", "22007", "Unrecognized datetime pattern: <pattern>. You can form a valid datetime pattern with the guide from '<docroot>/sql-ref-datetime-pattern.html'."),
    condition("INVALID_DELIMITER_VALUE.DELIMITER_LONGER_THAN_EXPECTED", "42602", "Invalid value for delimiter. Delimiter cannot be more than one character: <str>."),
    condition("INVALID_DELIMITER_VALUE.EMPTY_STRING", "42602", "Invalid value for delimiter. Delimiter cannot be empty string."),
    condition("INVALID_DELIMITER_VALUE.SINGLE_BACKSLASH", "42602", "Invalid value for delimiter. Single backslash is prohibited. It has special meaning as beginning of an escape sequence. To get the backslash character, pass a string with two backslashes as the delimiter."),
    condition("INVALID_DELIMITER_VALUE.UNSUPPORTED_SPECIAL_CHARACTER", "42602", "Invalid value for delimiter. Unsupported special character for delimiter: <str>."),
    condition("INVALID_EXTRACT_BASE_FIELD_TYPE", "42000", "Can't extract a value from <base>. Need a complex type [STRUCT, ARRAY, MAP] but got <other>."),
    condition("INVALID_EXTRACT_FIELD_TYPE", "42000", "Field name should be a non-null string literal, but it's <extraction>."),
    condition("INVALID_HANDLE.OPERATION_ABANDONED", "HY000", "The handle <handle> is invalid. Operation was considered abandoned because of inactivity and removed."),
    condition("INVALID_HANDLE.OPERATION_NOT_FOUND", "HY000", "The handle <handle> is invalid. Operation not found."),
    condition("INVALID_HANDLE.SESSION_CLOSED", "HY000", "The handle <handle> is invalid. Session was closed."),
    condition("INVALID_HANDLE.SESSION_NOT_FOUND", "HY000", "The handle <handle> is invalid. Session not found."),
    condition("INVALID_INDEX_OF_ZERO", "22003", "The index 0 is invalid. An index shall be either < 0 or > 0 (the first element has index 1)."),
    condition("INVALID_INTERVAL_FORMAT.UNRECOGNIZED_NUMBER", "22006", "Error parsing '<input>' to interval. Please ensure that the value provided is in a valid format for defining an interval. You can reference the documentation for the correct format. Unrecognized number <number>."),
    condition("INVALID_LAMBDA_FUNCTION_CALL.DUPLICATE_ARG_NAMES", "42K0D", "Invalid lambda function call. The lambda function has duplicate arguments <args>. Please, consider to rename the argument names or set <caseSensitiveConfig> to \"true\"."),
    condition("INVALID_LAMBDA_FUNCTION_CALL.NON_HIGHER_ORDER_FUNCTION", "42K0D", "Invalid lambda function call. A lambda function should only be used in a higher order function. However, its class is <class>, which is not a higher order function."),
    condition("INVALID_LAMBDA_FUNCTION_CALL.NUM_ARGS_MISMATCH", "42K0D", "Invalid lambda function call. A higher order function expects <expectedNumArgs> arguments, but got <actualNumArgs>."),
    condition("INVALID_LATERAL_JOIN_TYPE", "42613", "The <joinType> JOIN with LATERAL correlation is not allowed because an OUTER subquery cannot correlate to its join partner. Remove the LATERAL correlation or use an INNER JOIN, or LEFT OUTER JOIN instead."),
    condition("INVALID_LIMIT_LIKE_EXPRESSION.DATA_TYPE", "42K0E", "The limit like expression <expr> is invalid. The <name> expression must be integer type, but got <dataType>."),
    condition("INVALID_LIMIT_LIKE_EXPRESSION.IS_NEGATIVE", "42K0E", "The limit like expression <expr> is invalid. The <name> expression must be equal to or greater than 0, but got <v>."),
    condition("INVALID_LIMIT_LIKE_EXPRESSION.IS_NULL", "42K0E", "The limit like expression <expr> is invalid. The evaluated <name> expression must not be null."),
    condition("INVALID_LIMIT_LIKE_EXPRESSION.IS_UNFOLDABLE", "42K0E", "The limit like expression <expr> is invalid. The <name> expression must evaluate to a constant value."),
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
    condition("INVALID_SUBQUERY_EXPRESSION.SCALAR_SUBQUERY_RETURN_MORE_THAN_ONE_OUTPUT_COLUMN", "42823", "Invalid subquery: Scalar subquery must return only one column, but got <number>."),
    condition("INVALID_TIMEZONE", "22009", "The timezone: <timeZone> is invalid. The timezone must be either a region-based zone ID or a zone offset. Region IDs must have the form 'area/city', such as 'America/Los_Angeles'. Zone offsets must be in the format '(+|-)HH', '(+|-)HH:mm’ or '(+|-)HH:mm:ss', e.g '-08' , '+01:00' or '-13:33:33', and must be in the range from -18:00 to +18:00. 'Z' and 'UTC' are accepted as synonyms for '+00:00'."),
    condition("INVALID_USAGE_OF_STAR_OR_REGEX", "42000", "Invalid usage of <elem> in <prettyName>."),
    condition("INVALID_WHERE_CONDITION", "42903", "The WHERE condition <condition> contains invalid expressions: <expressionList>.\nRewrite the query to avoid window functions, aggregate functions, and generator functions in the WHERE clause."),
    condition("JOIN_CONDITION_IS_NOT_BOOLEAN_TYPE", "42K0E", "The join condition <joinCondition> has the invalid type <conditionType>, expected \"BOOLEAN\"."),
    condition("MALFORMED_CSV_RECORD", "KD000", "Malformed CSV record: <badRecord>"),
    condition("MALFORMED_RECORD_IN_PARSING.CANNOT_PARSE_JSON_ARRAYS_AS_STRUCTS", "22023", "Malformed records are detected in record parsing: <badRecord>.\nParse Mode: <failFastMode>. To process malformed records as null result, try setting the option 'mode' as 'PERMISSIVE'. Parsing JSON arrays as structs is forbidden."),
    condition("MALFORMED_RECORD_IN_PARSING.CANNOT_PARSE_STRING_AS_DATATYPE", "22023", "Malformed records are detected in record parsing: <badRecord>.\nParse Mode: <failFastMode>. To process malformed records as null result, try setting the option 'mode' as 'PERMISSIVE'. Cannot parse the value <fieldValue> of the field <fieldName> as target spark data type <targetType> from the input type <inputType>."),
    condition("MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION", "22023", "Malformed records are detected in record parsing: <badRecord>.\nParse Mode: <failFastMode>. To process malformed records as null result, try setting the option 'mode' as 'PERMISSIVE'. "),
    condition("MISSING_AGGREGATION", "42803", "The non-aggregating expression <expression> is based on columns which are not participating in the GROUP BY clause.\nAdd the columns or the expression to the GROUP BY, aggregate the expression, or use <expressionAnyValue> if you do not care which of the values within a group is returned."),
    condition("MISSING_GROUP_BY", "42803", "The query does not include a GROUP BY clause. Add GROUP BY or turn it into the window functions using OVER clauses."),
    condition("MISSING_WINDOW_SPECIFICATION", "42P20", "Window specification is not defined in the WINDOW clause for <windowName>. For more information about WINDOW clauses, please refer to '<docroot>/sql-ref-syntax-qry-select-window.html'."),
    condition("NESTED_AGGREGATE_FUNCTION", "42607", "It is not allowed to use an aggregate function in the argument of another aggregate function. Please use the inner aggregate function in a sub-query."),
    condition("NON_LAST_MATCHED_CLAUSE_OMIT_CONDITION", "42613", "When there are more than one MATCHED clauses in a MERGE statement, only the last MATCHED clause can omit the condition."),
    condition("NON_LITERAL_PIVOT_VALUES", "42K08", "Literal expressions required for pivot values, found <expression>."),
    condition("NUMERIC_VALUE_OUT_OF_RANGE.WITHOUT_SUGGESTION", "22003", " The <roundedValue> rounded half up from <originalValue> cannot be represented as Decimal(<precision>, <scale>)."),
    condition("NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION", "22003", " <value> cannot be represented as Decimal(<precision>, <scale>). If necessary set <config> to \"false\" to bypass this error, and return NULL instead."),
    condition("NUM_COLUMNS_MISMATCH", "42826", "<operator> can only be performed on inputs with the same number of columns, but the first input has <firstNumColumns> columns and the <invalidOrdinalNum> input has <invalidNumColumns> columns."),
    condition("NUM_TABLE_VALUE_ALIASES_MISMATCH", "42826", "Number of given aliases does not match number of output columns.\nFunction name: <funcName>; number of aliases: <aliasesNum>; number of output columns: <outColsNum>."),
    condition("OPERATION_CANCELED", "HY008", "Operation has been canceled."),
    condition("OPTION_VALUE_EXCEEDS_ONE_CHARACTER", "22023", "The value of <paramName> cannot be more than one character, but got <actualValue>."),
    condition("ORDER_BY_POS_OUT_OF_RANGE", "42805", "ORDER BY position <index> is not in select list (valid range is [1, <size>])."),
    condition("PARSE_SYNTAX_ERROR", "42601", "Syntax error at or near <error><hint>."),
    condition("PARTITION_COLUMN_NOT_FOUND_IN_SCHEMA", "42000", "Partition column <column> not found in schema <schema>. Please provide the existing column for partitioning."),
    condition("PATH_ALREADY_EXISTS", "42K04", "Path <outputPath> already exists. Set mode as \"overwrite\" to overwrite the existing path."),
    condition("PATH_NOT_FOUND", "42K03", "Path does not exist: <path>."),
    condition("PIVOT_VALUE_DATA_TYPE_MISMATCH", "42K09", "Invalid pivot value '<value>': value data type <valueType> does not match pivot column data type <pivotType>."),
    condition("RECURSION_LEVEL_LIMIT_EXCEEDED", "42836", "Recursion level limit <levelLimit> reached but query has not exhausted, try increasing it like 'WITH RECURSIVE t(col) MAX RECURSION LEVEL 200'."),
    condition("RECURSIVE_CTE_IN_LEGACY_MODE", "42836", "Recursive definitions cannot be used in legacy CTE precedence mode (spark.sql.legacy.ctePrecedencePolicy=LEGACY)."),
    condition("RECURSIVE_VIEW", "42K0H", "Recursive view <viewIdent> detected (cycle: <newPath>)."),
    condition("REMAINDER_BY_ZERO", "22012", "Remainder by zero. Use `try_mod` to tolerate divisor being 0 and return NULL instead. If necessary set <config> to \"false\" to bypass this error."),
    condition("SCALAR_SUBQUERY_TOO_MANY_ROWS", "21000", "More than one row returned by a subquery used as an expression."),
    condition("SQL_CONF_NOT_FOUND", "42K0I", "The SQL config <sqlConf> cannot be found. Please verify that the config exists."),
    condition("TABLE_OR_VIEW_NOT_FOUND", "42P01", "The table or view <relationName> cannot be found. Verify the spelling and correctness of the schema and catalog.\nSearch path: <searchPath>.\nIf you did not qualify the name with a schema, verify the current_schema() output, or qualify the name with the correct schema and catalog.\nTo tolerate the error on drop use DROP VIEW IF EXISTS or DROP TABLE IF EXISTS."),
    condition("TASK_WRITE_FAILED", "58030", "Task failed while writing rows to <path>."),
    condition("UDTF_ALIAS_NUMBER_MISMATCH", "42802", "The number of aliases supplied in the AS clause does not match the number of columns output by the UDTF.\nExpected <aliasesSize> aliases, but got <aliasesNames>.\nPlease ensure that the number of aliases provided matches the number of columns output by the UDTF."),
    condition("UNABLE_TO_ACQUIRE_MEMORY", "53200", "Unable to acquire <requestedBytes> bytes of memory, got <receivedBytes>."),
    condition("UNABLE_TO_INFER_SCHEMA", "42KD9", "Unable to infer schema for <format>. It must be specified manually."),
    condition("UNBOUND_SQL_PARAMETER", "42P02", "Found the unbound parameter: <name>. Please, fix `args` and provide a mapping of the parameter to either a SQL literal or collection constructor functions such as `map()`, `array()`, `struct()`."),
    condition("UNPIVOT_REQUIRES_ATTRIBUTES", "42K0A", "UNPIVOT requires all given <given> expressions to be columns when no <empty> expressions are given. These are not columns: [<expressions>]."),
    condition("UNPIVOT_REQUIRES_VALUE_COLUMNS", "42K0A", "At least one value column needs to be specified for UNPIVOT, all columns specified as ids."),
    condition("UNPIVOT_VALUE_DATA_TYPE_MISMATCH", "42K09", "Unpivot value columns must share a least common type, some types do not: [<types>]."),
    condition("UNPIVOT_VALUE_SIZE_MISMATCH", "428C4", "All unpivot value columns must have the same size as there are value column names (<names>)."),
    condition("UNRESOLVABLE_TABLE_VALUED_FUNCTION", "42883", "Could not resolve <name> to a table-valued function.\nPlease make sure that <name> is defined as a table-valued function and that all required parameters are provided correctly.\nIf <name> is not defined, please create the table-valued function before using it.\nFor more information about defining table-valued functions, please refer to the Apache Spark documentation."),
    condition("UNRESOLVED_ALL_IN_GROUP_BY", "42803", "Cannot infer grouping columns for GROUP BY ALL based on the select clause. Please explicitly specify the grouping columns."),
    condition("UNRESOLVED_COLUMN.WITHOUT_SUGGESTION", "42703", "A column, variable, or function parameter with name <objectName> cannot be resolved. "),
    condition("UNRESOLVED_COLUMN.WITH_SUGGESTION", "42703", "A column, variable, or function parameter with name <objectName> cannot be resolved. Did you mean one of the following? [<proposal>]."),
    condition("UNRESOLVED_FIELD.WITH_SUGGESTION", "42703", "A field with name <fieldName> cannot be resolved with the struct-type column <columnPath>. Did you mean one of the following? [<proposal>]."),
    condition("UNRESOLVED_ROUTINE", "42883", "Cannot resolve routine <routineName> on search path <searchPath>."),
    condition("UNRESOLVED_USING_COLUMN_FOR_JOIN", "42703", "USING column <colName> cannot be resolved on the <side> side of the join. The <side>-side columns: [<suggestion>]."),
    condition("UNSUPPORTED_ARROWTYPE", "0A000", "Unsupported arrow type <typeName>."),
    condition("UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE", "0A000", "The <format> datasource doesn't support the column <columnName> of the type <columnType>."),
    condition("UNSUPPORTED_EXPR_FOR_OPERATOR", "42K0E", "A query operator contains one or more unsupported expressions.\nConsider to rewrite it to avoid window functions, aggregate functions, and generator functions in the WHERE clause.\nInvalid expressions: [<invalidExprSqls>]"),
    condition("UNSUPPORTED_EXPR_FOR_WINDOW", "42P20", "Expression <sqlExpr> not supported within a window function."),
    condition("UNSUPPORTED_FEATURE.NOT_IN_KINDLING", "0A000", "The feature is not supported: <feature> is not available in Kindling yet."),
    condition("UNSUPPORTED_FEATURE.QUERY_ONLY_CORRUPT_RECORD_COLUMN", "0A000", "The feature is not supported: Queries from raw JSON/CSV/XML files are disallowed when the\nreferenced columns only include the internal corrupt record column\n(named `_corrupt_record` by default). For example:\n`spark.read.schema(schema).json(file).filter($\"_corrupt_record\".isNotNull).count()`\nand `spark.read.schema(schema).json(file).select(\"_corrupt_record\").show()`.\nInstead, you can cache or save the parsed results and then send the same query.\nFor example, `val df = spark.read.schema(schema).json(file).cache()` and then\n`df.filter($\"_corrupt_record\".isNotNull).count()`."),
    condition("UNSUPPORTED_FEATURE.SET_OPERATION_ON_MAP_TYPE", "0A000", "The feature is not supported: Cannot have MAP type columns in DataFrame which calls set operations (INTERSECT, EXCEPT, etc.), but the type of column <colName> is <dataType>."),
    condition("UNSUPPORTED_GENERATOR.MULTI_GENERATOR", "42K0E", "The generator is not supported: only one generator allowed per SELECT clause but found <num>: <generators>."),
    condition("UNSUPPORTED_GENERATOR.NESTED_IN_EXPRESSIONS", "42K0E", "The generator is not supported: nested in expressions <expression>."),
    condition("UNSUPPORTED_GENERATOR.NOT_GENERATOR", "42K0E", "The generator is not supported: <functionName> is expected to be a generator. However, its class is <classCanonicalName>, which is not a generator."),
    condition("UNSUPPORTED_GENERATOR.OUTSIDE_SELECT", "42K0E", "The generator is not supported: outside the SELECT clause, found: <plan>."),
    condition("UNSUPPORTED_GROUPING_EXPRESSION", "42K0E", "grouping()/grouping_id() can only be used with GroupingSets/Cube/Rollup."),
    condition("WINDOW_FUNCTION_WITHOUT_OVER_CLAUSE", "42601", "Window function <funcName> requires an OVER clause."),
    condition("WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "42605", "The <functionName> requires <expectedNum> parameters but the actual number is <actualNum>. Please, refer to '<docroot>/sql-ref-functions.html' for a fix."),
    condition("_LEGACY_ERROR_TEMP_1294", "XXKST", "The timestamp provided for the '<strategy>' option is invalid. The expected format is 'YYYY-MM-DDTHH:mm:ss', but the provided timestamp: <timeString>."),
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
