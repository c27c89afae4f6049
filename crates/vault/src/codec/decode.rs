//! Reading compressed bodies.

use std::cell::RefCell;
use std::collections::HashMap;

use zstd::zstd_safe::{DCtx, DDict, get_error_name, get_frame_content_size};

use crate::DictionaryId;

/// Decompresses; every dictionary is prepared once.
pub(crate) struct Decoder {
    state: RefCell<State>,
}

struct State {
    context: DCtx<'static>,
    /// By the row of the dictionary.
    dictionaries: HashMap<i64, DDict<'static>>,
}

impl Decoder {
    pub(crate) fn new() -> Self {
        let state = State { context: DCtx::create(), dictionaries: HashMap::new() };
        Self { state: RefCell::new(state) }
    }

    /// Whether the dictionary of this row has been learnt.
    pub(crate) fn knows(&self, row: i64) -> bool {
        self.state.borrow().dictionaries.contains_key(&row)
    }

    /// Prepares a dictionary, if it still is what its name says. One that is
    /// damaged stays unknown.
    pub(crate) fn learn(&self, row: i64, id: DictionaryId, bytes: &[u8]) {
        if DictionaryId::of(bytes) == id
            && let Some(dictionary) = DDict::try_create(bytes)
        {
            self.state.borrow_mut().dictionaries.insert(row, dictionary);
        }
    }

    /// Decompresses a frame to exactly `raw_len` bytes; its dictionary, if it
    /// needs one, must have been learnt.
    pub(crate) fn decode(
        &self,
        data: &[u8],
        raw_len: u32,
        dictionary: Option<i64>,
    ) -> Result<Vec<u8>, &'static str> {
        let State { context, dictionaries } = &mut *self.state.borrow_mut();
        match dictionary.map(|row| dictionaries.get(&row)) {
            Some(None) => Err("its dictionary is missing or damaged"),
            Some(dictionary) => decompress(context, data, raw_len, dictionary),
            None => decompress(context, data, raw_len, None),
        }
    }
}

/// Decompresses a frame to exactly `raw_len` bytes.
pub(super) fn decompress(
    context: &mut DCtx<'static>,
    data: &[u8],
    raw_len: u32,
    dictionary: Option<&DDict<'static>>,
) -> Result<Vec<u8>, &'static str> {
    // Asked of the frame before room is made for what it claims to hold.
    if !matches!(get_frame_content_size(data), Ok(Some(size)) if size == u64::from(raw_len)) {
        return Err("its length is not the one it was stored with");
    }
    let mut raw = Vec::with_capacity(raw_len as usize);
    let outcome = match dictionary {
        Some(dictionary) => context.decompress_using_ddict(&mut raw, data, dictionary),
        None => context.decompress(&mut raw, data),
    };
    outcome.map_err(get_error_name)?;
    Ok(raw)
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Decoder")
    }
}
