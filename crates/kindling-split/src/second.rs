//! Writes the second part: the functions that were moved, over imports of the first.

use std::{collections::HashMap, convert::Infallible, hash::Hash};

use wasm_encoder::{
    CodeSection, ElementSection, EntityType, Function, FunctionSection, ImportSection, Instruction, TableType, TagKind,
    TagType, TypeSection,
    reencode::{Reencode, utils},
};
use wasmparser::{FunctionBody, Operator};

use crate::{
    error::{SplitError, SplitResult},
    module::{FUNCTION_TABLE, Module},
    split::{
        Call, Encoded, FEW_CALLS, FIRST, MEMORY, Plan, TABLE, add_segments, call_slot, global_name, push_parameters,
        slot_constant, tag_name,
    },
};

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

/// The second part.
pub struct Second<'m, 'a> {
    module: &'m Module<'a>,
    plan: &'m Plan<'m>,
    types: Interned<u32>,
    globals: Interned<u32>,
    tags: Interned<u32>,
    /// Functions of the first part that are called so often that a function of this part does it for all.
    thunks: Interned<u32>,
    calls: HashMap<u32, usize>,
}

/// The second part, written.
pub struct EncodedSecond {
    /// The binary.
    pub bytes: Vec<u8>,
    /// Globals that it uses.
    pub globals: Vec<u32>,
    /// Tags that it uses.
    pub tags: Vec<u32>,
}

impl<'m, 'a> Second<'m, 'a> {
    /// The second part, of a plan.
    pub fn new(module: &'m Module<'a>, plan: &'m Plan<'m>) -> Self {
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

    /// Writes it.
    pub fn encode(&mut self) -> SplitResult<EncodedSecond> {
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
