//! The two forms, and what a title may be.

use super::*;

/// An item of a campaign of its own.
fn item(campaign: usize, title: &str) -> BatchItem<'_> {
    BatchItem {
        url: "//superuser.com/questions/1234567",
        site: "superuser.com",
        title,
        heaviest_reason: "bad keyword in body",
        weight: 173,
        campaign,
        linked_site: None,
    }
}

#[test]
fn a_compact_message_is_one_line_of_links() {
    let mut second = item(2, "Another one");
    second.url = "https://diy.stackexchange.com/a/5";
    second.site = "diy.stackexchange.com";
    let combined = combine(Form::Compact, &[item(1, "Buy pills"), second], 0, 500);
    assert_eq!(
        combined.text,
        "1. [Buy pills](https://superuser.com/questions/1234567) superuser.com: bad keyword in body · \
         2. [Another one](https://diy.stackexchange.com/a/5) diy.SE: bad keyword in body"
    );
    assert_eq!(combined.order, [0, 1]);
}

#[test]
fn a_long_message_begins_with_the_count_and_ends_with_what_was_deleted() {
    let combined = combine(Form::Long, &[item(1, "Buy pills"), item(2, "More")], 3, 4000);
    assert_eq!(
        combined.text,
        "2 reports, the heaviest first:\n\
         1. https://superuser.com/questions/1234567 superuser.com: bad keyword in body (173): Buy pills\n\
         2. https://superuser.com/questions/1234567 superuser.com: bad keyword in body (173): More\n\
         +3 already deleted"
    );
}

#[test]
fn titles_share_the_room_and_what_does_not_fit_is_left_for_the_next_message() {
    let long = "An exceedingly long title that goes on and on about miracle cures ".repeat(5);
    let items: Vec<_> = (1..=20).map(|number| item(number, &long)).collect();
    let combined = combine(Form::Compact, &items, 0, 500);
    assert!((4..=6).contains(&combined.order.len()), "{combined:?}");
    assert!(units(&combined.text) > 480 && units(&combined.text) <= 500, "{combined:?}");
    assert_eq!(
        combined.text.matches("… ").count() + combined.text.matches("…]").count(),
        combined.order.len()
    );
    assert_eq!(combine(Form::Long, &items, 0, 4000).order.len(), 20);
}

#[test]
fn titles_are_never_empty_and_never_a_label_of_single_reports() {
    for (title, link_text) in [
        ("", "(no title)"),
        ("\u{200b}\u{202e}\n ", "⏎"),
        ("\u{301}\u{2800}", "(no title)"),
        ("\\", "(no title)"),
        ("MS", "“MS”"),
        (r"MS\", r"“MS\”"),
        (" Smoke\u{200b}Detector ", "“SmokeDetector”"),
        ("a](javascript:alert(1))", r"a\](javascript:alert(1))"),
        ("---gone---", "- - -gone- - -"),
    ] {
        let combined = combine(Form::Compact, &[item(1, title)], 0, 500);
        assert!(combined.text.starts_with(&format!("1. [{link_text}](https://")), "{title:?}: {combined:?}");
    }
}

#[test]
fn emoji_are_not_split_at_the_cut() {
    let flags = "🇩🇪".repeat(80);
    let combined = combine(Form::Compact, &[item(1, &flags)], 0, 130);
    let kept = combined.text.matches('🇩').count();
    assert!(kept > 2 && kept == combined.text.matches('🇪').count(), "{combined:?}");
}

#[test]
fn what_can_not_fit_is_not_taken() {
    assert_eq!(combine(Form::Compact, &[item(1, "t")], 0, 40), Combined::default());
    let host = "x".repeat(400);
    let bad = BatchItem { url: &host, ..item(1, "t") };
    assert_eq!(combine(Form::Long, &[bad, item(2, "t")], 0, 4000), Combined::default());
    assert_eq!(combine(Form::Long, &[], 5, 4000), Combined::default());
}

#[test]
fn a_campaign_stands_together_under_one_title_and_the_heaviest_still_goes_first() {
    let items: Vec<BatchItem<'_>> =
        [(1, 90), (2, 173), (1, 90), (3, 173), (1, 90), (2, 173), (2, 173), (4, 12)]
            .into_iter()
            .map(|(campaign, weight)| BatchItem {
                weight,
                linked_site: (campaign == 2).then_some("pills.example"),
                ..item(campaign, ["Loans", "Pills", "Other", "Last"][campaign - 1])
            })
            .collect();
    let combined = combine(Form::Long, &items, 0, 4_000);
    let url = "https://superuser.com/questions/1234567 superuser.com: bad keyword in body";
    assert_eq!(
        combined.text.lines().collect::<Vec<_>>(),
        [
            "8 reports, the heaviest first:".to_owned(),
            "3 alike (173), linking pills.example: Pills".to_owned(),
            format!("1. {url}"),
            format!("2. {url}"),
            format!("3. {url}"),
            "others:".to_owned(),
            format!("4. {url} (173): Other"),
            "3 alike (90): Loans".to_owned(),
            format!("5. {url}"),
            format!("6. {url}"),
            format!("7. {url}"),
            "others:".to_owned(),
            format!("8. {url} (12): Last"),
        ]
    );
    assert_eq!(combined.order, [1, 5, 6, 3, 0, 2, 4, 7]);
    assert!(!combine(Form::Compact, &items, 0, 500).text.contains("alike"));
}

#[test]
fn a_campaign_brings_more_into_one_message() {
    let title = "Mailorix customer support phone number, call now and be helped by day and by night";
    let many: Vec<BatchItem<'_>> = (0..80).map(|index| item(index, title)).collect();
    let one: Vec<BatchItem<'_>> = (0..80).map(|_| item(1, title)).collect();
    let [apart, alike] = [many, one].map(|items| combine(Form::Long, &items, 0, 4_000));
    assert!(units(&alike.text) <= 4_000 && units(&apart.text) <= 4_000);
    assert!(alike.order.len() * 4 > apart.order.len() * 5, "{} and {}", alike.order.len(), apart.order.len());
}
