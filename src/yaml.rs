//! One YAML parser for all files, and its errors in our words.
