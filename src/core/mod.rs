//! The part that decides: no I/O, no clock, no async. Time is an argument.

pub mod batch;
pub mod chat_text;
pub mod fetch_plan;
pub mod nearest;
pub mod post;
pub mod rate_limit;
pub mod rooms;
pub mod rules;
pub mod send_plan;
pub mod site;
pub mod text;
pub mod time;
pub mod verdict;
pub mod wave;
pub mod weight;
