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
    hash::Hash,
};

use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, ElementSection, Elements, EntityType, ExportKind, ExportSection, Function,
    FunctionSection, GlobalSection, GlobalType, ImportSection, Instruction, TableSection, TableType, TagKind, TagType,
    TypeSection, ValType,
    reencode::{self, Reencode, utils},
};
use wasmparser::{CodeSectionReader, FunctionBody, Operator, Parser};

use crate::{
    error::{SplitError, SplitResult},
    module::{FUNCTION_TABLE, Module},
};

/// Where the second part imports from: the exports of the first.
const FIRST: &str = "first";

/// Direct calls of a function across the border that are worth more than a stub for it.
const FEW_CALLS: usize = 2;

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
    Ok(Parts { first: first.encode()?, second: second.bytes, slots: plan.entries })
}

fn expect_loader(module: &Module<'_>, loader: u32) -> SplitResult<()> {
    let ty = &module.types[module.function_types[loader as usize] as usize];
    if ty.params() == [wasmparser::ValType::I32] && ty.results().is_empty() {
        return Ok(());
    }
    Err(SplitError::unsupported("a loader that is not a function of one i32"))
}

/// How a call is written in one of the parts.
enum Call {
    /// A function of the same part.
    Direct(u32),
    /// Through the table.
    Slot(u32),
}

/// Who goes where, and who has which slot.
struct Plan<'m> {
    moved: &'m [bool],
    /// Slots that the table had.
    old_slots: u32,
    /// The slots that functions are called through from the other part.
    slot_of: HashMap<u32, u32>,
    /// Slots, of those that are new, that the first part fills.
    first_entries: BTreeMap<u32, u32>,
    /// Slots that the second part fills.
    entries: BTreeMap<u32, u32>,
    table_size: u32,
    /// Index in the first part by function; of a moved function, its stub's.
    first_index: Vec<Option<u32>>,
    /// Functions of the first part that are not imported.
    first_functions: Vec<u32>,
    /// Functions of the second part by their order there.
    second_functions: Vec<u32>,
    second_index: HashMap<u32, u32>,
}

impl<'m> Plan<'m> {
    fn new(module: &Module<'_>, moved: &'m [bool]) -> SplitResult<Self> {
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

    fn slot(&self, function: u32) -> SplitResult<u32> {
        self.slot_of
            .get(&function)
            .copied()
            .ok_or_else(|| SplitError::unsupported(format!("a call of function {function}, which has no slot")))
    }
}

/// Adds segments for slots, one for each run of them.
fn add_segments(elements: &mut ElementSection, entries: &[(u32, u32)]) {
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
fn push_parameters(body: &mut Function, ty: &wasmparser::FuncType) {
    for index in 0..ty.params().len() as u32 {
        body.instruction(&Instruction::LocalGet(index));
    }
}

fn call_slot(type_index: u32) -> Instruction<'static> {
    Instruction::CallIndirect { type_index, table_index: FUNCTION_TABLE }
}

fn slot_constant(slot: u32) -> Instruction<'static> {
    Instruction::I32Const(slot.cast_signed())
}

// ---- the first part ----

type Encoded<T> = Result<T, reencode::Error<Infallible>>;

struct First<'m, 'a> {
    module: &'m Module<'a>,
    plan: &'m Plan<'m>,
    loader: u32,
    /// Globals and tags that the second part uses.
    globals: Vec<u32>,
    tags: Vec<u32>,
    /// Tables seen while encoding.
    tables: u32,
}

impl<'m, 'a> First<'m, 'a> {
    fn new(module: &'m Module<'a>, plan: &'m Plan<'m>, loader: u32, globals: Vec<u32>, tags: Vec<u32>) -> Self {
        Self { module, plan, loader, globals, tags, tables: module.imported_tables }
    }

    fn encode(&mut self) -> SplitResult<Vec<u8>> {
        let mut encoded = wasm_encoder::Module::new();
        self.parse_core_module(&mut encoded, Parser::new(0), self.module.bytes)?;
        Ok(encoded.finish())
    }

    /// The functions that are not imported, and behind them `$ensure`.
    fn ensure_index(&self) -> u32 {
        self.module.imported_functions + self.plan.first_functions.len() as u32
    }

    fn loaded_global(&self) -> u32 {
        self.module.globals.len() as u32
    }

    /// The type of `$ensure`, which has been put behind the others.
    fn ensure_type(&self) -> u32 {
        self.module.types.len() as u32
    }

    fn call(&self, function: u32) -> SplitResult<Call> {
        Ok(match self.plan.first_index[function as usize] {
            Some(index) => Call::Direct(index),
            None => Call::Slot(self.plan.slot(function)?),
        })
    }

    fn stub(&self, function: u32) -> SplitResult<Function> {
        let type_index = self.module.function_types[function as usize];
        let mut body = Function::new([]);
        push_parameters(&mut body, &self.module.types[type_index as usize]);
        self.call_second(&mut body, self.plan.slot(function)?, type_index);
        body.instruction(&Instruction::End);
        Ok(body)
    }

    /// A call whose arguments are on the stack.
    fn call_second(&self, body: &mut Function, slot: u32, type_index: u32) {
        body.instruction(&slot_constant(slot));
        body.instruction(&Instruction::Call(self.ensure_index()));
        body.instruction(&call_slot(type_index));
    }

    fn ensure(&self) -> Function {
        let mut body = Function::new([]);
        for instruction in [
            Instruction::GlobalGet(self.loaded_global()),
            Instruction::I32Eqz,
            Instruction::If(BlockType::Empty),
            Instruction::LocalGet(0),
            Instruction::Call(self.plan.first_index[self.loader as usize].unwrap_or(self.loader)),
            Instruction::I32Const(1),
            Instruction::GlobalSet(self.loaded_global()),
            Instruction::End,
            Instruction::LocalGet(0),
            Instruction::End,
        ] {
            body.instruction(&instruction);
        }
        body
    }

    fn body(&mut self, body: &FunctionBody<'_>) -> Encoded<Function> {
        let mut encoded = utils::new_function_with_parsed_locals(self, body)?;
        let mut reader = body.get_operators_reader()?;
        while !reader.eof() {
            let operator = reader.read()?;
            if let Operator::Call { function_index } = operator
                && let Ok(Call::Slot(slot)) = self.call(function_index)
            {
                self.call_second(&mut encoded, slot, self.module.function_types[function_index as usize]);
                continue;
            }
            encoded.instruction(&self.instruction(operator)?);
        }
        Ok(encoded)
    }
}

impl Reencode for First<'_, '_> {
    type Error = Infallible;

    fn function_index(&mut self, function: u32) -> Encoded<u32> {
        // Only of functions that have one here: those that do not are called through their slots.
        Ok(self.plan.first_index[function as usize].unwrap_or(u32::MAX))
    }

    fn parse_type_section(
        &mut self,
        types: &mut TypeSection,
        section: wasmparser::TypeSectionReader<'_>,
    ) -> Encoded<()> {
        utils::parse_type_section(self, types, section)?;
        types.ty().function([ValType::I32], [ValType::I32]);
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        _: wasmparser::FunctionSectionReader<'_>,
    ) -> Encoded<()> {
        for &function in &self.plan.first_functions {
            functions.function(self.module.function_types[function as usize]);
        }
        functions.function(self.ensure_type());
        Ok(())
    }

    fn parse_code_section(&mut self, code: &mut CodeSection, _: CodeSectionReader<'_>) -> Encoded<()> {
        let module = self.module;
        for &function in &self.plan.first_functions {
            let body = match module.body_index(function) {
                Some(index) if !self.plan.moved[function as usize] => self.body(&module.bodies[index])?,
                _ => self.stub(function).map_err(|_| reencode::Error::InvalidCodeSectionSize)?,
            };
            code.function(&body);
        }
        code.function(&self.ensure());
        Ok(())
    }

    fn parse_table(&mut self, tables: &mut TableSection, table: wasmparser::Table<'_>) -> Encoded<()> {
        let mut table = table;
        if self.tables == FUNCTION_TABLE {
            let added = u64::from(self.plan.table_size - self.plan.old_slots);
            table.ty.initial += added;
            table.ty.maximum = table.ty.maximum.map(|maximum| maximum + added);
        }
        self.tables += 1;
        utils::parse_table(self, tables, table)
    }

    fn parse_global_section(
        &mut self,
        globals: &mut GlobalSection,
        section: wasmparser::GlobalSectionReader<'_>,
    ) -> Encoded<()> {
        utils::parse_global_section(self, globals, section)?;
        globals.global(GlobalType { val_type: ValType::I32, mutable: true, shared: false }, &ConstExpr::i32_const(0));
        Ok(())
    }

    fn parse_export_section(
        &mut self,
        exports: &mut ExportSection,
        section: wasmparser::ExportSectionReader<'_>,
    ) -> Encoded<()> {
        utils::parse_export_section(self, exports, section)?;
        exports.export(MEMORY, ExportKind::Memory, 0);
        exports.export(TABLE, ExportKind::Table, FUNCTION_TABLE);
        for &global in &self.globals {
            exports.export(&global_name(global), ExportKind::Global, global);
        }
        for &tag in &self.tags {
            exports.export(&tag_name(tag), ExportKind::Tag, tag);
        }
        Ok(())
    }

    fn parse_element_section(
        &mut self,
        elements: &mut ElementSection,
        section: wasmparser::ElementSectionReader<'_>,
    ) -> Encoded<()> {
        utils::parse_element_section(self, elements, section)?;
        let entries =
            self.plan.first_entries.iter().map(|(&slot, &function)| Ok((slot, self.function_index(function)?)));
        let entries = entries.collect::<Encoded<Vec<_>>>()?;
        add_segments(elements, &entries);
        Ok(())
    }

    /// Names have served their purpose.
    fn parse_custom_section(
        &mut self,
        _: &mut wasm_encoder::Module,
        _: wasmparser::CustomSectionReader<'_>,
    ) -> Encoded<()> {
        Ok(())
    }
}

const MEMORY: &str = "split.memory";
const TABLE: &str = "split.table";

fn global_name(global: u32) -> String {
    format!("split.global{global}")
}

fn tag_name(tag: u32) -> String {
    format!("split.tag{tag}")
}

// ---- the second part ----

/// Indices in the order of their first use.
struct Interned<T> {
    indices: HashMap<T, u32>,
    items: Vec<T>,
}

impl<T: Copy + Eq + Hash> Interned<T> {
    fn new() -> Self {
        Self { indices: HashMap::new(), items: Vec::new() }
    }

    fn index(&mut self, item: T) -> u32 {
        *self.indices.entry(item).or_insert_with(|| {
            self.items.push(item);
            self.items.len() as u32 - 1
        })
    }
}

struct Second<'m, 'a> {
    module: &'m Module<'a>,
    plan: &'m Plan<'m>,
    types: Interned<u32>,
    globals: Interned<u32>,
    tags: Interned<u32>,
    /// Functions of the first part that are called so often that a function of this part does it for all.
    thunks: Interned<u32>,
    calls: HashMap<u32, usize>,
}

struct EncodedSecond {
    bytes: Vec<u8>,
    globals: Vec<u32>,
    tags: Vec<u32>,
}

impl<'m, 'a> Second<'m, 'a> {
    fn new(module: &'m Module<'a>, plan: &'m Plan<'m>) -> Self {
        let mut calls: HashMap<u32, usize> = HashMap::new();
        for &function in &plan.second_functions {
            let uses = module.body_index(function).map(|index| &module.uses[index]);
            for &callee in uses.iter().flat_map(|uses| &uses.calls) {
                *calls.entry(callee).or_default() += 1;
            }
        }
        Self {
            module,
            plan,
            types: Interned::new(),
            globals: Interned::new(),
            tags: Interned::new(),
            thunks: Interned::new(),
            calls,
        }
    }

    fn encode(&mut self) -> SplitResult<EncodedSecond> {
        let (module, plan) = (self.module, self.plan);
        let mut functions = FunctionSection::new();
        let mut code = CodeSection::new();
        for &function in &plan.second_functions {
            let index =
                module.body_index(function).ok_or_else(|| SplitError::unsupported("moving an imported function"))?;
            functions.function(self.types.index(module.function_types[function as usize]));
            let body = self.body(&module.bodies[index])?;
            code.function(&body);
        }
        for function in self.thunks.items.clone() {
            let type_index = module.function_types[function as usize];
            let ty = self.types.index(type_index);
            functions.function(ty);
            let mut body = Function::new([]);
            push_parameters(&mut body, &module.types[type_index as usize]);
            body.instruction(&slot_constant(plan.slot(function)?));
            body.instruction(&call_slot(ty));
            body.instruction(&Instruction::End);
            code.function(&body);
        }

        let mut imports = ImportSection::new();
        let memory = utils::memory_type(self, module.memory);
        imports.import(FIRST, MEMORY, EntityType::Memory(memory));
        let mut table: TableType = utils::table_type(self, module.tables[FUNCTION_TABLE as usize])?;
        let added = u64::from(plan.table_size - plan.old_slots);
        table.minimum += added;
        table.maximum = table.maximum.map(|maximum| maximum + added);
        imports.import(FIRST, TABLE, EntityType::Table(table));
        for &global in &self.globals.items.clone() {
            let ty = utils::global_type(self, module.globals[global as usize])?;
            imports.import(FIRST, &global_name(global), EntityType::Global(ty));
        }
        for &tag in &self.tags.items.clone() {
            let func_type_idx = self.types.index(module.tags[tag as usize]);
            imports.import(FIRST, &tag_name(tag), EntityType::Tag(TagType { kind: TagKind::Exception, func_type_idx }));
        }

        let mut types = TypeSection::new();
        for &ty in &self.types.items.clone() {
            let ty = utils::func_type(self, module.types[ty as usize].clone())?;
            types.ty().function(ty.params().iter().copied(), ty.results().iter().copied());
        }

        let mut elements = ElementSection::new();
        let entries: Vec<_> =
            plan.entries.iter().map(|(&slot, function)| (slot, plan.second_index[function])).collect();
        add_segments(&mut elements, &entries);

        let mut encoded = wasm_encoder::Module::new();
        encoded.section(&types).section(&imports).section(&functions).section(&elements).section(&code);
        Ok(EncodedSecond {
            bytes: encoded.finish(),
            globals: self.globals.items.clone(),
            tags: self.tags.items.clone(),
        })
    }

    fn call(&mut self, function: u32) -> SplitResult<Call> {
        if let Some(&index) = self.plan.second_index.get(&function) {
            return Ok(Call::Direct(index));
        }
        if self.calls.get(&function).is_some_and(|&calls| calls > FEW_CALLS) {
            return Ok(Call::Direct(self.plan.second_functions.len() as u32 + self.thunks.index(function)));
        }
        Ok(Call::Slot(self.plan.slot(function)?))
    }

    fn body(&mut self, body: &FunctionBody<'_>) -> SplitResult<Function> {
        let mut encoded = utils::new_function_with_parsed_locals(self, body)?;
        let mut reader = body.get_operators_reader()?;
        while !reader.eof() {
            let operator = reader.read()?;
            let Operator::Call { function_index } = operator else {
                encoded.instruction(&self.instruction(operator)?);
                continue;
            };
            match self.call(function_index)? {
                Call::Direct(index) => {
                    encoded.instruction(&Instruction::Call(index));
                }
                Call::Slot(slot) => {
                    encoded.instruction(&slot_constant(slot));
                    encoded
                        .instruction(&call_slot(self.types.index(self.module.function_types[function_index as usize])));
                }
            }
        }
        Ok(encoded)
    }
}

impl Reencode for Second<'_, '_> {
    type Error = Infallible;

    fn type_index(&mut self, ty: u32) -> Encoded<u32> {
        Ok(self.types.index(ty))
    }

    fn global_index(&mut self, global: u32) -> Encoded<u32> {
        Ok(self.globals.index(global))
    }

    fn tag_index(&mut self, tag: u32) -> Encoded<u32> {
        Ok(self.tags.index(tag))
    }
}

/// Refuses a module that has been split before.
fn expect_whole(module: &Module<'_>) -> SplitResult<()> {
    match module.exports.iter().find(|(name, _, _)| *name == MEMORY) {
        Some(_) => Err(SplitError::unsupported("a module that has been split before")),
        None => Ok(()),
    }
}
