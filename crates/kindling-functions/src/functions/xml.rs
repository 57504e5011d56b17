//! XML functions: `xpath…` (`UDFXPathUtil`), `from_xml`, `to_xml`, `schema_of_xml` (`StaxXmlParser`, `StaxXmlGenerator`).

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, AsArray, ListArray, MapArray, StringArray, StringBuilder, StructArray},
    buffer::{NullBuffer, OffsetBuffer},
    datatypes::{DataType as ArrowType, Date32Type, TimestampMicrosecondType},
};
use datafusion::common::ScalarValue;
use kindling_common::{SparkError, SparkResult, to_arrow};
use kindling_spec::{DataType, StructField, StructType};

use super::{
    collection::list,
    options::{Options, TimeReader, TimeWriter, malformed_record, nullable_all, schema_argument},
    string::typed,
};
use crate::{
    CallContext, TypedExpr,
    cast::{TextStyle, write_text},
    coercion::{non_foldable, unexpected_type},
    entry::{FunctionEntry, scalar},
    error::from_arrow_error,
    kernels::{Out, Str},
    text_value::{TextReader, text_column},
    udf::{call, relabel},
    xml::{Document, Expr, Kind, NodeId, Object, evaluate, parse_document, parse_xpath},
};

type Args = Vec<TypedExpr>;

pub(super) static ENTRIES: &[FunctionEntry] = &[
    scalar("xpath", 2, 2, xpath_list),
    scalar("xpath_boolean", 2, 2, |ctx, args| {
        xpath(ctx, args, "xpath_boolean", DataType::Boolean, |object, _| object.boolean())
    }),
    scalar("xpath_string", 2, 2, |ctx, args| {
        xpath(ctx, args, "xpath_string", DataType::String, |object, document| object.string(document))
    }),
    scalar("xpath_double", 2, 2, |ctx, args| {
        xpath(ctx, args, "xpath_double", DataType::Double, |object, document| object.number(document))
    }),
    scalar("xpath_number", 2, 2, |ctx, args| {
        xpath(ctx, args, "xpath_number", DataType::Double, |object, document| object.number(document))
    }),
    scalar("xpath_float", 2, 2, |ctx, args| {
        xpath(ctx, args, "xpath_float", DataType::Float, |object, document| object.number(document) as f32)
    }),
    scalar("xpath_long", 2, 2, |ctx, args| {
        xpath(ctx, args, "xpath_long", DataType::Long, |object, document| object.number(document) as i64)
    }),
    scalar("xpath_int", 2, 2, |ctx, args| {
        xpath(ctx, args, "xpath_int", DataType::Integer, |object, document| object.number(document) as i32)
    }),
    scalar("xpath_short", 2, 2, |ctx, args| {
        xpath(ctx, args, "xpath_short", DataType::Short, |object, document| object.number(document) as i32 as i16)
    }),
    scalar("from_xml", 2, 3, from_xml),
    scalar("to_xml", 1, 2, to_xml),
    scalar("schema_of_xml", 1, 2, schema_of_xml),
];

/// Spark throws these without a condition.
fn plain_error(message: String) -> SparkError {
    SparkError { message_override: Some(message), ..SparkError::runtime("INTERNAL_ERROR") }
}

/// The constant path, parsed once.
fn constant_path(ctx: &CallContext<'_>, args: Args) -> SparkResult<(TypedExpr, Option<Expr>)> {
    let (mut args, _) = typed(ctx, args, &[DataType::String, DataType::String])?;
    let path = match args.get(1).map(crate::fold).transpose()?.flatten() {
        Some(ScalarValue::Utf8(path)) => path.filter(|path| !path.is_empty()),
        _ => return Err(non_foldable(ctx, 1, "path", "\"STRING\"")),
    };
    let expr = match path {
        Some(path) => Some(parse_xpath(&path).ok_or_else(|| plain_error(format!("Invalid XPath '{path}'")))?),
        None => None,
    };
    Ok((args.remove(0), expr))
}

fn run(xml: &str, expr: &Expr) -> SparkResult<(Document, Object)> {
    let invalid = |reason: &str| plain_error(format!("Invalid XML document: {reason}\n{xml}"));
    let document = parse_document(xml).map_err(invalid)?;
    let object = evaluate(&document, expr).map_err(|reason| invalid(&reason))?;
    Ok((document, object))
}

fn xpath<R: Out + 'static>(
    ctx: &CallContext<'_>,
    args: Args,
    name: &'static str,
    data_type: DataType,
    f: fn(&Object, &Document) -> R,
) -> SparkResult<TypedExpr> {
    let key = ctx.text.argument(1);
    let (xml, expr) = constant_path(ctx, args)?;
    Ok(call(ctx, name).key(key).map1::<Str, R>(vec![xml], data_type, true, move |xml| {
        let Some(expr) = expr.as_ref().filter(|_| !xml.is_empty()) else { return Ok(None) };
        let (document, object) = run(xml, expr)?;
        Ok(Some(f(&object, &document)))
    }))
}

/// `xpath`: the values of the nodes; elements have none.
fn xpath_list(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let key = ctx.text.argument(1);
    let (xml, expr) = constant_path(ctx, args)?;
    let t = DataType::array(DataType::String);
    let to = t.clone();
    Ok(call(ctx, "xpath").key(key).arrays(vec![xml], t, true, move |arrays, rows| {
        let texts = arrays[0].as_string::<i32>();
        let (mut values, mut lengths, mut valid) = (vec![], vec![], vec![]);
        for row in 0..rows {
            let before = values.len();
            let expr = expr.as_ref().filter(|_| texts.is_valid(row) && !texts.value(row).is_empty());
            valid.push(expr.is_some());
            if let Some(expr) = expr {
                let (document, object) = run(texts.value(row), expr)?;
                let Object::Nodes(nodes) = object else {
                    return Err(plain_error("Invalid XML document: Can not convert the result to a NodeList!".into()));
                };
                for node in nodes {
                    let node = document.node(node);
                    values.push((!matches!(node.kind, Kind::Element | Kind::Root)).then(|| node.value.clone()));
                }
            }
            lengths.push(values.len() - before);
        }
        list(&to, Arc::new(StringArray::from(values)), lengths, Some(valid.into()))
    }))
}

/// How elements become fields (`XmlOptions`).
struct Layout {
    attribute_prefix: String,
    value_tag: String,
    exclude_attributes: bool,
    null: Option<String>,
    trim: bool,
}

impl Layout {
    fn new(options: &Options) -> Layout {
        Layout {
            attribute_prefix: options.text("attributeprefix", "_").to_string(),
            value_tag: options.text("valuetag", "_VALUE").to_string(),
            exclude_attributes: options.flag("excludeattribute", false),
            null: options.get("nullvalue").map(str::to_string),
            trim: options.flag("ignoresurroundingspaces", true),
        }
    }

    /// The text of an element or attribute; `None` where it means null.
    fn text(&self, document: &Document, node: NodeId) -> Option<String> {
        let text = document.string_value(node);
        let text = if self.trim { text.trim().to_string() } else { text };
        Some(text).filter(|text| !text.is_empty() && Some(text) != self.null.as_ref())
    }
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
    let fail_fast = options.fail_fast("from_xml")?;
    let corrupt = options.text("columnnameofcorruptrecord", "_corrupt_record").to_string();
    let layout = Layout::new(&options);
    let reader = TextReader {
        times: TimeReader::new(ctx, &options)?,
        nan: "NaN".into(),
        positive_infinity: "Inf".into(),
        negative_infinity: "-Inf".into(),
    };
    let (args, _) = typed(ctx, args.into_iter().take(1).collect(), &[DataType::String])?;
    let key = format!("{} {}", options.key(), reader.times.zone);
    Ok(call(ctx, "from_xml").key(key).arrays(args, schema, true, move |arrays, rows| {
        let texts = arrays[0].as_string::<i32>();
        let mut documents = vec![];
        let mut places: Vec<Option<Place>> = vec![];
        let mut bad = vec![];
        for row in 0..rows {
            let parsed = texts.is_valid(row).then(|| parse_document(texts.value(row)));
            bad.push(matches!(parsed, Some(Err(_))));
            places.push(match parsed {
                Some(Ok(document)) => {
                    let element = document.element().unwrap_or(0);
                    documents.push(document);
                    Some((documents.len() - 1, element))
                }
                Some(Err(_)) if fail_fast => return Err(malformed_record(texts.value(row))),
                _ => None,
            });
        }
        let parser = Parser { documents: &documents, layout: &layout, reader: &reader };
        let column = parser.structs(&places, &fields)?;
        let parts = column.as_struct();
        // A record that does not parse is a row of nulls that keeps the text.
        let mut columns = parts.columns().to_vec();
        if let Some(place) = fields.fields.iter().position(|f| f.name == corrupt && f.data_type.is_string()) {
            let raw = (0..rows).map(|row| bad[row].then(|| texts.value(row)));
            columns[place] = Arc::new(raw.collect::<StringArray>());
        }
        let nulls = NullBuffer::from_iter((0..rows).map(|row| texts.is_valid(row)));
        if columns.is_empty() {
            return Ok(Arc::new(StructArray::new_empty_fields(rows, Some(nulls))));
        }
        let structs = StructArray::try_new(parts.fields().clone(), columns, Some(nulls)).map_err(from_arrow_error)?;
        Ok(Arc::new(structs))
    }))
}

struct Parser<'a> {
    documents: &'a [Document],
    layout: &'a Layout,
    reader: &'a TextReader,
}

impl Parser<'_> {
    fn document(&self, place: Place) -> &Document {
        &self.documents[place.0]
    }

    /// Child elements of a name, or the attribute that carries the prefix.
    fn named(&self, place: Place, name: &str) -> Vec<Place> {
        let document = self.document(place);
        let node = document.node(place.1);
        let is = |id: &&NodeId, name: &str| document.node(**id).name == name;
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
            let values = relabel(&self.column(&flat, element)?, item.data_type())?;
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
        self.column(&found, &field.data_type)
    }

    /// Elements or attributes as values of a type.
    fn column(&self, places: &[Option<Place>], t: &DataType) -> SparkResult<ArrayRef> {
        match t {
            DataType::Struct(fields) => self.structs(places, fields),
            DataType::Map { key, value, .. } if key.is_string() => self.maps(places, t, value),
            DataType::Array { .. } => self.field(places, &StructField::new("item", t.clone(), true)),
            _ => {
                let texts: Vec<Option<String>> = places
                    .iter()
                    .map(|place| place.and_then(|place| self.layout.text(self.document(place), place.1)))
                    .collect();
                let texts: Vec<Option<&str>> = texts.iter().map(Option::as_deref).collect();
                text_column(&texts, t, self.reader)
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
        let values = relabel(&self.column(&values, value)?, entry[1].data_type())?;
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
    let layout = Layout::new(&options);
    let times = TimeReader::new(ctx, &options)?;
    let t = match parse_document(&text) {
        Ok(document) => match infer(&document, document.element().unwrap_or(0), &layout, &times) {
            t @ DataType::Struct(_) => t,
            t => DataType::Struct(StructType { fields: vec![StructField::new(layout.value_tag.clone(), t, true)] }),
        },
        Err(_) => {
            let name = options.text("columnnameofcorruptrecord", "_corrupt_record");
            DataType::Struct(StructType { fields: vec![StructField::new(name, DataType::String, true)] })
        }
    };
    Ok(TypedExpr::string(super::json::ddl(&t)))
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
            add(format!("{}{}", layout.attribute_prefix, attribute.name), infer_text(&attribute.value, times));
        }
    }
    for child in &node.children {
        if document.node(*child).kind == Kind::Element {
            add(document.node(*child).name.clone(), infer(document, *child, layout, times));
        }
    }
    let own: String = node
        .children
        .iter()
        .filter(|child| document.node(**child).kind == Kind::Text)
        .map(|child| document.node(*child).value.as_str())
        .collect();
    if fields.is_empty() {
        return infer_text(own.trim(), times);
    }
    if !own.trim().is_empty() {
        fields.push(StructField::new(layout.value_tag.clone(), infer_text(own.trim(), times), true));
    }
    fields.sort_by(|a, b| a.name.cmp(&b.name));
    DataType::Struct(StructType { fields })
}

fn infer_text(text: &str, times: &TimeReader) -> DataType {
    if text.is_empty() {
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

fn to_xml(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let options = Options::of(ctx, &args, 1)?;
    let arg = args.into_iter().next().ok_or_else(|| SparkError::internal("no argument"))?;
    let t = arg.data_type.clone();
    if !matches!(t, DataType::Struct(_)) {
        return Err(SparkError::analysis("DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE")
            .param("sqlExpr", format!("\"{}\"", ctx.text.call()))
            .param("paramIndex", "first")
            .param("requiredType", "\"STRUCT\"")
            .param("inputSql", format!("\"{}\"", ctx.text.argument(0)))
            .param("inputType", format!("\"{}\"", t.sql())));
    }
    let writer = Writer {
        attribute_prefix: options.text("attributeprefix", "_").to_string(),
        value_tag: options.text("valuetag", "_VALUE").to_string(),
        item: options.text("arrayelementname", "item").to_string(),
        null: options.get("nullvalue").map(str::to_string),
        indent: options.text("indent", "    ").to_string(),
        times: TimeWriter::new(ctx, &options)?,
    };
    let row_tag = options.text("rowtag", "ROW").to_string();
    let nullable = arg.nullable;
    let key = format!("{} {}", options.key(), writer.times.zone);
    Ok(call(ctx, "to_xml").key(key).arrays(vec![arg], DataType::String, nullable, move |arrays, rows| {
        let mut builder = StringBuilder::with_capacity(rows, rows * 64);
        for row in 0..rows {
            if arrays[0].is_null(row) {
                builder.append_null();
                continue;
            }
            let mut out = String::new();
            writer.element(&row_tag, &arrays[0], &t, row, 0, &mut out)?;
            builder.append_value(out.trim_start_matches('\n'));
        }
        Ok(Arc::new(builder.finish()))
    }))
}

/// Writes values as elements.
struct Writer {
    attribute_prefix: String,
    value_tag: String,
    item: String,
    null: Option<String>,
    indent: String,
    times: TimeWriter,
}

fn escape(text: &str, attribute: bool, out: &mut String) {
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            '"' if attribute => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
}

impl Writer {
    fn line(&self, depth: usize, out: &mut String) {
        out.push('\n');
        (0..depth).for_each(|_| out.push_str(&self.indent));
    }

    /// One value as an element, or an array as one element an item.
    fn element(
        &self,
        name: &str,
        array: &ArrayRef,
        t: &DataType,
        row: usize,
        depth: usize,
        out: &mut String,
    ) -> SparkResult<()> {
        if array.is_null(row) || *t == DataType::Null {
            if let Some(null) = &self.null {
                self.line(depth, out);
                out.push_str(&format!("<{name}>"));
                escape(null, false, out);
                out.push_str(&format!("</{name}>"));
            }
            return Ok(());
        }
        match t {
            DataType::Array { element, .. } => {
                let items = array.as_list::<i32>().value(row);
                for item in 0..items.len() {
                    if let DataType::Array { .. } = element.as_ref() {
                        self.line(depth, out);
                        out.push_str(&format!("<{name}>"));
                        self.element(&self.item, &items, element, item, depth + 1, out)?;
                        self.line(depth, out);
                        out.push_str(&format!("</{name}>"));
                    } else {
                        self.element(name, &items, element, item, depth, out)?;
                    }
                }
                Ok(())
            }
            DataType::Map { key, value, .. } => {
                let entries = array.as_map().value(row);
                let names = write_text(entries.column(0), key, &TextStyle::pretty(self.times.zone))?;
                let mut inside = String::new();
                for entry in 0..entries.len() {
                    let mut name = String::new();
                    names(entry, &mut name)?;
                    self.element(&name, entries.column(1), value, entry, depth + 1, &mut inside)?;
                }
                self.wrap(name, "", "", &inside, depth, out);
                Ok(())
            }
            DataType::Struct(fields) => {
                let columns = array.as_struct();
                let (mut attributes, mut own, mut inside) = (String::new(), String::new(), String::new());
                for (column, field) in columns.columns().iter().zip(&fields.fields) {
                    if field.name == self.value_tag {
                        if column.is_valid(row) {
                            escape(&self.text(column, &field.data_type, row)?, false, &mut own);
                        }
                    } else if let Some(attribute) = field.name.strip_prefix(self.attribute_prefix.as_str()) {
                        if column.is_valid(row) {
                            attributes.push_str(&format!(" {attribute}=\""));
                            escape(&self.text(column, &field.data_type, row)?, true, &mut attributes);
                            attributes.push('"');
                        }
                    } else {
                        self.element(&field.name, column, &field.data_type, row, depth + 1, &mut inside)?;
                    }
                }
                self.wrap(name, &attributes, &own, &inside, depth, out);
                Ok(())
            }
            _ => {
                self.line(depth, out);
                out.push_str(&format!("<{name}>"));
                escape(&self.text(array, t, row)?, false, out);
                out.push_str(&format!("</{name}>"));
                Ok(())
            }
        }
    }

    fn wrap(&self, name: &str, attributes: &str, own: &str, inside: &str, depth: usize, out: &mut String) {
        self.line(depth, out);
        if own.is_empty() && inside.is_empty() {
            out.push_str(&format!("<{name}{attributes}/>"));
            return;
        }
        out.push_str(&format!("<{name}{attributes}>{own}{inside}"));
        if !inside.is_empty() {
            self.line(depth, out);
        }
        out.push_str(&format!("</{name}>"));
    }

    fn text(&self, array: &ArrayRef, t: &DataType, row: usize) -> SparkResult<String> {
        match t {
            DataType::Date => self.times.date(array.as_primitive::<Date32Type>().value(row)),
            DataType::Timestamp => self.times.timestamp(array.as_primitive::<TimestampMicrosecondType>().value(row)),
            DataType::TimestampNtz => {
                self.times.timestamp_ntz(array.as_primitive::<TimestampMicrosecondType>().value(row))
            }
            _ => {
                let mut out = String::new();
                write_text(array, t, &TextStyle::pretty(self.times.zone))?(row, &mut out)?;
                Ok(out)
            }
        }
    }
}
