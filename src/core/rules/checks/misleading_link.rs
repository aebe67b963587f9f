//! Misleading link: the text of a link names one site, the link leads to another.

use super::hosts::{host_of, is_our_own, site_label};
use super::{Hit, TextInput};

/// Site names that differ by no more edits than this may be spellings of one another.
const MAX_EDITS: usize = 3;
/// Names longer than this are not compared; a label of a host name has at most 63 characters.
const MAX_NAME: usize = 64;
/// On Stack Overflow these look like domains (`.py` is Paraguay) but are files.
const SO_FILES: [&str; 4] = [".htm", ".py", ".java", ".sh"];

/// Looks at the first link whose text is one word; when that has no dot, no other link is looked at. Linear.
pub(super) fn check(input: &TextInput<'_>) -> Vec<Hit> {
    let Some((anchor, label)) = input.anchors().iter().find_map(|anchor| {
        let label = &input.text[anchor.label.clone()];
        is_one_word(label.trim()).then(|| (anchor, label.trim()))
    }) else {
        return Vec::new();
    };
    let href = &input.text[anchor.href.clone()];
    let target = host_of(href);
    if !label.contains('.')
        || is_our_own(target)
        || href.trim_end_matches('/').ends_with(&format!("/{label}"))
    {
        return Vec::new();
    }
    let is_file = input.site == "stackoverflow.com" && SO_FILES.iter().any(|end| label.ends_with(end));
    if is_file {
        return Vec::new();
    }
    let (Some(leads_to), Some(says)) = (site_label(target), site_label(host_of(label))) else {
        return Vec::new();
    };
    if leads_to.len() > MAX_NAME
        || says.len() > MAX_NAME
        || strsim::levenshtein(&leads_to, &says) <= MAX_EDITS
    {
        return Vec::new();
    }
    vec![Hit::noted(anchor.whole.clone(), format!("says `{label}`, leads to `{target}`"))]
}

/// One word, no markup.
fn is_one_word(label: &str) -> bool {
    !label.is_empty() && !label.contains(|c: char| c.is_whitespace() || c == '<' || c == '>')
}

#[cfg(test)]
mod tests {
    use super::super::testing::run;
    use super::check;
    use crate::core::verdict::Part;

    #[test]
    fn only_the_first_link_of_one_word_is_looked_at() {
        let links = "<a href=\"https://cheap-pills.com/x\">wordpress.com</a>";
        assert_eq!(
            run(check, Part::Body, "superuser.com", &format!("<a href=\"x\">two words</a> {links}")).len(),
            1
        );
        assert!(
            run(check, Part::Body, "superuser.com", &format!("<a href=\"x\">word</a> {links}")).is_empty()
        );
    }

    #[test]
    fn text_and_target_must_agree() {
        for (href, label, site, hit) in [
            ("https://cheap-pills.com/x", "wordpress.com", "superuser.com", true),
            ("https://wordpress.com/x", "www.wordpress.com", "superuser.com", false),
            ("https://wordpres.com/x", "wordpress.com", "superuser.com", false),
            ("https://cheap-pills.com/x", "the documentation. See", "superuser.com", false),
            ("https://github.com/a/b/file.py", "file.py", "superuser.com", false),
            ("https://github.com/a/b/other", "file.py", "superuser.com", true),
            ("https://github.com/a/b/other", "file.py", "stackoverflow.com", false),
            ("https://i.stack.imgur.com/a.png", "wordpress.com", "superuser.com", false),
            ("https://cheap-pills.com/x", "java.lang.NullPointerException", "superuser.com", false),
            ("https://xn--wrdpress-s4a.com", "wordpress.com", "superuser.com", false),
        ] {
            let text = format!("<p><a href=\"{href}\" rel=\"nofollow noreferrer\">{label}</a></p>");
            assert_eq!(!run(check, Part::Body, site, &text).is_empty(), hit, "{text} on {site}");
        }
    }
}
