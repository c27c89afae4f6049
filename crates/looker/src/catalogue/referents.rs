//! What documents refer to that is no object with a key of its own in the catalogue:
//! parts of objects, objects by another name than their key.

/// One sort of it; what a kind's documents tell of names it as it names kinds.
#[derive(Debug, PartialEq, Eq)]
pub struct Referent {
    /// The name that references have in the place of a kind's.
    pub name: &'static str,
    /// One of them, as people call it.
    pub singular: &'static str,
    /// Several of them.
    pub plural: &'static str,
    /// The kinds whose documents hold it.
    pub within: &'static [&'static str],
    /// The list in those documents whose elements are meant; empty: the document itself.
    pub list: &'static str,
    /// The fields of an element that a reference may have the value of.
    pub called_by: &'static [&'static str],
    /// Fields of whoever refers to it that name the object around it, the best first;
    /// none where every object of those kinds is looked through.
    pub object_in: &'static [&'static str],
}

/// All of them.
pub const REFERENTS: &[Referent] = &[
    Referent {
        name: "dashboard_elements",
        singular: "tile",
        plural: "tiles",
        within: &["dashboards", "lookml_dashboards"],
        list: "dashboard_elements",
        called_by: &["id"],
        object_in: &["lookml_dashboard_id", "investigative_content_id"],
    },
    // Of a LookML dashboard a tab has no id, and is called by its label (API document).
    Referent {
        name: "dashboard_layouts",
        singular: "tab",
        plural: "tabs",
        within: &["dashboards", "lookml_dashboards"],
        list: "dashboard_layouts",
        called_by: &["id", "label"],
        object_in: &["dashboard_id", "lookml_dashboard_id"],
    },
    Referent {
        name: "datagroup_names",
        singular: "datagroup",
        plural: "datagroups",
        within: &["datagroups"],
        list: "",
        called_by: &["name"],
        object_in: &[],
    },
];

impl Referent {
    /// The one of that name.
    pub fn find(name: &str) -> Option<&'static Self> {
        REFERENTS.iter().find(|referent| referent.name == name)
    }
}

/// The name that the ids which documents only tell of have in an index of references,
/// beside those of the kind that bind.
pub fn told_name(kind: &str) -> String {
    format!("{kind} (told)")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;
    use crate::catalogue::KINDS;

    #[test]
    fn referents_lie_in_kinds_and_are_none_themselves() {
        for referent in REFERENTS {
            assert!(Kind::find(referent.name).is_none(), "{}", referent.name);
            assert!(referent.within.iter().all(|kind| Kind::find(kind).is_some()), "{}", referent.name);
            let is_referred_to =
                KINDS.iter().flat_map(|kind| kind.told).any(|reference| reference.kind == referent.name);
            assert!(is_referred_to, "{}", referent.name);
        }
    }
}
