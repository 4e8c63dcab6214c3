//! What somebody who is no controller does to a release under way, or to what releases depend on.

use serde_json::Value;

use crate::cluster::{Cluster, Kind};
use crate::json;
use crate::kubernetes::texts;
use crate::plan::Mistake;
use crate::scope::Target;
use crate::settings::Scope;

/// What is wrong with an act.
#[derive(Debug, Default)]
pub struct Intervention {
    /// Acts that skip what the plan promises.
    pub skips: Vec<Mistake>,
    /// Acts that only cut short what the plan promises.
    pub shortens: Vec<Mistake>,
    /// Acts that take away, or weaken, what protects a release.
    pub weakens: Vec<Mistake>,
    /// Edits of what a controller manages.
    pub edits: Vec<Mistake>,
    /// What the cluster could not be asked for.
    pub unasked: Vec<Mistake>,
}

impl Intervention {
    /// Whether there is nothing to say about it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        [&self.skips, &self.shortens, &self.weakens, &self.edits, &self.unasked]
            .iter()
            .all(|mistakes| mistakes.is_empty())
    }

    /// Notes that it could not be found out what depends on an object.
    pub(crate) fn unasked(&mut self, object: &str, error: &str) {
        self.unasked.push(Mistake::new(
            "metadata.name",
            format!("it could not be found out what depends on {object}: {error}"),
            "grant the policy access to the kinds it reads, or set context",
        ));
    }
}

/// An act on an object that is there already.
pub(crate) struct Attempt<'a> {
    /// What is done to which kind.
    pub target: Target,
    /// The object's kind as the API names it.
    pub kind: &'a str,
    /// The object's name.
    pub name: &'a str,
    /// The object's namespace.
    pub namespace: &'a str,
    /// The object as it is stored now.
    pub old: Value,
    /// The object as it would be stored; null when it is deleted.
    pub new: Value,
    /// Whose releases are governed.
    pub scope: &'a Scope,
    /// Other objects.
    pub cluster: &'a dyn Cluster,
}

impl Attempt<'_> {
    /// The object, for messages.
    pub(crate) fn title(&self) -> String {
        format!("{} {}", self.kind, self.name)
    }

    /// Whether the act turns on a switch of the specification.
    pub(crate) fn turns_on(&self, switch: &str) -> bool {
        self.new["spec"][switch] == true && self.old["spec"][switch] != true
    }

    /// The governed releases of a kind in the object's namespace, without those that are being deleted; a note where
    /// nobody can tell.
    pub(crate) fn releases(&self, kind: Kind, found: &mut Intervention) -> Vec<Value> {
        let releases = match self.cluster.list(kind, Some(self.namespace)) {
            Ok(releases) => releases,
            Err(error) => {
                found.unasked(&self.title(), &error.0);
                return Vec::new();
            }
        };
        let mut governed = Vec::new();
        for json in releases {
            let release: Value = json::from_str(json.get()).unwrap_or_default();
            let metadata = &release["metadata"];
            if metadata["deletionTimestamp"].is_null()
                && self.scope.includes_labels(&texts(&metadata["labels"]))
            {
                governed.push(release);
            }
        }
        governed
    }
}

/// The owner that manages an object; null when none does.
pub(crate) fn controller(object: &Value) -> &Value {
    let owners = object["metadata"]["ownerReferences"].as_array().map(Vec::as_slice).unwrap_or_default();
    owners.iter().find(|owner| owner["controller"] == true).unwrap_or(&Value::Null)
}
