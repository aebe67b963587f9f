//! Posts of any content scan without a panic, and every place in a verdict is one of the part as given.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use smokestack::core::post::{Owner, Post, PostType};
use smokestack::core::rules::{RuleSet, load};
use smokestack::core::verdict::Part;
use smokestack::core::weight::Weights;
use smokestack::rules_folder;

static RULES: LazyLock<RuleSet> = LazyLock::new(|| {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../rules").into();
    load(rules_folder::read(&[folder]).expect("the folder is there")).set
});

fuzz_target!(|input: (&str, &str, &str, u8)| {
    let (title, body, name, bits) = input;
    let post = Post {
        id: String::new(),
        site: "stackoverflow.com".to_owned(),
        post_type: if bits & 1 == 0 { PostType::Question } else { PostType::Answer },
        title: title.to_owned(),
        body: body.to_owned(),
        body_is_summary: bits & 2 != 0,
        owner: Owner { name: name.to_owned(), reputation: 1 },
        score: 0,
    };
    for why in RULES.scan(&post, &Weights::default()).why {
        let part = match why.part {
            Part::Title => title,
            Part::Body => body,
            Part::Username => name,
        };
        let slice: String = part.chars().skip(why.start).take(why.end - why.start).collect();
        assert_eq!(slice, why.text);
    }
});
