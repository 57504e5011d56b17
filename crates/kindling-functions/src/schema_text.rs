//! Schemas that functions take as text (`from_json`, `from_csv`): DDL, a type, or Spark's JSON form.

use kindling_common::{SparkError, SparkResult};
use kindling_spec::{DataType, DayTimeField, StructField, StructType, YearMonthField};
use serde_json::Value;

/// Parses a schema text.
pub(crate) fn parse_schema(text: &str) -> SparkResult<DataType> {
    let invalid = || {
        SparkError::parse("INVALID_SCHEMA.PARSE_ERROR")
            .param("inputSchema", format!("\"{text}\""))
            .param("reason", "it is no schema")
    };
    let trimmed = text.trim();
    if trimmed.starts_with(['{', '"']) {
        let value: Value = serde_json::from_str(trimmed).map_err(|_| invalid())?;
        return of_json(&value).ok_or_else(invalid);
    }
    let tokens = tokenize(trimmed).ok_or_else(invalid)?;
    // A lone type first, else a list of columns.
    let mut parser = Parser { tokens: &tokens, at: 0 };
    if let Some(t) = parser.data_type()
        && parser.at == tokens.len()
    {
        return Ok(t);
    }
    let mut parser = Parser { tokens: &tokens, at: 0 };
    let fields = parser.fields().filter(|_| parser.at == tokens.len()).ok_or_else(invalid)?;
    Ok(DataType::Struct(StructType { fields }))
}

#[derive(Debug, PartialEq)]
enum Token {
    Word(String),
    Quoted(String),
    Mark(char),
}

fn tokenize(text: &str) -> Option<Vec<Token>> {
    let mut tokens = vec![];
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            c if c.is_whitespace() => {}
            '`' | '\'' | '"' => {
                let mut word = String::new();
                loop {
                    let next = chars.next()?;
                    if next == c {
                        if chars.peek() != Some(&c) {
                            break;
                        }
                        chars.next();
                    }
                    word.push(next);
                }
                tokens.push(Token::Quoted(word));
            }
            '<' | '>' | '(' | ')' | ',' | ':' => tokens.push(Token::Mark(c)),
            c => {
                let mut word = String::from(c);
                while let Some(&next) = chars.peek().filter(|c| !c.is_whitespace() && !"<>(),:`'\"".contains(**c)) {
                    word.push(next);
                    chars.next();
                }
                tokens.push(Token::Word(word));
            }
        }
    }
    Some(tokens)
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
}

impl Parser<'_> {
    fn eat(&mut self, mark: char) -> Option<()> {
        (self.tokens.get(self.at) == Some(&Token::Mark(mark))).then(|| self.at += 1)
    }

    fn keyword(&mut self, word: &str) -> Option<()> {
        match self.tokens.get(self.at) {
            Some(Token::Word(found)) if found.eq_ignore_ascii_case(word) => {
                self.at += 1;
                Some(())
            }
            _ => None,
        }
    }

    fn name(&mut self) -> Option<String> {
        let name = match self.tokens.get(self.at)? {
            Token::Word(word) | Token::Quoted(word) => word.clone(),
            Token::Mark(_) => return None,
        };
        self.at += 1;
        Some(name)
    }

    fn fields(&mut self) -> Option<Vec<StructField>> {
        let mut fields = vec![];
        loop {
            let name = self.name()?;
            let _ = self.eat(':');
            let data_type = self.data_type()?;
            let mut nullable = true;
            if self.keyword("NOT").is_some() {
                self.keyword("NULL")?;
                nullable = false;
            }
            if self.keyword("COMMENT").is_some() {
                self.name()?;
            }
            fields.push(StructField::new(name, data_type, nullable));
            if self.eat(',').is_none() {
                return Some(fields);
            }
        }
    }

    fn numbers(&mut self) -> Option<Vec<i64>> {
        let mut out = vec![];
        if self.eat('(').is_none() {
            return Some(out);
        }
        loop {
            out.push(self.name()?.parse().ok()?);
            if self.eat(')').is_some() {
                return Some(out);
            }
            self.eat(',')?;
        }
    }

    fn data_type(&mut self) -> Option<DataType> {
        let Some(Token::Word(word)) = self.tokens.get(self.at) else { return None };
        let word = word.to_lowercase();
        self.at += 1;
        Some(match word.as_str() {
            "void" => DataType::Null,
            "boolean" => DataType::Boolean,
            "tinyint" | "byte" => DataType::Byte,
            "smallint" | "short" => DataType::Short,
            "int" | "integer" => DataType::Integer,
            "bigint" | "long" => DataType::Long,
            "float" | "real" => DataType::Float,
            "double" => DataType::Double,
            "string" => DataType::String,
            "binary" => DataType::Binary,
            "date" => DataType::Date,
            "timestamp" | "timestamp_ltz" => DataType::Timestamp,
            "timestamp_ntz" => DataType::TimestampNtz,
            "variant" => DataType::Variant,
            "decimal" | "dec" | "numeric" => {
                let numbers = self.numbers()?;
                DataType::Decimal {
                    precision: u8::try_from(numbers.first().copied().unwrap_or(10)).ok()?,
                    scale: i8::try_from(numbers.get(1).copied().unwrap_or(0)).ok()?,
                }
            }
            "char" | "character" => DataType::Char(u32::try_from(*self.numbers()?.first()?).ok()?),
            "varchar" => DataType::Varchar(u32::try_from(*self.numbers()?.first()?).ok()?),
            "time" => DataType::Time { precision: u8::try_from(self.numbers()?.first().copied().unwrap_or(6)).ok()? },
            "array" => {
                self.eat('<')?;
                let element = self.data_type()?;
                self.eat('>')?;
                DataType::array(element)
            }
            "map" => {
                self.eat('<')?;
                let key = self.data_type()?;
                self.eat(',')?;
                let value = self.data_type()?;
                self.eat('>')?;
                DataType::map(key, value)
            }
            "struct" => {
                self.eat('<')?;
                let fields = if self.eat('>').is_some() {
                    vec![]
                } else {
                    let fields = self.fields()?;
                    self.eat('>')?;
                    fields
                };
                DataType::Struct(StructType { fields })
            }
            "interval" => self.interval(),
            _ => return None,
        })
    }

    fn interval(&mut self) -> DataType {
        let field = |parser: &mut Self| parser.name().map(|name| name.to_lowercase());
        let at = self.at;
        let Some(start) = field(self) else { return DataType::CalendarInterval };
        let end = if self.keyword("TO").is_some() { field(self) } else { None };
        let end = end.unwrap_or_else(|| start.clone());
        let year_month = |name: &str| match name {
            "year" => Some(YearMonthField::Year),
            "month" => Some(YearMonthField::Month),
            _ => None,
        };
        let day_time = |name: &str| match name {
            "day" => Some(DayTimeField::Day),
            "hour" => Some(DayTimeField::Hour),
            "minute" => Some(DayTimeField::Minute),
            "second" => Some(DayTimeField::Second),
            _ => None,
        };
        if let (Some(start), Some(end)) = (year_month(&start), year_month(&end)) {
            return DataType::YearMonthInterval { start, end };
        }
        if let (Some(start), Some(end)) = (day_time(&start), day_time(&end)) {
            return DataType::DayTimeInterval { start, end };
        }
        self.at = at;
        DataType::CalendarInterval
    }
}

fn of_json(value: &Value) -> Option<DataType> {
    match value {
        Value::String(name) => {
            let tokens = tokenize(name)?;
            let mut parser = Parser { tokens: &tokens, at: 0 };
            parser.data_type()
        }
        Value::Object(object) => Some(match object.get("type")?.as_str()? {
            "struct" => {
                let fields = object.get("fields")?.as_array()?;
                let fields: Option<Vec<StructField>> = fields
                    .iter()
                    .map(|field| {
                        let nullable = field.get("nullable").and_then(Value::as_bool).unwrap_or(true);
                        Some(StructField::new(field.get("name")?.as_str()?, of_json(field.get("type")?)?, nullable))
                    })
                    .collect();
                DataType::Struct(StructType { fields: fields? })
            }
            "array" => DataType::Array {
                element: Box::new(of_json(object.get("elementType")?)?),
                contains_null: object.get("containsNull").and_then(Value::as_bool).unwrap_or(true),
            },
            "map" => DataType::Map {
                key: Box::new(of_json(object.get("keyType")?)?),
                value: Box::new(of_json(object.get("valueType")?)?),
                value_contains_null: object.get("valueContainsNull").and_then(Value::as_bool).unwrap_or(true),
            },
            _ => return None,
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ddl_types_and_json_parse() {
        assert_eq!(parse_schema("a INT, b ARRAY<STRING>").unwrap().simple_string(), "struct<a:int,b:array<string>>");
        assert_eq!(
            parse_schema("STRUCT<a: BIGINT, `b c`: decimal(5,2)>").unwrap().simple_string(),
            "struct<a:bigint,b c:decimal(5,2)>"
        );
        assert_eq!(parse_schema("map<string,int>").unwrap().simple_string(), "map<string,int>");
        let json = r#"{"type":"struct","fields":[{"name":"a","type":"integer","nullable":true,"metadata":{}}]}"#;
        assert_eq!(parse_schema(json).unwrap().simple_string(), "struct<a:int>");
        assert!(parse_schema("a b c").is_err());
    }
}
