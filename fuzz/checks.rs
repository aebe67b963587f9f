//! What must hold for any input, for the fuzz targets and for the test that runs their corpora. Inputs are texts, so that a
//! finding can be read and written by hand.

use std::sync::LazyLock;

use smokestack::core::post::{Owner, Post, PostType};
use smokestack::core::rules::dialect::{Flags, parse, reference};
use smokestack::core::rules::vm::{Machine, compile};
use smokestack::core::rules::{RuleSet, SourceFile, load};
use smokestack::core::text::edges::Edges;
use smokestack::core::verdict::Part;
use smokestack::core::weight::Weights;
use smokestack::rules_folder;

/// The first line is a pattern, the rest a text: nothing panics, and the machine agrees with the plain matcher where both come to
/// an end.
pub(crate) fn dialect(input: &[u8]) {
    let input = String::from_utf8_lossy(input);
    let (pattern, text) = input.split_once('\n').unwrap_or((&input, ""));
    let Ok(pattern) = parse(pattern, Flags::default()) else { return };
    let Ok(program) = compile(&pattern, false) else { return };
    let edges = Edges::new(text);
    let mut steps = 100_000;
    let Ok(found) = Machine::default().find(&program, &edges, 0..text.len(), &mut steps) else { return };
    let chars: Vec<char> = text.chars().collect();
    if chars.len() > 200 {
        return;
    }
    let places = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    let word_edges: Vec<usize> =
        places.enumerate().filter(|(_, at)| edges.default_edge(*at)).map(|(index, _)| index).collect();
    let Ok(plain) = reference::find(&pattern, &chars, &word_edges, 0, 100_000) else { return };
    let found = found.map(|range| (text[..range.start].chars().count(), text[..range.end].chars().count()));
    assert_eq!(found, plain);
}

/// The first line is the name of a file, the rest its content: it loads without a panic, and each mistake says where it is.
pub(crate) fn load_file(input: &[u8]) {
    let end = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    let path = String::from_utf8_lossy(&input[..end]).into_owned();
    let text = input.get(end + 1..).unwrap_or_default().to_vec();
    for error in load(vec![SourceFile { path: path.clone(), text }]).errors {
        assert_eq!(error.path, path);
        assert!(!error.message.is_empty());
    }
}

static RULES: LazyLock<RuleSet> = LazyLock::new(|| {
    let rules = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    // The manifest is that of the repository, or that of its folder `fuzz`.
    let rules = if rules.join("rules").exists() { rules.join("rules") } else { rules.join("../rules") };
    load(rules_folder::read(&[rules]).expect("the folder is there")).set
});

/// Lines are the kind of post (with `a` an answer, with `s` a summary), its title, its author, and its body: it is scanned without a
/// panic, and every place in the verdict is one of the part as given.
pub(crate) fn scan(input: &[u8]) {
    let input = String::from_utf8_lossy(input);
    let mut lines = input.splitn(4, '\n');
    let mut line = || lines.next().unwrap_or_default().to_owned();
    let kind = line();
    let post = Post {
        id: String::new(),
        site: "stackoverflow.com".to_owned(),
        post_type: if kind.contains('a') { PostType::Answer } else { PostType::Question },
        title: line(),
        owner: Owner { name: line(), reputation: 1 },
        body: line(),
        body_is_summary: kind.contains('s'),
        score: 0,
    };
    for why in RULES.scan(&post, &Weights::default()).why {
        let part = match why.part {
            Part::Title => &post.title,
            Part::Body => &post.body,
            Part::Username => &post.owner.name,
        };
        let slice: String = part.chars().skip(why.start).take(why.end - why.start).collect();
        assert_eq!(slice, why.text);
    }
}
