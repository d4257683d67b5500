//! JSON Patch, RFC 6902.

use serde_json::Value;

/// Operations in one patch; more are refused.
pub const OPERATIONS_MAX: usize = 100;

/// Why a patch was not applied. Values and paths are not repeated: they may be about a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PatchError {
    /// The patch is no list of operations.
    #[error(
        "a patch is a list of operations, each with op and path, and from or value where needed"
    )]
    Malformed,
    /// More operations than allowed.
    #[error("too many operations in one patch")]
    TooMany,
    /// A place does not exist.
    #[error("operation {0}: the place does not exist")]
    NoPlace(usize),
    /// A `test` does not hold.
    #[error("operation {0}: the test does not hold")]
    TestFailed(usize),
    /// Something is moved into itself.
    #[error("operation {0}: a value cannot be moved into itself")]
    IntoItself(usize),
}

/// Applies a patch. Nothing is changed when one operation fails.
pub fn apply(document: &Value, patch: &Value) -> Result<Value, PatchError> {
    let operations = patch.as_array().ok_or(PatchError::Malformed)?;
    if operations.len() > OPERATIONS_MAX {
        return Err(PatchError::TooMany);
    }
    let mut changed = document.clone();
    for (index, operation) in operations.iter().enumerate() {
        step(&mut changed, operation, index)?;
    }
    Ok(changed)
}

fn step(document: &mut Value, operation: &Value, index: usize) -> Result<(), PatchError> {
    let word = |name: &str| {
        operation
            .get(name)
            .and_then(Value::as_str)
            .ok_or(PatchError::Malformed)
    };
    let value = || operation.get("value").cloned().ok_or(PatchError::Malformed);
    let nowhere = PatchError::NoPlace(index);
    let path = pointer(word("path")?)?;
    match word("op")? {
        "add" => add(document, &path, value()?).ok_or(nowhere),
        "remove" => remove(document, &path).map(drop).ok_or(nowhere),
        "replace" => {
            *find(document, &path).ok_or(nowhere)? = value()?;
            Ok(())
        }
        "copy" => {
            let from = pointer(word("from")?)?;
            let copied = find(document, &from).ok_or(nowhere)?.clone();
            add(document, &path, copied).ok_or(nowhere)
        }
        "move" => {
            let from = pointer(word("from")?)?;
            if path.len() > from.len() && path.starts_with(&from) {
                return Err(PatchError::IntoItself(index));
            }
            let moved = remove(document, &from).ok_or(nowhere)?;
            add(document, &path, moved).ok_or(nowhere)
        }
        "test" => {
            let found = find(document, &path).ok_or(nowhere)?;
            if *found == value()? {
                Ok(())
            } else {
                Err(PatchError::TestFailed(index))
            }
        }
        _ => Err(PatchError::Malformed),
    }
}

/// The steps of a JSON pointer, RFC 6901.
fn pointer(text: &str) -> Result<Vec<String>, PatchError> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let rest = text.strip_prefix('/').ok_or(PatchError::Malformed)?;
    Ok(rest
        .split('/')
        .map(|part| part.replace("~1", "/").replace("~0", "~"))
        .collect())
}

fn index_of(text: &str) -> Option<usize> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    plain.then(|| text.parse().ok()).flatten()
}

fn find<'a>(document: &'a mut Value, path: &[String]) -> Option<&'a mut Value> {
    let mut at = document;
    for name in path {
        at = match at {
            Value::Object(object) => object.get_mut(name)?,
            Value::Array(items) => items.get_mut(index_of(name)?)?,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return None,
        };
    }
    Some(at)
}

fn add(document: &mut Value, path: &[String], value: Value) -> Option<()> {
    let Some((name, owner)) = path.split_last() else {
        *document = value;
        return Some(());
    };
    match find(document, owner)? {
        Value::Object(object) => {
            object.insert(name.clone(), value);
            Some(())
        }
        Value::Array(items) => {
            let at = if name == "-" {
                items.len()
            } else {
                index_of(name)?
            };
            (at <= items.len()).then(|| items.insert(at, value))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

fn remove(document: &mut Value, path: &[String]) -> Option<Value> {
    let (name, owner) = path.split_last()?;
    match find(document, owner)? {
        Value::Object(object) => object.remove(name),
        Value::Array(items) => {
            let at = index_of(name)?;
            (at < items.len()).then(|| items.remove(at))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn the_six_operations_do_what_the_standard_says() {
        let before = json!({ "a": [1, 2], "b": { "c~/": "x" } });
        let patch = json!([
            { "op": "test", "path": "/b/c~0~1", "value": "x" },
            { "op": "add", "path": "/a/-", "value": 3 },
            { "op": "add", "path": "/a/0", "value": 0 },
            { "op": "remove", "path": "/a/1" },
            { "op": "replace", "path": "/b/c~0~1", "value": "y" },
            { "op": "copy", "from": "/a", "path": "/d" },
            { "op": "move", "from": "/b/c~0~1", "path": "/e" },
        ]);
        let after = json!({ "a": [0, 2, 3], "b": {}, "d": [0, 2, 3], "e": "y" });
        assert_eq!(apply(&before, &patch), Ok(after));
    }

    #[test]
    fn a_patch_that_does_not_fit_changes_nothing_and_says_why() {
        let before = json!({ "a": [1] });
        let refused = |operation: Value| apply(&before, &json!([operation])).unwrap_err();
        assert_eq!(
            refused(json!({ "op": "remove", "path": "/b" })),
            PatchError::NoPlace(0)
        );
        assert_eq!(
            refused(json!({ "op": "add", "path": "/a/2", "value": 1 })),
            PatchError::NoPlace(0)
        );
        assert_eq!(
            refused(json!({ "op": "add", "path": "/a/00", "value": 1 })),
            PatchError::NoPlace(0)
        );
        assert_eq!(
            refused(json!({ "op": "test", "path": "/a/0", "value": 2 })),
            PatchError::TestFailed(0)
        );
        assert_eq!(
            refused(json!({ "op": "move", "from": "/a", "path": "/a/0" })),
            PatchError::IntoItself(0)
        );
        assert_eq!(
            refused(json!({ "op": "add", "path": "a", "value": 2 })),
            PatchError::Malformed
        );
        assert_eq!(apply(&before, &json!({})), Err(PatchError::Malformed));
        let many = Value::Array(vec![
            json!({ "op": "add", "path": "/a/0", "value": 1 });
            101
        ]);
        assert_eq!(apply(&before, &many), Err(PatchError::TooMany));
    }

    proptest! {
        #[test]
        fn adding_and_removing_comes_back(items in prop::collection::vec(0_u32..9, 0..6), at in 0_usize..6, value in 0_u32..9) {
            let at = at.min(items.len());
            let before = json!({ "a": items });
            let path = format!("/a/{at}");
            let after = apply(&before, &json!([
                { "op": "add", "path": path, "value": value },
                { "op": "remove", "path": path },
            ]));
            prop_assert_eq!(after, Ok(before));
        }
    }
}
