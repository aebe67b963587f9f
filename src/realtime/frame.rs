//! One text frame of the realtime socket, understood. Pure; nothing that a frame can hold is an error.

use serde::Deserialize;
use serde_json::Value;

use crate::core::post::{Owner, Post, PostType};
use crate::core::site::is_host;

/// The stream of the whole network; 155 is the number of stackexchange.com itself.
pub const NETWORK_STREAM: &str = "155-questions-active";

/// What a frame says.
#[derive(Clone, Debug, PartialEq)]
pub enum Frame {
    /// The server asks whether we live; the text goes back as it is.
    Heartbeat(String),
    /// A question became active, for whatever reason.
    Activity(Activity),
    /// Something happened on a question that we subscribed to.
    Question(QuestionEvent),
    /// A stream or an event that is of no use to us.
    Other,
    /// Empty frames and `null`; they are normal.
    Empty,
    /// Not understood: a server that restarts sends such frames.
    Garbage,
}

/// A question became active: a new question or answer, an edit, a bump. The frame does not tell which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activity {
    /// Host of the site, in lower case.
    pub site: String,
    /// Number of the question, also when an answer caused the activity.
    pub question: i64,
    /// Title, HTML-encoded.
    pub title: String,
    /// The start of the body, about 200 characters of plain text; HTML-encoded in places.
    pub summary: String,
    /// Display name of the question's owner, HTML-encoded; empty when the account is gone.
    pub owner_name: String,
    /// Link of the owner's profile; absent when the account is gone.
    pub owner_url: Option<String>,
    /// Unix seconds; 0 when not given.
    pub last_activity: i64,
}

impl Activity {
    /// What the rules for summaries look at. Absent when the owner is gone: as SmokeDetector, such a frame is not scanned.
    pub fn summary_post(&self) -> Option<Post> {
        self.owner_url.is_some().then(|| self.excerpt())
    }

    /// What the frame shows of the question, as a post.
    pub fn excerpt(&self) -> Post {
        Post {
            id: format!("{}/{}", self.site, self.question),
            site: self.site.clone(),
            post_type: PostType::Question,
            title: self.title.clone(),
            body: self.summary.clone(),
            body_is_summary: true,
            owner: Owner { name: self.owner_name.clone(), ..Owner::default() },
            score: 0,
        }
    }
}

/// An event on the stream of one question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuestionEvent {
    /// The stream, `<site number>-question-<question>`.
    pub stream: String,
    /// The question or answer that it happened to.
    pub post: i64,
    /// What happened.
    pub what: QuestionEventKind,
}

/// What happened to a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuestionEventKind {
    /// It was deleted.
    Deleted,
    /// It was edited.
    Edited,
}

#[derive(Deserialize)]
struct Envelope {
    action: String,
    data: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireActivity {
    site_base_host_address: String,
    id: Value,
    #[serde(default)]
    title_encoded_fancy: Option<String>,
    #[serde(default)]
    body_summary: Option<String>,
    #[serde(default)]
    last_activity_date: Option<i64>,
    #[serde(default)]
    owner_url: Option<String>,
    #[serde(default)]
    owner_display_name: Option<String>,
}

/// Understands one frame.
pub fn parse(text: &str) -> Frame {
    if text.trim().is_empty() {
        return Frame::Empty;
    }
    let envelope = match serde_json::from_str::<Option<Envelope>>(text) {
        Ok(Some(envelope)) => envelope,
        Ok(None) => return Frame::Empty,
        Err(_) => return Frame::Garbage,
    };
    let action = envelope.action.as_str();
    if action == "hb" {
        return match envelope.data {
            Some(Value::String(data)) if data.len() <= 100 => Frame::Heartbeat(data),
            _ => Frame::Heartbeat("hb".to_owned()),
        };
    }
    let is_network = action == NETWORK_STREAM;
    if !is_network && !is_question_stream(action) {
        return Frame::Other;
    }
    // The data is JSON inside a JSON text; an object in its place is understood as well.
    let data = match envelope.data {
        None | Some(Value::Null) => return Frame::Empty,
        Some(Value::String(text)) => match serde_json::from_str(&text) {
            Ok(data) => data,
            Err(_) => return Frame::Garbage,
        },
        Some(data) => data,
    };
    if is_network { activity(data) } else { question_event(envelope.action, &data) }
}

fn is_question_stream(action: &str) -> bool {
    action.split_once("-question-").is_some_and(|(site, question)| {
        let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        number(site) && number(question)
    })
}

fn activity(data: Value) -> Frame {
    let Ok(wire) = serde_json::from_value::<WireActivity>(data) else { return Frame::Garbage };
    let site = wire.site_base_host_address.to_lowercase();
    match number(&wire.id) {
        Some(question) if is_host(&site) => Frame::Activity(Activity {
            site,
            question,
            title: wire.title_encoded_fancy.unwrap_or_default(),
            summary: wire.body_summary.unwrap_or_default(),
            owner_name: wire.owner_display_name.unwrap_or_default(),
            owner_url: wire.owner_url.filter(|url| !url.is_empty()),
            last_activity: wire.last_activity_date.unwrap_or(0),
        }),
        _ => Frame::Garbage,
    }
}

fn question_event(stream: String, data: &Value) -> Frame {
    let field = |key: &str| data.get(key).and_then(number);
    let event = |post: Option<i64>, what| match post {
        Some(post) => Frame::Question(QuestionEvent { stream, post, what }),
        None => Frame::Garbage,
    };
    match data.get("a").and_then(Value::as_str) {
        // `aId` is only there when an answer was deleted.
        Some("post-deleted") => event(field("aId").or_else(|| field("qId")), QuestionEventKind::Deleted),
        Some("post-edit") => event(field("id"), QuestionEventKind::Edited),
        Some(_) => Frame::Other,
        None => Frame::Garbage,
    }
}

/// A post number, which old servers write as text.
fn number(value: &Value) -> Option<i64> {
    // Beyond 2^53 JSON has no whole numbers, and Stack Exchange no posts.
    value.as_i64().or_else(|| value.as_str()?.parse().ok()).filter(|number| (1..1 << 53).contains(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(data: &str) -> Frame {
        parse(&serde_json::json!({"action": NETWORK_STREAM, "data": data}).to_string())
    }

    #[test]
    fn heartbeats_of_both_kinds_carry_what_to_answer() {
        assert_eq!(parse(r#"{"action":"hb","data":"hb"}"#), Frame::Heartbeat("hb".into()));
        assert_eq!(parse(r#"{"action":"hb","data":"pong"}"#), Frame::Heartbeat("pong".into()));
        assert_eq!(parse(r#"{"action":"hb"}"#), Frame::Heartbeat("hb".into()));
        assert_eq!(
            parse(&format!(r#"{{"action":"hb","data":"{}"}}"#, "x".repeat(200))),
            Frame::Heartbeat("hb".into())
        );
    }

    #[test]
    fn activity_is_read_and_stays_encoded() {
        let frame = network(
            r#"{"siteBaseHostAddress":"DIY.stackexchange.com","id":57991,"titleEncodedFancy":"Don&#39;t","bodySummary":"a\n&amp; ...",
            "tags":["x"],"lastActivityDate":1421536273,"url":"https://diy.stackexchange.com/questions/57991/dont",
            "ownerUrl":"https://diy.stackexchange.com/users/1/e","ownerDisplayName":"E&amp;F","apiSiteParameter":"diy","new":1}"#,
        );
        let Frame::Activity(activity) = frame else { panic!("activity, not {frame:?}") };
        assert_eq!((activity.site.as_str(), activity.question), ("diy.stackexchange.com", 57991));
        assert_eq!(activity.last_activity, 1_421_536_273);
        let post = activity.summary_post().expect("the owner is there");
        assert_eq!((post.title.as_str(), post.body.as_str()), ("Don&#39;t", "a\n&amp; ..."));
        assert_eq!(
            (post.owner.name.as_str(), post.owner.reputation, post.body_is_summary),
            ("E&amp;F", 1, true)
        );
    }

    #[test]
    fn a_missing_owner_is_no_mistake_but_its_summary_is_not_scanned() {
        let frame = network(r#"{"siteBaseHostAddress":"superuser.com","id":"42","ownerUrl":null}"#);
        let Frame::Activity(activity) = frame else { panic!("activity, not {frame:?}") };
        assert_eq!((activity.question, activity.owner_name.as_str()), (42, ""));
        assert_eq!(activity.summary_post(), None);
    }

    #[test]
    fn events_of_a_question_name_the_post_they_happened_to() {
        let event =
            |data: &str| parse(&serde_json::json!({"action": "1-question-41", "data": data}).to_string());
        let expected =
            |post, what| Frame::Question(QuestionEvent { stream: "1-question-41".into(), post, what });
        let deleted = QuestionEventKind::Deleted;
        assert_eq!(event(r#"{"a":"post-deleted","qId":41,"aId":77}"#), expected(77, deleted));
        assert_eq!(event(r#"{"a":"post-deleted","qId":41}"#), expected(41, deleted));
        assert_eq!(event(r#"{"a":"post-edit","id":77,"acctid":5}"#), expected(77, QuestionEventKind::Edited));
        assert_eq!(event(r#"{"a":"score","id":41,"score":-3}"#), Frame::Other);
        assert_eq!(event(r#"{"a":"post-deleted"}"#), Frame::Garbage);
        assert_eq!(event("{}"), Frame::Garbage);
    }

    #[test]
    fn anything_else_is_told_apart_and_never_fatal() {
        for text in ["", "  ", "null", r#"{"action":"155-questions-active","data":null}"#] {
            assert_eq!(parse(text), Frame::Empty, "{text}");
        }
        for text in [
            r#"{"action":"1-questions-newest","data":"x"}"#,
            r#"{"action":"x-question-1"}"#,
            r#"{"action":""}"#,
        ] {
            assert_eq!(parse(text), Frame::Other, "{text}");
        }
        for text in ["hb", "[]", "{", "<html>", r#"{"action":7}"#, r#"{"data":"x"}"#, "\u{0}"] {
            assert_eq!(parse(text), Frame::Garbage, "{text}");
        }
        for data in [
            "",
            "{",
            "[]",
            "7",
            r#"{"siteBaseHostAddress":"a/../b.com","id":1}"#,
            r#"{"siteBaseHostAddress":"a.com"}"#,
        ] {
            assert_eq!(network(data), Frame::Garbage, "{data}");
        }
        for id in ["0", "-5", "1.5", "null", "99999999999999999999"] {
            assert_eq!(
                network(&format!(r#"{{"siteBaseHostAddress":"a.com","id":{id}}}"#)),
                Frame::Garbage,
                "{id}"
            );
        }
    }
}
