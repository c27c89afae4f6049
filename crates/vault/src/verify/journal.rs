//! What the next writer needs: a file that lets itself be written, and a whole
//! write-ahead log, where one was left behind.
//!
//! SQLite takes the first frame that does not fit for the end of the log and says
//! nothing of commits behind it. A log whose writer was killed may end in half a
//! frame; one in which a whole commit lies behind a frame that does not fit has lost
//! that commit. Format: <https://sqlite.org/fileformat2.html#walformat>.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use super::Check;
use crate::lock::Lock;

/// Without its lowest bit, which tells the order of bytes in checksums.
const MAGIC: u32 = 0x377f_0682;

const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

/// Largest page that SQLite knows, in bytes.
const LARGEST_PAGE: usize = 65_536;

impl Check<'_> {
    /// No commit of the log lies behind a frame that cannot be read.
    pub(super) fn journal(&mut self) {
        if !self.reader.can_be_written {
            let place = self.reader.path.display().to_string();
            self.damage("the file's header says that it cannot be written", place);
        }
        let path = journal_of(&self.reader.path);
        // A writer at work begins its log anew while we look at it.
        if Lock::is_held(&self.reader.path) {
            return;
        }
        match first_lost(&path) {
            Ok(None) => {}
            Ok(Some(place)) => {
                let place = format!("{}, {place}", path.display());
                let advice = "if the machine lost power or the writer was killed while it wrote, what is missing was \
                              never reported as done: run the same again; else restore a copy of the vault";
                self.find("commits in the write-ahead log cannot be read", place, advice, true);
            }
            Err(error) => self.damage(format!("the log cannot be read: {error}"), path.display().to_string()),
        }
    }
}

/// The write-ahead log of a vault.
fn journal_of(vault: &Path) -> PathBuf {
    let mut name = vault.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

/// The frame behind which a commit is lost, if there is one.
fn first_lost(path: &Path) -> io::Result<Option<String>> {
    let mut log = match File::open(path) {
        Ok(file) => BufReader::new(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let Some(header) = read_whole(&mut log, HEADER)? else { return Ok(None) };
    let Some(mut sums) = Sums::of_header(&header) else {
        // Without frames there is nothing to lose.
        return Ok(read_whole(&mut log, FRAME_HEADER)?.map(|_| "its header".to_owned()));
    };
    let page = word(&header, 2) as usize;
    let mut broken: Option<u64> = None;
    let mut number = 0_u64;
    while let Some(frame) = read_whole(&mut log, FRAME_HEADER + page)? {
        number += 1;
        // Frames of an earlier round of the log follow those of this one.
        let ours = frame[8..16] == header[16..24];
        if broken.is_none() && !(ours && sums.take_frame(&frame)) {
            broken = Some(number);
        }
        let commits = ours && word(&frame, 1) != 0;
        if let Some(broken) = broken.filter(|_| commits) {
            return Ok(Some(format!("frame {broken}")));
        }
    }
    Ok(None)
}

/// So many bytes, or `None` where the log ends before.
fn read_whole(log: &mut impl Read, length: usize) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = vec![0; length];
    match log.read_exact(&mut bytes) {
        Ok(()) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

/// The big-endian word at this place, counted in words.
fn word(bytes: &[u8], place: usize) -> u32 {
    let at = place * 4;
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// The running checksums of a log.
struct Sums {
    big_endian: bool,
    first: u32,
    second: u32,
}

impl Sums {
    /// After the header; `None` where that is damaged.
    fn of_header(header: &[u8]) -> Option<Self> {
        let magic = word(header, 0);
        let mut sums = Self { big_endian: magic & 1 == 1, first: 0, second: 0 };
        sums.add(&header[..24]);
        let page = word(header, 2) as usize;
        let known = magic & !1 == MAGIC && page.is_power_of_two() && (512..=LARGEST_PAGE).contains(&page);
        (known && sums.are(word(header, 6), word(header, 7))).then_some(sums)
    }

    /// Whether the next frame is as it was written.
    fn take_frame(&mut self, frame: &[u8]) -> bool {
        self.add(&frame[..8]);
        self.add(&frame[FRAME_HEADER..]);
        self.are(word(frame, 4), word(frame, 5))
    }

    fn add(&mut self, bytes: &[u8]) {
        for pair in bytes.chunks_exact(8) {
            let number = |at: usize| {
                let word = [pair[at], pair[at + 1], pair[at + 2], pair[at + 3]];
                if self.big_endian { u32::from_be_bytes(word) } else { u32::from_le_bytes(word) }
            };
            let (one, other) = (number(0), number(4));
            self.first = self.first.wrapping_add(one).wrapping_add(self.second);
            self.second = self.second.wrapping_add(other).wrapping_add(self.first);
        }
    }

    fn are(&self, first: u32, second: u32) -> bool {
        (self.first, self.second) == (first, second)
    }
}
