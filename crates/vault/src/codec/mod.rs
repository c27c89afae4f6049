//! Compression with dictionaries that the vault trains on its own content.
//!
//! # The problem
//!
//! Bodies are small (a look 1.4 KB, a dashboard 30 KB) and very much alike, yet
//! each is compressed alone, because reading one must never need another. So
//! the compressor starts every time knowing nothing of keys that all of them
//! share. A zstd dictionary gives it that knowledge. The dictionary is then
//! part of the data: a body compressed with one cannot be read without it.
//!
//! # The choice
//!
//! Level 3, and one trained dictionary per kind (and one for the volatile parts
//! of a kind). The first bodies of a kind are compressed without one and
//! remembered as samples. The thread that brings the last sample needed trains,
//! while all others go on without a dictionary; that costs this thread about a
//! tenth of a second, once per kind in the life of a vault. What was
//! written before stays as it is: every body says which dictionary it needs.
//!
//! What a restore keeps of what it was made from and of what it left is compressed at
//! level 1 ([`Codec::quick`]): people wait for it, and most of it is soon replaced by what
//! the next extraction reads. It is read like any other.
//!
//! A new dictionary exists first in memory only. The writer stores it in the
//! transaction of the first body that refers to it, so that no crash can leave
//! a body without its dictionary.

mod decode;
mod training;

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use zstd::zstd_safe::{CCtx, CDict, DCtx, DDict, compress_bound};

pub(crate) use decode::Decoder;
use training::Samples;

use crate::DictionaryId;

/// Above 3, a little smaller costs several times the time.
pub(crate) const LEVEL: i32 = 3;

/// Takes three fifths of the time of [`LEVEL`], and a tenth more room.
const QUICK_LEVEL: i32 = 1;

/// A compressed body or volatile part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    /// Bytes before compression.
    pub raw_len: u32,
    /// The dictionary it needs to be read.
    pub dictionary: Option<DictionaryId>,
    /// One zstd frame (RFC 8878).
    pub data: Vec<u8>,
}

/// Compresses with one trained dictionary per kind. Clones share their
/// dictionaries and samples; any number of threads may encode at once.
#[derive(Clone)]
pub struct Codec {
    shared: Arc<Shared>,
    level: i32,
}

/// What a dictionary is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Part {
    Body,
    Volatile,
}

impl Part {
    pub(crate) fn code(self) -> i64 {
        match self {
            Self::Body => 0,
            Self::Volatile => 1,
        }
    }

    pub(crate) fn from_code(code: i64) -> Option<Self> {
        [Self::Body, Self::Volatile].into_iter().find(|part| part.code() == code)
    }
}

/// A dictionary, ready for use.
pub(crate) struct Dictionary {
    pub(crate) id: DictionaryId,
    pub(crate) kind: String,
    pub(crate) part: Part,
    pub(crate) bytes: Vec<u8>,
    prepared: CDict<'static>,
    /// The same for [`QUICK_LEVEL`], once somebody is in a hurry.
    quick: OnceLock<CDict<'static>>,
    /// Prepared to read with, once somebody does.
    reading: OnceLock<DDict<'static>>,
}

impl Dictionary {
    pub(crate) fn new(kind: &str, part: Part, bytes: Vec<u8>) -> Self {
        let prepared = CDict::create(&bytes, LEVEL);
        let (quick, reading) = (OnceLock::new(), OnceLock::new());
        Self { id: DictionaryId::of(&bytes), kind: kind.to_owned(), part, bytes, prepared, quick, reading }
    }

    fn prepared(&self, level: i32) -> &CDict<'static> {
        match level {
            LEVEL => &self.prepared,
            level => self.quick.get_or_init(|| CDict::create(&self.bytes, level)),
        }
    }
}

#[derive(Default)]
struct Shared {
    /// How each kind's bodies, and its volatile parts, are compressed now.
    kinds: [RwLock<HashMap<String, Current>>; 2],
    /// Every dictionary that was current in this process, for the writer.
    known: RwLock<HashMap<DictionaryId, Arc<Dictionary>>>,
}

#[derive(Clone)]
enum Current {
    Trained(Arc<Dictionary>),
    Sampling(Arc<Mutex<Samples>>),
}

thread_local! {
    /// One compressor a thread, and room for its result.
    static COMPRESSOR: RefCell<(CCtx<'static>, Vec<u8>)> =
        RefCell::new((CCtx::create(), Vec::new()));

    /// One decompressor a thread.
    static DECOMPRESSOR: RefCell<DCtx<'static>> = RefCell::new(DCtx::create());
}

impl Codec {
    /// A codec that starts with these dictionaries; of two for the same use
    /// the later one is taken.
    pub(crate) fn new(dictionaries: Vec<Dictionary>) -> Self {
        let codec = Self { shared: Arc::default(), level: LEVEL };
        for dictionary in dictionaries {
            codec.install(Arc::new(dictionary));
        }
        codec
    }

    /// The same with less effort: quicker, and larger.
    #[must_use]
    pub fn quick(&self) -> Self {
        Self { level: QUICK_LEVEL, ..self.clone() }
    }

    /// Compresses a canonical body of this kind (below 4 GiB, which
    /// [`canonicalise`](crate::canonicalise) sees to).
    pub fn encode(&self, kind: &str, body: &[u8]) -> Encoded {
        self.encode_part(kind, Part::Body, body)
    }

    /// Compresses the volatile part of an object of this kind.
    pub fn encode_volatile(&self, kind: &str, volatile: &[u8]) -> Encoded {
        self.encode_part(kind, Part::Volatile, volatile)
    }

    /// Gives back what [`encode`](Self::encode) has compressed.
    ///
    /// # Errors
    /// When it needs a dictionary that this codec does not know, or is damaged.
    pub fn decode(&self, encoded: &Encoded) -> Result<Vec<u8>, &'static str> {
        let dictionary = match encoded.dictionary {
            Some(id) => Some(self.dictionary(id).ok_or("its dictionary belongs to another vault")?),
            None => None,
        };
        let reading = dictionary
            .as_deref()
            .map(|dictionary| dictionary.reading.get_or_init(|| DDict::create(&dictionary.bytes)));
        DECOMPRESSOR
            .with_borrow_mut(|context| decode::decompress(context, &encoded.data, encoded.raw_len, reading))
    }

    fn encode_part(&self, kind: &str, part: Part, raw: &[u8]) -> Encoded {
        match self.current(kind, part) {
            Current::Trained(dictionary) => compress(raw, Some(&dictionary), self.level),
            Current::Sampling(samples) => {
                let enough = samples.lock().unwrap_or_else(PoisonError::into_inner).add(raw);
                if let Some(samples) = enough {
                    self.train(kind, part, &samples);
                }
                compress(raw, None, self.level)
            }
        }
    }

    fn current(&self, kind: &str, part: Part) -> Current {
        let kinds = &self.shared.kinds[part.code() as usize];
        if let Some(current) = kinds.read().unwrap_or_else(PoisonError::into_inner).get(kind) {
            return current.clone();
        }
        let mut kinds = kinds.write().unwrap_or_else(PoisonError::into_inner);
        let fresh = || Current::Sampling(Arc::default());
        kinds.entry(kind.to_owned()).or_insert_with(fresh).clone()
    }

    /// Trains and from now on uses a dictionary; samples that give none are
    /// let go, and the kind stays without.
    fn train(&self, kind: &str, part: Part, samples: &training::Taken) {
        match samples.train() {
            Ok(bytes) => {
                tracing::debug!(kind, ?part, bytes = bytes.len(), "A dictionary was trained.");
                self.install(Arc::new(Dictionary::new(kind, part, bytes)));
            }
            Err(error) => tracing::debug!(kind, ?part, %error, "No dictionary could be trained."),
        }
    }

    fn install(&self, dictionary: Arc<Dictionary>) {
        let mut known = self.shared.known.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(dictionary.id, Arc::clone(&dictionary));
        drop(known);
        let kinds = &self.shared.kinds[dictionary.part.code() as usize];
        let mut kinds = kinds.write().unwrap_or_else(PoisonError::into_inner);
        kinds.insert(dictionary.kind.clone(), Current::Trained(dictionary));
    }

    /// The dictionary of this id, if this process made or loaded it.
    pub(crate) fn dictionary(&self, id: DictionaryId) -> Option<Arc<Dictionary>> {
        let known = self.shared.known.read().unwrap_or_else(PoisonError::into_inner);
        known.get(&id).cloned()
    }
}

impl fmt::Debug for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Codec")
    }
}

#[expect(
    clippy::expect_used,
    reason = "zstd only fails here for a result that does not fit, and the bound is its own"
)]
pub(crate) fn compress(raw: &[u8], dictionary: Option<&Dictionary>, level: i32) -> Encoded {
    COMPRESSOR.with_borrow_mut(|(compressor, room)| {
        room.clear();
        room.reserve(compress_bound(raw.len()));
        let outcome = match dictionary {
            Some(dictionary) => compressor.compress_using_cdict(room, raw, dictionary.prepared(level)),
            None => compressor.compress(room, raw, level),
        };
        outcome.expect("the room is as large as zstd's own bound");
        Encoded {
            raw_len: u32::try_from(raw.len()).expect("documents are limited to 512 MiB"),
            dictionary: dictionary.map(|dictionary| dictionary.id),
            data: room.clone(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(number: u32) -> Vec<u8> {
        let words = ["orders", "users", "revenue", "status", "created_date", "region"];
        let fields: Vec<_> = (0..12)
            .map(|i| format!("\"field_{i}\":\"{}.{number}\"", words[(number as usize + i) % 6]))
            .collect();
        format!("{{{}}}", fields.join(",")).into_bytes()
    }

    fn decode(codec: &Codec, encoded: &Encoded) -> Vec<u8> {
        let decoder = Decoder::new();
        let dictionary =
            encoded.dictionary.map(|id| decoder.learn(1, id, &codec.dictionary(id).unwrap().bytes));
        decoder.decode(&encoded.data, encoded.raw_len, dictionary.map(|()| 1)).unwrap()
    }

    #[test]
    fn a_dictionary_comes_into_use_and_everything_can_be_read() {
        let codec = Codec::new(Vec::new());
        let encoded: Vec<_> = (0..400).map(|n| codec.encode("look", &body(n))).collect();
        assert!(encoded[0].dictionary.is_none());
        assert!(encoded[399].dictionary.is_some());
        assert!(encoded[399].data.len() * 2 < encoded[0].data.len());
        for (number, encoded) in (0..).zip(&encoded) {
            assert_eq!(decode(&codec, encoded), body(number));
            assert_eq!(codec.decode(encoded).unwrap(), body(number));
        }
        assert!(codec.encode_volatile("look", b"[]").dictionary.is_none());
        assert!(codec.encode("dashboard", b"{}").dictionary.is_none());
    }

    #[test]
    fn what_is_compressed_quickly_is_read_like_any_other() {
        let codec = Codec::new(Vec::new());
        for number in 0..400 {
            let quick = codec.quick().encode("look", &body(number));
            assert_eq!(decode(&codec, &quick), body(number));
        }
        let (usual, quick) = (codec.encode("look", &body(7)), codec.quick().encode("look", &body(7)));
        assert!(usual.dictionary.is_some(), "samples come from either");
        assert_eq!(quick.dictionary, usual.dictionary);
        assert_ne!(quick.data, usual.data);
    }

    #[test]
    fn loaded_dictionaries_are_used_at_once() {
        let codec = Codec::new(Vec::new());
        let encoded: Vec<_> = (0..400).map(|n| codec.encode("look", &body(n))).collect();
        let last = encoded[399].clone();
        let bytes = codec.dictionary(last.dictionary.unwrap()).unwrap().bytes.clone();
        let again = Codec::new(vec![Dictionary::new("look", Part::Body, bytes)]);
        assert_eq!(again.encode("look", &body(399)), last);
    }

    #[test]
    fn samples_that_teach_nothing_leave_the_kind_without_a_dictionary() {
        let codec = Codec::new(Vec::new());
        for _ in 0..600 {
            assert!(codec.encode("look", b"1").dictionary.is_none());
        }
    }

    #[test]
    fn many_threads_share_one_dictionary() {
        let codec = Codec::new(Vec::new());
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let codec = &codec;
                scope.spawn(move || {
                    for number in 0..300 {
                        let raw = body(thread * 1000 + number);
                        assert_eq!(decode(codec, &codec.encode("look", &raw)), raw);
                    }
                });
            }
        });
        assert_eq!(codec.shared.known.read().unwrap().len(), 1);
    }
}
