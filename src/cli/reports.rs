//! `smokestack reports`: what is in the store.

use std::io::Write;
use std::process::ExitCode;

use super::{ConfigArgs, UsageError};
use crate::clock::Clock;
use crate::core::time::Timestamp;
use crate::store::{Reader, ReportFilter, ReportRow};
use crate::web::Report;

/// Lists the reports that are in the store, newest first.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: smokestack reports --since 2h --format csv")]
pub(super) struct ReportsArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Only reports made since: a time such as `2026-11-20T10:00:00Z`, a day, or an age such as `90m`, `2h` or `7d`.
    #[arg(long, value_name = "T")]
    since: Option<String>,
    /// How to print them.
    #[arg(long, value_enum, default_value_t)]
    format: ListFormat,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum ListFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, as `GET /v1/reports` gives it.
    Json,
    /// Comma-separated, with a heading.
    Csv,
}

/// Reports read from the store at once.
const PAGE: usize = 500;

pub(super) fn run(args: ReportsArgs) -> anyhow::Result<ExitCode> {
    let config = args.config.load()?;
    let since = args.since.map(|text| parse_since(&text, Clock::start().now())).transpose()?;
    let reader = Reader::open(&config.data_dir)?;
    let mut filter = ReportFilter { limit: PAGE, since, ..ReportFilter::default() };
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    if args.format == ListFormat::Csv {
        writeln!(out, "id,created_at,deleted_at,site,post_type,url,title,weight,reasons,feedback,delivered")?;
    }
    loop {
        let page = reader.reports(&filter)?;
        for row in page.items {
            match print(&mut out, row, args.format) {
                Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => return Ok(ExitCode::SUCCESS),
                printed => printed?,
            }
        }
        match page.next {
            Some(next) => filter.before = Some(next),
            None => return Ok(ExitCode::SUCCESS),
        }
    }
}

/// A time, a day, or an age.
fn parse_since(text: &str, now: Timestamp) -> Result<Timestamp, UsageError> {
    let midnight = format!("{text}T00:00:00Z");
    if let Some(at) = Timestamp::parse(text).or_else(|| Timestamp::parse(&midnight)) {
        return Ok(at);
    }
    let age = text.char_indices().next_back().and_then(|(at, unit)| {
        let secs = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            _ => return None,
        };
        text[..at].parse::<i64>().ok()?.checked_mul(secs)
    });
    let wrong = || {
        UsageError(format!(
            "`--since {text}`: give a time such as `2026-11-20T10:00:00Z`, a day, or an age such as `2h`"
        ))
    };
    let age = age.filter(|secs| *secs >= 0).ok_or_else(wrong)?;
    Ok(Timestamp::from_secs(now.as_secs().saturating_sub(age)))
}

fn print(out: &mut impl Write, row: ReportRow, format: ListFormat) -> std::io::Result<()> {
    let report = Report::from(row);
    let delivered: Vec<String> =
        report.delivery.iter().map(|d| format!("{}/{} {}", d.server, d.room, d.state)).collect();
    let feedback: Vec<&str> = report.feedback.iter().map(|f| f.kind.as_str()).collect();
    match format {
        ListFormat::Json => {
            serde_json::to_writer(&mut *out, &report)?;
            writeln!(out)
        }
        ListFormat::Csv => {
            let cells = [
                report.id,
                report.created_at,
                report.deleted_at.unwrap_or_default(),
                report.post.site,
                format!("{:?}", report.post.post_type).to_lowercase(),
                report.post.url,
                report.post.title,
                report.weight.to_string(),
                report.reasons.join("; "),
                feedback.join(" "),
                delivered.join("; "),
            ];
            writeln!(out, "{}", cells.map(|cell| csv_cell(&cell)).join(","))
        }
        ListFormat::Text => {
            writeln!(out, "{}  {}  {}", report.id, report.created_at, report.post.url)?;
            writeln!(out, "    {}", one_line(&report.post.title))?;
            writeln!(out, "    {} ({})", report.reasons.join(", "), report.weight)?;
            if !feedback.is_empty() {
                writeln!(out, "    feedback: {}", feedback.join(" "))?;
            }
            writeln!(
                out,
                "    {}",
                if delivered.is_empty() { "no room".to_owned() } else { delivered.join(", ") }
            )
        }
    }
}

/// Quoted where it must be; a cell that a spreadsheet would take for a formula gets an apostrophe.
fn csv_cell(text: &str) -> String {
    let text =
        if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() };
    if text.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

/// Titles are data: nothing in them may move the cursor of a terminal.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_takes_times_days_and_ages() {
        let now = Timestamp::from_secs(1_000_000);
        for (text, secs) in [
            ("2h", 992_800),
            ("90m", 994_600),
            ("1d", 913_600),
            ("1970-01-02", 86_400),
            ("1970-01-01T00:00:05Z", 5),
        ] {
            assert_eq!(parse_since(text, now).map(Timestamp::as_secs).ok(), Some(secs), "{text}");
        }
        for text in ["", "h", "-2h", "2 weeks", "é", "99999999999999999d"] {
            assert!(parse_since(text, now).is_err(), "{text}");
        }
    }

    #[test]
    fn cells_stay_cells() {
        assert_eq!(csv_cell("a \"b\", c"), "\"a \"\"b\"\", c\"");
        assert_eq!(csv_cell("=1+1"), "'=1+1");
        assert_eq!(csv_cell("plain"), "plain");
    }
}
