//! How a verb tells of its progress without knowing who listens.

/// Listens to a verb at work. All methods may be called from any thread.
pub trait Watch: Send + Sync {
    /// A new phase began, for instance `reading pages`.
    fn phase(&self, name: &str) {
        let _ = name;
    }
    /// So many more objects of a kind are to come.
    fn expect(&self, kind: &'static str, objects: u64) {
        let _ = (kind, objects);
    }
    /// Objects of a kind were read.
    fn read(&self, kind: &'static str, objects: u64) {
        let _ = (kind, objects);
    }
    /// Something a person should know, though the work goes on.
    fn warn(&self, text: &str) {
        let _ = text;
    }
}

/// Listens to nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quiet;

impl Watch for Quiet {}
