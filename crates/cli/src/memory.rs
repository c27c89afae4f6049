//! What the C library's allocator is told about this program.

/// From this size on a block is a mapping of its own and goes back to the system
/// as soon as it is freed, in bytes.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const OWN_MAPPING: std::ffi::c_int = 256 * 1024;

/// Keeps the size from which blocks get a mapping of their own where it is.
///
/// glibc moves it up to the largest such block ever freed. Pages of an instance are
/// megabytes, made and freed on several threads: after the first few of them all
/// come from heaps, one a thread, which break up and grow with the number of pages
/// read (measured by the memory rows of `cargo bench --bench extract`). To be called
/// before the first thread is started. Elsewhere than with glibc it does nothing.
pub fn settle() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(unsafe_code, reason = "a call of the C library without pointers; it has no safe form")]
    // SAFETY: `mallopt` takes two numbers; no other thread runs yet.
    unsafe {
        // A refusal leaves all as it is, which costs memory only.
        libc::mallopt(libc::M_MMAP_THRESHOLD, OWN_MAPPING);
    }
}
