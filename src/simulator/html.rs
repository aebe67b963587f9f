//! Text in HTML.

/// Text for an element or an attribute.
pub(super) fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            // A line of control characters is not what anybody typed.
            '\0' => html.push('\u{fffd}'),
            other => html.push(other),
        }
    }
    html
}

/// The text of a body, roughly; entities stay as they are.
pub(super) fn without_tags(body: &str) -> String {
    let mut text = String::with_capacity(body.len());
    let mut in_tag = false;
    for char in body.chars() {
        match char {
            '<' => in_tag = true,
            '>' if in_tag => in_tag = false,
            _ if in_tag => {}
            char => text.push(char),
        }
    }
    text
}
