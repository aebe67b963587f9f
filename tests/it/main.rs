//! Tests that drive the program as people see it. One binary, so that it links once.
mod architecture;
mod bad_input;
mod chat;
mod crash;
mod fixtures;
mod hosts;
mod intake;
mod rate_limit;
mod real_posts;
mod reference_verdicts;
mod replay;
mod rules;
mod scan;
mod service;
mod simulator;
mod texts;
mod world;
