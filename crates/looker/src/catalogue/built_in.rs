//! What Looker itself brings, and no list names.

/// An object of Looker's own that is referred to like any other, though the list
/// of its kind does not have it.
#[derive(Debug, PartialEq, Eq)]
pub struct BuiltIn {
    /// The kind it is referred to as.
    pub kind: &'static str,
    /// Its key.
    pub key: &'static str,
    /// What it is, and how it is known not to be listed.
    pub about: &'static str,
}

/// All of them. Built-ins that are listed (the Admin role, the model set All, the
/// group All Users) are stored like what people make, and need no entry.
pub const BUILT_INS: &[BuiltIn] = &[
    BuiltIn {
        kind: "lookml_models",
        key: "system__activity",
        about: "the model of System Activity; all_lookml_models leaves it out unless include_internal is set \
                (API document)",
    },
    BuiltIn {
        kind: "projects",
        key: "system__activity",
        about: "the project of that model, which has no repository",
    },
    BuiltIn {
        kind: "folders",
        key: "lookml",
        about: "the virtual folder of LookML dashboards; it is listed by some releases (`looker-api-facts.md` §7) \
                and is a folder nobody can make",
    },
];

/// The built-in object of that kind and key, if it is one.
pub fn built_in(kind: &str, key: &str) -> Option<&'static BuiltIn> {
    BUILT_INS.iter().find(|one| one.kind == kind && one.key == key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;

    #[test]
    fn built_ins_are_of_kinds_that_are_referred_to() {
        for one in BUILT_INS {
            let referred = crate::catalogue::KINDS.iter().flat_map(|kind| kind.references);
            assert!(Kind::find(one.kind).is_some_and(|kind| kind.name == one.kind), "{one:?}");
            assert!(referred.into_iter().any(|reference| reference.kind == one.kind), "{one:?}");
        }
        assert!(built_in("lookml_models", "system__activity").is_some());
        assert_eq!(built_in("looks", "system__activity"), None);
    }
}
