//! `sum` and `avg` of decimals: checked, one vector of sums for all groups.

use std::{fmt::Debug, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, PrimitiveArray},
    datatypes::{DataType as ArrowType, Decimal128Type, Float64Type, Int64Type},
};
use datafusion::{
    common::{Result, ScalarValue},
    logical_expr::{Accumulator, EmitTo, GroupsAccumulator},
};
use datafusion_functions_aggregate_common::aggregate::groups_accumulator::accumulate::{NullState, accumulate};
use kindling_common::{SparkError, to_arrow};
use kindling_spec::{DataType, Origin};

use super::{Aggregate, rows_as_groups};
use crate::{
    arithmetic::{decimal_out_of_range, divide_half_up, fits, overflow, pow10},
    cast::decimal_text,
    coercion::Failure,
    error::to_datafusion,
};

/// Addition of a native type.
trait Add: ArrowPrimitiveType {
    fn add(a: Self::Native, b: Self::Native) -> (Self::Native, bool);

    /// The unscaled value where the type is a decimal.
    #[inline]
    fn unscaled(_: Self::Native) -> Option<i128> {
        None
    }
}

impl Add for Int64Type {
    #[inline]
    fn add(a: i64, b: i64) -> (i64, bool) {
        a.overflowing_add(b)
    }
}

impl Add for Float64Type {
    #[inline]
    fn add(a: f64, b: f64) -> (f64, bool) {
        (a + b, false)
    }
}

impl Add for Decimal128Type {
    #[inline]
    fn add(a: i128, b: i128) -> (i128, bool) {
        a.overflowing_add(b)
    }

    #[inline]
    fn unscaled(value: i128) -> Option<i128> {
        Some(value)
    }
}

/// What a sum does when it leaves its type.
#[derive(Clone, Debug)]
struct Rules {
    failure: Failure,
    data_type: ArrowType,
    /// Digits of a decimal sum.
    precision: Option<(u8, i8)>,
    try_name: &'static str,
    origin: Origin,
}

impl Rules {
    fn error(&self, shown: &str) -> SparkError {
        let error = match self.precision {
            Some((precision, scale)) => decimal_out_of_range(shown, precision, scale),
            None => overflow("long overflow", self.try_name),
        };
        error.at(&self.origin)
    }
}

/// `sum` over `BIGINT`, `DOUBLE`, a decimal or an interval's count; the argument is already widened.
pub(crate) fn numeric_sum(data_type: DataType, nullable: bool, failure: Failure, origin: Origin) -> Aggregate {
    let arrow_type = to_arrow(&data_type);
    let precision = match data_type {
        DataType::Decimal { precision, scale } => Some((precision, scale)),
        _ => None,
    };
    let try_name = if failure == Failure::Try { "" } else { "try_sum" };
    let rules = Rules { failure, data_type: arrow_type.clone(), precision, try_name, origin };
    let key = format!("{failure:?}");
    let state = vec![arrow_type, ArrowType::Boolean];
    macro_rules! make {
        ($type:ty) => {{
            let (a, b) = (rules.clone(), rules);
            Aggregate {
                name: "sum",
                key,
                data_type,
                nullable,
                state,
                accumulator: Arc::new(move || Box::new(Sum::<$type>::new(a.clone()))),
                groups: Some(Arc::new(move || Box::new(SumGroups::<$type>::new(b.clone())))),
            }
        }};
    }
    match &data_type {
        DataType::Double => make!(Float64Type),
        DataType::Decimal { .. } => make!(Decimal128Type),
        _ => make!(Int64Type),
    }
}

fn native<T: ArrowPrimitiveType>(array: &ArrayRef) -> Result<PrimitiveArray<T>> {
    crate::kernels::primitive::<T>(array).map_err(to_datafusion)
}

/// State: the sum (null without a value) and whether it overflowed.
#[derive(Debug)]
struct Sum<T: Add> {
    rules: Rules,
    sum: T::Native,
    seen: i64,
    overflowed: bool,
}

impl<T: Add> Sum<T> {
    fn new(rules: Rules) -> Self {
        Sum { rules, sum: T::Native::default(), seen: 0, overflowed: false }
    }

    fn add(&mut self, value: T::Native) -> Result<()> {
        let (sum, overflow) = T::add(self.sum, value);
        if overflow {
            match self.rules.failure {
                Failure::Legacy if self.rules.precision.is_none() => {}
                Failure::Ansi => return Err(to_datafusion(self.rules.error(&format!("{:?}", self.sum)))),
                _ => self.overflowed = true,
            }
        }
        self.sum = sum;
        Ok(())
    }

    fn value(&self) -> Result<Option<T::Native>> {
        if self.seen == 0 || self.overflowed {
            return Ok(None);
        }
        check_precision::<T>(self.sum, &self.rules)
    }
}

/// A decimal sum must fit its type; intermediate sums may be larger.
fn check_precision<T: Add>(sum: T::Native, rules: &Rules) -> Result<Option<T::Native>> {
    let (Some((precision, scale)), Some(value)) = (rules.precision, T::unscaled(sum)) else { return Ok(Some(sum)) };
    if fits(value, precision) {
        return Ok(Some(sum));
    }
    if rules.failure == Failure::Ansi {
        return Err(to_datafusion(rules.error(&decimal_text(value, scale))));
    }
    Ok(None)
}

fn typed<T: ArrowPrimitiveType>(values: Vec<Option<T::Native>>, data_type: &ArrowType) -> ArrayRef {
    let array: ArrayRef = Arc::new(PrimitiveArray::<T>::from_iter(values));
    crate::udf::relabel(&array, data_type).unwrap_or(array)
}

impl<T: Add + Debug> Accumulator for Sum<T> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let array = native::<T>(&values[0])?;
        self.seen += (array.len() - array.null_count()) as i64;
        if array.null_count() == 0 {
            for value in array.values() {
                self.add(*value)?;
            }
        } else {
            for value in array.iter().flatten() {
                self.add(value)?;
            }
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let array = typed::<T>(vec![self.value()?], &self.rules.data_type);
        ScalarValue::try_from_array(&array, 0)
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let value = (self.seen > 0).then_some(self.sum);
        let array = typed::<T>(vec![value], &self.rules.data_type);
        Ok(vec![ScalarValue::try_from_array(&array, 0)?, ScalarValue::Boolean(Some(self.overflowed))])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.update_batch(&states[..1])?;
        self.overflowed |= states[1].as_boolean().iter().flatten().any(|b| b);
        Ok(())
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let array = native::<T>(&values[0])?;
        self.seen -= (array.len() - array.null_count()) as i64;
        for value in array.iter().flatten() {
            self.sum = arrow::datatypes::ArrowNativeTypeOp::sub_wrapping(self.sum, value);
        }
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        // Taking a double back leaves its rounding behind.
        T::DATA_TYPE != ArrowType::Float64
    }
}

struct SumGroups<T: Add> {
    rules: Rules,
    sums: Vec<T::Native>,
    nulls: NullState,
    /// Groups that overflowed; empty while none has.
    overflowed: Vec<bool>,
}

impl<T: Add> SumGroups<T> {
    fn new(rules: Rules) -> Self {
        SumGroups { rules, sums: vec![], nulls: NullState::new(), overflowed: vec![] }
    }

    fn mark(&mut self, group: usize) {
        if self.overflowed.len() < self.sums.len() {
            self.overflowed.resize(self.sums.len(), false);
        }
        self.overflowed[group] = true;
    }

    fn take_overflowed(&mut self, emit: EmitTo, groups: usize) -> Vec<bool> {
        let mut flags = if self.overflowed.is_empty() { vec![] } else { emit.take_needed(&mut self.overflowed) };
        flags.resize(groups, false);
        flags
    }
}

impl<T: Add + Debug + Send> GroupsAccumulator for SumGroups<T> {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        let array = native::<T>(&values[0])?;
        self.sums.resize(total, T::Native::default());
        let sums = &mut self.sums;
        let mut any = false;
        self.nulls.accumulate(groups, &array, filter, total, |group, value| {
            let (sum, overflow) = T::add(sums[group], value);
            sums[group] = sum;
            any |= overflow;
        });
        if any && !(self.rules.failure == Failure::Legacy && self.rules.precision.is_none()) {
            if self.rules.failure == Failure::Ansi {
                return Err(to_datafusion(self.rules.error("The sum")));
            }
            // Which groups overflowed is not known any more; the wrapped sum of 128 bits shows it for decimals only,
            // so the batch's groups are all marked. It takes sums beyond 10^38 or 2^63 to get here.
            let touched: Vec<usize> = groups.to_vec();
            for group in touched {
                self.mark(group);
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let sums = emit.take_needed(&mut self.sums);
        let nulls = self.nulls.build(emit);
        let overflowed = self.take_overflowed(emit, sums.len());
        if self.rules.precision.is_none() && !overflowed.iter().any(|o| *o) {
            let array: ArrayRef = Arc::new(PrimitiveArray::<T>::new(sums.into(), nulls));
            return crate::udf::relabel(&array, &self.rules.data_type).map_err(to_datafusion);
        }
        let values: Result<Vec<Option<T::Native>>> = sums
            .iter()
            .enumerate()
            .map(|(group, sum)| {
                if overflowed[group] || nulls.as_ref().is_some_and(|n| n.is_null(group)) {
                    return Ok(None);
                }
                check_precision::<T>(*sum, &self.rules)
            })
            .collect();
        Ok(typed::<T>(values?, &self.rules.data_type))
    }

    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        let sums = emit.take_needed(&mut self.sums);
        let nulls = self.nulls.build(emit);
        let overflowed = self.take_overflowed(emit, sums.len());
        let array: ArrayRef = Arc::new(PrimitiveArray::<T>::new(sums.into(), nulls));
        let array = crate::udf::relabel(&array, &self.rules.data_type).map_err(to_datafusion)?;
        Ok(vec![array, Arc::new(BooleanArray::from(overflowed))])
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.update_batch(&states[..1], groups, None, total)?;
        let flags = states[1].as_boolean();
        if flags.true_count() > 0 {
            for (row, group) in groups.iter().enumerate() {
                if flags.is_valid(row) && flags.value(row) {
                    self.mark(*group);
                }
            }
        }
        Ok(())
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        rows_as_groups(SumGroups::<T>::new(self.rules.clone()), values, filter)
    }

    fn size(&self) -> usize {
        self.sums.capacity() * size_of::<T::Native>() + self.nulls.size() + self.overflowed.capacity()
    }
}

/// `avg` of a decimal: sum and count, divided half up at the result's scale.
pub(crate) fn decimal_avg(argument_scale: i8, data_type: DataType, failure: Failure, origin: Origin) -> Aggregate {
    let result = match data_type {
        DataType::Decimal { precision, scale } => (precision, scale),
        _ => (38, argument_scale),
    };
    let rules =
        Rules { failure, data_type: to_arrow(&data_type), precision: Some(result), try_name: "try_avg", origin };
    let sum_type = ArrowType::Decimal128(38, argument_scale);
    let state = vec![sum_type.clone(), ArrowType::Int64];
    let make = AvgGroups { rules, scale: argument_scale, sum_type, sums: vec![], counts: vec![] };
    let other = make.clone();
    Aggregate {
        name: "avg",
        key: format!("{failure:?} {argument_scale}"),
        data_type,
        nullable: true,
        state,
        accumulator: Arc::new(move || Box::new(OneGroup(make.clone()))),
        groups: Some(Arc::new(move || Box::new(other.clone()))),
    }
}

#[derive(Clone, Debug)]
struct AvgGroups {
    rules: Rules,
    scale: i8,
    sum_type: ArrowType,
    sums: Vec<i128>,
    counts: Vec<i64>,
}

impl AvgGroups {
    fn average(&self, sum: i128, count: i64) -> Result<Option<i128>> {
        if count == 0 {
            return Ok(None);
        }
        let (precision, scale) = self.rules.precision.unwrap_or((38, self.scale));
        let shift = (scale - self.scale).max(0) as u32;
        let value = sum.checked_mul(pow10(shift)).map(|scaled| divide_half_up(scaled, i128::from(count)));
        match value {
            Some(value) if fits(value, precision) => Ok(Some(value)),
            _ if self.rules.failure == Failure::Ansi => {
                Err(to_datafusion(self.rules.error(&decimal_text(sum, self.scale))))
            }
            _ => Ok(None),
        }
    }
}

impl GroupsAccumulator for AvgGroups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        let array = values[0].as_primitive::<Decimal128Type>();
        self.sums.resize(total, 0);
        self.counts.resize(total, 0);
        let (sums, counts) = (&mut self.sums, &mut self.counts);
        let mut any = false;
        accumulate(groups, array, filter, |group, value| {
            let (sum, overflow) = sums[group].overflowing_add(value);
            sums[group] = sum;
            counts[group] += 1;
            any |= overflow;
        });
        if any {
            return Err(to_datafusion(self.rules.error("The sum")));
        }
        Ok(())
    }

    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let sums = emit.take_needed(&mut self.sums);
        let counts = emit.take_needed(&mut self.counts);
        let values: Result<Vec<Option<i128>>> =
            sums.iter().zip(&counts).map(|(sum, count)| self.average(*sum, *count)).collect();
        Ok(typed::<Decimal128Type>(values?, &self.rules.data_type))
    }

    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        let sums = emit.take_needed(&mut self.sums);
        let counts = emit.take_needed(&mut self.counts);
        let array: PrimitiveArray<Decimal128Type> = PrimitiveArray::new(sums.into(), None);
        let array = array.with_data_type(self.sum_type.clone());
        Ok(vec![Arc::new(array), Arc::new(PrimitiveArray::<Int64Type>::new(counts.into(), None))])
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.sums.resize(total, 0);
        self.counts.resize(total, 0);
        let (sums, counts) = (states[0].as_primitive::<Decimal128Type>(), states[1].as_primitive::<Int64Type>());
        for (row, group) in groups.iter().enumerate() {
            let (sum, overflow) = self.sums[*group].overflowing_add(sums.value(row));
            if overflow {
                return Err(to_datafusion(self.rules.error("The sum")));
            }
            self.sums[*group] = sum;
            self.counts[*group] += counts.value(row);
        }
        Ok(())
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        rows_as_groups(AvgGroups { sums: vec![], counts: vec![], ..self.clone() }, values, filter)
    }

    fn size(&self) -> usize {
        self.sums.capacity() * 16 + self.counts.capacity() * 8
    }
}

/// A groups accumulator used for a single group.
#[derive(Debug)]
pub(crate) struct OneGroup<G>(pub(crate) G);

impl<G: GroupsAccumulator + Ensure + Debug + Clone + Sync> Accumulator for OneGroup<G> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let groups = vec![0; values.first().map_or(0, |array| array.len())];
        self.0.update_batch(values, &groups, None, 1)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        // Evaluation must leave the state: window frames ask again and again.
        let mut copy = self.0.clone();
        copy.ensure(1);
        ScalarValue::try_from_array(&copy.evaluate(EmitTo::All)?, 0)
    }

    fn size(&self) -> usize {
        self.0.size()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let mut copy = self.0.clone();
        copy.ensure(1);
        copy.state(EmitTo::All)?.iter().map(|array| ScalarValue::try_from_array(array, 0)).collect()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let groups = vec![0; states.first().map_or(0, |array| array.len())];
        self.0.merge_batch(states, &groups, 1)
    }
}

/// Makes sure that the one group exists, rows or not.
pub(crate) trait Ensure {
    /// Grows to `groups` groups.
    fn ensure(&mut self, groups: usize);
}

impl Ensure for AvgGroups {
    fn ensure(&mut self, groups: usize) {
        self.sums.resize(groups, 0);
        self.counts.resize(groups, 0);
    }
}
