//! The time zone of this system.

use std::fs;
use std::path::Path;

use jiff::tz::TimeZone;

/// Says which zone the system is in: a link into the list of all zones.
const LOCAL_TIME: &str = "/etc/localtime";

/// The zone of this system, as [`TimeZone::system`] finds it. That one looks at the files
/// of all zones to find one by its name, which takes longer than most questions to a vault;
/// the link leads to it straight away.
pub(super) fn of_system() -> TimeZone {
    let is_named_elsewhere = ["TZ", "TZDIR"].iter().any(|name| std::env::var_os(name).is_some());
    let linked = if is_named_elsewhere { None } else { linked(Path::new(LOCAL_TIME)) };
    linked.unwrap_or_else(TimeZone::system)
}

/// The zone that a link leads to, if it leads to one in the list of all zones.
fn linked(link: &Path) -> Option<TimeZone> {
    let target = fs::read_link(link).ok()?;
    let (_, name) = target.to_str()?.rsplit_once("zoneinfo/")?;
    // Copies that count leap seconds, or do not: no names of zones.
    let is_copy = ["posix/", "right/"].iter().any(|copies| name.starts_with(copies));
    if is_copy { None } else { TimeZone::tzif(name, &fs::read(link).ok()?).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_zone_is_the_one_that_the_list_of_all_has() {
        let (found, system) = (of_system(), TimeZone::system());
        assert_eq!((found.iana_name(), &found), (system.iana_name(), &system));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_says_name_and_rules() {
        let directory = tempfile::tempdir().unwrap();
        let place = |name: &str| directory.path().join(name);
        let zones = Path::new("/usr/share/zoneinfo");
        let link = |name: &str, target: &Path| {
            std::os::unix::fs::symlink(target, place(name)).unwrap();
            linked(&place(name))
        };
        for name in ["Europe/Berlin", "America/Argentina/Ushuaia", "Etc/UTC"] {
            let Ok(wanted) = TimeZone::get(name) else { continue };
            let found = link(&name.replace('/', "-"), &zones.join(name));
            assert_eq!(found.as_ref().and_then(TimeZone::iana_name), wanted.iana_name());
            assert_eq!(found, Some(wanted));
        }
        assert_eq!(link("nowhere", &zones.join("Nowhere/Town")), None);
        assert_eq!(link("copy", &zones.join("right/Europe/Berlin")), None);
        assert_eq!(link("elsewhere", Path::new("/etc/hostname")), None);
        fs::write(place("plain"), "TZif").unwrap();
        assert_eq!(linked(&place("plain")), None);
    }
}
