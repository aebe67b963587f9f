//! Tests that drive the program as people see it. One binary, so that it links once.
mod batch;
mod chat;
mod fixtures;
mod intake;
mod rate_limit;
mod reference_verdicts;
mod simulator;
