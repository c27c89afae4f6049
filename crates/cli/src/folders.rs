//! Folders of the vault as people name them.

/// Whether this is a folder's id, not a name or a path.
pub(crate) fn is_id(folder: &str) -> bool {
    folder == "lookml" || folder.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a folder with this path is called `name`: its whole path or the end
/// of it, in any case.
pub(crate) fn is_called(path: &str, name: &str) -> bool {
    let (path, name) = (path.to_lowercase(), name.trim_matches('/').to_lowercase());
    path == name || path.strip_suffix(&name).is_some_and(|before| before.ends_with('/'))
}
