use std::os::unix::fs::PermissionsExt;

use reqwest::cookie::CookieStore as _;

use super::*;

const ACCT: &str = "t=a%2fb%3d&s=c%26d%3d%3d";

fn url(text: &str) -> Url {
    Url::parse(text).expect("a URL")
}

fn set(jar: &Jar, at: &str, cookies: &[&str]) {
    let headers: Vec<_> = cookies.iter().map(|c| HeaderValue::from_str(c).expect("a header")).collect();
    jar.set_cookies(&mut headers.iter(), &url(at));
}

fn carried(jar: &Jar, to: &str) -> String {
    let Some(value) = jar.cookies(&url(to)) else { return String::new() };
    let mut pairs: Vec<_> = value.to_str().expect("text").split("; ").map(str::to_owned).collect();
    pairs.sort();
    pairs.join("; ")
}

fn logged_in(jar: &Jar) {
    let acct = format!(
        "acct={ACCT}; expires=Fri, 20 Nov 2099 04:32:42 GMT; domain=.stackexchange.com; path=/; secure; httponly"
    );
    let prov = "prov=0a1b; domain=.stackexchange.com; expires=Fri, 01-Jan-2055 00:00:00 GMT; path=/; HttpOnly; Secure";
    set(jar, "https://meta.stackexchange.com/users/login", &[&acct, prov]);
    set(jar, "https://chat.stackexchange.com/", &["sechatusr=e=1&f=2; path=/; HttpOnly"]);
}

#[test]
fn cookies_of_a_login_site_reach_its_chat_servers_and_no_other() {
    let jar = Jar::open(None).expect("a jar");
    logged_in(&jar);
    let acct = format!("acct={ACCT}");
    for (to, expected) in [
        ("https://chat.stackexchange.com/rooms/1", format!("{acct}; prov=0a1b; sechatusr=e=1&f=2")),
        ("https://chat.meta.stackexchange.com/", format!("{acct}; prov=0a1b")),
        ("https://stackexchange.com/users/current", format!("{acct}; prov=0a1b")),
        ("https://chat.stackoverflow.com/", String::new()),
        ("https://stackoverflow.com/", String::new()),
        ("https://evilstackexchange.com/", String::new()),
        ("https://stackexchange.com.example.org/", String::new()),
        // Both are Secure.
        ("http://chat.meta.stackexchange.com/", String::new()),
    ] {
        assert_eq!(carried(&jar, to), expected, "{to}");
    }
}

#[test]
fn a_server_can_not_set_cookies_for_another_site() {
    let jar = Jar::open(None).expect("a jar");
    set(&jar, "https://chat.stackoverflow.com/", &["acct=x; domain=.stackexchange.com"]);
    assert_eq!(carried(&jar, "https://stackexchange.com/"), "");
    assert_eq!(carried(&jar, "https://stackoverflow.com/"), "");
}

#[test]
fn cookies_without_a_domain_stay_with_their_host() {
    let jar = Jar::open(None).expect("a jar");
    set(&jar, "http://127.0.0.1:8091/users/login", &["acct=t=1&s=2; path=/; HttpOnly"]);
    // Cookies know no ports: on loopback the sites of one jar share them.
    assert_eq!(carried(&jar, "http://127.0.0.1:8092/"), "acct=t=1&s=2");
    assert_eq!(carried(&jar, "http://127.0.0.2:8091/"), "");
}

#[test]
fn the_file_keeps_session_cookies_and_every_byte_of_a_value() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cookies/main.json");
    let jar = Jar::open(Some(path.clone())).expect("a jar");
    assert!(!jar.is_worth_trying());
    logged_in(&jar);
    set(&jar, "https://chat.stackexchange.com/", &["odd=a%20b\"c+d; path=/"]);
    let beyond_ascii = HeaderValue::from_bytes("far=ä; path=/".as_bytes()).expect("a header");
    jar.set_cookies(&mut [beyond_ascii].iter(), &url("https://chat.stackoverflow.com/"));
    assert_eq!(
        jar.cookies(&url("https://chat.stackoverflow.com/")).expect("a cookie").as_bytes(),
        "far=ä".as_bytes()
    );
    let before = carried(&jar, "https://chat.stackexchange.com/");
    jar.save().expect("saved");

    assert_eq!(fs::metadata(&path).expect("the file").permissions().mode() & 0o777, 0o600);
    let again = Jar::open(Some(path.clone())).expect("a jar");
    assert!(again.is_worth_trying() && again.has(&url("https://meta.stackexchange.com/"), "acct"));
    assert_eq!(carried(&again, "https://chat.stackexchange.com/"), before);
    assert!(before.contains("odd=a%20b\"c+d"), "{before}");
    let files = fs::read_dir(path.parent().expect("a folder")).expect("listed").count();
    assert_eq!(files, 1, "a temporary file was left");
}

#[test]
fn the_file_is_private_even_when_it_was_not_before() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("main.json");
    fs::write(&path, "[]").expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("set");
    let jar = Jar::open(Some(path.clone())).expect("a jar");
    logged_in(&jar);
    jar.save().expect("saved");
    assert_eq!(fs::metadata(&path).expect("the file").permissions().mode() & 0o777, 0o600);
}

#[test]
fn only_a_lasting_change_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("main.json");
    let jar = Jar::open(Some(path.clone())).expect("a jar");
    logged_in(&jar);
    jar.save().expect("saved");
    fs::remove_file(&path).expect("removed");

    set(&jar, "https://chat.stackexchange.com/", &["__cf_bm=x; path=/; expires=Fri, 20-Nov-99 04:32:42 GMT"]);
    jar.save().expect("saved");
    assert!(!path.exists(), "a passing cookie was a reason to write");

    set(&jar, "https://chat.stackexchange.com/", &["sechatusr=new; path=/"]);
    jar.save().expect("saved");
    assert!(path.exists());
}

#[test]
fn a_corrupt_file_is_set_aside_and_the_jar_starts_empty() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("main.json");
    let huge = "x".repeat(2 << 20);
    for bad in ["", "not json", "[{\"raw_cookie\":\"acct=secret", "{\"a\":1}", &huge, "\u{0}\u{1}"] {
        fs::write(&path, bad).expect("written");
        let jar = Jar::open(Some(path.clone())).expect("a jar");
        assert!(!jar.is_worth_trying());
        // An empty file is an empty jar to the parser's library or it is set aside; in no case it stays in the way.
        logged_in(&jar);
        jar.save().expect("saved");
        assert!(Jar::open(Some(path.clone())).expect("a jar").is_worth_trying());
        if !bad.is_empty() {
            assert_eq!(fs::read_to_string(folder.path().join("main.json.bad")).expect("set aside"), bad);
        }
    }
}

#[test]
fn a_file_that_can_not_be_read_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let error = Jar::open(Some(folder.path().to_owned())).expect_err("a folder is no file").to_string();
    assert!(error.contains(&folder.path().display().to_string()), "{error}");
}

#[test]
fn debug_shows_no_cookie() {
    let jar = Jar::open(None).expect("a jar");
    logged_in(&jar);
    let shown = format!("{jar:?}");
    assert!(!shown.contains("acct") && !shown.contains(ACCT), "{shown}");
}
