//! The words of a message out of its HTML. Pure.

use scraper::{Html, Node};

use super::event::ChatEvent;
use super::pages::bounded;

/// The text of a message: tags removed, line breaks kept, entities decoded once.
///
/// Links give their shown text, which chat shortens; who needs the address asks for the source of the message.
/// A folded long message (`<div class='partial'>`) holds its first lines only.
pub fn plain_text(content: &str) -> String {
    // A plain message needs no parser.
    if !content.contains(['<', '&']) {
        return content.trim().to_owned();
    }
    let fragment = Html::parse_fragment(bounded(content));
    let mut text = String::with_capacity(content.len());
    // The server writes ` <br> ` between lines.
    let mut is_after_break = false;
    for node in fragment.tree.nodes() {
        match node.value() {
            Node::Text(words) => {
                let words: &str = words;
                text.push_str(if is_after_break { words.strip_prefix(' ').unwrap_or(words) } else { words });
                is_after_break = false;
            }
            Node::Element(element) if element.name() == "br" => {
                text.truncate(text.trim_end_matches(' ').len());
                text.push('\n');
                is_after_break = true;
            }
            _ => {}
        }
    }
    text.trim().to_owned()
}

/// Without the `@Name ` that chat put before replies until 2025, and that people still type.
pub fn without_mention(text: &str) -> &str {
    match text.strip_prefix('@').and_then(|rest| rest.split_once(' ')) {
        Some((_, rest)) => rest.trim_start(),
        None => text,
    }
}

/// The sent form of a reply: chat reads the prefix and removes it. It counts towards the length of the message.
pub fn reply_text(parent: i64, text: &str) -> String {
    format!(":{parent} {text}")
}

/// Without the marks U+200B and U+200C that the server puts into long words.
pub fn without_breaks(source: &str) -> String {
    source.replace(['\u{200b}', '\u{200c}'], "")
}

impl ChatEvent {
    /// What a person said, to be read as a command or as feedback; of a reply without the mention. Empty when deleted.
    pub fn text(&self) -> String {
        let text = without_breaks(&plain_text(self.content.as_deref().unwrap_or_default()));
        if self.is_reply { without_mention(&text).to_owned() } else { text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_what_a_person_typed() {
        for (content, expected) in [
            ("hello", "hello"),
            ("  hello ", "hello"),
            ("a &lt;b&gt; &amp;amp; &#39;c&#39; &quot;d&quot;", "a <b> &amp; 'c' \"d\""),
            ("<b>bold</b> and <code>code</code>", "bold and code"),
            ("<div class='full'>one <br> two <br>   three</div>", "one\ntwo\n  three"),
            ("<div class='partial'>!!/watch foo\\.bar</div>", "!!/watch foo\\.bar"),
            ("<pre class='full'>one\n  two</pre>", "one\n  two"),
            (
                r#"<a href="https://example.org/a" rel="nofollow noopener noreferrer">example.org/a</a>"#,
                "example.org/a",
            ),
            ("", ""),
            ("<div class='full'>never closed <b", "never closed"),
        ] {
            assert_eq!(plain_text(content), expected, "{content}");
        }
    }

    #[test]
    fn a_reply_loses_the_name_it_answers_and_nothing_else() {
        for (content, is_reply, expected) in [
            (r#"<span class="mention">@Bot</span> tpu-"#, true, "tpu-"),
            ("@Bot tpu-", true, "tpu-"),
            ("tpu-", true, "tpu-"),
            ("@Bot tpu-", false, "@Bot tpu-"),
            ("@Bot", true, "@Bot"),
            ("k @Bot", true, "k @Bot"),
            ("t\u{200c}\u{200b}pu", true, "tpu"),
        ] {
            let event = ChatEvent::from_json(&serde_json::json!({
                "event_type": 1, "room_id": 1, "content": content, "show_parent": is_reply
            }))
            .expect("an event");
            assert_eq!(event.text(), expected, "{content}");
        }
    }

    #[test]
    fn a_deleted_message_has_no_text() {
        let event =
            ChatEvent::from_json(&serde_json::json!({"event_type": 10, "room_id": 1})).expect("an event");
        assert_eq!(event.text(), "");
    }
}
