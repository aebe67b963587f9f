//! The JSON shapes of the API, as the contract fixes them. `smokestack reports` prints the same.

use serde::Serialize;
use utoipa::ToSchema;

use crate::core::bot::RoomBacklog;
use crate::core::feedback::{Consensus, consensus};
use crate::core::post::PostType;
use crate::core::verdict::{Part, Why};
use crate::store::{MessageRow, Page, ReportRow};

/// One page of reports, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Reports {
    /// The reports.
    pub items: Vec<Report>,
    /// Give this as `cursor` for the next page; null on the last.
    pub next_cursor: Option<String>,
}

/// A report with its feedback and delivery.
#[derive(Debug, Serialize, ToSchema)]
pub struct Report {
    /// Short enough to type in chat.
    pub id: String,
    /// When the verdict was reached, RFC 3339.
    pub created_at: String,
    /// When the post was seen to be gone; null while it is there.
    pub deleted_at: Option<String>,
    /// The post.
    pub post: Post,
    /// Sorted, without repeats.
    pub reasons: Vec<String>,
    /// Sum of the weights of the reasons.
    pub weight: i64,
    /// The evidence.
    pub why: Vec<Evidence>,
    /// What people said, oldest first.
    pub feedback: Vec<Feedback>,
    /// What they come to together: `tp`, `fp`, `naa` or `conflict`; null when nobody said anything.
    pub consensus: Option<&'static str>,
    /// What else people replied to it, oldest first.
    pub comments: Vec<Comment>,
    /// Where it went.
    pub delivery: Vec<Delivery>,
}

/// The reported post, as people read it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Post {
    /// Host name.
    pub site: String,
    /// `question` or `answer`.
    #[schema(value_type = String)]
    pub post_type: PostType,
    /// Where it is.
    pub url: String,
    /// Its title; of the question, for an answer.
    pub title: String,
    /// Who wrote it.
    pub owner: Owner,
}

/// Who wrote a post.
#[derive(Debug, Serialize, ToSchema)]
pub struct Owner {
    /// Display name.
    pub name: String,
    /// Profile; null when the account is gone.
    pub url: Option<String>,
    /// Reputation when it was scanned.
    pub reputation: i64,
}

/// One piece of evidence.
#[derive(Debug, Serialize, ToSchema)]
pub struct Evidence {
    /// The reason it supports.
    pub reason: String,
    /// The rule or list entry.
    pub rule: String,
    /// `title`, `body` or `username`.
    #[schema(value_type = String)]
    pub part: Part,
    /// First code point.
    pub start: usize,
    /// One past the last code point.
    pub end: usize,
    /// That slice of the part.
    pub text: String,
}

/// Feedback on a report.
#[derive(Debug, Serialize, ToSchema)]
pub struct Feedback {
    /// `tp`, `tpu-`, `fp`, `naa`, ...
    #[serde(rename = "type")]
    pub kind: String,
    /// When, RFC 3339.
    pub at: String,
    /// Who.
    pub by: By,
}

/// What a person replied to a report, other than feedback.
#[derive(Debug, Serialize, ToSchema)]
pub struct Comment {
    /// What.
    pub text: String,
    /// When, RFC 3339.
    pub at: String,
    /// Who.
    pub by: By,
}

/// Who gave feedback.
#[derive(Debug, Serialize, ToSchema)]
pub struct By {
    /// Chat server; null for the web.
    pub server: Option<String>,
    /// Chat user id; null for the web.
    pub user_id: Option<i64>,
    /// Display name.
    pub name: String,
}

/// A report in one room.
#[derive(Debug, Serialize, ToSchema)]
pub struct Delivery {
    /// Chat server.
    pub server: String,
    /// Room.
    pub room: i64,
    /// `waiting`, `sending`, `unknown`, `sent`, `held` or `covered`.
    pub state: String,
    /// The message that carries it.
    pub message_id: Option<i64>,
    /// Its number in a combined message; null in a single one.
    pub number: Option<u32>,
    /// When it got there, RFC 3339.
    pub at: String,
}

/// What waits for each room.
#[derive(Debug, Serialize, ToSchema)]
pub struct Outbox {
    /// One line a room.
    pub items: Vec<Backlog>,
}

/// What waits for one room.
#[derive(Debug, Serialize, ToSchema)]
pub struct Backlog {
    /// Chat server.
    pub server: String,
    /// Room.
    pub room: i64,
    /// Items that wait.
    pub waiting: usize,
    /// Items on their way.
    pub in_flight: usize,
    /// Age of the oldest of them, in seconds; null when there is none.
    pub oldest_s: Option<f64>,
    /// When the account may send next, RFC 3339.
    pub next_at: String,
    /// What chat says when the room takes nothing from us now; null while it takes messages.
    pub closed: Option<String>,
    /// Until when people asked to spare the room, RFC 3339; null when they did not.
    pub blocked_until: Option<String>,
}

/// The reports that a message carries.
#[derive(Debug, Serialize, ToSchema)]
pub struct Message {
    /// Chat server.
    pub server: String,
    /// Room.
    pub room: i64,
    /// Chat's id.
    pub message_id: i64,
    /// Its reports.
    pub items: Vec<MessageItem>,
}

/// One report in a message.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageItem {
    /// Its number; null in a single report.
    pub number: Option<u32>,
    /// The report's id.
    pub report: String,
}

impl From<ReportRow> for Report {
    fn from(row: ReportRow) -> Self {
        let ReportRow { report, deleted_at, feedback, comments, delivery } = row;
        let consensus = consensus(feedback.iter().map(|row| row.kind.as_str())).map(Consensus::word);
        Self {
            id: report.id.to_string(),
            created_at: report.created_at.to_string(),
            deleted_at: deleted_at.map(|at| at.to_string()),
            post: Post {
                site: report.post.site,
                post_type: report.post.post_type,
                url: report.post.url,
                title: report.post.title,
                owner: Owner {
                    name: report.post.owner.name,
                    url: report.post.owner.url,
                    reputation: report.post.owner.reputation,
                },
            },
            reasons: report.reasons,
            weight: report.weight,
            why: report.why.into_iter().map(Evidence::from).collect(),
            feedback: feedback
                .into_iter()
                .map(|row| Feedback {
                    kind: row.kind,
                    at: row.at.to_string(),
                    by: By { server: row.server, user_id: row.user_id, name: row.name },
                })
                .collect(),
            consensus,
            comments: comments
                .into_iter()
                .map(|row| Comment {
                    text: row.text,
                    at: row.at.to_string(),
                    by: By { server: Some(row.server), user_id: Some(row.user_id), name: row.name },
                })
                .collect(),
            delivery: delivery
                .into_iter()
                .map(|row| Delivery {
                    server: row.server,
                    room: row.room,
                    state: row.state,
                    message_id: row.message_id,
                    number: row.number,
                    at: row.at.to_string(),
                })
                .collect(),
        }
    }
}

impl From<Why> for Evidence {
    fn from(why: Why) -> Self {
        let Why { reason, rule, part, start, end, text } = why;
        Self { reason, rule, part, start, end, text }
    }
}

impl From<Page> for Reports {
    fn from(page: Page) -> Self {
        Self {
            items: page.items.into_iter().map(Report::from).collect(),
            next_cursor: page.next.map(|id| id.to_string()),
        }
    }
}

impl From<RoomBacklog> for Backlog {
    fn from(row: RoomBacklog) -> Self {
        Self {
            server: row.room.server,
            room: row.room.room,
            waiting: row.waiting,
            in_flight: row.in_flight,
            oldest_s: row.oldest.map(|age| age.as_secs_f64()),
            next_at: row.next_at.to_string(),
            closed: row.closed,
            blocked_until: row.blocked_until.map(|at| at.to_string()),
        }
    }
}

impl Message {
    /// Joins what was asked for and what was found.
    pub fn new(server: String, message_id: i64, row: MessageRow) -> Self {
        let items = row
            .items
            .into_iter()
            .map(|item| MessageItem { number: item.number, report: item.report.to_string() })
            .collect();
        Self { server, room: row.room, message_id, items }
    }
}
