//! What the realtime socket tells of posts.

use serde_json::{Value, json};

use super::owner::{owner_link, user_of};
use super::stored::Version;
use crate::core::time::Timestamp;
use crate::simulator::chat::slug;
use crate::simulator::html::without_tags;
use crate::simulator::sites::Sites;

/// A frame for the realtime socket: the stream, and the text inside `data`.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// The subscription that gets it.
    pub stream: String,
    /// The whole frame.
    pub text: String,
}

impl Frame {
    /// The question's newest activity, with the start of its newest text; `number` is the site's own, or that of the network.
    pub(super) fn activity(
        sites: &Sites,
        host: &str,
        question: i64,
        version: &Version,
        summary: &str,
        active: Timestamp,
        number: u32,
    ) -> Self {
        let mut data = json!({
            "siteBaseHostAddress": host,
            "id": question,
            "titleEncodedFancy": version.title,
            "bodySummary": summary,
            "tags": ["example"],
            "lastActivityDate": active.as_secs(),
            "url": format!("https://{host}/questions/{question}/{}", slug(&version.title)),
            "apiSiteParameter": sites.parameter(host),
        });
        if let Some(user) = user_of(&version.owner) {
            data["ownerUrl"] = json!(owner_link(host, user, &version.owner.name));
            data["ownerDisplayName"] = json!(version.owner.name);
        }
        Self::new(format!("{number}-questions-active"), &data)
    }

    /// Something that happened to a question or to one of its answers.
    pub(super) fn question(sites: &Sites, host: &str, question: i64, data: &Value) -> Self {
        Self::new(format!("{}-question-{question}", sites.number(host)), data)
    }

    fn new(stream: String, data: &Value) -> Self {
        let text = json!({"action": stream, "data": data.to_string()}).to_string();
        Self { stream, text }
    }
}

/// So many characters of a body are in a frame.
const SUMMARY_CHARS: usize = 200;

/// The start of a body without its tags; entities stay as they are.
pub(super) fn summary(body: &str) -> String {
    let text = without_tags(body);
    let text = text.trim();
    let Some((cut, _)) = text.char_indices().nth(SUMMARY_CHARS) else { return text.to_owned() };
    let mut start = &text[..cut];
    // An entity that was cut would read as text.
    if let Some(entity) = start.rfind('&').filter(|at| !start[*at..].contains(';')) {
        start = &start[..entity];
    }
    format!("{start} ...")
}
