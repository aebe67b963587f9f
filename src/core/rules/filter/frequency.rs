//! How often letters, and runs of them, are met in squeezed posts: estimates, to find out which part of a needle is rare.
//!
//! Runs are estimated as a chain: how often the first three letters are met, times how often each next one follows its two
//! predecessors.

use std::collections::HashSet;
use std::sync::LazyLock;

/// The shortest run that is estimated, and so the shortest text that is worth a search, in bytes.
pub(super) const SHORTEST: usize = 3;
/// The longest run that is estimated, in bytes.
pub(super) const WIDEST: usize = 8;

/// How often letters occur in English text and HTML, in 1/1000, from a to z; digits and others below.
const LETTERS: [u16; 26] =
    [82, 15, 28, 43, 127, 22, 20, 61, 70, 2, 8, 40, 24, 67, 75, 19, 1, 60, 63, 91, 28, 10, 24, 2, 20, 1];
/// How often this lower-case letter stands among all letters, between 0 and 1.
pub(super) fn letter_frequency(letter: u8) -> f64 {
    LETTERS.get(usize::from(letter.wrapping_sub(b'a'))).map_or(0.0, |share| f64::from(*share) / 1000.0)
}

/// Three letters that are met clearly more often than their single letters tell, in English prose and in links; per position.
const TRIPLES: &[(f64, &str)] = &[
    (0.013, "htt the ttp"),
    (0.008, "ing ion tps"),
    (0.004, "ahr and ate ati com ect ent ere est fht for hre int psw ref ter tha tio www"),
    (
        0.002,
        "abl ain all ame are ase ble con din dto eco edi edt ein erg ers ert ess eth han has hat hec hen her hes his ile \
        img ith its lat lea mai men mer ngt not nta nth oma omm ons ont ore org orm ort oth out pro rea rec res rge rto \
        sed sin sta sth sto ted tes thi tin tom tor tre tth use ver whe wit",
    ),
    (
        0.001,
        "ach ack add age ail ake ali anc any ari asb atc atu ave bee bra but cal can cen ces cha che cod cor cti dat def \
        der dif dno dth ead eda edb efi efo egi ema eme emo enc end eof epa epo esu eus eve fil fix fro fth gth hav hel \
        hem hic hin hou ice ich iff ime imp inc ind ins ist itc iti ive jec kin led les lic lin llo lly low man mat mes \
        mit mmi mpl nal nam nce nch nco nde ndi ndt ned nfi nga nge ngi nin nst ode oft ome omp ona onf opt ork orr ory \
        our ove pac par pat pda per ple por pos pre pti pww ran red rel rem rep rin rma rom rre rsi rth san sbe scr ser \
        sho sio sno sof ssi str sub sup tch tco tfo tim tly tme tof tri tur ult ume und upd ure was whi wor you yth",
    ),
    (
        0.000_5,
        "act als anb ang apa app arg ary aul bac bas bje bui cat chi cke cri ctl cto cts cum cur dby dco ddi ded dep dex \
        dfo dgi did dir dis dli doc don dul eba eck ecu edf edu edw efa epr equ erf esf esp ewh ewi exp ext fau fer ffe \
        fig fin ged gen ger ges get ght gin gre gur hef hep how ica idn ifi ign igu ild ill imi isc itf itm itw ity ixe \
        ize ked lem lib loc log lon mak min mma mod mor mth nab nbe ncl nda ndl ndo nds new nfo ngo ngs nly nof now ntm \
        nup obe obj oca oco ocu odu ofa ong onl onv ope orc ord oul oun ous ows pec pen pla pli ppo put qui rac rco reb \
        req rev rib rop rou rov run sag sam sco sfo sgi sma som spa spe ssu sus swh swi tab tgi tic tiv tob toc tog top \
        tou tpu tru tus two typ ubm uil uld ule upp ura usi uti utp val var ven way wil win xes yin ype yst",
    ),
];

/// The frequency of each three letters, and of each two.
struct Chain {
    triples: Box<[f64]>,
    pairs: Box<[f64]>,
}

static CHAIN: LazyLock<Chain> = LazyLock::new(|| {
    let letter = |index: usize| f64::from(LETTERS[index]) / 1000.0;
    let mut triples: Box<[f64]> =
        (0..26 * 26 * 26).map(|at| letter(at / 676) * letter(at / 26 % 26) * letter(at % 26)).collect();
    for (frequency, texts) in TRIPLES {
        for at in texts.split(' ').filter_map(|text| index(text.as_bytes())) {
            triples[at] = *frequency;
        }
    }
    let pairs = triples.chunks(26).map(|begun_alike| begun_alike.iter().sum()).collect();
    Chain { triples, pairs }
});

/// The number of two or three letters in [`Chain`]; nothing when one is no letter.
fn index(letters: &[u8]) -> Option<usize> {
    letters
        .iter()
        .try_fold(0, |index, byte| byte.is_ascii_lowercase().then(|| index * 26 + usize::from(byte - b'a')))
}

/// Squeezed text that nearly every post has, so that its grams are bad ones to look for.
const COMMON: &[&str] = &[
    "ahrefhttpswwwcomrelnofollownoreferrer",
    "pcodeprecodepre",
    "strongem",
    "ulliliol",
    "imgsrchttpsistackimgurcomaltenterimagedescriptionhere",
    "thethatthisthereththanthey",
    "andwithhaveforfrom",
    "youyourcanwouldcouldshould",
    "whatwhenwhichwhere",
    "question",
    "answer",
    "ingtheingfor",
    "tionofthe",
    "stackexchangecom",
    "stackoverflowcom",
    "githubcom",
    "inthe",
    "forthe",
    "onthe",
    "tothe",
    "blockquote",
    "using",
    "because",
    "something",
    "problem",
    "someone",
    "online",
    "about",
    "website",
    "company",
    "service",
    "support",
    "number",
    "phone",
    "please",
    "people",
    "information",
];

static COMMON_GRAMS: LazyLock<HashSet<&'static [u8]>> = LazyLock::new(|| {
    let windows =
        |text: &'static str| (SHORTEST..=WIDEST).flat_map(move |width| text.as_bytes().windows(width));
    COMMON.iter().flat_map(|text| windows(text)).collect()
});

/// An estimate of how often `gram` (three to eight bytes) is met, in squeezed texts, per position.
pub(super) fn gram_frequency(gram: &[u8]) -> f64 {
    let chain = &*CHAIN;
    let single = |byte: &u8| match byte {
        b'a'..=b'z' => letter_frequency(*byte),
        b'0'..=b'9' => 0.01,
        _ => 0.02,
    };
    let mut frequency: f64 = gram[..SHORTEST].iter().map(single).product();
    if let Some(at) = index(&gram[..SHORTEST]) {
        frequency = chain.triples[at];
    }
    for triple in gram.windows(SHORTEST).skip(1) {
        frequency *= match (index(triple), index(&triple[..2])) {
            (Some(triple), Some(pair)) => chain.triples[triple] / chain.pairs[pair],
            _ => single(&triple[2]),
        };
    }
    if COMMON_GRAMS.contains(gram) { frequency.max(1e-3) } else { frequency }
}

/// An estimate of how often `text` (at least three bytes) is met, per position.
pub(super) fn frequency(text: &[u8]) -> f64 {
    text.windows(text.len().min(WIDEST)).map(gram_frequency).fold(1.0, f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_runs_are_estimated_as_more_frequent_than_their_letters_tell() {
        let estimate = |text: &str| frequency(text.as_bytes());
        for (often, seldom) in
            [("the", "het"), ("ction", "coint"), ("http", "phtt"), ("rning", "ngrni"), ("com", "ocm")]
        {
            assert!(estimate(often) > 10.0 * estimate(seldom), "{often} and {seldom}");
        }
        assert!(estimate("questionkqx") < 1e-6, "its rarest part counts");
    }

    #[test]
    fn the_estimates_of_all_next_letters_are_one() {
        let sum: f64 = (b'a'..=b'z').map(|next| gram_frequency(&[b'i', b'o', next])).sum();
        let all: f64 = (b'a'..=b'z').map(|next| gram_frequency(&[b't', b'i', b'o', next])).sum();
        assert!((all / gram_frequency(b"tio") - 1.0).abs() < 1e-9 && sum > 0.0, "{all} {sum}");
    }
}
