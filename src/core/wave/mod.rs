//! A wave: a recorded or written course of events, one JSON object a line, that `demo`, `simulate` and `replay` play.

mod generate;

use serde::{Deserialize, Serialize};

use super::post::Post;

pub use generate::{Generated, generate};

/// One line of a wave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WaveEvent {
    /// Seconds from the start of the wave.
    pub at: f64,
    /// What happens then.
    pub what: WaveAction,
}

/// What happens at one moment of a wave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum WaveAction {
    /// A post appears; if its id was seen before, it is edited. A post with `body_is_summary` is a realtime frame only.
    Post {
        /// The post.
        post: Post,
        /// For an answer: the id of its question. Without it the network makes a harmless question.
        question: Option<String>,
    },
    /// A post is deleted, by its id.
    Deleted(String),
    /// A person answers the report of a post in chat.
    Feedback(Feedback),
}

/// Feedback that a simulated person gives on the report of a post.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Feedback {
    /// The id of the post.
    pub post: String,
    /// Display name of the person.
    pub by: String,
    /// Chat user id of the person.
    pub user_id: i64,
    /// Whether the person is privileged in the rooms.
    #[serde(default)]
    pub privileged: bool,
    /// `tpu-`, `fp`, ...
    #[serde(rename = "type")]
    pub kind: String,
}

/// A line of a wave that can not be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct WaveError {
    /// 1 for the first line.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
}

/// The line as written: plain optional keys give better messages than an untagged enum.
#[derive(Deserialize)]
struct Line {
    at: f64,
    post: Option<WavePost>,
    deleted: Option<String>,
    feedback: Option<Feedback>,
}

#[derive(Deserialize)]
struct WavePost {
    question: Option<String>,
    #[serde(flatten)]
    post: Post,
}

impl WaveEvent {
    /// The line of a wave that says this.
    pub fn line(&self) -> String {
        let plain = "plain data";
        let mut line = serde_json::json!({ "at": self.at });
        match &self.what {
            WaveAction::Post { post, question } => {
                line["post"] = serde_json::to_value(post).expect(plain);
                if let Some(question) = question {
                    line["post"]["question"] = question.as_str().into();
                }
            }
            WaveAction::Deleted(id) => line["deleted"] = id.as_str().into(),
            WaveAction::Feedback(feedback) => line["feedback"] = serde_json::to_value(feedback).expect(plain),
        }
        line.to_string()
    }
}

/// The latest time that any line names; 0 where none does.
pub fn last_time(lines: &str) -> f64 {
    let times = lines.lines().filter_map(|line| serde_json::from_str::<Line>(line).ok()).map(|line| line.at);
    times.filter(|at| at.is_finite()).fold(0.0, f64::max)
}

/// Reads a wave. Blank lines are skipped; events are sorted by time, equal times keep their order.
///
/// # Errors
/// The first line that is not a wave event, with its number.
pub fn parse_wave(text: &str) -> Result<Vec<WaveEvent>, WaveError> {
    let mut events = Vec::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        events.push(parse_line(line).map_err(|what| WaveError { line: index + 1, what })?);
    }
    events.sort_by(|a, b| a.at.total_cmp(&b.at));
    Ok(events)
}

fn parse_line(line: &str) -> Result<WaveEvent, String> {
    let line: Line = serde_json::from_str(line).map_err(|e| e.to_string())?;
    if !line.at.is_finite() || line.at < 0.0 {
        return Err(format!("`at` is {}, but must be a number of seconds from 0 up", line.at));
    }
    let what = match (line.post, line.deleted, line.feedback) {
        (Some(WavePost { question, post }), None, None) => WaveAction::Post { post, question },
        (None, Some(id), None) => WaveAction::Deleted(id),
        (None, None, Some(feedback)) => WaveAction::Feedback(feedback),
        _ => return Err("must have exactly one of `post`, `deleted` and `feedback`".to_owned()),
    };
    Ok(WaveEvent { at: line.at, what })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_each_kind_and_sorts_by_time() {
        let wave = parse_wave(concat!(
            r#"{"at":9,"deleted":"so-1"}"#,
            "\n\n",
            r#"{"at":2.5,"post":{"id":"so-1","site":"s","post_type":"answer","title":"t","body":"b","question":"so-0"}}"#,
            "\n",
            r#"{"at":3,"feedback":{"post":"so-1","by":"Ann","user_id":1001,"privileged":true,"type":"tpu-"}}"#,
        ))
        .expect("a wave");
        assert_eq!(wave.iter().map(|e| e.at).collect::<Vec<_>>(), [2.5, 3.0, 9.0]);
        assert!(matches!(&wave[0].what, WaveAction::Post { question: Some(q), .. } if q == "so-0"));
    }

    #[test]
    fn what_is_written_reads_as_it_was() {
        let text = concat!(
            r#"{"at":2.5,"post":{"id":"so-1","site":"s","post_type":"answer","title":"t\n","body":"b","question":"so-0"}}"#,
            "\n",
            r#"{"at":3.125,"feedback":{"post":"so-1","by":"Ann","user_id":1001,"privileged":true,"type":"tpu-"}}"#,
            "\n",
            r#"{"at":9.0,"deleted":"so-1"}"#,
        );
        let wave = parse_wave(text).expect("a wave");
        let written: Vec<String> = wave.iter().map(WaveEvent::line).collect();
        assert!(written.iter().all(|line| !line.contains('\n')));
        assert_eq!(parse_wave(&written.join("\n")).expect("a wave"), wave);
        assert_eq!(last_time(text), 9.0);
        assert_eq!(last_time("{}\nnonsense"), 0.0);
    }

    #[test]
    fn names_the_line_that_is_wrong() {
        let error = parse_wave("{\"at\":1,\"deleted\":\"a\"}\n{\"at\":1}").expect_err("no event");
        assert_eq!(error.to_string(), "line 2: must have exactly one of `post`, `deleted` and `feedback`");
        assert_eq!(parse_wave(r#"{"at":-1,"deleted":"a"}"#).expect_err("negative").line, 1);
    }
}
