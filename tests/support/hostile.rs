//! Posts made to keep a scan busy: of 30 kB, as long as the network takes them, and of 5 MB.

use smokestack::core::post::{Owner, Post, PostType};

/// The posts of 30 kB; the id of each says what it is made of.
pub(crate) fn posts() -> Vec<Post> {
    bodies(30_000).into_iter().map(|(name, body)| post(name, body)).collect()
}

/// The same of 5 MB, of which a scan looks at the beginning.
pub(crate) fn huge_posts() -> impl Iterator<Item = Post> {
    bodies(5_000_000).into_iter().map(|(name, body)| post(name, body))
}

fn post(name: &str, body: String) -> Post {
    Post {
        id: name.to_owned(),
        site: "stackoverflow.com".to_owned(),
        // Answers are looked at by more rules that compare names with links.
        post_type: if name.starts_with("answer") { PostType::Answer } else { PostType::Question },
        title: "buy 1 - 2 ".repeat(15),
        body,
        owner: Owner { name: "cheap-pills best ".repeat(20), ..Owner::default() },
        ..Post::default()
    }
}

fn bodies(length: usize) -> Vec<(&'static str, String)> {
    let fill = |piece: &str| piece.repeat(length / piece.len());
    let with = |piece: &str, end: &str| fill(piece) + end;
    vec![
        ("signs and a number", with("- ", "2,000,000")),
        ("signs, then a price", with("- ", "$109.95")),
        ("buy", with("buy ", "now")),
        ("buy, balanced body", with("buy ", "balanced body")),
        ("buy, in code", "<code>".to_owned() + &fill("buy now ")),
        ("best after an open link", "<a ".to_owned() + &fill("best ")),
        ("best after links", fill("<a href=\"x\">best")),
        ("open parentheses", fill("(")),
        ("spaces", fill(" ")),
        ("one letter", fill("a")),
        ("digits", fill("1")),
        ("digits and signs", fill("1-")),
        ("percent signs", fill("%20i%20n")),
        ("entities", fill("&amp;lt;")),
        ("ampersands", fill("h&amp;x;a")),
        ("links", fill("<a href=\"http://a.example/b\" rel=\"nofollow\">c</a> ")),
        ("open links", fill("<a href=\"http://a.example/b")),
        ("open tags", fill("<p><b>")),
        ("words of keywords", fill("free movie online download watch full stream ")),
        ("combining marks", fill("a\u{300}\u{200b}")),
        ("han", fill("\u{4e00}\u{4e01}")),
        ("thai", fill("\u{e2b}\u{e27}")),
        ("right to left", fill("\u{202e}\u{5d0}")),
        ("emoji", fill("\u{1f600}\u{200d}")),
        ("nutrition", with("</a> nutrition ", "program")),
        ("file types", fill("MKV, MOV, ")),
        ("greek", fill("\u{3c3}\u{3c2}\u{3a3}")),
        ("answer with hosts like the name", fill("www.cheap-pills-best-cheap-pills-best.co.uk ")),
        ("answer with addresses", fill("a.b@c.d-e.co at f.gh (at) i.jk ")),
        ("product names", fill("keto-trim max ")),
        ("verbs and nouns", fill("kill the boss of ")),
        ("dots", fill("a.b")),
        ("arrows", fill(">>> == = =")),
        ("letters for w", fill("wxx")),
        ("nested quotes", fill("<blockquote>")),
        ("percent letters", fill("%41s%42e")),
        ("images", fill("<img src=x>")),
        ("short links", fill("<a>x")),
        ("names before no tag", with("spam.webs.com x.top/ ", "<")),
        ("nested lists", fill("<ul><li>")),
    ]
}
