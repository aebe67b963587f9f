//! The resolver against a name server on this machine.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// A server that answers every question about addresses with 192.0.2.1, about name servers with `ns.` and the name, and about
/// texts with two numbers; `silent.example` gets no answer, `forged.example` a wrong one first.
async fn server() -> (SocketAddr, Arc<AtomicUsize>) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
    let address = socket.local_addr().expect("it is bound");
    let n_asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&n_asked);
    tokio::spawn(async move {
        let mut question = [0; 512];
        loop {
            let Ok((length, from)) = socket.recv_from(&mut question).await else { return };
            count.fetch_add(1, Ordering::Relaxed);
            // The question without the EDNS record at its end.
            let question = &question[..length - 11];
            if question.windows(6).any(|part| part == b"silent") {
                continue;
            }
            let mut reply = question.to_vec();
            reply[2..12].copy_from_slice(&[0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
            let kind = question[question.len() - 3];
            reply.extend([0xc0, 12, 0, kind, 0, 1, 0, 0, 0, 60, 0]);
            match kind {
                1 => reply.extend([4, 192, 0, 2, 1]),
                2 => reply.extend(b"\x05\x02ns\xc0\x0c"),
                _ => reply.extend(b"\x10\x0f64500 64501 | x"),
            }
            if question.windows(6).any(|part| part == b"forged") {
                let mut forged = reply.clone();
                forged[0] ^= 1;
                let at = forged.len() - 1;
                forged[at] = 66;
                let _ = socket.send_to(&forged, from).await;
            }
            let _ = socket.send_to(&reply, from).await;
        }
    });
    (address, n_asked)
}

fn addresses(host: &str) -> Query {
    Query::Addresses(host.to_owned())
}

#[tokio::test]
async fn every_kind_of_fact_is_found_and_asked_for_once() {
    let (server, n_asked) = server().await;
    let resolver = Resolver::new(server, "asn.example", Clock::start());
    let public = Ipv4Addr::new(192, 0, 2, 1);
    let private = Ipv4Addr::new(10, 0, 0, 1);
    let queries = BTreeSet::from([
        addresses("forged.example"),
        Query::NameServers("a.example".to_owned()),
        Query::Systems(public),
        Query::Systems(private),
    ]);
    for _ in 0..2 {
        let mut facts = Facts::default();
        resolver.find(queries.clone(), &mut facts).await;
        assert_eq!(facts.addresses["forged.example"], [public].into());
        assert_eq!(facts.name_servers["a.example"], ["ns.a.example".to_owned()].into());
        assert_eq!(facts.systems[&public], [64500, 64501].into());
        assert_eq!(facts.systems[&private], BTreeSet::new());
    }
    assert_eq!(
        n_asked.load(Ordering::Relaxed),
        3,
        "the second time nothing is asked, and never about 10.0.0.1"
    );
}

#[tokio::test]
async fn a_silent_server_costs_its_time_limit_and_is_an_empty_answer() {
    let (server, n_asked) = server().await;
    let resolver = Resolver::patient(server, "asn.example", Clock::start(), Duration::from_millis(20));
    let mut facts = Facts::default();
    resolver.find([addresses("silent.example"), addresses("not a name")].into(), &mut facts).await;
    assert_eq!(facts.addresses["silent.example"], BTreeSet::new());
    assert_eq!(n_asked.load(Ordering::Relaxed), ATTEMPTS, "what is no name is not asked for");
}

#[tokio::test]
async fn one_call_asks_so_many_questions_and_no_more() {
    let (server, n_asked) = server().await;
    let resolver = Resolver::new(server, "asn.example", Clock::start());
    let queries: BTreeSet<Query> = (0..1_000).map(|n| addresses(&format!("a{n}.example"))).collect();
    let mut facts = Facts::default();
    resolver.find(queries, &mut facts).await;
    assert_eq!(facts.addresses.len(), 1_000, "all have an answer");
    assert_eq!(n_asked.load(Ordering::Relaxed), MAX_QUERIES);
}

#[test]
fn servers_are_read_as_people_write_them() {
    let conf = "# comment\nsearch example\nnameserver fe80::1%eth0\nnameserver 192.0.2.53 # ours\nnameserver 192.0.2.54\n";
    assert_eq!(first_server(conf), Some("192.0.2.53:53".parse().expect("an address")));
    assert_eq!(first_server("search example\n"), None);
}
