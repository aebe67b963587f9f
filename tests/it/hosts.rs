//! What a name server says of linked hosts leads to a report, and never holds one up.

use std::net::{SocketAddr, UdpSocket};

use smokestack::store::{Reader, ReportFilter};

use crate::world::{HQ, World};

/// A name server that answers every question for an address with 192.0.2.66, says of all else that it does not exist, and
/// says nothing about names with `silent` in them. It ends with the process.
fn name_server() -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let address = socket.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        let mut question = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut question) {
            // Without the EDNS record at its end.
            let question = &question[..length - 11];
            if question.windows(6).any(|part| part == b"silent") {
                continue;
            }
            let mut reply = question.to_vec();
            let is_address = question[question.len() - 3] == 1;
            let (code, answers) = if is_address { (0x80, 1) } else { (0x83, 0) };
            reply[2..12].copy_from_slice(&[0x81, code, 0, 1, 0, answers, 0, 0, 0, 0]);
            if is_address {
                reply.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 66]);
            }
            let _ = socket.send_to(&reply, from);
        }
    });
    address
}

fn post(at: f64, id: &str, title: &str, body: &str) -> String {
    let post = serde_json::json!({"id": id, "site": "superuser.com", "post_type": "question", "title": title, "body": body,
        "owner": {"name": "Somebody", "reputation": 1}});
    serde_json::json!({"at": at, "post": post}).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_whose_host_has_a_listed_address_is_reported_and_a_silent_name_server_holds_up_nothing() {
    let world = World::new().await;
    let list = "Schema: yaml_cidr\nSchema_version: '2019120601'\nitems:\n- ip: 192.0.2.66\n";
    std::fs::write(world.folder.path().join("rules/blacklisted_cidrs.yml"), list).expect("written");
    world.write_config(&format!("web: {{listen: \"off\"}}\ndns: {{server: \"{}\"}}\n", name_server()));
    let service = world.service().await;
    let _playing = world
        .play(&[
            post(0.0, "su-701", "A miracle stapler", "<p>at silent-shop.com</p>"),
            post(1.0, "su-702", "A question", "<p>see <a href=\"http://bad-shop.com/x\">this</a></p>"),
            post(
                2.0,
                "su-703",
                "Another question",
                "<p>see <a href=\"https://askubuntu.com/q/1\">this</a></p>",
            ),
        ])
        .await;
    world.until("two reports", |world| world.texts(HQ).len() == 2).await;
    let texts = world.texts(HQ);
    assert!(
        texts.iter().any(|text| text.contains("Bad keyword in title (") && text.contains("/701")),
        "{texts:?}"
    );
    assert!(
        texts.iter().any(|text| text.contains("Bad ip for hostname in body (") && text.contains("/702")),
        "{texts:?}"
    );
    service.stopper().cancel();
    service.ended().await.expect("a clean end");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_hosts_of_a_reported_post_say_is_added_to_its_report_and_chat_hears_of_it_once() {
    let world = World::new().await;
    let list = "Schema: yaml_cidr\nSchema_version: '2019120601'\nitems:\n- ip: 192.0.2.66\n";
    std::fs::write(world.folder.path().join("rules/blacklisted_cidrs.yml"), list).expect("written");
    world.write_config(&format!("web: {{listen: \"off\"}}\ndns: {{server: \"{}\"}}\n", name_server()));
    let service = world.service().await;
    let body = "<p>see <a href=\"http://bad-shop.com/x\">this</a></p>";
    let _playing = world
        .play(&[post(0.0, "su-704", "A miracle stapler", body), post(9.0, "su-705", "A question", body)])
        .await;
    world.until("both reports", |world| world.texts(HQ).len() == 2).await;
    let reader = Reader::open(&world.config().data_dir).expect("the store");
    let reasons = || {
        let page = reader.reports(&ReportFilter { limit: 10, ..ReportFilter::default() }).expect("a page");
        page.items.into_iter().map(|row| (row.report.post.number, row.report.reasons)).collect::<Vec<_>>()
    };
    let both = vec!["bad IP for hostname in body".to_owned(), "bad keyword in title".to_owned()];
    world.until("the second look at the first post", |_| reasons().contains(&(704, both.clone()))).await;
    assert_eq!(reasons().len(), 2, "one report a post");
    assert_eq!(world.texts(HQ).iter().filter(|text| text.contains("/704")).count(), 1);
    service.stopper().cancel();
    service.ended().await.expect("a clean end");
}
