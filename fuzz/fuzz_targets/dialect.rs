//! A pattern and a text: nothing panics, and the machine agrees with the plain matcher where both come to an end.
#![no_main]

use libfuzzer_sys::fuzz_target;
use smokestack::core::rules::dialect::{Flags, parse, reference};
use smokestack::core::rules::vm::{Machine, compile};
use smokestack::core::text::edges::Edges;

fuzz_target!(|input: (&str, &str)| {
    let (pattern, text) = input;
    let Ok(pattern) = parse(pattern, Flags::default()) else { return };
    let Ok(program) = compile(&pattern, false) else { return };
    let edges = Edges::new(text);
    let mut steps = 100_000;
    let Ok(found) = Machine::default().find(&program, &edges, 0..text.len(), &mut steps) else { return };
    let chars: Vec<char> = text.chars().collect();
    if chars.len() > 200 {
        return;
    }
    let places = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    let word_edges: Vec<usize> =
        places.enumerate().filter(|(_, at)| edges.default_edge(*at)).map(|(index, _)| index).collect();
    let Ok(plain) = reference::find(&pattern, &chars, &word_edges, 0, 100_000) else { return };
    let found = found.map(|range| (text[..range.start].chars().count(), text[..range.end].chars().count()));
    assert_eq!(found, plain);
});
