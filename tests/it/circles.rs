//! Another bot that answers everything we say, over the simulated chat.

use std::time::Duration;

use smokestack::simulator;
use smokestack::simulator::chat::curve::Curve;
use smokestack::simulator::chat::message::Message;

use crate::world::{HQ, World, listening, post};

const ANN: i64 = 900_001_001;
/// Not privileged.
const STRANGER: i64 = 900_005_555;
const SPEED: f64 = 20.0;

/// Answers each message of ours with a command, feedback or a quote, as soon as it sees it.
struct OtherBot {
    user: i64,
    our_id: i64,
    n_said: usize,
    newest: i64,
}

impl OtherBot {
    fn look(&mut self, world: &World) {
        let messages = world.network.messages(HQ.0, HQ.1);
        let (us, newest) = (self.our_id, self.newest);
        let ours = messages.iter().filter(|message| message.user == us && message.id > newest);
        for message in ours {
            self.newest = message.id;
            self.n_said += 1;
            let (id, source) = (message.id, message.source());
            let text = match self.n_said % 4 {
                0 => format!(":{id} tpu"),
                1 => format!(":{id} !!/alive"),
                2 => format!(":{id} !!/whoami"),
                _ => format!("!!/test {source}"),
            };
            world.network.say(HQ.0, HQ.1, self.user, &text);
        }
    }
}

/// What we said in the headquarters that is no report.
fn talk(messages: &[Message], our_id: i64) -> Vec<&str> {
    let ours = messages.iter().filter(|message| message.user == our_id);
    ours.map(Message::source).filter(|text| !text.contains("/questions/")).collect()
}

/// The other bot and a person have a minute with us, in which there is a report each ten seconds.
async fn a_minute_with(bot: i64, person: i64) {
    let options = simulator::Options { curve: Curve::Relaxed, speed: SPEED, ..simulator::Options::default() };
    let world = World::with(options).await;
    let service = world.service().await;
    listening(&service).await;
    let our_id = world.network.account(simulator::EMAIL).expect("an account").user_id(HQ.0);
    let mut other = OtherBot { user: bot, our_id, n_said: 0, newest: 0 };
    let wave: Vec<String> = (0..6)
        .map(|n| post(f64::from(n) * 10.0, &format!("su-{}", 800 + n), "superuser.com", "miracle stapler"))
        .collect();
    let _playing = world.play(&wave).await;
    world.network.say(HQ.0, HQ.1, bot, "!!/alive");
    let minute = tokio::time::sleep(Duration::from_secs(60).div_f64(SPEED));
    tokio::pin!(minute);
    while tokio::time::timeout(Duration::from_millis(5), &mut minute).await.is_err() {
        other.look(&world);
    }
    world
        .until("six reports", |world| {
            other.look(world);
            let said = world.texts(HQ).join("\n");
            (800..806).all(|number| said.contains(&format!("/questions/{number}")))
        })
        .await;
    let messages = world.network.messages(HQ.0, HQ.1);
    let said = talk(&messages, our_id);
    assert!((1..10).contains(&said.len()), "{} messages to {bot}: {said:#?}", said.len());

    let asked = world.network.say(HQ.0, HQ.1, person, "!!/whoami");
    let after = |world: &World| {
        let messages = world.network.messages(HQ.0, HQ.1);
        let ours = messages.into_iter().filter(|message| message.user == our_id && message.id > asked);
        ours.map(|message| message.parent == Some(asked)).collect::<Vec<_>>()
    };
    world
        .until("the answer to a person", |world| {
            other.look(world);
            after(world).contains(&true)
        })
        .await;
    // One message may have been on its way already.
    let place = after(&world).iter().position(|is_answer| *is_answer);
    assert!(place <= Some(1), "{place:?}");
    service.stopper().cancel();
    service.ended().await.expect("a clean end");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_privileged_bot_that_answers_everything_is_left_alone_and_people_are_not() {
    a_minute_with(ANN, STRANGER).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_of_nobody_that_answers_everything_is_left_alone_and_people_are_not() {
    a_minute_with(STRANGER, ANN).await;
}
