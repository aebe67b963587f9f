//! What decides, nearly for free, which patterns can match a text at all, and where.
//!
//! Most patterns need some run of letters and digits. [`needle`] finds out which, and how far from the start of a match
//! it stands. The text is looked at in a squeezed view (letters and digits only, one case; [`squeeze`]), so that
//! `king[\W_]*+mod[\W_]*+apk` needs the plain `kingmodapk`. All needles are searched at once by the rarest few bytes of
//! each ([`grams`]). Patterns that need no such text are tried only where four bytes look like their beginning, or when
//! there is a place that looks like another part that they need ([`shape`], [`places`]). The filter may say yes too often, never no too often.

pub mod escape;
mod first;
mod frequency;
pub mod grams;
pub mod needle;
pub mod places;
pub mod shape;
pub mod signs;
pub mod squeeze;

pub(super) use first::first_characters;
