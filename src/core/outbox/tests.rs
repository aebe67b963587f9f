//! What an account keeps over a restart; the life of a send is tested with the bot.

use super::*;

#[test]
fn an_account_comes_back_whatever_was_saved_of_its_limit() {
    let account = Account { max_units: 250, recent: vec![(1, 7)], ..Account::default() };
    let mut saved = serde_json::to_value(&account).expect("plain data");
    assert_eq!(serde_json::from_value::<Account>(saved.clone()).expect("the same"), account);
    saved["rate_limit"]["delay_ms"] = serde_json::Value::Null;
    assert_eq!(serde_json::from_value::<Account>(saved.clone()).expect("a new limit"), account);
    // Once they were saved without their rooms.
    saved["recent"] = serde_json::json!([7]);
    let expected = Account { recent: Vec::new(), ..account };
    assert_eq!(serde_json::from_value::<Account>(saved).expect("none of them"), expected);
}

mod order {
    use std::cmp::Reverse;

    use proptest::prelude::*;

    use super::*;
    use crate::core::report::ReportId;

    /// One account, and every room is open.
    struct Everything;

    impl Reach for Everything {
        fn shares(&self, _: &RoomKey) -> usize {
            1
        }

        fn takes(&self, _: ItemId, _: &RoomKey) -> bool {
            true
        }
    }

    const SERVER: &str = "stackexchange.com";

    fn room(n: i64) -> RoomKey {
        RoomKey::new(SERVER, n)
    }

    fn key() -> AccountKey {
        AccountKey { server: SERVER.to_owned(), account: "main".to_owned() }
    }

    fn text() -> Content {
        Content::Text { text: "an answer".to_owned(), reply_to: None }
    }

    fn item(id: u64, rooms: &[i64], class: Class, weight: i64, at: Timestamp, delay_s: u64) -> Item {
        Item {
            id: ItemId(id),
            rooms: rooms.iter().map(|n| room(*n)).collect(),
            class,
            weight,
            created_at: at,
            expires_at: None,
            not_before: at + Duration::from_secs(delay_s),
            content: Content::Report(ReportId(id)),
        }
    }

    /// The order as it is promised, by looking at every item.
    fn promised(items: &[Item], room: &RoomKey, sort: Sort, now: Timestamp) -> Vec<ItemId> {
        let rank = |item: &&Item| {
            let class = match item.class {
                Class::High if sort == Sort::Text => {
                    return (-1, true, Reverse(item.weight), item.since(), item.id);
                }
                Class::High => 1,
                Class::Normal => 2,
                Class::Low => 3,
            };
            let waited = i64::try_from(now.since(item.since()).as_secs()).expect("small");
            match (class - waited / 60).max(0) {
                0 => (0, true, Reverse(0), item.since(), item.id),
                level => (level, waited % 60 < 20, Reverse(item.weight), item.since(), item.id),
            }
        };
        let wanted =
            |item: &&Item| item.rooms.contains(room) && item.content.sort() == sort && item.not_before <= now;
        let mut found: Vec<&Item> = items.iter().filter(wanted).collect();
        found.sort_by_key(rank);
        found.iter().map(|item| item.id).collect()
    }

    #[derive(Clone, Debug)]
    enum Op {
        Push { both: bool, class: u8, weight: i64, delay_s: u64, answer: bool },
        Pass(u64),
        Take(usize),
        Restart,
    }

    fn op() -> impl Strategy<Value = Op> {
        prop_oneof![
            4 => (any::<bool>(), 0..3u8, 0..4i64, prop::sample::select(vec![0, 0, 0, 70]), prop::bool::weighted(0.2))
                .prop_map(|(both, class, weight, delay_s, answer)| Op::Push { both, class, weight, delay_s, answer }),
            3 => (0..90_000u64).prop_map(Op::Pass),
            2 => (0..8usize).prop_map(Op::Take),
            1 => Just(Op::Restart),
        ]
    }

    proptest! {
        #[test]
        fn the_order_is_the_one_of_a_pass_over_everything(ops in prop::collection::vec(op(), 1..60)) {
            let (mut outbox, mut model) = (Outbox::default(), Vec::new());
            let mut now = Timestamp::from_secs(1_000);
            for (id, op) in (1..).zip(ops) {
                match op {
                    Op::Push { both, class, weight, delay_s, answer } => {
                        let class = [Class::High, Class::Normal, Class::Low][usize::from(class)];
                        let rooms: &[i64] = if both { &[1, 2] } else { &[2] };
                        let mut item = item(id, rooms, class, weight, now, delay_s);
                        if answer {
                            item.content = text();
                        }
                        model.push(item.clone());
                        outbox.push(item);
                    }
                    Op::Pass(millis) => now = now + Duration::from_millis(millis),
                    Op::Take(index) => {
                        if index < model.len() {
                            let taken = outbox.drop_waiting(&[model[index].id]);
                            prop_assert_eq!(&taken, &[model.remove(index)]);
                        }
                    }
                    Op::Restart => {
                        let saved = serde_json::to_string(&outbox).expect("plain data");
                        outbox = serde_json::from_str(&saved).expect("the same");
                    }
                }
                outbox.advance(now);
                let mut due = 0;
                for (room, sort) in [1, 2].into_iter().flat_map(|n| [(room(n), Sort::Report), (room(n), Sort::Text)]) {
                    let expected = promised(&model, &room, sort, now);
                    let (n_waiting, items) = outbox.waiting_for(&room, sort, &Everything, 5);
                    prop_assert_eq!(n_waiting, expected.len());
                    prop_assert_eq!(items.iter().map(|item| item.id).collect::<Vec<_>>(), &expected[..expected.len().min(5)]);
                    due += expected.len();
                }
                let held = model.iter().filter(|item| item.not_before > now).map(|item| item.not_before).min();
                prop_assert_eq!(outbox.load(&key(), &Everything), Load { due, held_until: held });
            }
        }
    }

    fn chosen(outbox: &Outbox, folding: &[i64], now: Timestamp) -> (u64, i64) {
        let carries = |room: &RoomKey, n| if folding.contains(&room.room) { n } else { 1 };
        match outbox.choose(&key(), &Everything, carries, now) {
            Choice::Item(item, room) => (item.id.0, room.room),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_answer_goes_first_whatever_waits() {
        let mut outbox = Outbox::default();
        let start = Timestamp::from_secs(1_000);
        (1..=50).for_each(|id| outbox.push(item(id, &[1], Class::High, 900, start, 0)));
        let now = start + Duration::from_secs(600);
        outbox.push(Item { content: text(), ..item(51, &[2], Class::High, 0, now, 0) });
        outbox.advance(now);
        assert_eq!(chosen(&outbox, &[1], now), (51, 2));
    }

    #[test]
    fn a_class_goes_before_the_next_however_many_a_message_of_that_would_carry() {
        let mut outbox = Outbox::default();
        let now = Timestamp::from_secs(1_000);
        (1..=50).for_each(|id| outbox.push(item(id, &[1], Class::Normal, 900, now, 0)));
        outbox.push(item(51, &[2], Class::High, 0, now + Duration::from_secs(30), 0));
        outbox.advance(now + Duration::from_secs(30));
        assert_eq!(chosen(&outbox, &[1], now + Duration::from_secs(30)), (51, 2));
    }

    #[test]
    fn a_room_that_folds_goes_before_one_that_does_not_but_not_for_ever() {
        let mut outbox = Outbox::default();
        let mut now = Timestamp::from_secs(1_000);
        let mut n_items = 0;
        let mut push = |outbox: &mut Outbox, room, at| {
            n_items += 1;
            outbox.push(item(n_items, &[room], Class::High, 100, at, 0));
        };
        (0..30).for_each(|_| push(&mut outbox, 1, now));
        let mut served = Vec::new();
        for _ in 0..12 {
            (0..4).for_each(|_| push(&mut outbox, 2, now));
            now = now + Duration::from_secs(20);
            outbox.advance(now);
            let (_, room_id) = chosen(&outbox, &[2], now);
            let most = if room_id == 2 { 40 } else { 1 };
            let ids = outbox
                .waiting_for(&room(room_id), Sort::Report, &Everything, most)
                .1
                .iter()
                .map(|i| i.id)
                .collect::<Vec<_>>();
            let send = Send {
                id: SendId(1),
                account: key(),
                room: room(room_id),
                user_id: 1,
                mark: 0,
                items: ids,
                text: String::new(),
                reply_to: None,
                started_at: now,
                attempt: 1,
                covered_until: None,
            };
            outbox.apply(&key(), &SendEntry::Started(send.clone()), now);
            outbox.apply(&key(), &SendEntry::Done { send: send.id, message_id: 1 }, now);
            served.push(room_id);
        }
        // After a minute what waits for the other room is overdue, and up to every other message is one of those.
        assert_eq!(served, [2, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2]);
    }
}
