#![doc = include_str!("../README.md")]
#![cfg_attr(target_arch = "wasm32", feature(stdarch_wasm_atomic_wait))]

#[cfg(all(target_arch = "wasm32", not(target_feature = "atomics")))]
compile_error!("the engine needs threads: build it with `npm run build`, which sets the target features");

#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: kindling_alloc::ThreadCachingAlloc = kindling_alloc::ThreadCachingAlloc;

#[cfg(target_arch = "wasm32")]
mod cell_error;
#[cfg(target_arch = "wasm32")]
mod clock;
#[cfg(target_arch = "wasm32")]
mod engine;
#[cfg(target_arch = "wasm32")]
mod events;
#[cfg(target_arch = "wasm32")]
mod grid;
#[cfg(target_arch = "wasm32")]
mod rpc;
#[cfg(target_arch = "wasm32")]
mod second_module;
#[cfg(target_arch = "wasm32")]
mod storage;
#[cfg(target_arch = "wasm32")]
mod threads;
