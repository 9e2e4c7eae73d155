//! Generates the messages, clients and servers of `aup.v1`, the descriptor set that server reflection
//! hands out, and the tables of telephone number plans. Protox compiles the proto, so no `protoc` is needed.

#[path = "build/plans.rs"]
mod plans;

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use prost::Message;

const ROOT: &str = "proto";
const PLANS: &str = "data/phone/plans.tsv";

/// Files whose messages hold content, numbers or secrets, and one more message that does.
const SENSITIVE_FILES: [&str; 7] = [
    "aup/v1/account.proto",
    "aup/v1/action.proto",
    "aup/v1/bundle.proto",
    "aup/v1/cooldown.proto",
    "aup/v1/list.proto",
    "aup/v1/outcome.proto",
    "aup/v1/part.proto",
];
const SENSITIVE_MESSAGE: &str = "CheckRequest";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=build");
    println!("cargo:rerun-if-changed={ROOT}");
    println!("cargo:rerun-if-changed={PLANS}");
    let descriptors = protox::compile(files()?, [ROOT])?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("plans.rs"), plans::tables(&fs::read_to_string(PLANS)?)?)?;
    fs::write(out.join("aup_descriptor.bin"), descriptors.encode_to_vec())?;
    let mut redacted = Vec::new();
    for file in &descriptors.file {
        let whole = SENSITIVE_FILES.contains(&file.name());
        let messages = file.message_type.iter().map(|message| message.name().to_owned());
        redacted.extend(
            messages.filter(|name| file.package() == "aup.v1" && (whole || name == SENSITIVE_MESSAGE)),
        );
    }
    fs::write(out.join("aup_redacted.rs"), debug_by_name(&redacted)?)?;
    let paths = redacted.iter().map(|name| format!(".aup.v1.{name}"));
    tonic_prost_build::configure().skip_debug(paths).compile_fds(descriptors)?;
    Ok(())
}

/// Every file of the package, in the order of their names.
fn files() -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(Path::new(ROOT).join("aup/v1"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "proto") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// `Debug` that prints the bare name. The derived one would put message content into whatever log
/// formats a request.
fn debug_by_name(messages: &[String]) -> Result<String, std::fmt::Error> {
    let mut code = String::new();
    for name in messages {
        writeln!(
            code,
            "impl ::core::fmt::Debug for {name} {{
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {{
                    f.write_str(\"{name} {{ .. }}\")
                }}
            }}"
        )?;
    }
    Ok(code)
}
