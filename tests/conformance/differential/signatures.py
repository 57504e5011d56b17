"""What expressions are made of: operators and functions with the types that they take.

A line is `result <- template : types`; `{0}` in the template stands for an argument, and a template without any is a
function's name. `T`, `U` stand for any type, `N` for a number, `I` for an integer, `O` for what can be ordered, `M` for a time;
`small` is a small integer literal, `T->U` a lambda function of one argument, `T,U->V` of two, `'a'|'b'` a choice of texts.
"""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Signature:
    result: str
    template: str
    arguments: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.template.split("(")[0]


def parse(text: str) -> list[Signature]:
    found = []
    for line in text.strip().splitlines():
        if not line.strip():
            continue
        result, _, rest = line.partition(" <- ")
        template, _, arguments = rest.partition(" :")
        kinds = tuple(part.strip() for part in arguments.split("; ") if part.strip())
        template = template.strip()
        if "(" not in template and "{" not in template:
            template += "(" + ", ".join(f"{{{index}}}" for index in range(len(kinds))) + ")"
        found.append(Signature(result.strip(), template, kinds))
    return found


OPERATORS = """
N <- ({0} + {1}) : N; N
N <- ({0} - {1}) : N; N
N <- ({0} * {1}) : N; N
double <- ({0} / {1}) : N; N
bigint <- ({0} DIV {1}) : N; N
N <- ({0} % {1}) : N; N
N <- (- {0}) : N
I <- ({0} & {1}) : I; I
I <- ({0} | {1}) : I; I
I <- ({0} ^ {1}) : I; I
I <- (~ {0}) : I
int <- ({0} << {1}) : int; int
bigint <- ({0} >> {1}) : bigint; int
boolean <- ({0} = {1}) : T; T
boolean <- ({0} <=> {1}) : T; T
boolean <- ({0} <> {1}) : O; O
boolean <- ({0} < {1}) : O; O
boolean <- ({0} >= {1}) : O; O
boolean <- ({0} = {1}) : N; N
boolean <- ({0} < {1}) : N; N
boolean <- ({0} = {1}) : string; N
boolean <- ({0} > {1}) : N; string
boolean <- ({0} = {1}) : string; M
boolean <- ({0} < {1}) : M; M
boolean <- ({0} BETWEEN {1} AND {2}) : O; O; O
boolean <- ({0} IN ({1}, {2})) : T; T; T
boolean <- ({0} NOT IN ({1}, {2}, {3})) : N; N; N; N
boolean <- ({0} IS NULL) : T
boolean <- ({0} IS NOT NULL) : T
boolean <- ({0} IS DISTINCT FROM {1}) : T; T
boolean <- ({0} AND {1}) : boolean; boolean
boolean <- ({0} OR {1}) : boolean; boolean
boolean <- (NOT {0}) : boolean
boolean <- ({0} IS NOT TRUE) : boolean
boolean <- ({0} IS UNKNOWN) : boolean
boolean <- ({0} LIKE {1}) : string; 'a%'|'%b%'|'_'|'%'|'a_c'|'%!%%' ESCAPE '!'
boolean <- ({0} ILIKE {1}) : string; 'A%'|'%SQL'|'é'
boolean <- ({0} RLIKE {1}) : string; '^a'|'[0-9]+$'|'(?i)ABC'|'\\\\d+'
boolean <- ({0} LIKE ANY ({1}, 'x%')) : string; 'a%'|'%1'
string <- ({0} || {1}) : string; string
array<T> <- ({0} || {1}) : array<T>; array<T>
binary <- ({0} || {1}) : binary; binary
date <- ({0} + {1}) : date; int
date <- ({0} - {1}) : date; small
interval day to second <- ({0} - {1}) : date; date
interval day to second <- ({0} - {1}) : timestamp; timestamp
date <- ({0} + {1}) : date; interval year to month
timestamp <- ({0} + {1}) : timestamp; interval day to second
timestamp_ntz <- ({0} - {1}) : timestamp_ntz; interval year to month
timestamp <- ({0} + {1}) : date; interval day to second
interval year to month <- ({0} + {1}) : interval year to month; interval year to month
interval day to second <- ({0} - {1}) : interval day to second; interval day to second
interval year to month <- ({0} * {1}) : interval year to month; N
interval day to second <- ({0} / {1}) : interval day to second; N
T <- (CASE WHEN {0} THEN {1} ELSE {2} END) : boolean; T; T
T <- (CASE WHEN {0} THEN {1} END) : boolean; T
N <- (CASE WHEN {0} THEN {1} WHEN {2} THEN {3} ELSE {4} END) : boolean; N; boolean; N; N
T <- (CASE {0} WHEN {1} THEN {2} ELSE {3} END) : O; O; T; T
T <- {0}[{1}] : array<T>; small
int <- {0}[{1}] : map<string,int>; string
string <- {0}.b : struct<a:int,b:string>
string <- ({0} COLLATE UTF8_BINARY) : string
string <- {0}::string : T
"""

FUNCTIONS = r"""
N <- abs : N
interval day to second <- abs : interval day to second
double <- acos : double
double <- atan2 : double; double
double <- cbrt : double
bigint <- ceil : double
decimal(10,2) <- ceil : decimal(10,2)
decimal(10,2) <- ceil : N; small
bigint <- floor : N
decimal(10,2) <- floor : N; small
string <- conv : string; small; small
double <- cos : N
double <- cosh : double
double <- cot : double
double <- csc : double
double <- degrees : double
double <- exp : double
double <- expm1 : double
bigint <- factorial : small
int <- greatest : int; int; int
O <- greatest : O; O
O <- least : O; O; O
double <- hypot : double; double
double <- ln : double
double <- log : double; double
double <- log10 : double
double <- log1p : double
double <- log2 : double
N <- mod : N; N
N <- negative : N
N <- positive : N
N <- pmod : N; N
double <- pow : double; N
double <- radians : double
double <- rint : double
N <- round : N
N <- round : N; small
N <- bround : N; small
double <- sec : double
N <- sign : N
double <- signum : double
double <- sin : double
double <- sinh : double
double <- sqrt : double
double <- tan : double
double <- tanh : double
N <- try_add : N; N
N <- try_subtract : N; N
N <- try_multiply : N; N
double <- try_divide : N; N
N <- try_mod : N; N
string <- bin : bigint
string <- hex : bigint
string <- hex : string
string <- hex : binary
binary <- unhex : string
int <- width_bucket : double; double; double; small
int <- bit_count : I
int <- getbit : I; small
int <- shiftleft : int; small
bigint <- shiftright : bigint; small
bigint <- shiftrightunsigned : bigint; small
boolean <- isnan : double
double <- nanvl : double; double
int <- ascii : string
string <- base64 : binary
binary <- unbase64 : string
int <- bit_length : string
string <- btrim : string
string <- btrim : string; string
int <- char_length : string
string <- chr : int
string <- concat : string; string; string
array<T> <- concat : array<T>; array<T>
string <- concat_ws : ','|'-'; string; array<string>
string <- concat_ws : string; string; string
boolean <- contains : string; string
string <- decode : binary; 'UTF-8'|'UTF-16'|'US-ASCII'|'ISO-8859-1'
binary <- encode : string; 'UTF-8'|'UTF-16BE'|'US-ASCII'|'ISO-8859-1'
string <- elt : small; string; string
boolean <- endswith : string; string
int <- find_in_set : string; 'a,b,c'|',a,'|''
string <- format_number : N; small
string <- format_string : '%s-%d'|'%5s|%03d'|'%s'; string; int
string <- initcap : string
int <- instr : string; string
string <- lcase : string
string <- left : string; small
int <- levenshtein : string; string
int <- levenshtein : string; string; small
int <- locate : string; string
int <- locate : string; string; small
string <- lower : string
string <- lpad : string; small; string
string <- lpad : string; small
string <- ltrim : string
string <- luhn_check : string
string <- md5 : string
string <- mask : string
string <- mask : string; 'Q'; 'q'; 'd'; 'o'
int <- octet_length : binary
string <- overlay({0} PLACING {1} FROM {2} FOR {3}) : string; string; small; small
int <- position : string; string
string <- printf : '%s %s'; T; U
string <- quote : string
boolean <- regexp_like : string; '^a'|'[0-9]+'
string <- regexp_extract : string; '([a-z]+)([0-9]*)'|'(\\d+)'; small
array<string> <- regexp_extract_all : string; '([a-z])'|'(\\d)(\\d)?'; small
string <- regexp_replace : string; '[a-c]'|'\\d'|'(.)'; 'X'|'$1$1'|''
int <- regexp_count : string; 'a'|'[0-9]'|''
int <- regexp_instr : string; 'a'|'[0-9]'
string <- regexp_substr : string; 'a+'|'[0-9]+'
string <- repeat : string; small
string <- replace : string; string; string
string <- replace : string; string
string <- reverse : string
array<T> <- reverse : array<T>
string <- right : string; small
string <- rpad : string; small; string
binary <- rpad : binary; small; X'01'
string <- rtrim : string
array<array<string>> <- sentences : string
string <- sha1 : binary
string <- sha2 : string; 256|0|224|512|100
string <- soundex : string
string <- space : small
array<string> <- split : string; ','|' '|''|'[0-9]'
array<string> <- split : string; ','|'a'; small
string <- split_part : string; ','|'a'; small
boolean <- startswith : string; string
boolean <- startswith : binary; binary
string <- substr : string; small
string <- substring : string; small; small
binary <- substring : binary; small; small
string <- substring_index : string; ','|'a'|' '; small
string <- to_binary : string; 'hex'|'utf-8'|'base64'
binary <- try_to_binary : string; 'hex'|'base64'
string <- to_char : N; '999.99'|'S000'|'$9,999.9'|'9.99'
decimal(10,2) <- to_number : string; '999.99'|'S999'|'9'
decimal(10,2) <- try_to_number : string; '999.99'|'S999'|'9'
string <- translate : string; 'abc'|'a1'; 'xy'|''|'123'
string <- trim : string
string <- trim(BOTH {0} FROM {1}) : string; string
string <- ucase : string
string <- upper : string
string <- url_encode : string
string <- url_decode : string
string <- try_url_decode : string
string <- parse_url : string; 'HOST'|'QUERY'|'PROTOCOL'|'PATH'
string <- parse_url : string; 'QUERY'; 'k'|'x'
boolean <- is_valid_utf8 : binary
string <- make_valid_utf8 : string
string <- try_validate_utf8 : string
int <- crc32 : string
int <- hash : T; U
bigint <- xxhash64 : T; U
string <- typeof : T
string <- string : T
int <- int : string
double <- double : string
boolean <- boolean : string
date <- date : string
date <- add_months : date; int
date <- add_months : date; small
date <- date_add : date; int
date <- date_sub : date; small
int <- datediff : date; date
string <- date_format : timestamp; 'yyyy-MM-dd HH:mm:ss.SSS'|'EEEE'|'yy/M/d'|'hh a'|'D'|'G yyyy'|'VV'|'xxx'|'Q'|'e'|'YYYY'|'uuuu'
string <- date_format : date; 'yyyy-MM-dd'|'dd MMM yyyy'|'MMMM'
date <- date_from_unix_date : int
int <- day : date
string <- dayname : date
int <- dayofmonth : date
int <- dayofweek : date
int <- dayofyear : timestamp
decimal(8,6) <- extract(SECOND FROM {0}) : timestamp
int <- extract(YEAR FROM {0}) : date
int <- extract(WEEK FROM {0}) : timestamp
int <- extract(MONTH FROM {0}) : interval year to month
decimal(8,6) <- extract(SECOND FROM {0}) : interval day to second
int <- date_part : 'year'|'yearofweek'|'quarter'|'doy'|'dow_iso'|'hour'|'epoch'; timestamp
date <- date_trunc : 'year'|'QUARTER'|'month'|'week'|'DAY'|'hour'|'minute'|'millisecond'|'x'; timestamp
date <- trunc : date; 'year'|'MM'|'week'|'quarter'|'day'
timestamp <- from_utc_timestamp : timestamp; 'America/Los_Angeles'|'UTC'|'+05:30'|'Asia/Tokyo'|'xx'
timestamp <- to_utc_timestamp : timestamp; 'America/New_York'|'Europe/Berlin'
timestamp_ntz <- convert_timezone : 'Europe/Brussels'; timestamp_ntz
string <- from_unixtime : bigint
string <- from_unixtime : bigint; 'yyyy-MM-dd HH:mm'|'EEE'
int <- hour : timestamp
date <- last_day : date
date <- make_date : int; small; small
timestamp <- make_timestamp : int; small; small; small; small; N
timestamp_ntz <- make_timestamp_ntz : 2024; small; small; small; 0; 1.5
interval day to second <- make_dt_interval : small; small; small; N
interval year to month <- make_ym_interval : int; small
interval day to second <- make_interval(0, 0, 0, {0}, {1}, 0, {2}) : small; small; N
int <- minute : timestamp
int <- month : date
string <- monthname : date
double <- months_between : timestamp; timestamp
double <- months_between : timestamp; timestamp; boolean
date <- next_day : date; 'MO'|'Sunday'|'TUE'|'xx'
int <- quarter : date
int <- second : timestamp
timestamp <- timestamp_micros : bigint
timestamp <- timestamp_millis : bigint
timestamp <- timestamp_seconds : N
date <- to_date : string
date <- to_date : string; 'yyyy-MM-dd'|'dd/MM/yyyy'
date <- try_to_date : string; 'yyyy-MM-dd'
timestamp <- to_timestamp : string
timestamp <- to_timestamp : string; 'yyyy-MM-dd HH:mm:ss'|'yyyy-MM-dd'
timestamp <- try_to_timestamp : string
timestamp_ntz <- to_timestamp_ntz : string
timestamp <- to_timestamp_ltz : date
bigint <- to_unix_timestamp : timestamp
bigint <- unix_timestamp : string; 'yyyy-MM-dd'
bigint <- unix_date : date
bigint <- unix_micros : timestamp
bigint <- unix_millis : timestamp
bigint <- unix_seconds : timestamp
int <- weekday : date
int <- weekofyear : date
int <- year : timestamp
timestamp <- timestampadd(HOUR, {0}, {1}) : int; timestamp
timestamp <- timestampadd(MONTH, {0}, {1}) : small; timestamp
bigint <- timestampdiff(DAY, {0}, {1}) : timestamp; timestamp
bigint <- timestampdiff(QUARTER, {0}, {1}) : timestamp; timestamp
T <- coalesce : T; T
N <- coalesce : N; N; N
T <- if : boolean; T; T
T <- ifnull : T; T
T <- nullif : T; T
bigint <- nullifzero : I
N <- zeroifnull : N
T <- nvl : T; T
T <- nvl2 : U; T; T
string <- decode : int; 1; 'a'|'b'; string
boolean <- equal_null : T; T
boolean <- isnull : T
boolean <- isnotnull : T
T <- assert_true({0} IS NOT NULL) : T
array<T> <- array : T; T
array<N> <- array : N; N; N
array<T> <- array_append : array<T>; T
array<T> <- array_prepend : array<T>; T
array<T> <- array_compact : array<T>
boolean <- array_contains : array<T>; T
array<O> <- array_distinct : array<O>
array<O> <- array_except : array<O>; array<O>
array<T> <- array_insert : array<T>; small; T
array<O> <- array_intersect : array<O>; array<O>
string <- array_join : array<string>; ','|''
string <- array_join : array<string>; '-'; 'null'
O <- array_max : array<O>
O <- array_min : array<O>
int <- array_position : array<T>; T
array<T> <- array_remove : array<T>; T
array<T> <- array_repeat : T; small
int <- array_size : array<T>
array<O> <- array_sort : array<O>
array<O> <- sort_array : array<O>; boolean
array<O> <- sort_array : array<O>
array<O> <- array_union : array<O>; array<O>
boolean <- arrays_overlap : array<T>; array<T>
array<struct<0:T,1:U>> <- arrays_zip : array<T>; array<U>
int <- cardinality : array<T>
T <- element_at : array<T>; small
int <- element_at : map<string,int>; string
T <- try_element_at : array<T>; small
T <- get : array<T>; small
array<int> <- sequence : small; small
array<int> <- sequence : small; small; small
array<date> <- sequence : DATE'2024-01-31'|DATE'2024-02-29'; DATE'2024-05-01'|DATE'2023-12-01'; INTERVAL 1 MONTH|INTERVAL '-1' MONTH|INTERVAL 10 DAY
int <- size : array<T>
int <- size : map<string,int>
array<T> <- slice : array<T>; small; small
array<T> <- flatten : array<array<T>>
map<string,int> <- map : string; int; string; int
map<string,int> <- map_concat : map<string,int>; map<string,int>
boolean <- map_contains_key : map<string,int>; string
array<struct<key:string,value:int>> <- map_entries : map<string,int>
map<string,int> <- map_from_arrays : array<string>; array<int>
map<int,string> <- map_from_entries : array<struct<a:int,b:string>>
array<string> <- map_keys : map<string,int>
array<int> <- map_values : map<string,int>
map<string,string> <- str_to_map : string; ','|' '; ':'|'='
struct<a:int,b:string> <- named_struct : 'a'; int; 'b'; string
struct<col1:T,col2:U> <- struct : T; U
array<U> <- transform : array<T>; T->U
array<U> <- transform : array<T>; T,int->U
array<T> <- filter : array<T>; T->boolean
boolean <- exists : array<T>; T->boolean
boolean <- forall : array<T>; T->boolean
int <- aggregate : array<int>; 0; int,int->int
double <- reduce : array<double>; CAST(0 AS DOUBLE); double,double->double
array<T> <- zip_with : array<T>; array<U>; T,U->T
map<string,int> <- map_filter : map<string,int>; string,int->boolean
map<string,T> <- transform_values : map<string,int>; string,int->T
map<string,int> <- transform_keys : map<string,int>; string,int->string
array<int> <- array_sort : array<int>; int,int->int
string <- get_json_object : string; '$.a'|'$.b'|'$[0]'|'$'
struct<a:int,b:string> <- from_json : string; 'a INT, b STRING'
array<int> <- from_json : string; 'ARRAY<INT>'
map<string,string> <- from_json : string; 'MAP<STRING,STRING>'
string <- to_json : struct<a:int,b:string>
string <- to_json : map<string,int>
string <- to_json(struct({0} AS c)) : T
int <- json_array_length : string
array<string> <- json_object_keys : string
string <- schema_of_json : '{"a":1}'|'[1.5,null]'|'{"a":{"b":[true]}}'
struct<a:int,b:string> <- from_csv : string; 'a INT, b STRING'
string <- to_csv : struct<a:int,b:string>
string <- to_csv(struct({0} AS c)) : T
string <- xpath_string : '<a><b>1</b><b>x</b></a>'; 'a/b'|'a/c'|'a/b[2]'
boolean <- is_variant_null(parse_json({0})) : '1'|'null'|'{"a":2}'
string <- to_json(parse_json({0})) : '{"a":1.50,"b":[1,"x"]}'|'1e3'|'"q"'
string <- CAST(try_parse_json({0}) AS STRING) : string
int <- try_variant_get(try_parse_json({0}), '$.a', 'int') : string
string <- to_json(to_variant_object({0})) : array<int>
bigint <- bitmap_bit_position : I
bigint <- bitmap_bucket_number : I
string <- collation : string
string <- rpad : string; small; ''
"""

AGGREGATES = """
bigint <- count : T
bigint <- count(*) :
bigint <- count(DISTINCT {0}) : O
bigint <- count(DISTINCT {0}, {1}) : O; O
bigint <- count : T; U
bigint <- count_if : boolean
N <- sum : N
N <- sum(DISTINCT {0}) : I
N <- avg : N
interval day to second <- sum : interval day to second
interval year to month <- avg : interval year to month
N <- try_sum : N
N <- try_avg : N
O <- min : O
O <- max : O
T <- max_by : T; id
T <- min_by : T; id
array<O> <- sort_array(collect_list({0})) : O
array<O> <- sort_array(collect_set({0})) : O
bigint <- approx_count_distinct : O
boolean <- bool_and : boolean
boolean <- bool_or : boolean
boolean <- every : boolean
I <- bit_and : I
I <- bit_or : I
I <- bit_xor : I
double <- stddev : N
double <- stddev_pop : N
double <- var_samp : N
double <- var_pop : N
double <- skewness : N
double <- kurtosis : N
double <- corr : N; N
double <- covar_samp : N; N
double <- covar_pop : N; N
double <- regr_slope : N; N
double <- regr_r2 : N; N
double <- regr_count : N; N
double <- regr_sxy : N; N
double <- regr_intercept : N; N
double <- percentile : N; 0.5|0.25|1|2
double <- percentile : N; array(0.1, 0.9)
double <- percentile_cont({1}) WITHIN GROUP (ORDER BY {0}) : N; 0.5|0.3
double <- percentile_disc({1}) WITHIN GROUP (ORDER BY {0} DESC) : N; 0.5|0.3
double <- median : N
N <- percentile_approx : N; 0.5|0.9
T <- mode({0}, true) : O
T <- any_value({0}) IS NULL : id
string <- listagg({0}, ',') WITHIN GROUP (ORDER BY {0}) : string
string <- hex(bitmap_construct_agg({0})) : small
array<struct<x:double,y:double>> <- histogram_numeric : N; 3
"""

WINDOW = """
int <- row_number() :
int <- rank() :
int <- dense_rank() :
double <- percent_rank() :
double <- cume_dist() :
int <- ntile : 2|3
T <- lag : T
T <- lead : T; 1|2|-1
T <- lag : T; 1|2; T
"""

FRAMED = """
T <- first_value : T
T <- last_value : T
T <- last_value({0}) IGNORE NULLS : T
T <- nth_value : T; 1|2
bigint <- count : T
N <- sum : N
N <- avg : N
O <- min : O
O <- max : O
array<T> <- collect_list : T
double <- stddev : N
"""

SCALAR = parse(OPERATORS) * 2 + parse(FUNCTIONS)
AGGREGATE = parse(AGGREGATES)
RANKING = parse(WINDOW)
FRAME = parse(FRAMED)
