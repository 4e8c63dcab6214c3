//! The rules a verdict names.

use crate::admission::AdmissionResponse;

/// The rules by which a review denied and warned, each list joined by commas, as the policy notes them for the audit
/// log.
#[derive(Clone, Copy, Default)]
pub(super) struct Rules<'a> {
    pub(super) denied_by: Option<&'a str>,
    pub(super) warned_by: Option<&'a str>,
    /// The exemption that lowered findings.
    pub(super) exempted: Option<&'a str>,
}

impl<'a> Rules<'a> {
    pub(super) fn of(response: &'a AdmissionResponse) -> Self {
        let note =
            |name| response.audit_annotations.as_ref().and_then(|notes| notes.get(name)).map(String::as_str);
        Self { denied_by: note("denied-by"), warned_by: note("warned-by"), exempted: note("exempted") }
    }
}
