//! The binary. Everything it does is in the library.

fn main() -> std::process::ExitCode {
    hotdash_ops::main(std::env::args_os()).into()
}
