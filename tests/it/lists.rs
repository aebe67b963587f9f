//! Lists that people change in chat, from the message to the file and to the next post.

use crate::world::{HQ, World, post};

/// Privileged in the shipped rooms.yml.
const ANN: i64 = 900_001_001;

async fn say_until(world: &World, text: &str, answer: &str) {
    world.network.say(HQ.0, HQ.1, ANN, text);
    world.until(answer, |world| world.texts(HQ).iter().any(|said| said.contains(answer))).await;
}

/// Waits until the headquarters hears of a new post.
async fn told_of(world: &World, number: &str, title: &str) {
    let mut playing = world.play(&[post(0.0, &format!("su-{number}"), "superuser.com", title)]).await;
    playing.ended().await;
    let link = format!("questions/{number}");
    world.until(title, |world| world.texts(HQ).iter().any(|said| said.contains(&link))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_watch_is_looked_for_at_once_and_after_a_restart() {
    let world = World::new().await;
    let file = world.folder.path().join("rules/starter/watchlist/keywords.txt");
    let service = world.service().await;
    told_of(&world, "40", "miracle stapler").await;
    // Chat's own rendering would eat the stars.
    say_until(&world, r"!!/watch gold*en[\W_]*+stapler", r"is live as watchlist/keywords:1").await;
    let kept = std::fs::read_to_string(&file).expect("the list");
    assert_eq!(kept, "gold*en[\\W_]*+stapler\n");
    told_of(&world, "41", "buy a golden stapler").await;
    say_until(&world, r"!!/blacklist-keyword brass[\W_]*+stapler", "is live as blacklist/keywords").await;
    service.stopper().cancel();
    service.ended().await.expect("a clean end");

    let service = world.service().await;
    say_until(&world, r"!!/unwatch gold*en[\W_]*+stapler", "is off (watchlist/keywords:1)").await;
    assert_eq!(std::fs::read_to_string(&file).expect("the list"), "\n", "its line stays, empty");
    told_of(&world, "42", "brass stapler, golden stapler").await;
    // An entry outside the folder for changes stays in its file and is switched off.
    say_until(&world, "!!/unblacklist miracle stapler", "`miracle stapler` is off (blacklist/keywords:1)")
        .await;
    let disabled = std::fs::read_to_string(world.folder.path().join("rules/starter/disabled.txt"));
    assert_eq!(disabled.expect("the list"), "blacklist/keywords\tmiracle stapler\n");
    let report = world.texts(HQ).into_iter().find(|said| said.contains("questions/42")).expect("found");
    assert!(
        report.contains("Bad keyword in title") && !report.to_lowercase().contains("potentially"),
        "{report}"
    );
    service.stopper().cancel();
    service.ended().await.expect("a clean end");
}
