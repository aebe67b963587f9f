//! How a simulated network behaves.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::chat::curve::Curve;
use super::chat::style::Style;
use super::qa::query::CACHE_TIME;

/// A network can be so slow and so fast.
pub const SPEEDS: RangeInclusive<f64> = 0.001..=1_000_000.0;

/// How a network behaves. Every field has a default.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen: the control endpoint on this port, the other hosts on the next nine. Without it, or with port 0,
    /// all ports are free ones of 127.0.0.1.
    pub listen: Option<SocketAddr>,
    /// The rate limit of all chat servers.
    pub curve: Curve,
    /// The times of a wave and of every chat limit are divided by this.
    pub speed: f64,
    /// Silence on a chat websocket after which a keep-alive goes out; real time.
    pub keep_alive: Duration,
    /// How long after its last websocket a user still counts as present; real time.
    pub presence_timeout: Duration,
    /// How long a repeated text counts as a duplicate; simulated time.
    pub duplicate_window: Duration,
    /// How long a message can be edited and deleted; simulated time.
    pub edit_window: Duration,
    /// Messages of several lines above so many UTF-16 units are too long.
    pub long_limit: Option<usize>,
    /// How messages are rendered.
    pub style: Style,
    /// How long after the realtime socket told of a change the API shows it; simulated time.
    pub replication_delay: Duration,
    /// How long the API gives the same answer to exactly the same request; simulated time, zero for never.
    pub api_cache: Duration,
    /// Requests a day for each API key.
    pub quota: i64,
    /// Requests a day without a key.
    pub quota_without_key: i64,
    /// How often the realtime socket sends a heartbeat; real time.
    pub heartbeat: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: None,
            curve: Curve::default(),
            speed: 1.0,
            keep_alive: Duration::from_secs(15),
            presence_timeout: Duration::from_secs(30),
            duplicate_window: Duration::from_secs(60),
            edit_window: Duration::from_secs(120),
            long_limit: None,
            style: Style::default(),
            replication_delay: Duration::from_millis(2_900),
            api_cache: CACHE_TIME,
            quota: 10_000,
            quota_without_key: 300,
            heartbeat: Duration::from_secs(300),
        }
    }
}
