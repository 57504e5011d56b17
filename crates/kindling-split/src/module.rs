//! What splitting needs to know of a linked module: its index spaces, its table and who refers to whom.

use wasmparser::{
    ConstExpr, ElementItems, ElementKind, ExternalKind, FuncType, FunctionBody, GlobalType, KnownCustom, MemoryType,
    Name, Operator, Parser, Payload, TableType, TypeRef,
};

use crate::error::{SplitError, SplitResult};

/// A parsed module. Indices are those of the binary: imported functions come first.
pub struct Module<'a> {
    /// The whole binary.
    pub bytes: &'a [u8],
    /// Function types, by type index.
    pub types: Vec<FuncType>,
    /// How many functions are imported.
    pub imported_functions: u32,
    /// Type index of each function, imported ones included.
    pub function_types: Vec<u32>,
    /// Bodies of the functions that are not imported.
    pub bodies: Vec<FunctionBody<'a>>,
    /// What each body uses, in the order of `bodies`.
    pub uses: Vec<Uses>,
    /// Names of functions, without hashes; empty where there is none.
    pub names: Vec<String>,
    /// All tables.
    pub tables: Vec<TableType>,
    /// How many tables are imported.
    pub imported_tables: u32,
    /// The one memory.
    pub memory: MemoryType,
    /// All globals.
    pub globals: Vec<GlobalType>,
    /// Type index of each tag.
    pub tags: Vec<u32>,
    /// Exports by name.
    pub exports: Vec<(&'a str, ExternalKind, u32)>,
    /// Table 0: the function in each slot that a segment fills.
    pub slots: Vec<(u32, u32)>,
    /// Functions that something other than a call or a slot refers to.
    pub referred: Vec<u32>,
}

/// What a function's body refers to.
#[derive(Default)]
pub struct Uses {
    /// Functions it calls, as often as it does.
    pub calls: Vec<u32>,
    /// Whether it can only be where the data segments and the tables are.
    pub bound: bool,
}

/// The table that holds the functions of vtables and closures.
pub const FUNCTION_TABLE: u32 = 0;

impl<'a> Module<'a> {
    /// Reads a module that is to be split.
    pub fn parse(bytes: &'a [u8]) -> SplitResult<Self> {
        let mut types = Vec::new();
        let mut function_types = Vec::new();
        let mut imported_functions = 0;
        let mut bodies = Vec::new();
        let mut names = Vec::new();
        let mut tables = Vec::new();
        let mut imported_tables = 0;
        let mut memories = Vec::new();
        let mut globals = Vec::new();
        let mut tags = Vec::new();
        let mut exports = Vec::new();
        let mut slots = Vec::new();
        let mut referred = Vec::new();
        for payload in Parser::new(0).parse_all(bytes) {
            match payload? {
                Payload::TypeSection(section) => {
                    for ty in section.into_iter_err_on_gc_types() {
                        types.push(ty?);
                    }
                }
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        match import?.ty {
                            TypeRef::Func(ty) | TypeRef::FuncExact(ty) => {
                                function_types.push(ty);
                                imported_functions += 1;
                            }
                            TypeRef::Table(ty) => {
                                tables.push(ty);
                                imported_tables += 1;
                            }
                            TypeRef::Memory(ty) => memories.push(ty),
                            TypeRef::Global(ty) => globals.push(ty),
                            TypeRef::Tag(ty) => tags.push(ty.func_type_idx),
                        }
                    }
                }
                Payload::FunctionSection(section) => {
                    for ty in section {
                        function_types.push(ty?);
                    }
                }
                Payload::TableSection(section) => {
                    for table in section {
                        tables.push(table?.ty);
                    }
                }
                Payload::MemorySection(section) => {
                    for memory in section {
                        memories.push(memory?);
                    }
                }
                Payload::TagSection(section) => {
                    for tag in section {
                        tags.push(tag?.func_type_idx);
                    }
                }
                Payload::GlobalSection(section) => {
                    for global in section {
                        let global = global?;
                        referred.extend(functions_of(&global.init_expr)?);
                        globals.push(global.ty);
                    }
                }
                Payload::ExportSection(section) => {
                    for export in section {
                        let export = export?;
                        if export.kind == ExternalKind::Func {
                            referred.push(export.index);
                        }
                        exports.push((export.name, export.kind, export.index));
                    }
                }
                Payload::StartSection { func, .. } => referred.push(func),
                Payload::ElementSection(section) => {
                    for element in section {
                        let element = element?;
                        let functions = match element.items {
                            ElementItems::Functions(functions) => {
                                functions.into_iter().collect::<Result<Vec<_>, _>>()?
                            }
                            ElementItems::Expressions(_, items) => {
                                for item in items {
                                    referred.extend(functions_of(&item?)?);
                                }
                                continue;
                            }
                        };
                        match element.kind {
                            ElementKind::Active { table_index, offset_expr }
                                if table_index.unwrap_or(0) == FUNCTION_TABLE =>
                            {
                                let Some(first) = constant(&offset_expr)? else {
                                    return Err(SplitError::unsupported(
                                        "a table segment whose place is not a constant",
                                    ));
                                };
                                slots.extend((first..).zip(functions));
                            }
                            _ => referred.extend(functions),
                        }
                    }
                }
                Payload::CodeSectionEntry(body) => bodies.push(body),
                Payload::CustomSection(section) => {
                    if let KnownCustom::Name(section) = section.as_known() {
                        names = function_names(section)?;
                    }
                }
                _ => {}
            }
        }
        if memories.len() != 1 {
            return Err(SplitError::unsupported("a module that has not just one memory"));
        }
        if tables.is_empty() {
            return Err(SplitError::unsupported("a module without a table"));
        }
        names.resize(function_types.len(), String::new());
        let uses = bodies.iter().map(|body| uses_of(body, &mut referred)).collect::<SplitResult<Vec<_>>>()?;
        Ok(Self {
            bytes,
            types,
            imported_functions,
            function_types,
            bodies,
            uses,
            names,
            tables,
            imported_tables,
            memory: memories[0],
            globals,
            tags,
            exports,
            slots,
            referred,
        })
    }

    /// How many functions there are, imported ones included.
    pub fn functions(&self) -> usize {
        self.function_types.len()
    }

    /// A function's position among the bodies; `None` for an imported one.
    pub fn body_index(&self, function: u32) -> Option<usize> {
        function.checked_sub(self.imported_functions).map(|index| index as usize)
    }

    /// Bytes of a function's body; 0 for an imported one.
    pub fn size(&self, function: u32) -> usize {
        self.body_index(function).map_or(0, |index| {
            let range = self.bodies[index].range();
            (range.end - range.start) as usize
        })
    }

    /// The function that is exported under a name.
    pub fn exported_function(&self, name: &str) -> Option<u32> {
        self.exports
            .iter()
            .find(|(found, kind, _)| *found == name && *kind == ExternalKind::Func)
            .map(|(_, _, index)| *index)
    }
}

/// Functions that a constant expression refers to.
fn functions_of(expression: &ConstExpr<'_>) -> SplitResult<Vec<u32>> {
    let mut found = Vec::new();
    for operator in expression.get_operators_reader() {
        if let Operator::RefFunc { function_index } = operator? {
            found.push(function_index);
        }
    }
    Ok(found)
}

/// The value of an expression that is one `i32.const`.
fn constant(expression: &ConstExpr<'_>) -> SplitResult<Option<u32>> {
    let mut reader = expression.get_operators_reader();
    let Operator::I32Const { value } = reader.read()? else { return Ok(None) };
    Ok(reader.is_end_then_eof().then_some(value.cast_unsigned()))
}

fn uses_of(body: &FunctionBody<'_>, referred: &mut Vec<u32>) -> SplitResult<Uses> {
    let mut uses = Uses::default();
    for operator in body.get_operators_reader()? {
        match operator? {
            Operator::Call { function_index } => uses.calls.push(function_index),
            Operator::RefFunc { function_index } => {
                uses.bound = true;
                referred.push(function_index);
            }
            Operator::ReturnCall { function_index } => {
                uses.bound = true;
                uses.calls.push(function_index);
                referred.push(function_index);
            }
            Operator::CallIndirect { table_index, .. } => uses.bound |= table_index != FUNCTION_TABLE,
            Operator::ReturnCallIndirect { .. }
            | Operator::MemoryInit { .. }
            | Operator::DataDrop { .. }
            | Operator::ElemDrop { .. }
            | Operator::TableInit { .. }
            | Operator::TableCopy { .. }
            | Operator::TableFill { .. }
            | Operator::TableGet { .. }
            | Operator::TableSet { .. }
            | Operator::TableGrow { .. }
            | Operator::TableSize { .. } => uses.bound = true,
            _ => {}
        }
    }
    Ok(uses)
}

fn function_names(section: wasmparser::NameSectionReader<'_>) -> SplitResult<Vec<String>> {
    let mut names = Vec::new();
    for subsection in section {
        if let Name::Function(map) = subsection? {
            for naming in map {
                let naming = naming?;
                let index = naming.index as usize;
                if names.len() <= index {
                    names.resize(index + 1, String::new());
                }
                names[index] = crate::names::readable(naming.name);
            }
        }
    }
    Ok(names)
}
