//! What the API answers, method by method.

use super::super::testing::{at, post};
use super::*;
use crate::core::post::{Owner, Post};

const SD: &str = "!1rs)sUKylwB)8isvCRk.xNu71LnaxjnPS12*pX*CEOKbPFwVFdHNxiMa7GIVgzDAwMa";

/// Questions 1 to 5, asked at 1 s to 5 s; 11 answers 1 at 9 s.
fn store() -> Store {
    let mut store = Store::new(Duration::ZERO);
    for n in 1..=5 {
        store.put(&post(&format!("q-{n}"), PostType::Question), None, at(n));
    }
    store.put(&post("a-11", PostType::Answer), Some("q-1"), at(9));
    store
}

fn ask(store: &Store, path: &str, query: &str) -> Result<Page, ApiError> {
    let segments: Vec<&str> = path.split('/').filter(|s| !s.is_empty()).collect();
    answer(store, &segments, &Fields::parse(query), at(100))
}

fn ids(page: &Page, field: &str) -> Vec<i64> {
    page.items.iter().map(|item| item[field].as_i64().unwrap()).collect()
}

#[test]
fn questions_come_in_order_of_activity_and_not_as_asked() {
    let page = ask(&store(), "/questions/2;1;3;2;999", "site=diy").unwrap();
    assert_eq!(ids(&page, "question_id"), [1, 3, 2], "1 was answered last; 999 is not there; 2 comes once");
    let page = ask(&store(), "/questions/3;2;1", "site=diy&order=asc&sort=creation").unwrap();
    assert_eq!(ids(&page, "question_id"), [1, 2, 3]);
}

#[test]
fn the_listing_takes_bounds_and_pages() {
    let store = store();
    let page = ask(&store, "/questions", "site=diy&min=4&pagesize=2").unwrap();
    assert_eq!((ids(&page, "question_id"), page.has_more, page.total), (vec![1, 5], true, 3));
    let page = ask(&store, "/questions", "site=diy&min=4&pagesize=2&page=2").unwrap();
    assert_eq!((ids(&page, "question_id"), page.has_more), (vec![4], false));
    let page = ask(&store, "/questions", "site=diy&fromdate=2&todate=3").unwrap();
    assert_eq!(ids(&page, "question_id"), [3, 2]);
    let page = ask(&store, "/questions", "site=diy&max=3").unwrap();
    assert_eq!(ids(&page, "question_id"), [3, 2]);
}

#[test]
fn filters_choose_the_fields() {
    let store = store();
    let default = &ask(&store, "/questions/1", "site=diy.stackexchange.com").unwrap().items[0];
    assert!(
        default.get("body").is_none() && default.get("answers").is_none() && default["answer_count"] == 1
    );
    let body = &ask(&store, "/questions/1", "site=diy&filter=withbody").unwrap().items[0];
    assert!(body["body"] == "<p>A <b>body</b></p>" && body["content_license"].is_string());
    let full = &ask(&store, "/questions/1", &format!("site=diy&filter={}", SD.replace('+', "%2B")))
        .unwrap()
        .items[0];
    assert_eq!(full["title"], "Title &amp; q-1", "entities stay");
    assert_eq!((&full["up_vote_count"], &full["down_vote_count"]), (&json!(0), &json!(2)));
    let answer = &full["answers"][0];
    assert!(
        answer["answer_id"] == 11
            && answer["body"] == "<p>A <b>body</b></p>"
            && answer.get("title").is_none()
    );
    assert!(answer["link"].as_str().unwrap().ends_with("/11#11"));
    assert!(full.get("view_count").is_none(), "only what that filter has");
    assert_eq!(ask(&store, "/questions/1", "site=diy&filter=!unknown"), Err(ApiError::bad("filter")));
}

#[test]
fn answers_posts_and_users() {
    let mut store = store();
    let answer = &ask(&store, "/answers/11", "site=diy").unwrap().items[0];
    assert!(answer["question_id"] == 1 && answer.get("body").is_none());
    assert_eq!(ids(&ask(&store, "/questions/1/answers", "site=diy").unwrap(), "answer_id"), [11]);
    assert_eq!(ids(&ask(&store, "/answers/11/questions", "site=diy").unwrap(), "question_id"), [1]);
    let posts = ask(&store, "/posts/1;11", "site=diy").unwrap();
    assert_eq!(posts.items[0]["link"], "https://diy.stackexchange.com/a/11");
    assert_eq!(posts.items[1]["link"], "https://diy.stackexchange.com/q/1");
    store.delete("q-1");
    let gone = ask(&store, "/posts/1;11", "site=diy").unwrap();
    assert!(gone.items.is_empty() && !gone.has_more, "deleted: empty, and no error");
    let owner = ask(&store, "/questions/2", "site=diy").unwrap().items[0]["owner"].clone();
    let user = owner["user_id"].as_i64().unwrap();
    assert_eq!(ask(&store, &format!("/users/{user}"), "site=diy").unwrap().items[0]["display_name"], "Ann");
    assert_eq!(ask(&store, &format!("/users/{user}/posts"), "site=diy").unwrap().total, 4);
}

#[test]
fn an_owner_who_is_gone_has_a_type_and_no_link() {
    let mut store = Store::new(Duration::ZERO);
    store.put(&Post { owner: Owner::default(), ..post("q-1", PostType::Question) }, None, at(1));
    let owner = &ask(&store, "/questions/1", "site=diy").unwrap().items[0]["owner"];
    assert!(owner["user_type"] == "does_not_exist" && owner.get("link").is_none());
}

#[test]
fn an_edit_after_the_first_version_has_a_date() {
    let mut store = store();
    store.put(&Post { body: "new".to_owned(), ..post("q-2", PostType::Question) }, None, at(50));
    let edited = &ask(&store, "/questions/2", "site=diy").unwrap().items[0];
    assert_eq!((&edited["last_edit_date"], &edited["creation_date"]), (&json!(50), &json!(2)));
    assert!(ask(&store, "/questions/3", "site=diy").unwrap().items[0].get("last_edit_date").is_none());
}

#[test]
fn what_the_api_refuses() {
    let store = store();
    let many = (1..=101).map(|n| n.to_string()).collect::<Vec<_>>().join(";");
    for (path, query, id, message) in [
        ("/questions/1", "", 400, "site is required"),
        ("/questions/1", "site=nosuch", 400, "No site found for name `nosuch`"),
        ("/questions/abc", "site=diy", 404, "no method found with this name"),
        ("/nosuch", "site=diy", 404, "no method found with this name"),
        (&format!("/questions/{many}"), "site=diy", 400, "ids"),
        ("/questions", "site=diy&pagesize=101", 400, "pagesize"),
        ("/questions", "site=diy&page=0", 400, "page"),
        ("/questions", "site=diy&sort=nosuch", 400, "sort"),
        ("/questions", "site=diy&page=26", 403, "page above 25 requires access token or app key"),
        ("/sites", "site=diy", 400, "This method does not accept a site parameter"),
        ("/errors/503", "", 503, "some part of the API is not available"),
    ] {
        let error = ask(&store, path, query).expect_err(path);
        assert_eq!((error.id, error.message.as_str()), (id, message), "{path}?{query}");
    }
    assert_eq!(
        ApiError::usual(404).body(),
        json!({"error_id": 404, "error_message": "no method found with this name", "error_name": "no_method"})
    );
}

#[test]
fn sites_are_listed_without_a_site() {
    let page = ask(&store(), "/sites", "pagesize=10000").unwrap();
    let parameter = |host: &str| {
        let url = format!("https://{host}");
        page.items
            .iter()
            .find(|site| site["site_url"] == url.as_str())
            .map(|site| site["api_site_parameter"].clone())
    };
    assert_eq!(parameter("meta.stackexchange.com"), Some(json!("meta")));
    assert_eq!(parameter("diy.stackexchange.com"), Some(json!("diy")));
    assert!(!page.has_more);
}

#[test]
fn the_method_is_the_path_without_ids() {
    assert_eq!(method(&["questions", "1;2", "answers"]), "questions/{ids}/answers");
    assert_eq!(method(&["questions"]), "questions");
}
