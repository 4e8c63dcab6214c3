//! Tables of objects that a controller refuses, for the tests of both front ends.

use serde_json::Value;

use crate::plan::Mistake;

/// A row: a change to an object that is in order, where it is refused, why, and the nearest change that is not.
pub(super) type Row = (Value, &'static str, &'static str, Value);

/// Lays `change` over `object`; `null` takes a field away.
pub(super) fn merge(object: &mut Value, change: &Value) {
    let Some(fields) = change.as_object() else {
        *object = change.clone();
        return;
    };
    for (key, value) in fields {
        match (value, object.get_mut(key)) {
            (Value::Null, _) => drop(object.as_object_mut().map(|object| object.remove(key))),
            (_, Some(below)) => merge(below, value),
            (_, None) => object[key] = value.clone(),
        }
    }
}

/// `base` with a `change` in its specification.
pub(super) fn changed(base: &Value, change: &Value) -> Value {
    let mut object = base.clone();
    merge(&mut object["spec"], change);
    object
}

/// Holds rows against what `refused` finds: changes and paths start at `within`, dotted.
pub(super) fn hold(base: &Value, within: &str, rows: &[Row], refused: fn(&Value) -> Vec<Mistake>) {
    let whole = |change: &Value| {
        let fields = within.split('.').skip(1).collect::<Vec<_>>().into_iter().rev();
        let change = fields.fold(change.clone(), |change, field| serde_json::json!({ field: change }));
        changed(base, &change)
    };
    assert!(refused(base).is_empty());
    for (change, path, message, accepted) in rows {
        let found = refused(&whole(change));
        let path = format!("{within}{path}");
        assert!(
            matches!(&*found, [only] if only.path == path && only.message.contains(message)),
            "{change}: {found:?}"
        );
        let found = refused(&whole(accepted));
        assert!(found.is_empty(), "{accepted}: {found:?}");
    }
}
