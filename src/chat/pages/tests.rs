use super::*;

const LOGIN: &str = r#"<html><body><form id="login-form" action="/users/login?ssrc=head" method="POST">
  <input type="hidden" name="fkey" value=""><input type="hidden" name="fkey" value="00ff">
  <input id="email" name="email" type="email"><input id="password" name="password" type="password"></form></body></html>"#;
const FAVORITES: &str = r#"<html><head><title>Favorite rooms | chat.example.com</title></head><body>
  <div class="topbar"><div class="topbar-menu-links"><a href="/users/4711/example-bot" title="Example &amp; Bot">Ex</a></div></div>
  <form method="post"><input id="fkey" name="fkey" type="hidden" value="0123" /></form></body></html>"#;
const VISITOR: &str = r#"<div class="topbar-menu-links"><a href="https://stackexchange.com/users/login">log in</a>
  <a href="/users/login">log in</a></div><input id="fkey" name="fkey" type="hidden" value="0123" />"#;

#[test]
fn finds_the_first_fkey_that_is_not_empty() {
    assert_eq!(site_fkey(LOGIN).as_deref(), Some("00ff"));
    assert_eq!(site_fkey("<p>no form"), None);
}

#[test]
fn tells_the_login_form_from_other_pages() {
    assert!(is_login_form(LOGIN));
    assert!(!is_login_form(FAVORITES));
    assert!(is_captcha("<title>Human verification - Stack Exchange</title>"));
    assert!(!is_captcha(LOGIN));
}

#[test]
fn reads_who_we_are_off_a_chat_page() {
    let user = Some((4711, "Example & Bot".to_owned()));
    assert_eq!(chat_page(FAVORITES), ChatPage { fkey: Some("0123".into()), user });
    assert_eq!(chat_page(VISITOR), ChatPage { fkey: Some("0123".into()), user: None });
    assert_eq!(chat_page("down for maintenance"), ChatPage { fkey: None, user: None });
    let beside_input = r#"<div id="active-user" class="user-container user-99" title="Bot"></div><input name="fkey" value="1">"#;
    assert_eq!(chat_page(beside_input).user, Some((99, "Bot".into())));
    let visitor_in_room = r#"<div id="active-user" class="user-container user-0"></div>"#;
    assert_eq!(chat_page(visitor_in_room).user, None);
}

#[test]
fn reads_the_form_for_a_new_account() {
    let page = r#"<form id="logout-user" action="/users/confirm?x=1"><input name="fkey" value="a&amp;b"><input type="submit" value="no name"><input name="s"></form>"#;
    let inputs = vec![("fkey".to_owned(), "a&b".to_owned()), ("s".to_owned(), String::new())];
    assert_eq!(new_account_form(page), Some(Form { action: "/users/confirm?x=1".into(), inputs }));
    assert_eq!(new_account_form(LOGIN), None);
}

#[test]
fn reads_what_the_page_of_a_room_says() {
    let room = |name: &str, can_post, is_private, words: &str| RoomPage {
        name: name.to_owned(),
        can_post,
        is_private,
        words: words.to_owned(),
        present: Vec::new(),
    };
    for (page, expected) in [
        (
            r#"<title>Example HQ | chat.example.com</title><span id="roomname"> Example  HQ </span><textarea id="input"></textarea>"#,
            room("Example HQ", true, false, ""),
        ),
        (
            r#"<title>A | B | chat.example.com</title><textarea id="input"></textarea>"#,
            room("A | B", true, false, ""),
        ),
        (
            r#"<title>Gallery | chat</title><div id="bubble">Only <b>nominated</b> users may talk here</div>"#,
            room("Gallery", false, false, "Only nominated users may talk here"),
        ),
        (
            "<title>Ice | chat</title><script>StartChat({}, 1, {id:3, frozen:true})</script>",
            room("Ice", false, false, "the room is frozen"),
        ),
        ("<title>Access Denied | chat</title><h2>Private Room</h2>", room("Access Denied", false, true, "")),
        ("", room("", false, false, "")),
    ] {
        assert_eq!(room_page(page), expected, "{page}");
    }
}

#[test]
fn knows_a_page_from_data() {
    for page in ["<!DOCTYPE html>", " \r\n<html>", "\u{feff}<p>"] {
        assert!(is_html(page), "{page}");
    }
    for data in ["", "{}", "The room does not exist", "\"ok\"", "a < b"] {
        assert!(!is_html(data), "{data}");
    }
    assert!(is_cloudflare_challenge("<title>Just a moment...</title>"));
    assert!(!is_cloudflare_challenge(LOGIN));
}

#[test]
fn the_newest_revision_gives_the_source() {
    let page = r#"<div class="message"><b>edited:</b> <span class="message-source">a &lt;b&gt; **c**</span></div>
        <div class="message"><b>said:</b> <span class="message-source">old</span></div>"#;
    assert_eq!(newest_source(page).as_deref(), Some("a <b> **c**"));
    assert_eq!(newest_source("<p>(older data no longer available)"), None);
}

#[test]
fn broken_pages_do_no_harm() {
    for page in [
        "<",
        "<form id=logout-user",
        &"<div>".repeat(50_000),
        "<input name=fkey value=\u{0}>",
        "</html></html>",
    ] {
        chat_page(page);
        room_page(page);
        new_account_form(page);
        newest_source(page);
        title(page);
    }
    let real = format!("{}<input name=fkey value=1>", "<div><br><img></div>".repeat(2_000));
    assert_eq!(bounded(&real), real);
    assert_eq!(site_fkey(&real).as_deref(), Some("1"));
}

#[test]
fn the_page_of_a_room_tells_who_is_there() {
    let page =
        |list: &str| room_page(&format!("<div class=\"js-present\" data-users=\"{list}\"></div>")).present;
    let found = page(
        "[{&quot;id&quot;:7,&quot;name&quot;:&quot;Ann B&quot;,&quot;is_owner&quot;:true},{&quot;id&quot;:null},7]",
    );
    assert_eq!(found, [Pingable { id: 7, name: "Ann B".to_owned() }]);
    assert_eq!((page(""), page("[{"), room_page("<p>").present), (Vec::new(), Vec::new(), Vec::new()));
}
