//! Waves that are made, not recorded: the same seed gives the same wave.
//!
//! The figures of [`Generated::Historic`] are those of the wave that drowned the community's bot: 287 reports in
//! 73 min 21 s, 266 of them of one wave on one site, 6 to 7 a minute at the peaks (SmokeDetector issue 2829), and for each report
//! one confirmation, about 30 s later. Nothing else of it is known minute by minute: here it swells three times. The
//! texts are made up; brands, hosts and telephone numbers are of the kinds that are kept free for that.

use std::fmt;
use std::str::FromStr;

use super::{Feedback, WaveAction, WaveEvent};
use crate::core::post::{Owner, Post, PostType};

/// A wave that can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generated {
    /// 287 reports in 73 min 21 s, and a confirmation each.
    Historic,
    /// Ten times as many in the same time.
    Tenfold,
    /// Eight hours in which nothing is to be reported.
    QuietNight,
    /// One post, for rooms of which twelve want to hear it, and one confirmation.
    OnePost,
}

impl Generated {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Historic, Self::Tenfold, Self::QuietNight, Self::OnePost];

    /// The name as used on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Historic => "historic",
            Self::Tenfold => "tenfold",
            Self::QuietNight => "quiet-night",
            Self::OnePost => "one-post",
        }
    }
}

impl fmt::Display for Generated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that no generated wave has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no generated wave has this name; there are `historic`, `tenfold`, `quiet-night` and `one-post`")]
pub struct NoSuchWave;

impl FromStr for Generated {
    type Err = NoSuchWave;

    fn from_str(name: &str) -> Result<Self, NoSuchWave> {
        Self::ALL.into_iter().find(|wave| wave.name() == name).ok_or(NoSuchWave)
    }
}

/// Seconds from the first report of the historic wave to the last.
const HISTORIC_S: f64 = 4_401.0;
/// Reports of the historic wave.
const HISTORIC_REPORTS: usize = 287;
/// Those among them that were of the wave itself; the others are what the network sees on any day.
const HISTORIC_CAMPAIGN: usize = 266;
/// The site of the wave.
const SITE: &str = "askubuntu.com";
/// A person answers so many seconds after a post.
const CONFIRMED_S: f64 = 30.0;
/// Hours of the quiet night.
const NIGHT_HOURS: u32 = 8;
/// Seconds between two posts of the quiet night.
const NIGHT_GAP_S: f64 = 300.0;

/// Sites of the posts that are not of the wave.
const OTHER_SITES: [&str; 14] = [
    "superuser.com",
    "stackoverflow.com",
    "meta.stackexchange.com",
    "fitness.stackexchange.com",
    "workplace.stackexchange.com",
    "money.stackexchange.com",
    "diy.stackexchange.com",
    "travel.stackexchange.com",
    "drupal.stackexchange.com",
    "health.stackexchange.com",
    "bitcoin.stackexchange.com",
    "webapps.stackexchange.com",
    "gaming.stackexchange.com",
    "academia.stackexchange.com",
];
/// Brands that do not exist.
const BRANDS: [&str; 3] = ["Norvelle Printer", "Mailorix", "Antivra Total"];
/// Ends of titles.
const TAILS: [&str; 5] = ["call now", "24/7 help", "toll free", "for all customers", "USA"];
/// Who gives feedback: name and chat user id in the rooms file and the `users.yml` that come with the program.
const PEOPLE: [(&str, i64); 4] =
    [("Ann", 900_001_001), ("Bogdan", 900_001_002), ("Chiara", 900_001_003), ("Dae-jung", 900_001_004)];
/// What honest people ask at night.
const HONEST: [(&str, &str); 4] = [
    (
        "How do I sharpen a chisel without a jig?",
        "<p>The bevel gets round each time. Which stroke keeps it flat?</p>",
    ),
    (
        "Which verb goes with this noun in formal letters?",
        "<p>I have seen two, and my dictionary has neither.</p>",
    ),
    (
        "Does the proof need the axiom of choice?",
        "<p>The textbook picks an element of each set without a word.</p>",
    ),
    (
        "Tomato leaves curl upwards in the evening",
        "<p>They are flat again in the morning. Is it too little water?</p>",
    ),
];

/// Makes the wave.
pub fn generate(wave: Generated, seed: u64) -> Vec<WaveEvent> {
    let mut random = Random(seed);
    let mut events = match wave {
        Generated::Historic => historic(1, &mut random),
        Generated::Tenfold => historic(10, &mut random),
        Generated::QuietNight => quiet_night(&mut random),
        Generated::OnePost => reported(1, 0.0, "superuser.com", &mut random).into(),
    };
    events.sort_by(|a, b| a.at.total_cmp(&b.at));
    events
}

fn historic(times: usize, random: &mut Random) -> Vec<WaveEvent> {
    let n = HISTORIC_REPORTS * times;
    let n_others = (HISTORIC_REPORTS - HISTORIC_CAMPAIGN) * times;
    let moments = moments(n, random);
    let each = n / n_others;
    let of = |(index, at): (usize, f64)| {
        let other = index % each == each / 2 && index / each < n_others;
        let site = if other { OTHER_SITES[random.below(OTHER_SITES.len())] } else { SITE };
        reported(index + 1, at, site, random)
    };
    moments.into_iter().enumerate().flat_map(of).collect()
}

/// `n` moments of the historic wave, the first at 0 and the last at its end.
fn moments(n: usize, random: &mut Random) -> Vec<f64> {
    /// Seconds of a step of the sum.
    const STEP_S: f64 = 0.1;
    let per_minute = |at_s: f64| {
        let swell = |top: f64, width: f64| (-((at_s / 60.0 - top) / width).powi(2)).exp();
        2.2 + 4.3 * (swell(12.0, 5.0) + swell(33.0, 6.0) + swell(58.0, 5.0))
    };
    let n_steps = (HISTORIC_S / STEP_S) as usize;
    let mut sums = Vec::with_capacity(n_steps);
    let mut sum = 0.0;
    for step in 0..n_steps {
        sum += per_minute(step as f64 * STEP_S);
        sums.push(sum);
    }
    let mut moments: Vec<f64> = (0..n)
        .map(|index| {
            // One in each of n equal parts of the whole, somewhere in it.
            let share = (index as f64 + random.unit()) / n as f64;
            sums.partition_point(|part| *part < share * sum) as f64 * STEP_S
        })
        .map(|at| (at * 10.0).round() / 10.0)
        .collect();
    if let Some(first) = moments.first_mut() {
        *first = 0.0;
    }
    if let Some(last) = moments.last_mut() {
        *last = HISTORIC_S;
    }
    moments
}

/// A post that the rules catch, and the feedback on its report.
fn reported(number: usize, at: f64, site: &str, random: &mut Random) -> [WaveEvent; 2] {
    let brand = BRANDS[random.below(BRANDS.len())];
    let tail = TAILS[random.below(TAILS.len())];
    let digits = 100 + random.below(100);
    let host = brand.to_lowercase().replace(' ', "-");
    let id = format!("w-{}", 9_600_000 + number);
    let post = Post {
        id: id.clone(),
        site: site.to_owned(),
        post_type: PostType::Question,
        title: format!("{brand} customer support phone number +1-888-555-0{digits} {tail}"),
        body: format!(
            "<p>Call <b>{brand}</b> customer support at +1-888-555-0{digits}. Our experts help with every {brand} \
             problem, day and night: <a href=\"https://{host}-helpline.example/\">{host}-helpline.example</a></p>"
        ),
        body_is_summary: false,
        owner: Owner { name: format!("helpline{digits}"), reputation: 1 },
        score: 0,
    };
    let (by, user_id) = PEOPLE[random.below(PEOPLE.len())];
    let feedback =
        Feedback { post: id, by: by.to_owned(), user_id, privileged: true, kind: "tpu".to_owned() };
    [
        WaveEvent { at, what: WaveAction::Post { post, question: None } },
        WaveEvent { at: at + CONFIRMED_S, what: WaveAction::Feedback(feedback) },
    ]
}

fn quiet_night(random: &mut Random) -> Vec<WaveEvent> {
    let n = (f64::from(NIGHT_HOURS) * 3_600.0 / NIGHT_GAP_S) as usize;
    let post = |index: usize| {
        let (title, body) = HONEST[random.below(HONEST.len())];
        let post = Post {
            id: format!("n-{}", 9_650_000 + index),
            site: OTHER_SITES[random.below(OTHER_SITES.len())].to_owned(),
            post_type: PostType::Question,
            title: title.to_owned(),
            body: body.to_owned(),
            body_is_summary: false,
            owner: Owner { name: "Maren".to_owned(), reputation: 120 },
            score: 0,
        };
        WaveEvent { at: index as f64 * NIGHT_GAP_S, what: WaveAction::Post { post, question: None } }
    };
    (0..n).map(post).collect()
}

/// A small generator of pseudo-random numbers (SplitMix64, as published by Steele, Lea and Flood in 2014): the same on
/// every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 up to 1, without 1.
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// From 0 up to `n`, without `n`; `n` is above 0.
    fn below(&mut self, n: usize) -> usize {
        (self.unit() * n as f64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(events: &[WaveEvent]) -> Vec<f64> {
        let posts = events.iter().filter(|event| matches!(event.what, WaveAction::Post { .. }));
        posts.map(|event| event.at).collect()
    }

    #[test]
    fn the_historic_wave_has_the_figures_that_are_known_of_it() {
        let events = generate(Generated::Historic, 1);
        let posts = times(&events);
        assert_eq!((posts.len(), posts[0], posts[286]), (287, 0.0, 4_401.0));
        assert_eq!(events.len() - posts.len(), 287, "a confirmation each");
        let on_site = events
            .iter()
            .filter(|event| matches!(&event.what, WaveAction::Post { post, .. } if post.site == SITE));
        assert_eq!(on_site.count(), 266);
        let minute = |n: usize| posts.iter().filter(|at| (**at / 60.0) as usize == n).count();
        let most = (0..74).map(minute).max();
        assert!(most == Some(6) || most == Some(7), "{most:?}");
        assert_eq!(times(&generate(Generated::Tenfold, 1)).len(), 2_870);
    }

    #[test]
    fn the_same_seed_gives_the_same_wave_and_another_one_another() {
        for wave in Generated::ALL {
            assert_eq!(generate(wave, 7), generate(wave, 7), "{wave}");
        }
        assert_ne!(generate(Generated::Historic, 7), generate(Generated::Historic, 8));
    }
}
