//! `xpath…` (`UDFXPathUtil`).

use std::sync::Arc;

use arrow::array::{Array, AsArray, StringArray};
use datafusion::common::ScalarValue;
use kindling_common::{SparkError, SparkResult};
use kindling_spec::DataType;

use super::{collection::list, string::typed};
use crate::{
    CallContext, TypedExpr,
    coercion::non_foldable,
    entry::{FunctionEntry, scalar},
    kernels::{Out, Str},
    udf::call,
    xml::{Document, Expr, Kind, Object, evaluate, parse_document, parse_xpath},
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
