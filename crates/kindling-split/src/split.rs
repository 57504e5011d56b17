//! Takes a module apart.
//!
//! Both parts share memory, function table, globals and tags; those stay in the first part, which exports them, and the second
//! imports them. Functions call each other across the border through slots of the table:
//!
//! ```text
//!   first part                          table                 second part
//!   caller:  i32.const 7
//!            call $ensure      slot 3:  $hot           <-----  i32.const 3; call_indirect
//!            call_indirect --> slot 7:  (null) ... $cold       $cold
//!                              slot 9:  $stub  ... $dyn        $dyn  (had a slot already)
//! ```
//!
//! `$ensure` answers the slot it is given, and before the first answer calls the loader with it: a function that the module exports,
//! which has the second part instantiated. Its segments then put its functions into the table, also where stubs stood
//! until then. `$loaded` is a global, so each thread, being an instance of its own, loads once.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    convert::Infallible,
};

use wasm_encoder::{ConstExpr, ElementSection, Elements, Function, Instruction, reencode};
use wasmparser::{Validator, WasmFeatures};

use crate::{
    error::{SplitError, SplitResult},
    first::First,
    module::{FUNCTION_TABLE, Module},
    second::Second,
};

/// Where the second part imports from: the exports of the first.
pub const FIRST: &str = "first";

/// Direct calls of a function across the border that are worth more than a stub for it.
pub const FEW_CALLS: usize = 2;

/// The two parts, as binaries.
pub struct Parts {
    /// What is loaded at start.
    pub first: Vec<u8>,
    /// What the loader loads.
    pub second: Vec<u8>,
    /// The function of the second part that each slot leads to, for messages.
    pub slots: BTreeMap<u32, u32>,
}

/// Splits a module. `moved` says for each function whether it goes to the second part; `loader` is the exported function that
/// the first part calls, with the slot of the function that is needed, before anything of the second is used.
pub fn split(module: &Module<'_>, moved: &[bool], loader: u32) -> SplitResult<Parts> {
    expect_whole(module)?;
    expect_loader(module, loader)?;
    let plan = Plan::new(module, moved)?;
    let mut second = Second::new(module, &plan);
    let second = second.encode()?;
    let mut first = First::new(module, &plan, loader, second.globals, second.tags);
    let parts = Parts { first: first.encode()?, second: second.bytes, slots: plan.entries };
    for part in [&parts.first, &parts.second] {
        Validator::new_with_features(WasmFeatures::all()).validate_all(part)?;
    }
    Ok(parts)
}

fn expect_loader(module: &Module<'_>, loader: u32) -> SplitResult<()> {
    let ty = &module.types[module.function_types[loader as usize] as usize];
    if ty.params() == [wasmparser::ValType::I32] && ty.results().is_empty() {
        return Ok(());
    }
    Err(SplitError::unsupported("a loader that is not a function of one i32"))
}

/// How a call is written in one of the parts.
pub enum Call {
    /// A function of the same part.
    Direct(u32),
    /// Through the table.
    Slot(u32),
}

/// Who goes where, and who has which slot.
pub struct Plan<'m> {
    /// Whether a function goes to the second part.
    pub moved: &'m [bool],
    /// Slots that the table had.
    pub old_slots: u32,
    /// The slots that functions are called through from the other part.
    pub slot_of: HashMap<u32, u32>,
    /// Slots, of those that are new, that the first part fills.
    pub first_entries: BTreeMap<u32, u32>,
    /// Slots that the second part fills.
    pub entries: BTreeMap<u32, u32>,
    /// Slots that the table has in the end.
    pub table_size: u32,
    /// Index in the first part by function; of a moved function, its stub's.
    pub first_index: Vec<Option<u32>>,
    /// Functions of the first part that are not imported.
    pub first_functions: Vec<u32>,
    /// Functions of the second part by their order there.
    pub second_functions: Vec<u32>,
    pub second_index: HashMap<u32, u32>,
}

impl<'m> Plan<'m> {
    /// Finds out who calls whom across the border.
    pub fn new(module: &Module<'_>, moved: &'m [bool]) -> SplitResult<Self> {
        let mut into_second: BTreeMap<u32, usize> = BTreeMap::new();
        let mut into_first: BTreeMap<u32, usize> = BTreeMap::new();
        for (index, uses) in module.uses.iter().enumerate() {
            let caller_moved = moved[index + module.imported_functions as usize];
            for &callee in &uses.calls {
                match (caller_moved, moved[callee as usize]) {
                    (false, true) => *into_second.entry(callee).or_default() += 1,
                    (true, false) => *into_first.entry(callee).or_default() += 1,
                    _ => {}
                }
            }
        }
        let table = &module.tables[FUNCTION_TABLE as usize];
        let old_slots = u32::try_from(table.initial).map_err(|_| SplitError::unsupported("a table of 2^32 slots"))?;
        let mut slot_of = HashMap::new();
        let mut entries = BTreeMap::new();
        for &(slot, function) in &module.slots {
            slot_of.entry(function).or_insert(slot);
            if moved[function as usize] {
                entries.insert(slot, function);
            }
        }
        let in_table = slot_of.clone();
        let mut table_size = old_slots;
        let mut new_slot = |function: u32| {
            *slot_of.entry(function).or_insert_with(|| {
                table_size += 1;
                table_size - 1
            })
        };
        for &function in into_second.keys() {
            entries.insert(new_slot(function), function);
        }
        let mut first_entries = BTreeMap::new();
        for &function in into_first.keys() {
            let slot = new_slot(function);
            if slot >= old_slots {
                first_entries.insert(slot, function);
            }
        }

        let mut first_index = vec![None; module.functions()];
        let mut first_functions = Vec::new();
        let mut second_functions = Vec::new();
        let mut second_index = HashMap::new();
        let mut next = 0;
        for function in 0..module.functions() as u32 {
            let is_moved = moved[function as usize];
            if is_moved {
                second_index.insert(function, second_functions.len() as u32);
                second_functions.push(function);
            }
            let needs_stub =
                in_table.contains_key(&function) || into_second.get(&function).is_some_and(|&calls| calls > FEW_CALLS);
            if is_moved && !needs_stub {
                continue;
            }
            first_index[function as usize] = Some(next);
            next += 1;
            if function >= module.imported_functions {
                first_functions.push(function);
            }
        }
        Ok(Self {
            moved,
            old_slots,
            slot_of,
            first_entries,
            entries,
            table_size,
            first_index,
            first_functions,
            second_functions,
            second_index,
        })
    }

    /// The slot that a function is called through from the other part.
    pub fn slot(&self, function: u32) -> SplitResult<u32> {
        self.slot_of
            .get(&function)
            .copied()
            .ok_or_else(|| SplitError::unsupported(format!("a call of function {function}, which has no slot")))
    }
}

/// Adds segments for slots, one for each run of them.
pub fn add_segments(elements: &mut ElementSection, entries: &[(u32, u32)]) {
    for run in entries.chunk_by(|(slot, _), (next, _)| slot + 1 == *next) {
        let functions: Vec<u32> = run.iter().map(|(_, function)| *function).collect();
        elements.active(
            None,
            &ConstExpr::i32_const(run[0].0.cast_signed()),
            Elements::Functions(Cow::Owned(functions)),
        );
    }
}

/// Loads a function's parameters.
pub fn push_parameters(body: &mut Function, ty: &wasmparser::FuncType) {
    for index in 0..ty.params().len() as u32 {
        body.instruction(&Instruction::LocalGet(index));
    }
}

pub fn call_slot(type_index: u32) -> Instruction<'static> {
    Instruction::CallIndirect { type_index, table_index: FUNCTION_TABLE }
}

pub fn slot_constant(slot: u32) -> Instruction<'static> {
    Instruction::I32Const(slot.cast_signed())
}

/// What writing a part of a module gives.
pub type Encoded<T> = Result<T, reencode::Error<Infallible>>;

pub const MEMORY: &str = "split.memory";
pub const TABLE: &str = "split.table";

pub fn global_name(global: u32) -> String {
    format!("split.global{global}")
}

pub fn tag_name(tag: u32) -> String {
    format!("split.tag{tag}")
}

/// Refuses a module that has been split before.
fn expect_whole(module: &Module<'_>) -> SplitResult<()> {
    match module.exports.iter().find(|(name, _, _)| *name == MEMORY) {
        Some(_) => Err(SplitError::unsupported("a module that has been split before")),
        None => Ok(()),
    }
}
