//! What was read for a plan and is not read again for the next one of its session: when
//! somebody answered a question, or what is live has moved.

use std::collections::{BTreeSet, HashMap};

use super::{Planner, access};
use crate::restore::identity::Lives;

/// What was read of the instance for a plan.
#[derive(Default)]
pub(in crate::restore) struct Reads {
    lives: HashMap<&'static str, Lives>,
    asked: HashMap<&'static str, BTreeSet<String>>,
    whole: BTreeSet<&'static str>,
    metadata: HashMap<String, access::Metadata>,
}

impl Planner<'_> {
    /// Takes over what an earlier plan has read.
    pub(super) fn go_on_from(&mut self, reads: Reads) {
        let Reads { lives, asked, whole, metadata } = reads;
        (self.lives, self.asked, self.whole, self.metadata) = (lives, asked, whole, metadata);
    }

    /// Leaves what was read to the next plan of the session.
    pub(super) fn leave_reads(&mut self) {
        self.session.leave_reads(Reads {
            lives: std::mem::take(&mut self.lives),
            asked: std::mem::take(&mut self.asked),
            whole: std::mem::take(&mut self.whole),
            metadata: std::mem::take(&mut self.metadata),
        });
    }
}
