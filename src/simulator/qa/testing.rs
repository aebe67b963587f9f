//! What the tests of the sites share.

use crate::core::post::{Owner, Post, PostType};
use crate::core::time::Timestamp;

pub(super) fn at(secs: i64) -> Timestamp {
    Timestamp::from_secs(secs)
}

/// A post with an entity and a tag in it.
pub(super) fn post(id: &str, post_type: PostType) -> Post {
    Post {
        id: id.to_owned(),
        site: "diy.stackexchange.com".to_owned(),
        post_type,
        title: format!("Title &amp; {id}"),
        body: "<p>A <b>body</b></p>".to_owned(),
        owner: Owner { name: "Ann".to_owned(), reputation: 5 },
        score: -2,
        ..Post::default()
    }
}
