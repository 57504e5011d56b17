//! A module that notes which of its functions run.

use std::convert::Infallible;

use wasm_encoder::{
    CodeSection, EntityType, Function, ImportSection, Instruction, MemArg, MemArgTarget,
    reencode::{self, Reencode, utils},
};
use wasmparser::{CodeSectionReader, FunctionBody, Parser};

use crate::{
    error::{SplitError, SplitResult},
    module::Module,
};

const PAGE: u64 = 65536;

/// A module in which each function sets its byte when it runs. The bytes are behind the memory that the module asked for, where
/// nothing else is: it must be given `added_pages` more.
pub struct Instrumented {
    /// The binary.
    pub bytes: Vec<u8>,
    /// Pages that the module asked for.
    pub pages: u64,
    /// Pages that it needs now.
    pub needed_pages: u64,
}

/// Instruments a module whose memory is imported.
pub fn instrument(module: &Module<'_>) -> SplitResult<Instrumented> {
    let pages = module.memory.initial;
    let first = u32::try_from(pages * PAGE).map_err(|_| SplitError::unsupported("a memory of 4 GB"))?;
    let added_pages = (module.functions() as u64).div_ceil(PAGE);
    let mut encoder = Instrument { first, added_pages, function: module.imported_functions };
    let mut encoded = wasm_encoder::Module::new();
    encoder.parse_core_module(&mut encoded, Parser::new(0), module.bytes)?;
    Ok(Instrumented { bytes: encoded.finish(), pages, needed_pages: pages + added_pages })
}

struct Instrument {
    first: u32,
    added_pages: u64,
    function: u32,
}

type Encoded<T> = Result<T, reencode::Error<Infallible>>;

impl Reencode for Instrument {
    type Error = Infallible;

    fn parse_import(&mut self, imports: &mut ImportSection, import: wasmparser::Import<'_>) -> Encoded<()> {
        let mut ty = self.entity_type(import.ty)?;
        if let EntityType::Memory(memory) = &mut ty {
            memory.minimum += self.added_pages;
        }
        imports.import(import.module, import.name, ty);
        Ok(())
    }

    fn parse_code_section(&mut self, code: &mut CodeSection, section: CodeSectionReader<'_>) -> Encoded<()> {
        for body in section {
            let body: FunctionBody<'_> = body?;
            let mut encoded: Function = utils::new_function_with_parsed_locals(self, &body)?;
            let place = MemArg {
                offset: u64::from(self.first + self.function),
                align: 0,
                target: MemArgTarget::Memory(0),
                ordering: None,
            };
            encoded.instruction(&Instruction::I32Const(0));
            encoded.instruction(&Instruction::I32Const(1));
            encoded.instruction(&Instruction::I32Store8(place));
            let mut reader = body.get_operators_reader()?;
            while !reader.eof() {
                encoded.instruction(&self.parse_instruction(&mut reader)?);
            }
            code.function(&encoded);
            self.function += 1;
        }
        Ok(())
    }

    fn parse_custom_section(
        &mut self,
        _: &mut wasm_encoder::Module,
        _: wasmparser::CustomSectionReader<'_>,
    ) -> Encoded<()> {
        Ok(())
    }
}
