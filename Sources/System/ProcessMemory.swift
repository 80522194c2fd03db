internal import CPlatform

/// How a process of ours deals with memory: to be called first of all, by each program.
package enum ProcessMemory {
  /// Keeps glibc's malloc from holding on to what was freed.
  ///
  /// Blocks of a mebibyte and more go back to the system at once. glibc otherwise takes the first 16 MiB of a
  /// password's hash for a sign that such blocks are usual, and each thread keeps one for ever after. And no more than
  /// four heaps, in place of eight for each core: grids that came in by one worker and went by another left holes in
  /// all of them. (10,000 clients' grids, two cores: 43 MB before, 31 with four; a warm grid costs the same.) And no bins
  /// of small blocks behind each thread's own: the buffers of 8 KiB that libfcgi frees with each request have them emptied
  /// every time, for a thirtieth of a warm request's instructions (callgrind).
  package static func bound() {
    mallopt(M_MMAP_THRESHOLD, 1 << 20)
    mallopt(M_ARENA_MAX, 4)
    mallopt(M_MXFAST, 0)
  }
}
