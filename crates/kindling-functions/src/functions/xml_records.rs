//! XML records: `from_xml`, `schema_of_xml`, and what the XML data source makes of them (`StaxXmlParser`, `XmlInferSchema`).

use std::{cell::RefCell, collections::BTreeMap, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, AsArray, ListArray, MapArray, StringArray, StructArray},
    buffer::{NullBuffer, OffsetBuffer},
    datatypes::DataType as ArrowType,
};
use datafusion::common::ScalarValue;
use kindling_common::{SparkError, SparkResult, to_arrow};
use kindling_spec::{DataType, StructField, StructType};

use super::{
    options::{Options, TimeReader, malformed_record, nullable_all, schema_argument},
    string::typed,
};
use crate::{
    CallContext, TypedExpr,
    coercion::{non_foldable, unexpected_type},
    entry::{FunctionEntry, scalar},
    error::from_arrow_error,
    text_value::{TextReader, text_column},
    udf::{call, relabel},
    xml::{Document, Kind, NodeId, parse_document},
};

type Args = Vec<TypedExpr>;

pub(super) static ENTRIES: &[FunctionEntry] =
    &[scalar("from_xml", 2, 3, from_xml), scalar("schema_of_xml", 1, 2, schema_of_xml)];

/// How elements become fields (`XmlOptions`).
struct Layout {
    attribute_prefix: String,
    value_tag: String,
    exclude_attributes: bool,
    null: Option<String>,
    trim: bool,
    ignore_namespace: bool,
    infer_types: bool,
}

impl Layout {
    fn new(options: &Options) -> Layout {
        Layout {
            attribute_prefix: options.text("attributeprefix", "_").to_string(),
            value_tag: options.text("valuetag", "_VALUE").to_string(),
            exclude_attributes: options.flag("excludeattribute", false),
            null: options.get("nullvalue").map(str::to_string),
            trim: options.flag("ignoresurroundingspaces", true),
            ignore_namespace: options.flag("ignorenamespace", false),
            infer_types: options.flag("inferschema", true),
        }
    }

    /// The name of an element as a field's.
    fn name<'a>(&self, name: &'a str) -> &'a str {
        match name.split_once(':') {
            Some((_, local)) if self.ignore_namespace => local,
            _ => name,
        }
    }

    /// The text of an element or attribute; `None` where it means null. An empty text is one for strings only.
    fn text(&self, document: &Document, node: NodeId, data_type: &DataType, own: bool) -> Option<String> {
        let text = if own { own_text(document, node) } else { document.string_value(node) };
        let text = if self.trim { text.trim().to_string() } else { text };
        let keeps_empty = data_type.is_string() && !own;
        Some(text).filter(|text| (keeps_empty || !text.is_empty()) && Some(text) != self.null.as_ref())
    }
}

/// The text that stands in an element itself.
fn own_text(document: &Document, element: NodeId) -> String {
    let node = document.node(element);
    let texts = node.children.iter().map(|child| document.node(*child)).filter(|child| child.kind == Kind::Text);
    if node.kind == Kind::Attribute { node.value.clone() } else { texts.map(|text| text.value.as_str()).collect() }
}

/// A node of one of the documents of a batch.
type Place = (usize, NodeId);

fn from_xml(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let schema = nullable_all(schema_argument(ctx, &args[1])?);
    let DataType::Struct(fields) = schema.clone() else {
        return Err(SparkError::analysis("DATATYPE_MISMATCH.INVALID_XML_SCHEMA")
            .param("sqlExpr", format!("\"{}\"", ctx.text.call()))
            .param("schema", format!("\"{}\"", schema.sql())));
    };
    let options = Options::of(ctx, &args, 2)?;
    let mode = if options.fail_fast("from_xml")? { Mode::FailFast } else { Mode::Permissive };
    let (args, _) = typed(ctx, args.into_iter().take(1).collect(), &[DataType::String])?;
    records(ctx, args, &fields, &options, mode)
}

/// What becomes of a record that is malformed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Permissive,
    DropMalformed,
    FailFast,
}

impl Mode {
    fn of(options: &Options) -> Mode {
        match options.text("mode", "").to_uppercase().as_str() {
            "FAILFAST" => Mode::FailFast,
            "DROPMALFORMED" => Mode::DropMalformed,
            _ => Mode::Permissive,
        }
    }
}

/// Records of the XML data source as structs of a schema: null where a malformed one is to be dropped. What the column for malformed
/// records keeps is the record itself, or `whole`, the text that it stands in.
pub fn xml_records(
    ctx: &CallContext<'_>,
    options: &BTreeMap<String, String>,
    record: TypedExpr,
    whole: Option<TypedExpr>,
    schema: &StructType,
) -> SparkResult<TypedExpr> {
    let options = Options::new(options);
    if options.get("rowvalidationxsdpath").is_some() {
        return Err(SparkError::unsupported("the XML option rowValidationXSDPath"));
    }
    let mode = Mode::of(&options);
    records(ctx, std::iter::once(record).chain(whole).collect(), schema, &options, mode)
}

fn records(
    ctx: &CallContext<'_>,
    texts: Args,
    fields: &StructType,
    options: &Options,
    mode: Mode,
) -> SparkResult<TypedExpr> {
    let corrupt = options.text("columnnameofcorruptrecord", "_corrupt_record");
    let corrupt = fields.fields.iter().position(|field| field.name == corrupt && field.data_type.is_string());
    let layout = Layout::new(options);
    let reader = TextReader {
        times: TimeReader::new(ctx, options)?,
        nan: "NaN".into(),
        positive_infinity: "Inf".into(),
        negative_infinity: "-Inf".into(),
    };
    let key = format!("{} {} {mode:?}", options.key(), reader.times.zone);
    let (fields, schema) = (fields.clone(), DataType::Struct(fields.clone()));
    Ok(call(ctx, "from_xml").key(key).arrays(texts, schema, true, move |arrays, rows| {
        let texts = arrays[0].as_string::<i32>();
        let whole = arrays.last().map_or(texts, |last| last.as_string::<i32>());
        let mut documents = vec![];
        let mut record_of = vec![];
        let mut places: Vec<Option<Place>> = vec![];
        let mut bad = vec![false; rows];
        for (row, bad) in bad.iter_mut().enumerate() {
            let parsed = texts.is_valid(row).then(|| parse_document(texts.value(row)));
            places.push(match parsed {
                Some(Ok(document)) => {
                    let element = document.element().unwrap_or(0);
                    documents.push(document);
                    record_of.push(row);
                    Some((documents.len() - 1, element))
                }
                Some(Err(_)) => {
                    *bad = true;
                    None
                }
                None => None,
            });
        }
        let mismatches = RefCell::new(vec![]);
        let parser = Parser { documents: &documents, layout: &layout, reader: &reader, mismatches };
        // The column of malformed records is no element.
        let elements = fields.fields.iter().enumerate().map(|(i, field)| match corrupt {
            Some(place) if place == i => StructField { name: String::new(), ..field.clone() },
            _ => field.clone(),
        });
        let column = parser.structs(&places, &StructType { fields: elements.collect() })?;
        for document in parser.mismatches.into_inner() {
            bad[record_of[document]] = true;
        }
        if let (Mode::FailFast, Some(row)) = (mode, bad.iter().position(|bad| *bad)) {
            return Err(malformed_record(texts.value(row)));
        }
        let parts = column.as_struct();
        // A malformed record keeps what could be read of it, and its text.
        let mut columns = parts.columns().to_vec();
        if let Some(place) = corrupt {
            let raw = (0..rows).map(|row| bad[row].then(|| whole.value(row)));
            columns[place] = Arc::new(raw.collect::<StringArray>());
        }
        let kept = |row: usize| texts.is_valid(row) && !(bad[row] && mode == Mode::DropMalformed);
        let nulls = NullBuffer::from_iter((0..rows).map(kept));
        if columns.is_empty() {
            return Ok(Arc::new(StructArray::new_empty_fields(rows, Some(nulls))));
        }
        let ArrowType::Struct(named) = to_arrow(&DataType::Struct(fields.clone())) else {
            return Err(SparkError::internal("no struct"));
        };
        let structs = StructArray::try_new(named, columns, Some(nulls)).map_err(from_arrow_error)?;
        Ok(Arc::new(structs))
    }))
}

struct Parser<'a> {
    documents: &'a [Document],
    layout: &'a Layout,
    reader: &'a TextReader,
    /// Documents with a value that is none of its type.
    mismatches: RefCell<Vec<usize>>,
}

impl Parser<'_> {
    fn document(&self, place: Place) -> &Document {
        &self.documents[place.0]
    }

    /// Child elements of a name, or the attribute that carries the prefix.
    fn named(&self, place: Place, name: &str) -> Vec<Place> {
        let document = self.document(place);
        let node = document.node(place.1);
        let is = |id: &&NodeId, name: &str| self.layout.name(&document.node(**id).name) == name;
        let children = node.children.iter().filter(|id| document.node(**id).kind == Kind::Element && is(id, name));
        let mut found: Vec<Place> = children.map(|id| (place.0, *id)).collect();
        if found.is_empty()
            && !self.layout.exclude_attributes
            && let Some(attribute) = name.strip_prefix(self.layout.attribute_prefix.as_str())
        {
            found.extend(node.attributes.iter().filter(|id| is(id, attribute)).map(|id| (place.0, *id)));
        }
        found
    }

    /// Elements as structs.
    fn structs(&self, places: &[Option<Place>], fields: &StructType) -> SparkResult<ArrayRef> {
        let ArrowType::Struct(arrow_fields) = to_arrow(&DataType::Struct(fields.clone())) else {
            return Err(SparkError::internal("no struct"));
        };
        let nulls = NullBuffer::from_iter(places.iter().map(Option::is_some));
        if fields.fields.is_empty() {
            return Ok(Arc::new(StructArray::new_empty_fields(places.len(), Some(nulls))));
        }
        let mut columns = vec![];
        for field in &fields.fields {
            columns.push(self.field(places, field)?);
        }
        Ok(Arc::new(StructArray::try_new(arrow_fields, columns, Some(nulls)).map_err(from_arrow_error)?))
    }

    fn field(&self, places: &[Option<Place>], field: &StructField) -> SparkResult<ArrayRef> {
        if let DataType::Array { element, .. } = &field.data_type {
            let found: Vec<Vec<Place>> = places
                .iter()
                .map(|place| place.map(|place| self.named(place, &field.name)).unwrap_or_default())
                .collect();
            let flat: Vec<Option<Place>> = found.iter().flatten().copied().map(Some).collect();
            let ArrowType::List(item) = to_arrow(&field.data_type) else { return Err(SparkError::internal("no list")) };
            let values = relabel(&self.column(&flat, element, false)?, item.data_type())?;
            let offsets = OffsetBuffer::from_lengths(found.iter().map(Vec::len));
            let nulls = NullBuffer::from_iter(found.iter().map(|found| !found.is_empty()));
            return Ok(Arc::new(ListArray::try_new(item, offsets, values, Some(nulls)).map_err(from_arrow_error)?));
        }
        let is_value = field.name == self.layout.value_tag;
        let found: Vec<Option<Place>> = places
            .iter()
            .map(|place| {
                let place = (*place)?;
                let named = self.named(place, &field.name).pop();
                if named.is_none() && is_value { Some(place) } else { named }
            })
            .collect();
        self.column(&found, &field.data_type, is_value)
    }

    /// Elements or attributes as values of a type; `own` takes the text of an element without that of its children.
    fn column(&self, places: &[Option<Place>], t: &DataType, own: bool) -> SparkResult<ArrayRef> {
        match t {
            DataType::Struct(fields) => self.structs(places, fields),
            DataType::Map { key, value, .. } if key.is_string() => self.maps(places, t, value),
            DataType::Array { .. } => self.field(places, &StructField::new("item", t.clone(), true)),
            _ => {
                let texts: Vec<Option<String>> = places
                    .iter()
                    .map(|place| place.and_then(|place| self.layout.text(self.document(place), place.1, t, own)))
                    .collect();
                let texts: Vec<Option<&str>> = texts.iter().map(Option::as_deref).collect();
                let values = text_column(&texts, t, self.reader)?;
                let unread =
                    texts.iter().zip(places).enumerate().filter(|(i, (text, _))| text.is_some() && values.is_null(*i));
                self.mismatches.borrow_mut().extend(unread.filter_map(|(_, (_, place))| place.map(|place| place.0)));
                Ok(values)
            }
        }
    }

    fn maps(&self, places: &[Option<Place>], t: &DataType, value: &DataType) -> SparkResult<ArrayRef> {
        let ArrowType::Map(field, sorted) = to_arrow(t) else { return Err(SparkError::internal("no map")) };
        let ArrowType::Struct(entry) = field.data_type().clone() else { return Err(SparkError::internal("no entry")) };
        let (mut keys, mut values, mut lengths) = (vec![], vec![], vec![]);
        for place in places {
            let before = keys.len();
            if let Some(place) = *place {
                let document = self.document(place);
                for child in &document.node(place.1).children {
                    if document.node(*child).kind == Kind::Element {
                        keys.push(document.node(*child).name.clone());
                        values.push(Some((place.0, *child)));
                    }
                }
            }
            lengths.push(keys.len() - before);
        }
        let values = relabel(&self.column(&values, value, false)?, entry[1].data_type())?;
        let keys: ArrayRef = Arc::new(StringArray::from(keys));
        let entries = StructArray::try_new(entry, vec![keys, values], None).map_err(from_arrow_error)?;
        let nulls = NullBuffer::from_iter(places.iter().map(Option::is_some));
        let offsets = OffsetBuffer::from_lengths(lengths);
        Ok(Arc::new(MapArray::try_new(field, offsets, entries, Some(nulls), sorted).map_err(from_arrow_error)?))
    }
}

fn schema_of_xml(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let options = Options::of(ctx, &args, 1)?;
    let text = match crate::fold(&args[0])? {
        Some(ScalarValue::Utf8(Some(text))) => text,
        Some(value) if value.is_null() => {
            return Err(SparkError::analysis("DATATYPE_MISMATCH.UNEXPECTED_NULL")
                .param("sqlExpr", format!("\"{}\"", ctx.text.call()))
                .param("exprName", "xml"));
        }
        Some(_) => return Err(unexpected_type(ctx, 0, "\"STRING\"", &args[0].data_type)),
        None => return Err(non_foldable(ctx, 0, "xml", "\"STRING\"")),
    };
    let inference = Inference { layout: Layout::new(&options), times: TimeReader::new(ctx, &options)? };
    let fields = inference.record(&text).unwrap_or_else(|| {
        let name = options.text("columnnameofcorruptrecord", "_corrupt_record");
        vec![StructField::new(name, DataType::String, true)]
    });
    Ok(TypedExpr::string(super::json::ddl(&canonical(DataType::Struct(StructType { fields })))))
}

/// The schema of the XML data source's records.
pub fn xml_schema<'a>(
    ctx: &CallContext<'_>,
    options: &BTreeMap<String, String>,
    records: impl IntoIterator<Item = &'a str>,
) -> SparkResult<StructType> {
    let options = Options::new(options);
    let inference = Inference { layout: Layout::new(&options), times: TimeReader::new(ctx, &options)? };
    let corrupt = options.text("columnnameofcorruptrecord", "_corrupt_record");
    let mut all = DataType::Struct(StructType::default());
    for record in records {
        let fields = match (inference.record(record), Mode::of(&options)) {
            (Some(fields), _) => fields,
            (None, Mode::Permissive) => vec![StructField::new(corrupt, DataType::String, true)],
            (None, Mode::DropMalformed) => continue,
            (None, Mode::FailFast) => return Err(malformed_record(corrupt)),
        };
        all = merge(all, DataType::Struct(StructType { fields }), &inference.layout);
    }
    match canonical(all) {
        DataType::Struct(schema) => Ok(schema),
        _ => Ok(StructType::default()),
    }
}

/// Types of values without one are strings.
fn canonical(t: DataType) -> DataType {
    match t {
        DataType::Null => DataType::String,
        DataType::Array { element, .. } => DataType::array(canonical(*element)),
        DataType::Struct(fields) => {
            let fields = fields.fields.into_iter().map(|f| StructField { data_type: canonical(f.data_type), ..f });
            DataType::Struct(StructType { fields: fields.collect() })
        }
        other => other,
    }
}

struct Inference {
    layout: Layout,
    times: TimeReader,
}

impl Inference {
    /// The fields of a record; `None` where it is malformed.
    fn record(&self, text: &str) -> Option<Vec<StructField>> {
        let document = parse_document(text).ok()?;
        Some(match infer(&document, document.element().unwrap_or(0), &self.layout, &self.times) {
            DataType::Struct(fields) => fields.fields,
            // An empty record has no fields.
            DataType::Null => vec![],
            t => vec![StructField::new(self.layout.value_tag.clone(), t, true)],
        })
    }
}

/// The type of an element: a struct of its attributes and children, or that of its text.
fn infer(document: &Document, element: NodeId, layout: &Layout, times: &TimeReader) -> DataType {
    let node = document.node(element);
    let mut fields: Vec<StructField> = vec![];
    let mut add = |name: String, t: DataType| match fields.iter_mut().find(|field| field.name == name) {
        Some(known) => {
            let element = match std::mem::replace(&mut known.data_type, DataType::Null) {
                DataType::Array { element, .. } => *element,
                other => other,
            };
            known.data_type = DataType::array(merge(element, t, layout));
        }
        None => fields.push(StructField::new(name, t, true)),
    };
    if !layout.exclude_attributes {
        for attribute in &node.attributes {
            let attribute = document.node(*attribute);
            add(format!("{}{}", layout.attribute_prefix, attribute.name), infer_text(&attribute.value, layout, times));
        }
    }
    for child in &node.children {
        if document.node(*child).kind == Kind::Element {
            add(layout.name(&document.node(*child).name).to_string(), infer(document, *child, layout, times));
        }
    }
    let own = own_text(document, element);
    if fields.is_empty() {
        return infer_text(own.trim(), layout, times);
    }
    if !own.trim().is_empty() {
        fields.push(StructField::new(layout.value_tag.clone(), infer_text(own.trim(), layout, times), true));
    }
    fields.sort_by(|a, b| a.name.cmp(&b.name));
    DataType::Struct(StructType { fields })
}

fn infer_text(text: &str, layout: &Layout, times: &TimeReader) -> DataType {
    if text.is_empty() || layout.null.as_deref() == Some(text) {
        DataType::Null
    } else if !layout.infer_types {
        DataType::String
    } else if text.parse::<i64>().is_ok() {
        DataType::Long
    } else if crate::cast::parse_float(text).is_some() {
        DataType::Double
    } else if text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false") {
        DataType::Boolean
    } else if !text.contains(':') && times.date(text).is_some() {
        DataType::Date
    } else if text.contains(['-', ':']) && times.timestamp(text).is_some() {
        DataType::Timestamp
    } else {
        DataType::String
    }
}

/// The type of elements of one name: a value beside a struct becomes the struct's value field.
fn merge(a: DataType, b: DataType, layout: &Layout) -> DataType {
    use DataType::{Double, Long, Struct};
    match (a, b) {
        (a, b) if a == b => a,
        (DataType::Null, other) | (other, DataType::Null) => other,
        (Long, Double) | (Double, Long) => Double,
        (Struct(a), Struct(b)) => {
            let mut fields = a.fields;
            for field in b.fields {
                match fields.iter_mut().find(|known| known.name == field.name) {
                    Some(known) => {
                        let old = std::mem::replace(&mut known.data_type, DataType::Null);
                        known.data_type = merge(old, field.data_type, layout);
                    }
                    None => fields.push(field),
                }
            }
            fields.sort_by(|a, b| a.name.cmp(&b.name));
            Struct(StructType { fields })
        }
        (Struct(s), value) | (value, Struct(s)) => {
            let value = StructType { fields: vec![StructField::new(layout.value_tag.clone(), value, true)] };
            merge(Struct(s), Struct(value), layout)
        }
        (DataType::Array { element, .. }, other) | (other, DataType::Array { element, .. }) => {
            let other = match other {
                DataType::Array { element, .. } => *element,
                other => other,
            };
            DataType::array(merge(*element, other, layout))
        }
        _ => DataType::String,
    }
}
