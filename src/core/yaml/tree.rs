//! A YAML document as a tree in which every key and value knows its place.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::{DuplicateKeyPolicy, Spanned};

use super::{Position, Problem, check_size, options, problem};

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Where it starts.
    pub at: Position,
    /// What it is.
    pub value: Value,
}

/// What a node holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing: an empty value, `~` or `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// Text, quoted or not.
    Text(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order of the file.
    Map(Vec<(Node, Node)>),
}

impl Node {
    /// The text of a scalar as a person would write it; `None` for lists and mappings.
    pub fn scalar(&self) -> Option<String> {
        match &self.value {
            Value::Null => Some(String::new()),
            Value::Bool(v) => Some(v.to_string()),
            Value::Int(v) => Some(v.to_string()),
            Value::Float(v) => Some(v.to_string()),
            Value::Text(v) => Some(v.clone()),
            Value::List(_) | Value::Map(_) => None,
        }
    }

    /// What kind of thing it is, for messages.
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "a boolean",
            Value::Int(_) | Value::Float(_) => "a number",
            Value::Text(_) => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }

    /// The place of the last key `name` at `column` that stands before `limit`.
    fn last_key(&self, name: &str, column: u64, limit: Position) -> Option<Position> {
        match &self.value {
            Value::List(items) => items.iter().filter_map(|n| n.last_key(name, column, limit)).max(),
            Value::Map(entries) => entries
                .iter()
                .flat_map(|(key, value)| {
                    let same =
                        key.at.column == column && key.at < limit && key.scalar().as_deref() == Some(name);
                    [same.then_some(key.at), value.last_key(name, column, limit)]
                })
                .flatten()
                .max(),
            _ => None,
        }
    }
}

/// Reads one YAML document into a tree. A duplicate key does not hide the other mistakes: the tree then has the
/// first of the two, and the problem is given beside it.
///
/// # Errors
/// The syntax error, or the limit, that ends the reading.
pub fn parse_tree(text: &str, file: &str) -> Result<(Node, Option<Problem>), Problem> {
    check_size(text, file)?;
    let error = match serde_yaml::from_str_with_options(text, options(DuplicateKeyPolicy::Error)) {
        Ok(node) => return Ok((node, None)),
        Err(error) => error,
    };
    let mut found = problem(&error, file);
    let serde_yaml::Error::DuplicateMappingKey { key: Some(key), .. } = error.without_snippet() else {
        return Err(found);
    };
    let node: Node = serde_yaml::from_str_with_options(text, options(DuplicateKeyPolicy::FirstWins))
        .map_err(|e| problem(&e, file))?;
    if let Some(first) = node.last_key(key, found.at.column, found.at) {
        found.what = format!(
            "key `{key}` stands twice in the same place (lines {} and {})",
            first.line, found.at.line
        );
    }
    Ok((node, Some(found)))
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Value>::deserialize(deserializer)?;
        Ok(Self { at: spanned.referenced.into(), value: spanned.value })
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, v: bool) -> Result<Value, E> {
        Ok(Value::Bool(v))
    }

    fn visit_i64<E>(self, v: i64) -> Result<Value, E> {
        Ok(Value::Int(v))
    }

    fn visit_u64<E>(self, v: u64) -> Result<Value, E> {
        Ok(i64::try_from(v).map_or(Value::Text(v.to_string()), Value::Int))
    }

    fn visit_f64<E>(self, v: f64) -> Result<Value, E> {
        Ok(Value::Float(v))
    }

    fn visit_str<E: de::Error>(self, v: &str) -> Result<Value, E> {
        Ok(Value::Text(v.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Value::Map(entries))
    }
}
