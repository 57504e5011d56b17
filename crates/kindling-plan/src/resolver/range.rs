//! `range(start, end, step, partitions)`.

use kindling_common::{SparkError, SparkResult};
use kindling_functions::TypedExpr;

use super::{Resolved, Resolver, plan};
use crate::{
    logical::{self, extension},
    session::default_parallelism,
};

impl Resolver<'_> {
    pub(super) fn range(
        &mut self,
        start: i64,
        end: i64,
        step: i64,
        num_partitions: Option<usize>,
    ) -> SparkResult<Resolved> {
        if step == 0 {
            return Err(SparkError::internal("requirement failed: step (0) cannot be 0"));
        }
        let column = self.attribute("id", &TypedExpr::long(0));
        let schema = plan::internal_schema(std::slice::from_ref(&column))?;
        let num_partitions = num_partitions.unwrap_or_else(|| default_parallelism(&self.conf)).max(1);
        let node = logical::Range { start, end, step, num_partitions, schema };
        Ok(Resolved::new(extension(node), vec![column]))
    }
}
