//! What the bot decided, carried out: each action goes to the task that it is for.

use std::sync::{Arc, Mutex, PoisonError};

use super::chat::Order;
use super::input::{ChatHealth, Input};
use super::turn::Main;
use crate::core::bot::{Action, Event, Found, Question, Wanted};
use crate::core::outbox::AccountKey;
use crate::store;

impl Main {
    pub(super) fn act(&mut self, action: Action) {
        match action {
            Action::Fetch(request) => self.intake.fetch(request),
            Action::Send(send) => self.order(&send.account.clone(), Order::Send(send)),
            Action::LookUp { through, send } => self.order(&through, Order::LookUp(send)),
            Action::Join { account, room } => self.order(&account, Order::Join(room)),
            Action::Scan(batch) => self.intake.scan(batch),
            Action::ReadBack { account, room, after } => {
                self.order(&account, Order::ReadBack { room, after })
            }
            Action::WebAnswer { ticket, outcome } => {
                if let Some(answer) = self.tickets.remove(&ticket) {
                    // Who asked may be gone by now.
                    let _ = answer.send(outcome);
                }
            }
            Action::Retract(retraction) => {
                self.order(&retraction.account.clone(), Order::Retract(retraction))
            }
            Action::Recall { recall, wanted } => self.recall(recall, wanted),
            Action::Watch { site, question } => self.intake.watch(site, question),
            Action::Weigh(weights) => self.intake.scanner.weigh(weights),
            Action::Unwatch { site, question } => self.intake.unwatch(&site, question),
            Action::ChangeList(made) => self.lists.change(made),
            Action::Ask { message, question: Question::Lint(candidate), .. } => {
                self.lists.lint(message, candidate);
            }
            Action::Ask { message, question: Question::Desk(question), .. } => {
                self.desk.take(message, question);
            }
            Action::Ask { room, message, question: Question::Chat(question) } => {
                if let Some(account) = self.account_of(&room.server) {
                    self.order(&account, Order::Ask { room, message, question });
                }
            }
            Action::End { restart } => {
                self.restart = restart;
                self.stop.cancel();
            }
            Action::Tell(happening) => {
                self.metrics.count(&happening);
                // Nobody has to look on.
                let _ = self.happenings.send(happening);
            }
        }
    }

    /// Through whom a server is asked: an account that hears it, if one does.
    fn account_of(&self, server: &str) -> Option<AccountKey> {
        let is_down = |key: &AccountKey| !matches!(self.chat.get(key), Some(Some(ChatHealth::Up)));
        self.orders.keys().filter(|key| key.server == server).min_by_key(|key| is_down(key)).cloned()
    }

    fn order(&self, account: &AccountKey, order: Order) {
        if let Some(orders) = self.orders.get(account) {
            // The task only ends with the service, or with an error that ends it.
            let _ = orders.send(order);
        }
    }

    /// The tables are asked first; of messages that they do not know, chat is.
    fn recall(&self, recall: u64, wanted: Wanted) {
        let account = match &wanted {
            Wanted::Message { server, .. } => self.account_of(server),
            Wanted::Moderator { room, .. } => self.account_of(&room.server),
            Wanted::Reports(_) => None,
        };
        let order = account.and_then(|account| self.orders.get(&account)).cloned();
        if let Wanted::Moderator { room, user_id } = wanted {
            if let Some(order) = order {
                // The task only ends with the service, or with an error that ends it.
                let _ = order.send(Order::Moderator { recall, room: room.room, user_id });
            }
            return;
        }
        let (reader, inputs) = (Arc::clone(&self.reader), self.intake.inputs.clone());
        self.tasks.spawn(async move {
            let found = match recalled(reader, wanted.clone()).await {
                Found::Nothing => {
                    if let (Some(order), Wanted::Message { message_id, .. }) = (order, wanted)
                        && order.send(Order::Source { recall, message_id }).is_ok()
                    {
                        return;
                    }
                    Found::Nothing
                }
                found => found,
            };
            // When the service has stopped there is nobody to tell.
            let _ = inputs.send(Input::Event(Event::Recalled { recall, found })).await;
        });
    }
}

/// What the tables know of something that people speak of.
async fn recalled(reader: Arc<Mutex<store::Reader>>, wanted: Wanted) -> Found {
    let read = tokio::task::spawn_blocking(move || {
        // A reader that panicked holds no half-written state: it only reads.
        let reader = reader.lock().unwrap_or_else(PoisonError::into_inner);
        match wanted {
            Wanted::Reports(reports) => reader.recall(&reports),
            Wanted::Moderator { .. } => Ok(Vec::new()),
            Wanted::Message { server, message_id } => {
                let items = reader.message(&server, message_id)?.map(|row| row.items).unwrap_or_default();
                reader.recall(&items.iter().map(|item| item.report).collect::<Vec<_>>())
            }
        }
    });
    match read.await {
        Ok(Ok(reports)) if reports.is_empty() => Found::Nothing,
        Ok(Ok(reports)) => Found::Reports(reports),
        Ok(Err(error)) => Found::Unreadable(error.to_string()),
        Err(error) => Found::Unreadable(error.to_string()),
    }
}
