//! `smokestack rules`: what rule authors and their CI need.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::core::rules::{Loaded, Status, examples, load, schema};
use crate::rules_folder;

/// Checks rules, tries their examples, and counts them.
#[derive(clap::Args, Debug)]
pub struct RulesArgs {
    #[command(subcommand)]
    command: RulesCommand,
}

#[derive(clap::Subcommand, Debug)]
enum RulesCommand {
    /// Reads rules and lists every mistake with its file and line.
    #[command(after_help = "Example: smokestack rules check rules")]
    Check(Folders),
    /// Tries the examples of every rule: it must find those under `match` and leave those under `no_match` alone.
    #[command(after_help = "Example: smokestack rules test rules/standard")]
    Test(Folders),
    /// Counts rules and entries by file, and how they are searched for.
    #[command(after_help = "Example: smokestack rules stats --format json rules")]
    Stats {
        #[command(flatten)]
        folders: Folders,
        /// For people, or one JSON object a line.
        #[arg(long, value_enum, default_value = "text")]
        format: Format,
    },
    /// Prints the JSON schema of rule files, for editors.
    #[command(after_help = "Example: smokestack rules schema > rules/schema.json")]
    Schema,
}

#[derive(clap::Args, Debug)]
struct Folders {
    /// Folders of rules, ours or SmokeDetector's lists.
    #[arg(value_name = "DIR", default_value = "rules")]
    folders: Vec<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

/// Runs the command: 0 when all is well, 1 when a rule is broken or fails its examples.
///
/// # Errors
/// A rules folder that can not be read.
pub fn run(args: RulesArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        RulesCommand::Check(folders) => {
            let loaded = load_folders(&folders)?;
            let broken = print_errors(&loaded);
            println!("{} rules, {} entries; {broken} mistakes", loaded.set.rules().count(), loaded.set.len());
            Ok(ExitCode::from(u8::from(broken > 0)))
        }
        RulesCommand::Test(folders) => {
            let loaded = load_folders(&folders)?;
            let broken = print_errors(&loaded);
            let outcome = examples::test(&loaded.rules);
            for failure in &outcome.failures {
                println!("{failure}");
            }
            let failed = outcome.failures.len();
            println!("{} rules, {} examples; {failed} failed", outcome.rules, outcome.examples);
            Ok(ExitCode::from(u8::from(broken + failed > 0)))
        }
        RulesCommand::Stats { folders, format } => {
            let loaded = load_folders(&folders)?;
            let broken = print_errors(&loaded);
            stats(&loaded, format);
            Ok(ExitCode::from(u8::from(broken > 0)))
        }
        RulesCommand::Schema => {
            print!("{}", schema());
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn load_folders(folders: &Folders) -> anyhow::Result<Loaded> {
    Ok(load(rules_folder::read(&folders.folders)?))
}

/// On standard error, so that standard output stays what was asked for.
fn print_errors(loaded: &Loaded) -> usize {
    for error in &loaded.errors {
        eprintln!("{error}");
    }
    loaded.errors.len()
}

fn stats(loaded: &Loaded, format: Format) {
    #[derive(Default, serde::Serialize)]
    struct Row {
        rules: usize,
        blacklist: usize,
        watch: usize,
        entries: usize,
        /// Entries that no text is needed for, so that they run on every post.
        always: usize,
    }
    let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
    for rule in loaded.set.rules() {
        let row = rows.entry(&rule.path).or_default();
        row.rules += 1;
        match rule.status {
            Status::Blacklist => row.blacklist += 1,
            Status::Watch => row.watch += 1,
        }
    }
    for entry in loaded.set.entries() {
        let row = rows.entry(entry.path).or_default();
        row.entries += 1;
        row.always += usize::from(entry.always);
    }
    match format {
        Format::Json => {
            for (path, row) in rows {
                println!("{}", serde_json::json!({"file": path, "counts": row}));
            }
        }
        Format::Text => {
            println!(
                "{:>7} {:>9} {:>6} {:>8} {:>7}  file",
                "rules", "blacklist", "watch", "entries", "always"
            );
            let all = rows.values().fold(Row::default(), |all, row| Row {
                rules: all.rules + row.rules,
                blacklist: all.blacklist + row.blacklist,
                watch: all.watch + row.watch,
                entries: all.entries + row.entries,
                always: all.always + row.always,
            });
            for (path, row) in rows.iter().map(|(path, row)| (*path, row)).chain([("(all)", &all)]) {
                println!(
                    "{:>7} {:>9} {:>6} {:>8} {:>7}  {path}",
                    row.rules, row.blacklist, row.watch, row.entries, row.always
                );
            }
        }
    }
}
