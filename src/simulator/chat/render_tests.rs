//! Tables of sources and what chat makes of them.

use proptest::prelude::*;

use super::super::words::break_long_words;
use super::*;

const REL: &str = "rel=\"nofollow noopener noreferrer\"";

fn render(source: &str) -> String {
    let around = Surroundings { tag_host: "stackoverflow.com", is_reply: false, multi_line: false };
    message(source, around, &Style::default())
}

fn check(table: &[(&str, &str)]) {
    for (source, html) in table {
        assert_eq!(render(source), html.replace("REL", REL), "source {source:?}");
    }
}

#[test]
fn a_single_line_takes_the_markdown_subset() {
    check(&[
        ("plain", "plain"),
        ("**b** and __b__", "<b>b</b> and <b>b</b>"),
        ("*i* and _i_", "<i>i</i> and <i>i</i>"),
        ("***x***", "<b><i>x</i></b>"),
        ("**a *b* c**", "<b>a <i>b</i> c</b>"),
        ("`c` ``d`e``", "<code>c</code> <code>d`e</code>"),
        ("`<b> & **x**`", "<code>&lt;b&gt; &amp; **x**</code>"),
        ("---s---", "<strike>s</strike>"),
        ("[t](http://a.example/x)", "<a href=\"http://a.example/x\" REL>t</a>"),
        ("[t](//a.example/x \"hi\")", "<a href=\"//a.example/x\" title=\"hi\" REL>t</a>"),
        ("[**t**](http://a.example/f_(g))", "<a href=\"http://a.example/f_(g)\" REL><b>t</b></a>"),
        (r"[a \[b\]](http://a.example)", "<a href=\"http://a.example\" REL>a [b]</a>"),
        ("x http://a.example/b, y", "x <a href=\"http://a.example/b\" REL>a.example/b</a>, y"),
        ("ftp://a.example/b x", "<a href=\"ftp://a.example/b\" REL>a.example/b</a> x"),
    ]);
    let tag = render("[tag:x-y] [meta-tag:z]");
    assert!(
        tag.contains("<a href=\"//stackoverflow.com/questions/tagged/x-y\"><span class=\"ob-post-tag\" "),
        "{tag}"
    );
    assert!(tag.contains("//meta.stackoverflow.com/questions/tagged/z"), "{tag}");
}

#[test]
fn what_is_no_markdown_stays_literal() {
    check(&[
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("snake_case_name", "snake_case_name"),
        ("**open", "**open"),
        ("`open", "`open"),
        ("a ** b ** c", "a ** b ** c"),
        (r"\*not\* \_it\_ \[x\](y) \`c\`", "*not* _it_ [x](y) `c`"),
        ("--- rule", "--- rule"),
        ("# heading", "# heading"),
        ("- item", "- item"),
        ("> quote", "&gt; quote"),
        ("[t](javascript:alert(1))", "[t](javascript:alert(1))"),
        ("[t](x)", "[t](x)"),
        ("see //a.example/x", "see //a.example/x"),
        ("mailto:a@a.example sftp://a.example", "mailto:a@a.example sftp://a.example"),
        ("nothttp://a.example", "nothttp://a.example"),
        ("<script>&\"'", "&lt;script&gt;&amp;&quot;&#39;"),
        ("  outer space  ", "outer space"),
    ]);
}

#[test]
fn a_long_bare_address_shows_a_shortened_text() {
    let html = render("see https://a.example/0123456789/0123456789/0123456789/0123456789 x");
    assert!(html.contains("&hellip;</a> x"), "{html}");
    assert!(
        html.contains("href=\"https://a.example/0123456789/0123456789/0123456789/0123456789\""),
        "{html}"
    );
    assert!(!html.contains(">https"), "the text drops the scheme: {html}");
}

#[test]
fn several_lines_are_plain_text_with_links() {
    check(&[
        ("a\nb", "<div class='full'>a <br> b</div>"),
        (
            "**a**\n[t](http://a.example)",
            &format!(
                "<div class='full'>**a** <br> [t](<a href=\"http://a.example\" {REL}>a.example</a>)</div>"
            ),
        ),
        ("a\r\n<b>", "<div class='full'>a <br> &lt;b&gt;</div>"),
        (
            "x\nsee https://a.example/b.",
            &format!(
                "<div class='full'>x <br> see <a href=\"https://a.example/b\" {REL}>a.example/b</a>.</div>"
            ),
        ),
        ("    a\n    <b> http://a.example", "<pre class='full'>a\n&lt;b&gt; http://a.example</pre>"),
        ("    one line", "<code>one line</code>"),
    ]);
}

#[test]
fn a_long_message_shows_its_first_lines_only_and_all_of_them_in_full() {
    let source = (1..=30).map(|n| format!("line {n}")).collect::<Vec<_>>().join("\n");
    let html = render(&source);
    assert!(html.starts_with("<div class='partial'>line 1 <br> "), "{html}");
    assert!(html.ends_with("line 10</div>"), "{html}");
    let around = Surroundings { tag_host: "x", is_reply: false, multi_line: true };
    assert!(in_full(&source, around, &Style::default()).ends_with("line 30</div>"));
    assert!(render(&format!("{}\nb", "x y ".repeat(1000))).starts_with("<div class='partial'>x y"));
    assert!(render(&"    code\n".repeat(20)).starts_with("<pre class='partial'>code\n"));
}

#[test]
fn a_message_of_one_address_is_a_one_box() {
    let image = "<div class=\"onebox ob-image\"><a rel=\"nofollow noopener noreferrer\" href=\"//i.sstatic.net/a.png\">\
                 <img src=\"//i.sstatic.net/a.png\" class=\"user-image\" alt=\"user image\" /></a></div>";
    check(&[("https://i.sstatic.net/a.png", image), ("!https://i.sstatic.net/a.png", image)]);
    for (url, kind) in [
        ("https://stackoverflow.com/questions/1/x", "ob-post"),
        ("https://diy.stackexchange.com/a/2", "ob-post"),
        ("https://chat.stackexchange.com/transcript/message/5#5", "ob-message"),
        ("https://en.wikipedia.org/wiki/Spam", "ob-wikipedia"),
        ("https://www.youtube.com/watch?v=x", "ob-youtube"),
        ("https://xkcd.com/327/", "ob-xkcd"),
        ("https://stackoverflow.blog/2020/x", "ob-blog"),
    ] {
        assert!(render(url).starts_with(&format!("<div class=\"onebox {kind}\">")), "{url}: {}", render(url));
        assert!(!render(&format!("{url} x")).contains("onebox"), "{url} with text");
    }
    assert!(!render("https://a.example/page").contains("onebox"));
    let reply = Surroundings { tag_host: "x", is_reply: true, multi_line: false };
    assert!(!message("https://i.sstatic.net/a.png", reply, &Style::default()).contains("onebox"));
}

#[test]
fn long_words_are_broken_by_zero_width_characters() {
    let style = Style { long_word: 5, ..Style::default() };
    let around = Surroundings { tag_host: "x", is_reply: false, multi_line: false };
    assert_eq!(
        message("abcdefghijkl mno", around, &style),
        "abcde\u{200c}\u{200b}fghij\u{200c}\u{200b}kl mno"
    );
    assert_eq!(message("abcde fghij", around, &style), "abcde fghij");
    assert_eq!(break_long_words("abcdef", 0), "abcdef");
    assert!(render(&"x".repeat(81)).contains('\u{200b}') && !render(&"x".repeat(80)).contains('\u{200b}'));
}

proptest! {
    /// Whatever is typed, what comes out holds no markup but chat's own.
    #[test]
    fn no_text_brings_markup_of_its_own(source in r#"([-*_`\[\]()<>&"'\\!:/ a]|\[x\]\(//a\)|http://a|\n|é|😀){0,60}"#) {
        let html = render(&source);
        let mut rest = html.as_str();
        while let Some(at) = rest.find('<') {
            rest = &rest[at + 1..];
            let known = ["b>", "i>", "code>", "strike>", "a ", "a>", "div", "pre", "br>", "img ", "span"];
            let tag = rest.strip_prefix('/').unwrap_or(rest);
            prop_assert!(known.iter().any(|k| tag.starts_with(k)), "{html:?} from {source:?}");
        }
        for tag in ["b", "i", "code", "strike", "a", "div", "pre"] {
            let opened = html.matches(&format!("<{tag}>")).count() + html.matches(&format!("<{tag} ")).count();
            prop_assert_eq!(opened, html.matches(&format!("</{tag}>")).count(), "{} in {:?}", tag, html);
        }
    }
}
