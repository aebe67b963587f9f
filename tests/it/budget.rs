//! Rules that cost too much: what the operator sees, and that everything else goes on.

use std::time::Duration;

use crate::world::{HQ, World, post};

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_uses_up_its_budget_on_three_posts_is_counted_and_set_aside() {
    let world = World::new().await;
    let list = world.folder.path().join("rules/blacklist/keywords.txt");
    std::fs::write(list, "miracle stapler\n(x+x+)+\\1y\n").expect("written");
    let service = world.service().await;
    let slow =
        |n: usize| post(0.0, &format!("su-80{n}"), "superuser.com", &format!("{} {n} y", "x".repeat(120)));
    let url = format!("http://{}/metrics", service.web().expect("a web surface"));
    let scanned_incompletely = async |n: usize| {
        let line = format!("smokestack_scans_incomplete_total {n}\n");
        let waited = tokio::time::timeout(Duration::from_secs(60), async {
            loop {
                let text = reqwest::get(&url).await.expect("an answer").text().await.expect("a text");
                if text.contains(&line) {
                    return text;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
        waited.await.unwrap_or_else(|_| panic!("never {line}"))
    };
    let over_budget = "smokestack_rule_over_budget_total{rule=\"blacklist/keywords:2\"} 3\n";
    let _playing = world.play(&[slow(1), slow(2), slow(3)]).await;
    let text = scanned_incompletely(3).await;
    assert!(text.contains(over_budget), "{text}");
    let spam = post(0.0, "su-809", "superuser.com", &format!("A miracle stapler {} y", "x".repeat(100)));
    let _playing = world.play(&[slow(4), spam]).await;
    world.until("the report", |world| world.texts(HQ).len() == 1).await;
    let text = scanned_incompletely(5).await;
    assert!(text.contains(over_budget), "it is not even tried any more: {text}");
    service.stopper().cancel();
    service.ended().await.expect("a clean end");
}
