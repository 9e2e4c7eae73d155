//! `aupd completions` and `aupd man`: what shells and manuals know of the command line, made from the
//! same definition that parses it.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::Cli;
use super::output::Output;

/// Arguments of `aupd completions`.
#[derive(Args)]
pub(super) struct CompletionsArgs {
    /// The shell.
    shell: Shell,
}

/// Arguments of `aupd man`.
#[derive(Args)]
pub(super) struct ManArgs {
    /// Folder for one page a subcommand; the page of the whole goes to standard output if missing.
    dir: Option<PathBuf>,
}

/// Prints the completions for a shell.
pub(super) fn completions(args: &CompletionsArgs) -> anyhow::Result<()> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "aupd", &mut text);
    print(&text)
}

/// Writes the manual pages.
pub(super) fn man(args: &ManArgs, output: &Output) -> anyhow::Result<()> {
    let Some(dir) = &args.dir else {
        let mut text = Vec::new();
        clap_mangen::Man::new(Cli::command()).render(&mut text)?;
        return print(&text);
    };
    let failed = || format!("cannot write to `{}`", dir.display());
    std::fs::create_dir_all(dir).with_context(failed)?;
    clap_mangen::generate_to(Cli::command(), dir).with_context(failed)?;
    output.line(&format!("the pages are in {}", dir.display()));
    Ok(())
}

/// A reader that went away is no failure.
fn print(text: &[u8]) -> anyhow::Result<()> {
    match std::io::stdout().write_all(text) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
