//! Link arguments of the threaded module. They live here, not in RUSTFLAGS, so that changing one does not rebuild
//! every dependency.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_ARCH").as_deref() != Ok("wasm32") {
        return;
    }
    for argument in [
        "--shared-memory",
        "--import-memory",
        "--max-memory=4294967296",
        "--export=__wasm_init_tls",
        "--export=__tls_size",
        "--export=__tls_align",
        "--export=__tls_base",
        "--export=__heap_base",
        // The driver plans deep expression trees by recursion; the default of 1 MB is not enough for them.
        "-zstack-size=8388608",
    ] {
        println!("cargo:rustc-link-arg-cdylib={argument}");
    }
}
