//! Confirmations and notices, folded: what waits for one room in one message.

use std::collections::{BTreeMap, BTreeSet};

use crate::core::chat_text::{cut, units};
use crate::core::outbox::Confirmation;
use crate::core::phrase::Phrase;

/// So many reports of one verdict are named; more are counted.
const MOST_NAMED: usize = 2;
/// Room for a person's name; real ones are shorter.
const NAME_UNITS: usize = 30;

/// The verdicts in the order in which they are told, each with the types that it stands for.
const VERDICTS: [&str; 4] = ["tp", "fp", "naa", "ignore"];

/// Feedback that was taken, however much: `feedback received: 12 tp by 4 people, 1 fp on r3f9 by Ann`.
pub fn confirm(confirmations: &[&Confirmation]) -> Phrase {
    let mut by_verdict: BTreeMap<usize, Vec<&Confirmation>> = BTreeMap::new();
    for confirmation in confirmations {
        let order = VERDICTS.iter().position(|verdict| confirmation.kind.starts_with(verdict));
        by_verdict.entry(order.unwrap_or(VERDICTS.len())).or_default().push(confirmation);
    }
    let mut phrase = Phrase::new("feedback received: ");
    for (n, (order, given)) in by_verdict.into_iter().enumerate() {
        let verdict = VERDICTS.get(order).copied().unwrap_or("other");
        let reports: BTreeSet<String> = given.iter().map(|one| one.report.to_string()).collect();
        let people: BTreeSet<&str> = given.iter().map(|one| one.by.as_str()).collect();
        let separator = if n > 0 { ", " } else { "" };
        phrase = phrase.words(format!("{separator}{} {verdict}", given.len()));
        if reports.len() <= MOST_NAMED {
            let named: Vec<String> = reports.into_iter().collect();
            phrase = phrase.words(format!(" on {}", named.join(", ")));
        }
        phrase = match people.first() {
            Some(name) if people.len() == 1 => phrase.words(" by ").data(cut(name, NAME_UNITS)),
            _ => phrase.words(format!(" by {} people", people.len())),
        };
    }
    phrase
}

/// Notices in one message of at most `limit` UTF-16 units, equal ones told once, and how many of them it carries.
pub fn notify(notices: &[&Phrase], limit: usize) -> (String, usize) {
    let mut times: Vec<(&Phrase, usize)> = Vec::new();
    let mut best = (String::new(), 0);
    for (n, notice) in notices.iter().enumerate() {
        match times.iter_mut().find(|(known, _)| known == notice) {
            Some((_, n)) => *n += 1,
            None => times.push((notice, 1)),
        }
        let text = told(&times);
        if n > 0 && units(&text) > limit {
            break;
        }
        best = (text, n + 1);
    }
    best
}

fn told(times: &[(&Phrase, usize)]) -> String {
    let line = |(n, (notice, times)): (usize, &(&Phrase, usize))| {
        let mut line = if n > 0 { Phrase::default().new_line() } else { Phrase::default() };
        line = line.and((*notice).clone());
        if *times > 1 { line.words(format!(" ({times} times)")) } else { line }
    };
    times.iter().enumerate().map(line).fold(Phrase::default(), Phrase::and).text()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::report::ReportId;

    fn given(report: u64, kind: &str, by: &str) -> Confirmation {
        Confirmation { report: ReportId(report), kind: kind.to_owned(), by: by.to_owned() }
    }

    fn confirmed(given: &[Confirmation]) -> String {
        confirm(&given.iter().collect::<Vec<_>>()).text()
    }

    #[test]
    fn many_confirmations_are_one_line_that_names_what_is_rare() {
        let mut all: Vec<Confirmation> = (1..=12)
            .map(|n| given(n, if n % 2 == 0 { "tp" } else { "tpu" }, &format!("P{}", n % 4)))
            .collect();
        all.push(given(123, "fp", "Ann"));
        assert_eq!(confirmed(&all), "feedback received: 12 tp by 4 people, 1 fp on r3f by Ann");
        assert_eq!(confirmed(&[given(1, "naa", "@all")]), "feedback received: 1 naa on r1 by @\u{200c}all");
    }

    #[test]
    fn confirmations_fit_one_line_whatever_the_names() {
        let name = "]*".repeat(100);
        let all: Vec<Confirmation> = ["tp", "fp", "naa", "ignore"]
            .iter()
            .flat_map(|kind| (0..2).map(|n| given(u64::MAX - n, kind, &name)))
            .collect();
        assert!(!confirmed(&all).contains('\n') && units(&confirmed(&all)) <= 500, "{}", confirmed(&all));
    }

    #[test]
    fn notices_stand_line_by_line_and_equal_ones_once() {
        let (a, b) = (Phrase::new("quota is low"), Phrase::new("lost ").data("a_b"));
        assert_eq!(notify(&[&b], 500), (r"lost a\_b".to_owned(), 1));
        assert_eq!(notify(&[&a, &b, &a], 500), ("quota is low (2 times)\nlost a_b".to_owned(), 3));
        assert_eq!(notify(&[&a, &b], 15), ("quota is low".to_owned(), 1));
    }
}
