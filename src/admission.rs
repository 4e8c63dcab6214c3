//! The admission request as a rule needs it: a borrowed view, with the objects left as text.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

/// An admission request.
///
/// Only the envelope is read here. The objects stay as they came until it is known that a rule reads them.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request<'a> {
    /// What kind of object it is about.
    #[serde(borrow)]
    pub kind: GroupVersionKind<'a>,
    /// `CREATE`, `UPDATE`, `DELETE` or `CONNECT`.
    #[serde(borrow)]
    pub operation: Cow<'a, str>,
    /// Name of the object; absent where it is still to be made up.
    #[serde(borrow, default)]
    pub name: Option<Cow<'a, str>>,
    /// Namespace of the object, if its kind has one.
    #[serde(borrow, default)]
    pub namespace: Option<Cow<'a, str>>,
    /// The sub-resource, for requests to one.
    #[serde(borrow, default)]
    pub sub_resource: Option<Cow<'a, str>>,
    /// Who asks.
    #[serde(borrow, default)]
    pub user_info: UserInfo<'a>,
    /// The object as it would be stored.
    #[serde(borrow, default)]
    pub object: Option<&'a RawValue>,
    /// The object as it is stored now.
    #[serde(borrow, default)]
    pub old_object: Option<&'a RawValue>,
    /// Where the request comes from.
    #[serde(skip)]
    pub origin: Origin,
    /// Seconds since 1970-01-01 UTC at which the request came in.
    #[serde(skip)]
    pub received_at: i64,
}

/// Where a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Origin {
    /// The API server: other objects may still be on their way.
    #[default]
    ApiServer,
    /// A set of files, which is all there is.
    Manifests,
    /// A cluster that is looked through: the object is there already, and so is everything else.
    Stored,
}

impl Origin {
    /// What is said of an object that is looked for in vain where nothing more will come.
    pub(crate) fn absence(self) -> &'static str {
        match self {
            Self::Manifests => "is not among the manifests",
            Self::ApiServer | Self::Stored => "does not exist",
        }
    }
}

/// Group, version and kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct GroupVersionKind<'a> {
    /// API group; empty for the core group.
    #[serde(borrow, default)]
    pub group: Cow<'a, str>,
    /// Version.
    #[serde(borrow, default)]
    pub version: Cow<'a, str>,
    /// Kind.
    #[serde(borrow, default)]
    pub kind: Cow<'a, str>,
}

/// Who asks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct UserInfo<'a> {
    /// User name; a service account's is `system:serviceaccount:<namespace>:<name>`.
    #[serde(borrow, default)]
    pub username: Cow<'a, str>,
    /// The groups the user is in.
    #[serde(borrow, default)]
    pub groups: Vec<Cow<'a, str>>,
}

impl<'a> Request<'a> {
    /// The review of an object that a cluster stores.
    #[must_use]
    pub fn of_stored(object: &'a RawValue, identity: &Manifest<'a>, now: i64) -> Self {
        Self { origin: Origin::Stored, ..Self::of_manifest(object, identity, now) }
    }

    /// The request that creating the object of a manifest would make.
    #[must_use]
    pub fn of_manifest(object: &'a RawValue, identity: &Manifest<'a>, now: i64) -> Self {
        let (group, version) = identity.api_version.split_once('/').unwrap_or(("", &identity.api_version));
        Self {
            kind: GroupVersionKind {
                group: Cow::Owned(group.to_owned()),
                version: Cow::Owned(version.to_owned()),
                kind: identity.kind.clone(),
            },
            operation: Cow::Borrowed("CREATE"),
            name: Some(identity.metadata.name.clone()),
            namespace: Some(identity.metadata.namespace.clone().unwrap_or(Cow::Borrowed("default"))),
            sub_resource: None,
            user_info: UserInfo::default(),
            object: Some(object),
            old_object: None,
            origin: Origin::Manifests,
            received_at: now,
        }
    }
}

/// What identifies the object of a manifest.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest<'a> {
    /// `group/version`.
    #[serde(borrow)]
    pub api_version: Cow<'a, str>,
    /// Kind.
    #[serde(borrow)]
    pub kind: Cow<'a, str>,
    /// Name and namespace.
    #[serde(borrow, default)]
    pub metadata: ManifestMetadata<'a>,
}

/// Name and namespace of a manifest.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct ManifestMetadata<'a> {
    /// Name.
    #[serde(borrow, default)]
    pub name: Cow<'a, str>,
    /// Namespace.
    #[serde(borrow, default)]
    pub namespace: Option<Cow<'a, str>>,
}
