//! What the C library's allocator is told about this program.

/// From this size on a block is a mapping of its own and goes back to the system
/// as soon as it is freed, in bytes.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const OWN_MAPPING: std::ffi::c_int = 256 * 1024;

/// So much free memory a heap keeps before it gives some back, in bytes.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const KEPT_FREE: std::ffi::c_int = 1024 * 1024;

/// Keeps the size from which blocks get a mapping of their own where it is.
///
/// glibc moves it up to the largest such block ever freed. Pages of an instance are
/// megabytes, made and freed on several threads: after the first few of them all
/// come from heaps, one a thread, which break up and grow with the number of pages
/// read (measured by the memory rows of `cargo bench --bench extract`).
///
/// With that, glibc leaves it at 128 KB which a heap keeps of what was freed. A document is
/// nearly as large, so that a heap would be cut off and grown again with every one.
///
/// To be called before the first thread is started. Elsewhere than with glibc it does
/// nothing.
pub fn settle() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(unsafe_code, reason = "a call of the C library without pointers; it has no safe form")]
    // SAFETY: `mallopt` takes two numbers; no other thread runs yet.
    unsafe {
        // A refusal leaves all as it is, which costs memory and time only.
        libc::mallopt(libc::M_MMAP_THRESHOLD, OWN_MAPPING);
        libc::mallopt(libc::M_TRIM_THRESHOLD, KEPT_FREE);
    }
}
