//! Tests that drive the program as people see it. One binary, so that it links once.
mod architecture;
mod bad_input;
mod budget;
mod chat;
mod commands;
mod crash;
mod exactly_once;
mod fetch_plan;
mod fixtures;
mod fuzz;
mod hosts;
mod intake;
#[path = "../support/kills.rs"]
mod kills;
mod operations;
mod people;
mod rate_limit;
mod real_posts;
mod reference_verdicts;
mod replay;
mod rules;
mod scan;
mod service;
mod simulator;
mod source;
mod texts;
mod world;
