use super::*;

fn error(body: &str, status: u16) -> ApiError {
    wrapper(body.as_bytes(), status).expect_err("an error")
}

fn read(body: &str) -> Questions {
    questions(&wrapper(body.as_bytes(), 200).expect("a wrapper"), "superuser.com")
}

const TWO_POSTS: &str = r#"{"items":[{"tags":["health"],"answers":[
    {"owner":{"user_type":"does_not_exist","display_name":"user8"},"score":-1,"creation_date":1700000400,
     "answer_id":77,"question_id":41,"body":"<p>visit</p>"}],
    "owner":{"account_id":5,"reputation":12,"user_id":77,"user_type":"registered","display_name":"Ann O&#39;Nym",
     "link":"https://superuser.com/users/77/ann"},
    "score":-3,"last_activity_date":1700000400,"creation_date":1700000100,"last_edit_date":1700000300,
    "question_id":41,"title":"Buy &quot;now&quot;","body":"<p>call &amp;amp;</p>"}],
    "has_more":true,"backoff":10,"quota_max":10000,"quota_remaining":-1}"#;

#[test]
fn a_question_and_its_answers_become_posts_and_entities_stay() {
    let answer = read(TWO_POSTS);
    assert_eq!(answer.found, [41]);
    let [question, reply] = answer.posts.as_slice() else { panic!("two posts, not {:?}", answer.posts) };
    assert_eq!(question.post.id, "superuser.com/41");
    assert_eq!(question.post.title, "Buy &quot;now&quot;");
    assert_eq!(question.post.body, "<p>call &amp;amp;</p>");
    assert_eq!(question.post.owner, Owner { name: "Ann O&#39;Nym".into(), reputation: 12 });
    assert_eq!(question.owner_url.as_deref(), Some("https://superuser.com/users/77/ann"));
    assert_eq!((question.post.score, question.edited, question.last_activity), (-3, true, 1_700_000_400));
    assert_eq!((reply.key.number, reply.question, reply.post.post_type), (77, 41, PostType::Answer));
    assert_eq!(reply.post.title, "Buy &quot;now&quot;", "the title of its question");
    assert_eq!((reply.edited, reply.last_activity), (false, 1_700_000_400));
    assert_eq!(
        (&reply.post.owner, &reply.owner_url),
        (&Owner::default(), &None),
        "an owner without a link is gone"
    );
}

#[test]
fn quota_and_backoff_are_read() {
    let meta = read(TWO_POSTS).meta;
    let backoff = Some(Duration::from_secs(10));
    assert_eq!(
        meta,
        Meta { has_more: true, quota_max: Some(10_000), quota_remaining: Some(-1), backoff, skipped: 0 }
    );
    let meta = read(r#"{"items":[],"backoff":-5,"quota_remaining":"many"}"#).meta;
    assert_eq!(meta, Meta::default());
    assert_eq!(read(r#"{"items":[],"backoff":99999999999}"#).meta.backoff, Some(Duration::from_secs(86_400)));
}

#[test]
fn an_item_that_can_not_be_read_does_not_hide_the_others() {
    let answer = read(
        r#"{"items":[7,null,{"question_id":"x"},{"question_id":1,"title":"t"},{"question_id":2,"body":"b"},
        {"question_id":3,"title":"t","body":"b","owner":"nobody","answers":[{"answer_id":null},5,{"answer_id":9},
        {"answer_id":10,"body":"b","owner":{"link":"l"}}]},{"question_id":4,"title":"t","body":"b","answers":7}],
        "quota_remaining":5}"#,
    );
    assert_eq!(answer.posts.iter().map(|post| post.key.number).collect::<Vec<_>>(), [3, 10]);
    assert_eq!(answer.found, [1, 2, 3, 4]);
    assert_eq!((answer.meta.skipped, answer.meta.quota_remaining), (9, Some(5)));
    assert_eq!(answer.posts[0].post.owner.reputation, 1);
}

#[test]
fn errors_say_what_to_do() {
    let throttled = |seconds, message: &str| ApiError::Throttled {
        wait: Duration::from_secs(seconds),
        message: message.to_owned(),
    };
    let message = "too many requests from this IP, more requests available in 46472 seconds";
    let body = |message: &str| {
        format!(r#"{{"error_id":502,"error_message":"{message}","error_name":"throttle_violation"}}"#)
    };
    assert_eq!(error(&body(message), 400), throttled(46_472, message));
    assert_eq!(
        error(&body("available in 999999999 seconds"), 400),
        throttled(86_400, "available in 999999999 seconds")
    );
    let message = "Violation of backoff parameter";
    assert_eq!(error(&body(message), 503), throttled(12, message));
    assert!(matches!(
        error(r#"{"error_id":400,"error_message":"site is required","error_name":"bad_parameter"}"#, 400),
        ApiError::Refused { id: 400, .. }
    ));
    assert!(matches!(
        error(r#"{"error_id":503,"error_name":"temporarily_unavailable"}"#, 400),
        ApiError::Unavailable { .. }
    ));
    assert!(matches!(error(r#"{"error_id":500}"#, 400), ApiError::Unavailable { .. }));
}

#[test]
fn what_is_no_answer_of_the_api_is_told_apart() {
    let page = "<html>\u{1b}[2J\n<h1>We are   offline</h1></html>";
    assert_eq!(
        error(page, 200),
        ApiError::NotJson { status: 200, start: "<html>[2J <h1>We are offline</h1></html>".into() }
    );
    assert!(matches!(error(page, 502), ApiError::Unavailable { status: 502, .. }));
    assert!(matches!(error("", 200), ApiError::NotJson { .. }));
    assert!(matches!(error(r#"{"items":[{"question_id":1"#, 200), ApiError::Malformed(_)));
    for body in ["{}", "[]", "7", r#"{"items":7}"#, r#"{"items":null}"#] {
        assert!(matches!(error(body, 200), ApiError::Malformed(_)), "{body}");
    }
    let deep = "[".repeat(100_000);
    assert!(matches!(error(&deep, 200), ApiError::Malformed(_)));
}

#[test]
fn posts_that_are_there_are_told_with_their_last_edit() {
    let body = r#"{"items":[{"post_id":41,"post_type":"question","creation_date":5,"last_edit_date":9},{"post_id":77,
        "creation_date":5,"last_edit_date":5},{"post_id":78},{"post_id":"x"}],"has_more":false}"#;
    let states = posts(&wrapper(body.as_bytes(), 200).expect("a wrapper"));
    let post = |number, last_edit| PostState { number, last_edit };
    assert_eq!(states.posts, [post(41, Some(9)), post(77, None), post(78, None)]);
    assert_eq!(states.meta.skipped, 1);
}

#[test]
fn the_users_of_an_account_are_told_by_site() {
    let body = r#"{"items":[{"site_url":"https://superuser.com","user_id":42,"account_id":7},{"site_url":"https://diy.stackexchange.com",
        "user_id":"x"},{"user_id":5},{"site_url":"https://askubuntu.com","user_id":9}],"has_more":false}"#;
    let users = users(&wrapper(body.as_bytes(), 200).expect("a wrapper"));
    let shown: Vec<String> = users.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["user 42 on superuser.com", "user 9 on askubuntu.com"]);
}
