//! The engine's end of the request ring; `web/src/storage/ring.ts` defines its layout.

use std::{
    arch::wasm32::{memory_atomic_notify, memory_atomic_wait32},
    sync::atomic::{AtomicI32, Ordering},
};

use wasm_bindgen::prelude::*;

const HEADER_WORDS: usize = 16;
const SLOT_WORDS: usize = 16;
/// At most one request per thread is under way, and there are never this many threads.
const SLOTS: usize = 128;

const BELL: usize = 0;
const SLOT_COUNT: usize = 1;

const STATE: usize = 0;
const OPERATION: usize = 1;
const STATUS: usize = 2;
const PATH: usize = 3;
const PATH_LENGTH: usize = 4;
const BUFFER: usize = 5;
const BUFFER_LENGTH: usize = 6;
const OFFSET_LOW: usize = 7;
const OFFSET_HIGH: usize = 8;
const RESULT_LOW: usize = 9;
const RESULT_HIGH: usize = 10;
const FLAGS: usize = 11;
const TIME_LOW: usize = 12;
const TIME_HIGH: usize = 13;

const FREE: i32 = 0;
const CLAIMED: i32 = 1;
const REQUESTED: i32 = 2;
const DONE: i32 = 4;

/// What the storage worker is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum Operation {
    Stat = 1,
    List = 2,
    Read = 3,
    Write = 4,
    Truncate = 5,
    MakeDirectory = 6,
    Delete = 7,
    Rename = 8,
}

/// The worker's errno values that are told apart.
pub mod errno {
    pub const EXISTS: i32 = 20;
    pub const IS_DIRECTORY: i32 = 31;
    pub const NO_ENTRY: i32 = 44;
    pub const NO_SPACE: i32 = 51;
    pub const NOT_DIRECTORY: i32 = 54;
    pub const NOT_EMPTY: i32 = 55;
}

/// An answer.
#[derive(Debug, Clone, Copy)]
pub struct Reply {
    pub value: u64,
    pub flag: bool,
    pub time: u64,
}

#[repr(C, align(64))]
struct Ring {
    header: [AtomicI32; HEADER_WORDS],
    slots: [[AtomicI32; SLOT_WORDS]; SLOTS],
}

static RING: Ring = Ring {
    header: [const { AtomicI32::new(0) }; HEADER_WORDS],
    slots: [const { [const { AtomicI32::new(0) }; SLOT_WORDS] }; SLOTS],
};

/// Where the ring lies in the engine's memory.
#[wasm_bindgen]
pub fn storage_ring() -> u32 {
    RING.header[SLOT_COUNT].store(SLOTS as i32, Ordering::SeqCst);
    &raw const RING as usize as u32
}

fn claim() -> &'static [AtomicI32; SLOT_WORDS] {
    loop {
        for slot in &RING.slots {
            if slot[STATE].compare_exchange(FREE, CLAIMED, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
                return slot;
            }
        }
        std::thread::yield_now();
    }
}

/// Asks and blocks until the answer is there. `buffer` is written by `Read` and `List`, read by the others.
pub fn request(
    operation: Operation,
    path: &str,
    buffer: *const u8,
    len: usize,
    offset: u64,
    flag: bool,
) -> Result<Reply, i32> {
    let slot = claim();
    let put = |word: usize, value: u32| slot[word].store(value as i32, Ordering::Relaxed);
    let get = |word: usize| slot[word].load(Ordering::Relaxed) as u32;
    put(OPERATION, operation as u32);
    put(PATH, path.as_ptr() as usize as u32);
    put(PATH_LENGTH, path.len() as u32);
    put(BUFFER, buffer as usize as u32);
    put(BUFFER_LENGTH, len as u32);
    put(OFFSET_LOW, offset as u32);
    put(OFFSET_HIGH, (offset >> 32) as u32);
    put(FLAGS, u32::from(flag));
    slot[STATE].store(REQUESTED, Ordering::SeqCst);
    RING.header[BELL].fetch_add(1, Ordering::SeqCst);
    // SAFETY: both are valid, aligned addresses of atomics that live as long as the module.
    unsafe { memory_atomic_notify(RING.header[BELL].as_ptr(), 1) };
    loop {
        let state = slot[STATE].load(Ordering::SeqCst);
        if state == DONE {
            break;
        }
        // SAFETY: as above; -1 waits without a limit.
        unsafe { memory_atomic_wait32(slot[STATE].as_ptr(), state, -1) };
    }
    let reply = Reply {
        value: u64::from(get(RESULT_LOW)) | u64::from(get(RESULT_HIGH)) << 32,
        flag: get(FLAGS) & 1 != 0,
        time: u64::from(get(TIME_LOW)) | u64::from(get(TIME_HIGH)) << 32,
    };
    let status = slot[STATUS].load(Ordering::Relaxed);
    slot[STATE].store(FREE, Ordering::SeqCst);
    if status == 0 { Ok(reply) } else { Err(status) }
}
