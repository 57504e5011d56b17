#![doc = include_str!("../README.md")]

use std::{fmt::Write as _, fs, process::ExitCode};

use kindling_split::{Module, Patterns, Selection, SplitError, SplitResult, instrument, select, split};

const USAGE: &str = "usage:
  kindling-split split MODULE LOADER FIRST SECOND SLOTS PATTERNS...
  kindling-split instrument MODULE OUTPUT
  kindling-split list MODULE LOADER CALLED PATTERNS...";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments.as_slice() {
        ["split", module, loader, first, second, slots, patterns @ ..] => {
            split_files(module, loader, [first, second, slots], patterns)
        }
        ["instrument", module, output] => instrument_file(module, output),
        ["list", module, loader, called, patterns @ ..] => list(module, loader, called, patterns),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kindling-split: {error}");
            ExitCode::FAILURE
        }
    }
}

fn read(path: &str) -> SplitResult<Vec<u8>> {
    fs::read(path).map_err(|error| SplitError::File { path: path.to_string(), error })
}

fn write(path: &str, bytes: &[u8]) -> SplitResult<()> {
    fs::write(path, bytes).map_err(|error| SplitError::File { path: path.to_string(), error })
}

fn selected(module: &Module<'_>, loader: &str, files: &[&str]) -> SplitResult<(u32, Selection)> {
    let mut patterns = Patterns::default();
    for file in files {
        patterns.add(&String::from_utf8_lossy(&read(file)?))?;
    }
    let loader = module
        .exported_function(loader)
        .ok_or_else(|| SplitError::unsupported(format!("a module that does not export {loader}")))?;
    Ok((loader, select(module, &patterns, loader)))
}

fn split_files(module: &str, loader: &str, [first, second, slots]: [&str; 3], patterns: &[&str]) -> SplitResult<()> {
    let bytes = read(module)?;
    let module = Module::parse(&bytes)?;
    let (loader, selection) = selected(&module, loader, patterns)?;
    for pattern in &selection.unused {
        eprintln!("kindling-split: no function is meant by {pattern}");
    }
    let parts = split(&module, &selection.moved, loader)?;
    let moved = selection.moved.iter().filter(|moved| **moved).count();
    println!(
        "{moved} of {} functions are in the second module: {} bytes, {} in the first",
        module.functions(),
        parts.second.len(),
        parts.first.len()
    );
    write(first, &parts.first)?;
    write(second, &parts.second)?;
    let names = parts.slots.iter().fold(String::new(), |mut text, (slot, &function)| {
        let _ = writeln!(text, "{slot}\t{}", module.names[function as usize]);
        text
    });
    write(slots, names.as_bytes())
}

fn instrument_file(module: &str, output: &str) -> SplitResult<()> {
    let bytes = read(module)?;
    let instrumented = instrument(&Module::parse(&bytes)?)?;
    write(output, &instrumented.bytes)?;
    println!("{} {}", instrumented.pages, instrumented.needed_pages);
    Ok(())
}

/// Index, size, whether it was called, what put it into the second module, and name of each function. `called` is a file with a byte
/// for each function, as an instrumented module leaves them.
fn list(module: &str, loader: &str, called: &str, patterns: &[&str]) -> SplitResult<()> {
    let bytes = read(module)?;
    let module = Module::parse(&bytes)?;
    let (_, selection) = selected(&module, loader, patterns)?;
    let called = read(called)?;
    let mut text = String::new();
    for (function, name) in module.names.iter().enumerate() {
        let called = called.get(function).copied().unwrap_or_default();
        let part = match (selection.moved[function], selection.named[function]) {
            (true, true) => "named",
            (true, false) => "followed",
            (false, _) => "first",
        };
        let _ = writeln!(text, "{function}\t{}\t{called}\t{part}\t{name}", module.size(function as u32));
    }
    print!("{text}");
    Ok(())
}
