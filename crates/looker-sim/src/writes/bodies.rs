//! What new objects look like before anything is said of them.

use crate::json;

/// The object of that template with some members set; `id` first.
pub(crate) fn filled(template: &str, changes: &[(&str, String)]) -> String {
    let template = json::compact(template.as_bytes()).unwrap_or_default();
    json::patch(&template, changes)
}

pub(crate) const DASHBOARD: &str = include_str!("bodies/dashboard.json");
pub(crate) const ELEMENT: &str = include_str!("bodies/element.json");
pub(crate) const RESULT_MAKER: &str = include_str!("bodies/result_maker.json");
pub(crate) const FILTER: &str = include_str!("bodies/filter.json");
pub(crate) const LAYOUT: &str = include_str!("bodies/layout.json");
pub(crate) const COMPONENT: &str = include_str!("bodies/component.json");
pub(crate) const LOOK: &str = include_str!("bodies/look.json");
pub(crate) const QUERY: &str = include_str!("bodies/query.json");
pub(crate) const MERGE_QUERY: &str = include_str!("bodies/merge_query.json");
pub(crate) const FOLDER: &str = include_str!("bodies/folder.json");
pub(crate) const BOARD: &str = include_str!("bodies/board.json");
pub(crate) const BOARD_SECTION: &str = include_str!("bodies/board_section.json");
pub(crate) const BOARD_ITEM: &str = include_str!("bodies/board_item.json");
pub(crate) const SCHEDULED_PLAN: &str = include_str!("bodies/scheduled_plan.json");
pub(crate) const DESTINATION: &str = include_str!("bodies/destination.json");
pub(crate) const ALERT: &str = include_str!("bodies/alert.json");
pub(crate) const USER: &str = include_str!("bodies/user.json");
pub(crate) const CREDENTIALS_EMAIL: &str = include_str!("bodies/credentials_email.json");
pub(crate) const PERSONAL_FOLDER: &str = include_str!("bodies/personal_folder.json");
pub(crate) const GROUP: &str = include_str!("bodies/group.json");
pub(crate) const ROLE: &str = include_str!("bodies/role.json");
pub(crate) const SET: &str = include_str!("bodies/set.json");
pub(crate) const USER_ATTRIBUTE: &str = include_str!("bodies/user_attribute.json");
pub(crate) const GROUP_VALUE: &str = include_str!("bodies/group_value.json");
pub(crate) const ACCESS: &str = include_str!("bodies/access.json");
pub(crate) const FAVORITE: &str = include_str!("bodies/favorite.json");
pub(crate) const THEME: &str = include_str!("bodies/theme.json");
pub(crate) const COLOR_COLLECTION: &str = include_str!("bodies/color_collection.json");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_is_an_object() {
        for template in [
            DASHBOARD,
            ELEMENT,
            RESULT_MAKER,
            FILTER,
            LAYOUT,
            COMPONENT,
            LOOK,
            QUERY,
            MERGE_QUERY,
            FOLDER,
            BOARD,
            BOARD_SECTION,
            BOARD_ITEM,
            SCHEDULED_PLAN,
            DESTINATION,
            ALERT,
            USER,
            CREDENTIALS_EMAIL,
            PERSONAL_FOLDER,
            GROUP,
            ROLE,
            SET,
            USER_ATTRIBUTE,
            GROUP_VALUE,
            ACCESS,
            FAVORITE,
            THEME,
            COLOR_COLLECTION,
        ] {
            assert!(filled(template, &[("id", "\"7\"".to_owned())]).contains(r#""id":"7""#), "{template}");
        }
    }
}
