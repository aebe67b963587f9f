//! `smokestack scan`: posts as JSON lines in, verdicts out, in the same order.
//!
//! Lines are read in blocks, each block is scanned by all cores, and its verdicts are written before the next but one is
//! read, so that input of any size passes through in bounded memory.

mod lines;
mod show;

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;

use anyhow::Context;

use crate::core::post::Post;
use crate::core::rules::{Facts, Loaded, RuleSet, Scratch, load};
use crate::core::weight::Weights;
use crate::rules_folder;
use lines::{Line, Lines};

/// Lines of one block; a block ends earlier when it gets large.
const BLOCK_LINES: usize = 512;
/// Bytes of lines after which a block ends.
const BLOCK_BYTES: usize = 8 * 1024 * 1024;

/// Scans posts and says what the rules find in them.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example: smokestack scan --rules rules posts.jsonl")]
pub struct ScanArgs {
    /// A folder of rules, ours or SmokeDetector's lists; may be given several times.
    #[arg(long, value_name = "DIR", default_value = "rules")]
    rules: Vec<PathBuf>,
    /// For people, or one JSON object a line.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// What is known of the hosts in the posts, as JSON (`rules/README.md` tells the form); without it, rules that look at name
    /// servers, addresses and systems find nothing. Nothing is ever asked of the network.
    #[arg(long, value_name = "FILE")]
    facts: Option<PathBuf>,
    /// Files with a post as JSON on each line; standard input when none is given.
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

/// Runs the command: 0 when every line was a post, 1 when some were not or a rule could not be used.
///
/// # Errors
/// A rules folder or a file that can not be read.
pub fn run(args: ScanArgs) -> anyhow::Result<ExitCode> {
    let Loaded { set, errors, .. } = load(rules_folder::read(&args.rules)?);
    for error in &errors {
        eprintln!("{error}");
    }
    let facts = args.facts.as_deref().map(read_facts).transpose()?;
    let inputs: Vec<Box<dyn io::Read + Send>> = if args.files.is_empty() {
        vec![Box::new(io::stdin())]
    } else {
        args.files
            .iter()
            .map(|path| {
                let file =
                    File::open(path).with_context(|| format!("`{}` can not be opened", path.display()))?;
                Ok(Box::new(file) as Box<dyn io::Read + Send>)
            })
            .collect::<anyhow::Result<_>>()?
    };
    let out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let style = show::Style { colour: args.format == Format::Text && io::stdout().is_terminal() };
    let job =
        Job { set: &set, weights: Weights::default(), facts: facts.as_ref(), format: args.format, style };
    match scan_all(&job, inputs, out) {
        Ok(all_posts) => Ok(ExitCode::from(u8::from(!all_posts || !errors.is_empty()))),
        // Who reads has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        Err(error) => Err(error).context("reading posts or writing verdicts failed"),
    }
}

/// What is the same for all posts.
struct Job<'a> {
    set: &'a RuleSet,
    weights: Weights,
    facts: Option<&'a Facts>,
    format: Format,
    style: show::Style,
}

/// Recorded facts, as written by a person or a script.
fn read_facts(path: &Path) -> anyhow::Result<Facts> {
    let name = path.display();
    let file = File::open(path).with_context(|| format!("`{name}` can not be opened"))?;
    serde_json::from_reader(io::BufReader::new(file)).with_context(|| format!("`{name}` holds no facts"))
}

/// Scans every line of every input; whether all of them were posts.
fn scan_all(job: &Job<'_>, inputs: Vec<Box<dyn io::Read + Send>>, mut out: impl Write) -> io::Result<bool> {
    let mut all_posts = true;
    let mut number = 0;
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let mut scratches: Vec<Scratch> = (0..workers).map(|_| Scratch::default()).collect();
    for input in inputs {
        let mut lines = Lines::new(input);
        loop {
            let block = lines.block(BLOCK_LINES, BLOCK_BYTES)?;
            if block.is_empty() {
                break;
            }
            let share = block.len().div_ceil(workers);
            let outputs: Vec<(Vec<u8>, bool)> = thread::scope(|scope| {
                let threads: Vec<_> = block
                    .chunks(share)
                    .zip(&mut scratches)
                    .enumerate()
                    .map(|(index, (chunk, scratch))| {
                        let first = number + index * share + 1;
                        scope.spawn(move || scan_chunk(job, scratch, chunk, first))
                    })
                    .collect();
                threads
                    .into_iter()
                    .map(|thread| thread.join().map_err(|_| io::Error::other("a scan ended in a panic")))
                    .collect::<io::Result<_>>()
            })?;
            for (text, posts) in outputs {
                out.write_all(&text)?;
                all_posts &= posts;
            }
            number += block.len();
            out.flush()?;
        }
    }
    Ok(all_posts)
}

fn scan_chunk(job: &Job<'_>, scratch: &mut Scratch, chunk: &[Line], first: usize) -> (Vec<u8>, bool) {
    let Job { set, weights, facts, format, style } = job;
    let mut out = Vec::new();
    let mut all_posts = true;
    for (index, line) in chunk.iter().enumerate() {
        let number = first + index;
        let post = match line {
            Line::Text(bytes) if bytes.trim_ascii().is_empty() => continue,
            Line::Text(bytes) => serde_json::from_slice::<Post>(bytes).map_err(|e| not_a_post(&e)),
            Line::TooLong(length) => {
                Err(format!("the line is {length} bytes long; at most {} are read", lines::MAX_LINE))
            }
        };
        match post {
            Ok(post) => {
                let mut verdict = set.scan_with(scratch, &post, weights);
                if let Some(facts) = facts {
                    set.scan_hosts(&post, facts, weights, &mut verdict);
                }
                match format {
                    Format::Json => {
                        // Writing to memory does not fail, nor does a verdict, which has only plain fields.
                        let _ = serde_json::to_writer(&mut out, &verdict);
                        out.push(b'\n');
                    }
                    Format::Text => show::verdict(&mut out, set, &post, &verdict, *style),
                }
            }
            Err(error) => {
                all_posts = false;
                match format {
                    Format::Json => {
                        let _ = serde_json::to_writer(&mut out, &NotAPost { line: number, error });
                        out.push(b'\n');
                    }
                    Format::Text => out.extend(format!("line {number}: {error}\n").bytes()),
                }
            }
        }
    }
    (out, all_posts)
}

/// What stands in place of a verdict.
#[derive(serde::Serialize)]
struct NotAPost {
    line: usize,
    error: String,
}

fn not_a_post(error: &serde_json::Error) -> String {
    // The line of the parser is always 1, the column counts bytes of the line.
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    format!("not a post: {text}, at byte {}", error.column())
}
