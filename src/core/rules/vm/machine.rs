//! The machine that runs programs.

use std::ops::Range;

use super::memo::Memo;
use super::program::{Op, Program};
use super::text::Text;
use crate::core::rules::dialect::{CharSet, Greed};
use crate::core::text::edges::Edges;

/// The steps allowed were used up before the search came to an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("used up its steps")]
pub struct Overrun;

/// After so many steps of one search, failed states are remembered.
const REMEMBER_AFTER: u64 = 2_000;
/// Most bits that are kept for that, 4 MiB; a longer text with a larger program goes without.
const MAX_REMEMBERED: usize = 1 << 25;

/// A way not yet tried, or a value to put back on the way to it.
#[derive(Clone, Copy, Debug)]
enum Choice {
    /// Go on at an instruction and place.
    Way { op: u32, at: u32 },
    /// A greedy run that may give back characters down to `low`, then goes on at `op`.
    Shorter { op: u32, low: u32, at: u32 },
    /// A lazy run at instruction `op` that may take one more character after `at`, `left` more at most.
    Longer { op: u32, at: u32, left: u32 },
    /// Branches of a table that are left.
    Branches { branches: u64, table: u32, at: u32 },
    /// What a slot held.
    Slot { slot: u16, old: u32 },
}

const UNSET: u32 = u32::MAX;

/// Memory for searches, reused from one to the next; and the count of steps.
#[derive(Debug, Default)]
pub struct Machine {
    choices: Vec<Choice>,
    slots: Vec<u32>,
    /// Of the program's lookarounds.
    memos: Vec<Memo>,
    /// Failed states by instruction and place; empty until a search gets long.
    failed: Vec<u64>,
    /// Bits set since the search began, to be taken back.
    marked: Vec<u32>,
    remembering: bool,
    /// Steps left in this search.
    left: u64,
    /// With so many left, failed states are remembered from then on.
    remember_below: u64,
}

impl Machine {
    /// The first match that starts in `starts` (bytes, on character boundaries, the end included), with at most `steps` steps, which are
    /// counted down. The text is shorter than 4 GiB.
    ///
    /// # Errors
    /// When the steps do not suffice.
    pub fn find(
        &mut self,
        program: &Program,
        edges: &Edges<'_>,
        starts: Range<usize>,
        steps: &mut u64,
    ) -> Result<Option<Range<usize>>, Overrun> {
        self.memos.clear();
        self.memos.resize(usize::from(program.memos), Memo::default());
        self.find_next(program, edges, starts, steps)
    }

    /// The same for the program and the text that were searched last, with what is known of them.
    ///
    /// # Errors
    /// When the steps do not suffice.
    pub fn find_next(
        &mut self,
        program: &Program,
        edges: &Edges<'_>,
        starts: Range<usize>,
        steps: &mut u64,
    ) -> Result<Option<Range<usize>>, Overrun> {
        let text = edges.text();
        let text = Text { edges, bytes: text.as_bytes(), text };
        self.left = *steps;
        self.remembering = false;
        self.remember_below = steps.saturating_sub(REMEMBER_AFTER);
        let result = self.search(program, &text, starts);
        self.forget();
        *steps = self.left;
        result
    }

    fn search(
        &mut self,
        program: &Program,
        text: &Text<'_, '_>,
        starts: Range<usize>,
    ) -> Result<Option<Range<usize>>, Overrun> {
        let starts = if program.at_start { starts.start..0 } else { starts };
        let mut start = starts.start;
        let end = starts.end.min(text.bytes.len());
        while start <= end {
            if let Some(known) = &program.starts {
                match known.next(text.bytes, start, end) {
                    Some(next) if text.text.is_char_boundary(next) => start = next,
                    Some(next) => {
                        start = next + 1;
                        continue;
                    }
                    None => break,
                }
            }
            let begins = match (program.first(), text.bytes.get(start)) {
                (None, _) => true,
                (Some(_), None) => false,
                (Some(set), Some(byte)) if byte.is_ascii() => set.contains_ascii(*byte),
                (Some(set), Some(_)) => text.after(start).is_some_and(|c| set.contains(c)),
            };
            if begins {
                self.choices.clear();
                self.slots.clear();
                self.slots.resize(usize::from(program.slots), UNSET);
                self.spend(1)?;
                if let Some(end) = self.run(program, text, 0, start)? {
                    return Ok(Some(start..end));
                }
            } else if self.left == 0 {
                return Err(Overrun);
            }
            start += text.width_at(start);
        }
        // Looking at places where nothing begins is not free either: eight for a step.
        let looked = (end.saturating_sub(starts.start) / 8) as u64;
        self.left = self.left.saturating_sub(looked);
        Ok(None)
    }

    fn spend(&mut self, steps: u64) -> Result<(), Overrun> {
        match self.left.checked_sub(steps) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => {
                self.left = 0;
                Err(Overrun)
            }
        }
    }

    fn start_remembering(&mut self, program: &Program, text: &Text<'_, '_>) {
        // Tried once in a search.
        self.remember_below = 0;
        let bits = program.len().saturating_mul(text.bytes.len() + 1);
        if program.uses_groups || bits > MAX_REMEMBERED {
            return;
        }
        if self.failed.len() < bits / 64 + 1 {
            self.failed.resize(bits / 64 + 1, 0);
        }
        self.remembering = true;
    }

    /// Leaves `failed` all zero for the next search.
    fn forget(&mut self) {
        for bit in self.marked.drain(..) {
            self.failed[bit as usize / 64] = 0;
        }
    }

    /// Marks a state as tried; whether it had been tried before (and so has failed).
    fn tried(&mut self, op: u32, at: usize, text: &Text<'_, '_>) -> bool {
        let bit = op as usize * (text.bytes.len() + 1) + at;
        let (word, mask) = (bit / 64, 1u64 << (bit % 64));
        if self.failed[word] & mask != 0 {
            return true;
        }
        self.failed[word] |= mask;
        // The number fits: it is below `MAX_REMEMBERED`.
        self.marked.push(bit as u32);
        false
    }

    /// Runs from `op` at `at` to `Match` or `End`; where that was, or nothing. Leaves the choices as it found them.
    fn run(
        &mut self,
        program: &Program,
        text: &Text<'_, '_>,
        op: u32,
        at: usize,
    ) -> Result<Option<usize>, Overrun> {
        let base = self.choices.len();
        let marks = self.marked.len();
        let (mut op, mut at) = (op, at);
        loop {
            self.spend(1)?;
            let next = match &program.ops[op as usize] {
                Op::Char { c, back: false } => (text.after(at) == Some(*c)).then(|| at + c.len_utf8()),
                Op::Char { c, back: true } => (text.before(at) == Some(*c)).then(|| at - c.len_utf8()),
                Op::Text { start, length } => {
                    let wanted = &program.text.as_bytes()[*start as usize..][..usize::from(*length)];
                    text.bytes[at..].starts_with(wanted).then(|| at + wanted.len())
                }
                Op::AnyCase { start, length } => {
                    let wanted = &program.text.as_bytes()[*start as usize..][..usize::from(*length)];
                    text.any_case(at, wanted)
                }
                Op::Set { set, back } => text.step(&program.sets[usize::from(*set)], at, *back),
                Op::Run { set, back, greed, min, max, .. } => {
                    let set = &program.sets[usize::from(*set)];
                    self.take(text, set, op, at, (*back, *greed, *min, *max))?
                }
                Op::Split { first, second } => {
                    if self.remembering && self.tried(op, at, text) {
                        None
                    } else {
                        self.choices.push(Choice::Way { op: *second, at: at as u32 });
                        op = *first;
                        continue;
                    }
                }
                Op::Switch { table } => {
                    let branches = program.tables[*table as usize].branches.at(text.bytes, at);
                    if branches == 0 || self.remembering && self.tried(op, at, text) {
                        None
                    } else {
                        let rest = branches & (branches - 1);
                        if rest != 0 {
                            self.choices.push(Choice::Branches {
                                branches: rest,
                                table: *table,
                                at: at as u32,
                            });
                        }
                        op = program.tables[*table as usize].targets[branches.trailing_zeros() as usize];
                        continue;
                    }
                }
                Op::Jump(to) => {
                    op = *to;
                    continue;
                }
                Op::Assert(assertion) => text.holds(*assertion, at).then_some(at),
                Op::Look { negate, end, memo } => {
                    let found = self.look(program, text, op, at, *memo)?;
                    if found != *negate {
                        op = *end;
                        continue;
                    }
                    None
                }
                Op::Passed { memo } => {
                    self.memos[usize::from(*memo)].pass(at);
                    Some(at)
                }
                Op::Atomic { end } => match self.run(program, text, op + 1, at)? {
                    Some(reached) => {
                        (op, at) = (*end, reached);
                        continue;
                    }
                    None => None,
                },
                Op::Save { slot } => {
                    let old = std::mem::replace(&mut self.slots[usize::from(*slot)], at as u32);
                    self.choices.push(Choice::Slot { slot: *slot, old });
                    Some(at)
                }
                Op::Progress { slot, exit } => {
                    if self.slots[usize::from(*slot)] == at as u32 {
                        op = *exit;
                        continue;
                    }
                    Some(at)
                }
                Op::BackReference { group, any_case, back } => {
                    let slot = 2 * usize::from(*group);
                    let (start, end) = (self.slots[slot], self.slots[slot + 1]);
                    if start == UNSET || end == UNSET {
                        None
                    } else {
                        self.spend(u64::from(end.saturating_sub(start)))?;
                        text.again(start as usize..end as usize, at, *any_case, *back)
                    }
                }
                Op::IfGroup { group, no } => {
                    let slot = 2 * usize::from(*group);
                    if self.slots[slot] == UNSET || self.slots[slot + 1] == UNSET {
                        op = *no;
                        continue;
                    }
                    Some(at)
                }
                Op::Match | Op::End => {
                    // Slots set on the way stay; what leads back does not.
                    self.keep_slots(base);
                    // States on the way here did not fail, so what was marked since is not known to fail.
                    for bit in self.marked.drain(marks..) {
                        self.failed[bit as usize / 64] &= !(1 << (bit % 64));
                    }
                    return Ok(Some(at));
                }
            };
            match next {
                Some(reached) => {
                    at = reached;
                    op += 1;
                }
                None => match self.back_track(program, text, base)? {
                    Some(way) => (op, at) = way,
                    None => return Ok(None),
                },
            }
        }
    }

    /// Whether the body of the lookaround at `op` matches at `at`.
    fn look(
        &mut self,
        program: &Program,
        text: &Text<'_, '_>,
        op: u32,
        at: usize,
        memo: Option<u16>,
    ) -> Result<bool, Overrun> {
        let Some(memo) = memo.map(usize::from) else {
            return Ok(self.run(program, text, op + 1, at)?.is_some());
        };
        if let Some(known) = self.memos[memo].get(at) {
            return Ok(known.found.is_some());
        }
        self.memos[memo].begin();
        let found = self.run(program, text, op + 1, at)?.is_some();
        self.memos[memo].end(at, found);
        Ok(found)
    }

    /// Drops the choices above `base`, but for the slots' old values, which an outer failure must still put back.
    fn keep_slots(&mut self, base: usize) {
        let mut kept = base;
        for index in base..self.choices.len() {
            if matches!(self.choices[index], Choice::Slot { .. }) {
                self.choices[kept] = self.choices[index];
                kept += 1;
            }
        }
        self.choices.truncate(kept);
    }

    /// The latest way not yet tried, above `base`.
    fn back_track(
        &mut self,
        program: &Program,
        text: &Text<'_, '_>,
        base: usize,
    ) -> Result<Option<(u32, usize)>, Overrun> {
        while self.choices.len() > base {
            self.spend(1)?;
            if self.left < self.remember_below {
                self.start_remembering(program, text);
            }
            let Some(choice) = self.choices.pop() else { break };
            let (op, at) = match choice {
                Choice::Slot { slot, old } => {
                    self.slots[usize::from(slot)] = old;
                    continue;
                }
                Choice::Way { op, at } => (op, at as usize),
                Choice::Branches { branches, table, at } => {
                    let rest = branches & (branches - 1);
                    if rest != 0 {
                        self.choices.push(Choice::Branches { branches: rest, table, at });
                    }
                    (program.tables[table as usize].targets[branches.trailing_zeros() as usize], at as usize)
                }
                Choice::Shorter { op, low, at } => {
                    // The run stands before `op`; its direction says where shorter is.
                    let Op::Run { back, next, .. } = program.ops[op as usize - 1] else { continue };
                    let (low, mut shorter) = (low as usize, at as usize);
                    let mut skipped = 0;
                    // Places where what follows can not be are passed over at once.
                    loop {
                        shorter = if back {
                            shorter + text.width_at(shorter)
                        } else {
                            shorter - text.width_before(shorter)
                        };
                        skipped += 1;
                        if shorter == low || next.allows(text, shorter) {
                            break;
                        }
                    }
                    self.spend(skipped / 4)?;
                    if shorter != low {
                        self.choices.push(Choice::Shorter { op, low: low as u32, at: shorter as u32 });
                    }
                    (op, shorter)
                }
                Choice::Longer { op, at, left } => {
                    let Op::Run { set, back, next, .. } = &program.ops[op as usize] else { continue };
                    let set = &program.sets[usize::from(*set)];
                    let memo = match program.ops[op as usize + 1] {
                        Op::Passed { memo } => Some(usize::from(memo)),
                        _ => None,
                    };
                    let (mut longer, mut left) = (at as usize, left);
                    let mut skipped = 0;
                    let reached = loop {
                        let Some(place) = text.step(set, longer, *back) else { break false };
                        longer = place;
                        left -= 1;
                        skipped += 1;
                        if let Some((memo, known)) =
                            memo.and_then(|memo| Some((memo, self.memos[memo].get(longer)?)))
                        {
                            // What is left to try from here was tried from here before.
                            if let Some(place) = known.found {
                                (longer, left) = (place, 0);
                                break true;
                            }
                            self.memos[memo].pass(known.low);
                            self.memos[memo].pass(known.high);
                            break false;
                        }
                        if next.allows(text, longer) {
                            break true;
                        }
                        if left == 0 {
                            break false;
                        }
                    };
                    self.spend(skipped / 4)?;
                    if !reached {
                        // Here and on the way here the rest can not be.
                        if let Some(memo) = memo {
                            self.memos[memo].pass(longer);
                        }
                        continue;
                    }
                    if left > 0 {
                        self.choices.push(Choice::Longer { op, at: longer as u32, left });
                    }
                    (op + 1, longer)
                }
            };
            // A split or switch marks itself when it runs.
            let marks_itself = matches!(program.ops[op as usize], Op::Split { .. } | Op::Switch { .. });
            if self.remembering && !marks_itself && self.tried(op, at, text) {
                continue;
            }
            return Ok(Some((op, at)));
        }
        Ok(None)
    }

    /// A run of characters out of a set, from `at`; pushes what may be tried later.
    fn take(
        &mut self,
        text: &Text<'_, '_>,
        set: &CharSet,
        op: u32,
        at: usize,
        (back, greed, min, max): (bool, Greed, u32, u32),
    ) -> Result<Option<usize>, Overrun> {
        let mut place = at;
        let mut count = 0;
        let mut low = at;
        let wanted = if greed == Greed::Lazy { min } else { max };
        while count < wanted {
            let Some(reached) = text.step(set, place, back) else { break };
            place = reached;
            count += 1;
            if count == min {
                low = place;
            }
        }
        self.spend(u64::from(count / 2))?;
        if count < min {
            return Ok(None);
        }
        match greed {
            Greed::Greedy if place != low => {
                self.choices.push(Choice::Shorter { op: op + 1, low: low as u32, at: place as u32 });
            }
            Greed::Lazy if max > min => {
                self.choices.push(Choice::Longer { op, at: place as u32, left: max - min });
            }
            _ => {}
        }
        Ok(Some(place))
    }
}
