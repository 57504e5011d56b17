//! `GROUP BY`, `HAVING`, and select lists with aggregates.

mod grouping;
mod having;
mod list;
mod pivot;
mod state;

pub(super) use self::{
    grouping::{grouping_bit, grouping_id},
    state::{AggregateState, GroupingColumn},
};
