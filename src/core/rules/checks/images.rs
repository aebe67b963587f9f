//! Mostly images: a body that is hardly more than `<img>` tags.

use super::{Hit, TextInput};

/// Tags must be more than this share of the body, in percent.
const MIN_PERCENT: usize = 70;

/// Hits every image tag of such a body. Linear.
pub(super) fn check(input: &TextInput<'_>) -> Vec<Hit> {
    let text = input.text;
    let mut tags = Vec::new();
    let mut inside = 0;
    let mut at = 0;
    while let Some(start) = memchr::memmem::find(&text.as_bytes()[at..], b"<img ").map(|i| at + i) {
        let Some(length) = memchr::memchr(b'>', &text.as_bytes()[start..]) else { break };
        at = start + length + 1;
        inside += text[start..at].chars().count();
        tags.push(start..at);
    }
    if tags.is_empty() {
        return Vec::new();
    }
    let length = text.chars().count();
    if inside * 100 <= length * MIN_PERCENT {
        return Vec::new();
    }
    let note = format!("{} % of the body is image tags", inside * 100 / length);
    tags.into_iter().map(|tag| Hit::noted(tag, note.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::on_body;
    use super::check;

    #[test]
    fn images_must_be_most_of_the_body() {
        let image = r#"<img src="https://i.example/abcdefgh.png" alt="a picture">"#;
        for (text, hits) in [
            (format!("<p>{image}</p>"), 1),
            (format!("<p>{image}{image}</p>"), 2),
            (format!("<p>{image} is what I see when I start the program</p>"), 0),
            ("<p>no image</p>".to_owned(), 0),
            ("<img ".repeat(1000), 0),
        ] {
            assert_eq!(on_body(check, &text).len(), hits, "{text}");
        }
    }
}
