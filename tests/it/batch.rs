//! Combined messages under hostile titles, as the simulated chat renders them.

use proptest::prelude::*;
use smokestack::core::batch::{BatchItem, Combined, Form, combine};
use smokestack::simulator::chat::render::{Style, Surroundings, in_full};

/// Pieces that titles of spam, or of somebody who reads this, may be made of.
fn title() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "pills ",
        "](javascript:alert(1))",
        "@all",
        "@\u{200b}ann",
        "https://spam.example/x",
        "hthttp://tp://x",
        "ftp://f",
        "\n",
        "\r\n",
        "\u{2028}",
        "\u{202e}",
        "\u{200b}",
        "\u{200c}",
        "\u{feff}",
        "\u{ad}",
        "😀",
        "👩‍👩‍👧",
        "🇩🇪",
        "e\u{301}\u{301}",
        "*",
        "_",
        "`",
        "**b**",
        "---s---",
        "[tag:x]",
        "[",
        "]",
        "(",
        ")",
        "\\",
        "\\\\",
        "![i](http://i.example/a.png)",
        "MS",
        "SmokeDetector",
        ":123 ",
        "!!/kill",
        "sd k",
        "    ",
        "> ",
        "&lt;b&gt;",
        "<a href='x'>",
        "\u{0}",
        "مرحبا",
        "ไทย",
        "1. ",
        " · ",
        "2. [x](https://evil.example)",
    ]);
    prop_oneof![
        prop::collection::vec(pieces, 0..30).prop_map(|pieces| pieces.concat()),
        "\\PC{0,80}",
        Just("x".repeat(10_000)),
        Just("\u{301}".repeat(10_000)),
    ]
}

/// The links of rendered HTML: address and text.
fn links(html: &str) -> Vec<(String, String)> {
    let page = scraper::Html::parse_fragment(html);
    let anchors = scraper::Selector::parse("a").expect("valid");
    page.select(&anchors)
        .map(|a| (a.attr("href").unwrap_or_default().to_owned(), a.text().collect::<String>()))
        .collect()
}

fn check(form: Form, titles: &[String], deleted: usize, limit: usize) -> Result<Combined, TestCaseError> {
    let urls: Vec<String> =
        (0..titles.len()).map(|i| format!("https://superuser.com/questions/{}", 900 + i)).collect();
    let items: Vec<BatchItem<'_>> = titles
        .iter()
        .zip(&urls)
        .enumerate()
        .map(|(i, (title, url))| BatchItem {
            number: i + 1,
            url,
            site: "superuser.com",
            title,
            heaviest_reason: "bad keyword in body",
            weight: 100,
        })
        .collect();
    let combined = combine(form, &items, deleted, limit);
    let text = &combined.text;
    let most = if form == Form::Compact { limit.min(500) } else { limit };
    prop_assert!(text.encode_utf16().count() <= most, "{text:?}");
    // Nothing is hidden, and nobody is called: a joiner stands behind each `@` of a name.
    let hidden =
        |c: char| c.is_control() && c != '\n' || "\u{200b}\u{202e}\u{feff}\u{ad}\u{2028}".contains(c);
    prop_assert!(!text.contains(hidden), "{text:?}");
    let calls = text.split('@').skip(1).any(|after| after.starts_with(char::is_alphanumeric));
    prop_assert!(!calls, "{text:?}");
    // One line each.
    let n_lines = match form {
        Form::Compact => usize::from(combined.taken > 0),
        Form::Long => {
            combined.taken + usize::from(combined.taken > 0) + usize::from(combined.taken > 0 && deleted > 0)
        }
    };
    prop_assert_eq!(text.lines().count(), n_lines, "{:?}", text);
    // Chat shows exactly the links of the posts, in order, and none that userscripts take for a single report.
    let around =
        Surroundings { tag_host: "stackoverflow.com", is_reply: false, multi_line: form == Form::Long };
    let html = in_full(text, around, &Style { long_word: 0, ..Style::default() });
    let links = links(&html);
    let expected: Vec<&String> = urls.iter().take(combined.taken).collect();
    prop_assert_eq!(links.iter().map(|(to, _)| to).collect::<Vec<_>>(), expected, "{:?}\n{}", text, html);
    for (_, shown) in &links {
        prop_assert!(!["MS", "SmokeDetector", ""].contains(&shown.trim()), "{html}");
    }
    for tag in ["<b>", "<i>", "<code>", "<strike>", "<img", "<span", "onebox"] {
        prop_assert!(!html.contains(tag), "{text:?}\n{html}");
    }
    Ok(combined)
}

proptest! {
    #[test]
    fn a_compact_message_survives_any_title(
        titles in prop::collection::vec(title(), 1..8), deleted in 0..3usize, limit in 60..600usize
    ) {
        check(Form::Compact, &titles, deleted, limit)?;
    }

    #[test]
    fn a_long_message_survives_any_title(
        titles in prop::collection::vec(title(), 1..40), deleted in 0..3usize, limit in 60..4000usize
    ) {
        let combined = check(Form::Long, &titles, deleted, limit)?;
        for (i, line) in combined.text.lines().skip(1).take(combined.taken).enumerate() {
            let number = format!("{}. https://", i + 1);
            prop_assert!(line.starts_with(&number), "{}", line);
        }
    }
}
