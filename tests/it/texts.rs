//! Messages made of hostile titles and names, as the simulated chat renders them.

use proptest::prelude::*;
use smokestack::core::batch::{BatchItem, Combined, Form, combine, confirm, notify};
use smokestack::core::outbox::Confirmation;
use smokestack::core::phrase::Phrase;
use smokestack::core::post::PostType;
use smokestack::core::report::message::{Labels, single};
use smokestack::core::report::{Report, ReportId, ReportedOwner, ReportedPost, Trace};
use smokestack::core::time::Timestamp;
use smokestack::simulator::chat::render::{Surroundings, in_full};
use smokestack::simulator::chat::style::Style;

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

/// As chat shows a message that stands alone.
fn rendered(text: &str) -> String {
    let around =
        Surroundings { tag_host: "stackoverflow.com", is_reply: false, multi_line: text.contains('\n') };
    in_full(text, around, &Style { long_word: 0, ..Style::default() })
}

/// Whether nothing but links and code is marked.
fn is_plain(html: &str) -> bool {
    ["<b>", "<i>", "<strike>", "<img", "<span", "onebox", "<pre"].iter().all(|tag| !html.contains(tag))
}

/// Nothing is hidden, nobody is called (a joiner stands behind each `@` of a name), and no program takes the message for
/// a command or a reply.
fn harmless(text: &str) -> Result<(), TestCaseError> {
    let hidden =
        |c: char| c.is_control() && c != '\n' || "\u{200b}\u{202e}\u{feff}\u{ad}\u{2028}".contains(c);
    prop_assert!(!text.contains(hidden), "{text:?}");
    let calls = text.split('@').skip(1).any(|after| after.starts_with(char::is_alphanumeric));
    prop_assert!(!calls, "{text:?}");
    let start = text.trim_start().to_lowercase();
    let is_command = ["!!/", "sd ", "sdc ", ":", "/"].iter().any(|mark| start.starts_with(mark));
    prop_assert!(!is_command, "{text:?}");
    Ok(())
}

fn report(title: &str, name: &str, site: &str, has_profile: bool) -> Report {
    let reasons = vec!["bad keyword in body".to_owned(), "link at end of body".to_owned()];
    Report {
        id: ReportId(7),
        created_at: Timestamp::ZERO,
        seen_at: Timestamp::ZERO,
        post: ReportedPost {
            site: site.to_owned(),
            number: 12,
            question: 12,
            post_type: PostType::Question,
            url: format!("https://{site}/questions/12"),
            title: title.to_owned(),
            owner: ReportedOwner {
                name: name.to_owned(),
                url: has_profile.then(|| format!("https://{site}/users/42/x")),
                reputation: 1,
            },
            edited: false,
        },
        by_weight: reasons.clone(),
        reasons,
        weight: 173,
        why: Vec::new(),
        trace: Trace::default(),
    }
}

fn check(form: Form, titles: &[String], deleted: usize, limit: usize) -> Result<Combined, TestCaseError> {
    let urls: Vec<String> =
        (0..titles.len()).map(|i| format!("https://superuser.com/questions/{}", 900 + i)).collect();
    let items: Vec<BatchItem<'_>> = titles
        .iter()
        .zip(&urls)
        .map(|(title, url)| BatchItem {
            url,
            site: "superuser.com",
            title,
            heaviest_reason: "bad keyword in body",
            weight: 100,
            // Equal titles are of one campaign.
            campaign: titles.iter().position(|other| other == title).unwrap_or(0),
            linked_site: Some("](javascript:a) @all\n"),
        })
        .collect();
    let combined = combine(form, &items, deleted, limit);
    let text = &combined.text;
    let most = if form == Form::Compact { limit.min(500) } else { limit };
    prop_assert!(text.encode_utf16().count() <= most, "{text:?}");
    harmless(text)?;
    // One line each, but for the lines above and below the items of a campaign.
    let taken = combined.order.len();
    let n_others =
        text.lines().filter(|line| *line == "others:" || line.contains(" alike (100), linking ")).count();
    let n_lines = match form {
        Form::Compact => usize::from(taken > 0),
        Form::Long => taken + usize::from(taken > 0) + usize::from(taken > 0 && deleted > 0),
    };
    prop_assert!((n_lines..=n_lines + n_others).contains(&text.lines().count()), "{:?}", text);
    // Each item that was given first is in it, once.
    let mut order = combined.order.clone();
    order.sort_unstable();
    prop_assert_eq!(order, (0..taken).collect::<Vec<_>>());
    // Chat shows exactly the links of the posts, in order, and none that userscripts take for a single report.
    let html = rendered(text);
    let links = links(&html);
    let expected: Vec<&String> = combined.order.iter().map(|index| &urls[*index]).collect();
    prop_assert_eq!(links.iter().map(|(to, _)| to).collect::<Vec<_>>(), expected, "{:?}\n{}", text, html);
    for (_, shown) in &links {
        prop_assert!(!["MS", "SmokeDetector", ""].contains(&shown.trim()), "{html}");
    }
    prop_assert!(is_plain(&html), "{text:?}\n{html}");
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
        let numbered = combined.text.lines().filter(|line| line.contains(". https://"));
        for (i, line) in numbered.take(combined.order.len()).enumerate() {
            let number = format!("{}. https://", i + 1);
            prop_assert!(line.starts_with(&number), "{}", line);
        }
    }

    #[test]
    fn a_single_report_survives_any_title_and_name(
        title in title(), name in title(), has_profile in any::<bool>(), limit in 300..600usize,
        site in prop::sample::select(vec!["superuser.com", "meta.stackexchange.com", "no-short-name.example", "stackexchange.com"]),
    ) {
        let text = single(&report(&title, &name, site, has_profile), &Labels::default(), limit);
        prop_assert!(text.encode_utf16().count() <= limit.min(500), "{text:?}");
        prop_assert!(!text.contains('\n'));
        // The mark behind the title is part of the form.
        harmless(&text.replacen('\u{202d}', "", 1))?;
        let html = rendered(&text);
        prop_assert!(is_plain(&html), "{}\n{}", text, html);
        let mut expected = vec![
            "//git.io/vyDZv".to_owned(),
            format!("//m.erwaysoftware.com/posts/uid/{}/12", smokestack::core::site::api_site_parameter(site)),
            format!("//{site}/questions/12"),
        ];
        expected.extend(has_profile.then(|| format!("//{site}/users/42")));
        let links: Vec<String> = links(&html).into_iter().map(|(to, _)| to).collect();
        prop_assert_eq!(links, expected, "{}\n{}", text, html);
    }

    #[test]
    fn an_answer_survives_whatever_it_quotes(
        parts in prop::collection::vec((0..4u8, title()), 1..6), lines in any::<bool>()
    ) {
        let url = "https://superuser.com/questions/5";
        let phrase = parts.iter().fold(Phrase::default(), |phrase, (sort, text)| match sort {
            0 => phrase.data(text),
            1 => phrase.code(text),
            2 => phrase.link(text, url),
            _ if lines => phrase.new_line(),
            _ => phrase,
        }.words(" and "));
        let text = phrase.text();
        harmless(&text)?;
        let html = rendered(&text);
        prop_assert!(is_plain(&html), "{:?}\n{}", text, html);
        let n_links = parts.iter().filter(|(sort, _)| *sort == 2).count();
        prop_assert_eq!(links(&html).iter().filter(|(to, _)| to == url).count(), n_links, "{:?}\n{}", text, html);
        prop_assert_eq!(links(&html).len(), n_links, "{:?}\n{}", text, html);
        if !text.contains('\n') {
            prop_assert!(text.encode_utf16().count() <= 478);
        }
    }

    #[test]
    fn confirmations_and_notices_survive_any_name(
        given in prop::collection::vec((prop::sample::select(vec!["tpu", "fp", "naa"]), title()), 1..20),
        limit in 100..4_000usize,
    ) {
        let confirmations: Vec<Confirmation> = given
            .iter()
            .map(|(kind, by)| Confirmation { report: ReportId(9), kind: (*kind).to_owned(), by: by.clone() })
            .collect();
        let notices: Vec<Phrase> = given.iter().map(|(_, text)| Phrase::new("seen: ").data(text)).collect();
        let confirmed = confirm(&confirmations.iter().collect::<Vec<_>>()).text();
        let (notified, taken) = notify(&notices.iter().collect::<Vec<_>>(), limit);
        prop_assert!(taken >= 1 && (taken == 1 || notified.encode_utf16().count() <= limit));
        for text in [confirmed, notified] {
            harmless(&text)?;
            let html = rendered(&text);
            prop_assert!(is_plain(&html) && links(&html).is_empty(), "{:?}\n{}", text, html);
        }
    }
}
