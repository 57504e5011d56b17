//! `f(name => value)` for built-in functions whose parameters have names (Spark's `FunctionSignature`s).

use kindling_common::{SparkError, SparkResult};
use kindling_spec::{DataType, Expr, ExprKind, Literal, UnresolvedFunction, quote_identifier};

/// A parameter, and its value where none is given.
type Parameter = (&'static str, Option<fn() -> Literal>);

const COLLECTION: &[Parameter] = &[("collection", None)];
const INPUT: &[Parameter] = &[("input", None)];

/// Functions that take named arguments.
const SIGNATURES: &[(&str, &[Parameter])] = &[
    ("count_min_sketch", &[("column", None), ("epsilon", None), ("confidence", None), ("seed", None)]),
    ("explode", COLLECTION),
    ("explode_outer", COLLECTION),
    ("inline", INPUT),
    ("inline_outer", INPUT),
    (
        "mask",
        &[
            ("str", None),
            ("upperChar", Some(|| Literal::String("X".into()))),
            ("lowerChar", Some(|| Literal::String("x".into()))),
            ("digitChar", Some(|| Literal::String("n".into()))),
            ("otherChar", Some(|| Literal::Null(DataType::Null))),
        ],
    ),
    ("posexplode", COLLECTION),
    ("posexplode_outer", COLLECTION),
    ("variant_explode", INPUT),
    ("variant_explode_outer", INPUT),
];

/// The call with its arguments in order; `None` where no argument has a name, and for functions of users.
pub(super) fn positional(
    name: &str,
    function: &UnresolvedFunction,
    expr: &Expr,
) -> SparkResult<Option<UnresolvedFunction>> {
    let is_named = |argument: &Expr| matches!(argument.kind, ExprKind::NamedArgument { .. });
    if !function.arguments.iter().any(is_named) || kindling_functions::lookup(name).is_none() {
        return Ok(None);
    }
    let routine = quote_identifier(name);
    let Some((_, parameters)) = SIGNATURES.iter().find(|(known, _)| *known == name) else {
        return Err(SparkError::analysis("NAMED_PARAMETERS_NOT_SUPPORTED").param("functionName", routine));
    };
    let mut given: Vec<Option<Expr>> = vec![None; parameters.len()];
    let mut count = 0;
    let mut named = false;
    for argument in &function.arguments {
        let ExprKind::NamedArgument { name: key, value } = &argument.kind else {
            if named {
                let parameter = parameters.get(count).map_or("", |(name, _)| *name);
                return Err(SparkError::analysis("UNEXPECTED_POSITIONAL_ARGUMENT")
                    .param("routineName", routine)
                    .param("parameterName", quote_identifier(parameter)));
            }
            match given.get_mut(count) {
                Some(slot) => *slot = Some(argument.clone()),
                None => {
                    return Err(SparkError::analysis("WRONG_NUM_ARGS.WITHOUT_SUGGESTION")
                        .param("functionName", routine)
                        .param("expectedNum", parameters.len().to_string())
                        .param("actualNum", function.arguments.len().to_string())
                        .param("docroot", "https://spark.apache.org/docs/4.2.0")
                        .at(&expr.origin));
                }
            }
            count += 1;
            continue;
        };
        named = true;
        let Some(index) = parameters.iter().position(|(known, _)| known.eq_ignore_ascii_case(key)) else {
            let proposal: Vec<String> = parameters.iter().map(|(name, _)| quote_identifier(name)).collect();
            return Err(SparkError::analysis("UNRECOGNIZED_PARAMETER_NAME")
                .param("routineName", routine)
                .param("argumentName", quote_identifier(key))
                .param("proposal", proposal.join(" ")));
        };
        let Some(slot) = given.get_mut(index) else { continue };
        if slot.is_some() {
            let condition = if index < count {
                "DUPLICATE_ROUTINE_PARAMETER_ASSIGNMENT.BOTH_POSITIONAL_AND_NAMED"
            } else {
                "DUPLICATE_ROUTINE_PARAMETER_ASSIGNMENT.DOUBLE_NAMED_ARGUMENT_REFERENCE"
            };
            return Err(SparkError::analysis(condition)
                .param("routineName", routine)
                .param("parameterName", quote_identifier(key)));
        }
        *slot = Some(value.as_ref().clone());
    }
    let mut arguments = vec![];
    for (index, ((parameter, default), value)) in parameters.iter().zip(given).enumerate() {
        arguments.push(match (value, default) {
            (Some(value), _) => value,
            (None, Some(default)) => Expr::literal(default()),
            (None, None) => {
                return Err(SparkError::analysis("REQUIRED_PARAMETER_NOT_FOUND")
                    .param("routineName", routine)
                    .param("parameterName", quote_identifier(parameter))
                    .param("index", index.to_string()));
            }
        });
    }
    Ok(Some(UnresolvedFunction { arguments, ..function.clone() }))
}
