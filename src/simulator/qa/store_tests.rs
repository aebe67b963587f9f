//! Posts appear, change and go; the API's view is late, and the frames say what happened.

use serde_json::Value;

use super::super::testing::{at, post};
use super::*;

const DELAY: Duration = Duration::from_secs(3);

fn data(frame: &Frame) -> Value {
    let outer: Value = serde_json::from_str(&frame.text).unwrap();
    assert_eq!(outer["action"], frame.stream.as_str());
    serde_json::from_str(outer["data"].as_str().unwrap()).unwrap()
}

#[test]
fn a_question_is_told_at_once_and_shown_by_the_api_after_the_delay() {
    let mut store = Store::new(DELAY);
    let frames = store.put(&post("so-41", PostType::Question), None, at(100));
    assert_eq!(frames[0].stream, "155-questions-active");
    let told = data(&frames[0]);
    assert_eq!(told["id"], 41);
    assert_eq!(told["titleEncodedFancy"], "Title &amp; so-41");
    assert_eq!(told["bodySummary"], "A body");
    assert_eq!(told["apiSiteParameter"], "diy");
    assert_eq!(told["lastActivityDate"], 100);
    assert!(told["ownerUrl"].as_str().unwrap().starts_with("https://diy.stackexchange.com/users/"));
    let stored = &store.site("diy.stackexchange.com").unwrap().posts[&41];
    assert!(stored.visible(at(102)).is_none());
    assert!(stored.visible(at(103)).is_some());
}

#[test]
fn an_edit_is_shown_late_too_and_until_then_the_old_text_is() {
    let mut store = Store::new(DELAY);
    store.put(&post("x-1", PostType::Question), None, at(100));
    for (n, second) in [110, 120, 121].into_iter().enumerate() {
        let frames =
            store.put(&Post { body: format!("v{n}"), ..post("x-1", PostType::Question) }, None, at(second));
        assert_eq!(data(frames.last().unwrap())["a"], "post-edit");
    }
    let stored = &store.site("diy.stackexchange.com").unwrap().posts[&1];
    let body = |second| stored.visible(at(second)).unwrap().body.clone();
    assert_eq!((body(122).as_str(), body(124).as_str()), ("v0", "v2"));
    assert_eq!(stored.edited, Some(at(121)));
}

#[test]
fn an_answer_goes_to_the_question_it_names_or_to_a_harmless_one() {
    let mut store = Store::new(DELAY);
    store.put(&post("q-7", PostType::Question), None, at(1));
    let frames = store.put(&post("a-8", PostType::Answer), Some("q-7"), at(2));
    assert_eq!(data(&frames[0])["id"], 7, "the network stream names the question");
    assert_eq!(
        data(&frames[2]),
        json!({"a": "answer-add", "id": 7, "answerid": 8, "acctid": account_of(&post("", PostType::Answer).owner)})
    );
    store.put(&post("a-9", PostType::Answer), None, at(3));
    let made = store.find("a-9").unwrap().question;
    let site = store.site("diy.stackexchange.com").unwrap();
    assert_eq!(site.posts[&made].newest().title, HARMLESS_TITLE);
    assert!(site.posts[&made].answers.contains(&9) && site.posts[&7].answers.contains(&8));
}

#[test]
fn numbers_come_from_the_id_where_they_are_free() {
    let mut store = Store::new(DELAY);
    for id in ["so-5", "other-5", "no digits", "x-0", "y-99999999999999999999"] {
        store.put(&post(id, PostType::Question), None, at(1));
    }
    let given: Vec<(i64, bool)> = store.given().map(|given| (given.number, given.changed)).collect();
    assert_eq!(given[0], (5, false));
    assert!(given[1..].iter().all(|(number, changed)| *changed && *number >= FIRST_GIVEN), "{given:?}");
    let nameless = Post { site: String::new(), ..post("n-6", PostType::Question) };
    store.put(&nameless, None, at(1));
    let given = store.find("n-6").unwrap();
    assert_eq!((given.site.as_str(), given.changed), (NAMELESS_SITE, true));
}

#[test]
fn a_deleted_question_takes_its_answers_along() {
    let mut store = Store::new(DELAY);
    store.put(&post("q-7", PostType::Question), None, at(1));
    store.put(&post("a-8", PostType::Answer), Some("q-7"), at(2));
    let frames = store.delete("a-8");
    assert_eq!(data(&frames[0]), json!({"a": "post-deleted", "qId": 7, "aId": 8}));
    assert!(store.delete("a-8").is_empty(), "once");
    store.put(&post("a-9", PostType::Answer), Some("q-7"), at(2));
    assert_eq!(data(&store.delete("q-7")[0]), json!({"a": "post-deleted", "qId": 7}));
    let site = store.site("diy.stackexchange.com").unwrap();
    assert!([7, 8, 9].iter().all(|number| site.posts[number].visible(at(99)).is_none()));
    assert!(store.delete("unknown").is_empty());
}

#[test]
fn a_summary_is_a_frame_and_nothing_else() {
    let mut store = Store::new(DELAY);
    let summary =
        Post { body_is_summary: true, body: "just text".to_owned(), ..post("s-3", PostType::Question) };
    let frames = store.put(&summary, None, at(1));
    assert_eq!((frames.len(), &data(&frames[0])["bodySummary"]), (1, &json!("just text")));
    assert!(store.site("diy.stackexchange.com").unwrap().posts.is_empty());
}

#[test]
fn an_owner_who_is_gone_has_no_link() {
    let mut store = Store::new(DELAY);
    let gone = Post { owner: Owner::default(), ..post("g-4", PostType::Question) };
    let told = data(&store.put(&gone, None, at(1))[0]);
    assert!(told.get("ownerUrl").is_none() && told.get("ownerDisplayName").is_none());
}

#[test]
fn a_summary_is_cut_at_two_hundred_characters_and_never_inside_an_entity() {
    assert_eq!(summary("<p>a</p>\n<p>b &lt; c</p>"), "a\nb &lt; c");
    let long = summary(&format!("{}&amp;{}", "é".repeat(198), "x".repeat(50)));
    assert_eq!(long, format!("{} ...", "é".repeat(198)));
}
