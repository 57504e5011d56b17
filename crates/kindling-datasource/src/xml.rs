//! The `xml` format as far as files go: which parts of a file are records, and what stands around them. What a record holds is read
//! and written above, by the functions that `from_xml` and `to_xml` are made of.

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, AsArray, RecordBatch, RecordBatchOptions, StringArray},
    datatypes::SchemaRef,
};
use kindling_common::{ExceptionClass, RuntimeConfig, SparkError, SparkResult};
use kindling_spec::{DataType, StructField, StructType};

use crate::{
    SourceOptions,
    format::ReadContext,
    input::{CHUNK, ChunkReader, Encoding, InputFile},
    split::FileSplit,
    write::RowFormat,
};

/// The column of a record's text.
pub const XML_RECORD: &str = "value";
/// The column of the text of the file that a record stands in.
pub const XML_DOCUMENT: &str = "document";

/// Options of a read of XML.
#[derive(Debug)]
pub(crate) struct XmlOptions {
    row_tag: String,
    ignore_namespace: bool,
    encoding: Encoding,
}

/// The element that a row is.
fn row_tag(options: &SourceOptions) -> SparkResult<String> {
    let Some(tag) = options.get("rowTag") else {
        return Err(SparkError::analysis("XML_ROW_TAG_MISSING").param("rowTag", "`rowTag`"));
    };
    let requirement = |text: &str| SparkError {
        message_override: Some(format!("requirement failed: {text}")),
        ..SparkError::new(ExceptionClass::IllegalArgument, "INTERNAL_ERROR")
    };
    if tag.is_empty() {
        return Err(requirement("'rowTag' option should not be an empty string."));
    }
    if tag.starts_with('<') || tag.ends_with('>') {
        return Err(requirement("'rowTag' should not include angle brackets"));
    }
    Ok(tag.to_string())
}

impl XmlOptions {
    pub(crate) fn new(options: &SourceOptions, _conf: &RuntimeConfig) -> SparkResult<XmlOptions> {
        let encoding = options.get_any(&["encoding", "charset"]).unwrap_or("UTF-8");
        Ok(XmlOptions {
            row_tag: row_tag(options)?,
            ignore_namespace: options.boolean("ignoreNamespace", false)?,
            encoding: Encoding::parse(encoding, "XmlOptions")?,
        })
    }

    pub(crate) fn schema() -> StructType {
        let text = |name| StructField::new(name, DataType::String, true);
        StructType { fields: vec![text(XML_RECORD), text(XML_DOCUMENT)] }
    }
}

/// The records of one file, which is read whole.
pub(crate) struct XmlReader {
    output: SchemaRef,
    text: String,
    records: std::vec::IntoIter<(usize, usize)>,
    batch_size: usize,
}

impl XmlReader {
    pub(crate) fn open(context: &ReadContext, options: &Arc<XmlOptions>, split: &FileSplit) -> SparkResult<XmlReader> {
        let file = InputFile {
            fs: Arc::clone(&context.fs),
            path: split.path.clone(),
            bytes_scanned: context.bytes_scanned.clone(),
        };
        let mut reader = ChunkReader::open(file, 0, options.encoding)?;
        let mut bytes = vec![];
        while reader.read(&mut bytes, CHUNK)? > 0 {}
        if options.encoding.is_ascii_compatible() && options.encoding != Encoding::Utf8 {
            let mut decoded = vec![];
            options.encoding.decode_into(&bytes, &mut decoded);
            bytes = decoded;
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let records = records(&text, &options.row_tag, options.ignore_namespace).into_iter();
        Ok(XmlReader { output: Arc::clone(&context.output), text, records, batch_size: context.batch_size })
    }

    fn next_batch(&mut self) -> SparkResult<Option<RecordBatch>> {
        let ranges: Vec<(usize, usize)> = self.records.by_ref().take(self.batch_size).collect();
        if ranges.is_empty() {
            return Ok(None);
        }
        let columns: Vec<ArrayRef> = self
            .output
            .fields()
            .iter()
            .map(|field| -> ArrayRef {
                Arc::new(if field.name() == XML_DOCUMENT {
                    StringArray::from_iter_values(ranges.iter().map(|_| self.text.as_str()))
                } else {
                    StringArray::from_iter_values(ranges.iter().map(|(start, end)| &self.text[*start..*end]))
                })
            })
            .collect();
        let options = RecordBatchOptions::new().with_row_count(Some(ranges.len()));
        RecordBatch::try_new_with_options(Arc::clone(&self.output), columns, &options)
            .map(Some)
            .map_err(|error| SparkError::internal(error.to_string()))
    }
}

impl Iterator for XmlReader {
    type Item = SparkResult<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_batch().transpose()
    }
}

/// The places of the elements named `row_tag`, the outermost of each. Where the text stops being well-formed inside of one, what
/// there is of it is the last.
fn records(text: &str, row_tag: &str, ignore_namespace: bool) -> Vec<(usize, usize)> {
    let mut out = vec![];
    // Open elements, and how many there are around the record that is open.
    let mut open: Vec<&str> = vec![];
    let mut record: Option<(usize, usize)> = None;
    let mut at = 0;
    while let Some(found) = text[at..].find('<') {
        let start = at + found;
        let rest = &text[start..];
        let after = |mark: &str, end: &str| {
            rest.starts_with(mark).then(|| rest[mark.len()..].find(end).map(|i| mark.len() + i + end.len()))
        };
        let skipped = after("<!--", "-->")
            .or_else(|| after("<![CDATA[", "]]>"))
            .or_else(|| after("<?", "?>"))
            .or_else(|| rest.starts_with("<!").then(|| doctype(rest)));
        if let Some(skipped) = skipped {
            let Some(length) = skipped else { break };
            at = start + length;
            continue;
        }
        let Some(length) = tag_length(rest) else { break };
        at = start + length;
        let tag = &rest[1..length - 1];
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop() != Some(name.trim_end()) {
                if let Some((from, _)) = record.take() {
                    out.push((from, at));
                }
                return out;
            }
            if let Some((from, depth)) = record
                && open.len() == depth
            {
                out.push((from, at));
                record = None;
            }
            continue;
        }
        let closed = tag.ends_with('/');
        let name = tag.split(|c: char| c.is_whitespace() || c == '/').next().unwrap_or("");
        let local = if ignore_namespace { name.rsplit(':').next().unwrap_or(name) } else { name };
        if record.is_none() && local == row_tag {
            if closed {
                out.push((start, at));
            } else {
                record = Some((start, open.len()));
            }
        }
        if !closed {
            open.push(name);
        }
    }
    if let Some((from, _)) = record {
        out.push((from, text.len()));
    }
    out
}

/// The length of a tag, whose attributes may hold `>`.
fn tag_length(rest: &str) -> Option<usize> {
    let mut quote = None;
    for (at, c) in rest.char_indices() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            (None, '>') => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// The length of a document type declaration.
fn doctype(rest: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, c) in rest.char_indices() {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            '>' if depth == 0 => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// Writes elements into a document.
#[derive(Debug)]
pub(crate) struct XmlFormat {
    declaration: String,
    root_tag: String,
    indented: bool,
}

impl XmlFormat {
    pub(crate) fn new(options: &SourceOptions) -> SparkResult<XmlFormat> {
        row_tag(options)?;
        let declaration = options.get("declaration").unwrap_or("version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"");
        Ok(XmlFormat {
            declaration: declaration.to_string(),
            root_tag: options.get("rootTag").unwrap_or("ROWS").trim().to_string(),
            indented: !options.get("indent").unwrap_or("    ").is_empty(),
        })
    }

    fn root_name(&self) -> &str {
        self.root_tag.split_whitespace().next().unwrap_or("")
    }
}

impl RowFormat for XmlFormat {
    fn before_rows(&self, out: &mut String) {
        if !self.declaration.is_empty() {
            out.push_str(&format!("<?xml {}?>\n", self.declaration));
        }
        out.push_str(&format!("<{}>", self.root_tag.replace('\'', "\"")));
        if !self.indented {
            out.push('\n');
        }
    }

    fn rows(&self, batch: &RecordBatch, out: &mut String) -> SparkResult<()> {
        for element in batch.column(0).as_string::<i32>().iter().flatten() {
            if self.indented {
                out.push('\n');
            }
            out.push_str(element);
            if !self.indented {
                out.push('\n');
            }
        }
        Ok(())
    }

    fn after_rows(&self, out: &mut String) {
        if self.indented {
            out.push('\n');
        }
        out.push_str(&format!("</{}>", self.root_name()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let found: Vec<&str> = records(text, "b", false).into_iter().map(|(start, end)| &text[start..end]).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn records_are_the_elements_of_the_row_tag() {
        check(
            "<?xml version='1.0'?><a><b x='>'>1</b><c/><b/><bb>2</bb><!-- <b>3</b> --></a>",
            &["<b x='>'>1</b>", "<b/>"],
        );
        check("<a><b><b>1</b></b><![CDATA[<b/>]]><b >2</b></a>", &["<b><b>1</b></b>", "<b >2</b>"]);
        check("<!DOCTYPE a [<!ELEMENT b ANY>]><a><b>ü</b></a>", &["<b>ü</b>"]);
        check("junk", &[]);
    }

    #[test]
    fn a_malformed_record_is_the_last() {
        check("<a><b>1</b><b><t>broken</b><b>2</b></a>", &["<b>1</b>", "<b><t>broken</b>"]);
        check("<a><b>1</b><b><t>", &["<b>1</b>", "<b><t>"]);
    }
}
