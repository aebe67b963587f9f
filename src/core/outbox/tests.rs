//! What an account keeps over a restart; the life of a send is tested with the bot.

use super::*;

#[test]
fn an_account_comes_back_whatever_was_saved_of_its_limit() {
    let account = Account { max_units: 250, recent: vec![7], ..Account::default() };
    let mut saved = serde_json::to_value(&account).expect("plain data");
    assert_eq!(serde_json::from_value::<Account>(saved.clone()).expect("the same"), account);
    saved["rate_limit"]["delay_ms"] = serde_json::Value::Null;
    assert_eq!(serde_json::from_value::<Account>(saved).expect("a new limit"), account);
}
