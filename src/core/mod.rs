//! The part that decides: no I/O, no clock, no async. Time is an argument.

pub mod batch;
pub mod bot;
pub mod chat_text;
pub mod feedback;
pub mod fetch_plan;
pub mod guard;
pub mod journal;
pub mod nearest;
pub mod outbox;
pub mod pairs;
pub mod people;
pub mod phrase;
pub mod post;
pub mod rate_limit;
pub mod report;
pub mod rooms;
pub mod rules;
pub mod send_plan;
pub mod site;
pub mod state;
pub mod text;
pub mod time;
pub mod verdict;
pub mod wave;
pub mod weight;
pub mod yaml;
