//! Writes the first part: the module without what was moved, with stubs for it and `$ensure`.

use std::convert::Infallible;

use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, ElementSection, ExportKind, ExportSection, Function, FunctionSection,
    GlobalSection, GlobalType, Instruction, TableSection, TypeSection, ValType,
    reencode::{self, Reencode, utils},
};
use wasmparser::{CodeSectionReader, FunctionBody, Operator, Parser};

use crate::{
    error::SplitResult,
    module::{FUNCTION_TABLE, Module},
    split::{
        Call, Encoded, MEMORY, Plan, TABLE, add_segments, call_slot, global_name, push_parameters, slot_constant,
        tag_name,
    },
};

/// The first part.
pub struct First<'m, 'a> {
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
    /// The first part, of whose globals and tags the second uses some.
    pub fn new(module: &'m Module<'a>, plan: &'m Plan<'m>, loader: u32, globals: Vec<u32>, tags: Vec<u32>) -> Self {
        Self { module, plan, loader, globals, tags, tables: module.imported_tables }
    }

    /// The binary.
    pub fn encode(&mut self) -> SplitResult<Vec<u8>> {
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
