internal import CPlatform
internal import Glibc

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

  /// Keeps 32 freed blocks of a size at hand for each thread of a server, in place of seven: libfcgi takes one for each of
  /// some 26 parameters, and those beyond seven go malloc's longer ways, for a tenth of a warm request's instructions
  /// (callgrind). Only of small ones, so that all together are no more than seven of every size would be: 1 MB for each of 32
  /// workers is too much.
  ///
  /// glibc reads the number once, from the environment and before `main`: the program starts itself once more, as the same
  /// process. Where it cannot, it goes on as it is; so it does where somebody else has set a number, where it was started as
  /// the loader's argument, and when it has been at it for a while: what a preloaded library clears away would be missed for
  /// ever.
  package static func keepMoreAtHand() {
    let (variable, tunable) = ("GLIBC_TUNABLES", "glibc.malloc.tcache_count=")
    var tunables = getenv(variable).map { String(cString: $0).split(separator: ":").map(String.init) } ?? []
    guard !tunables.contains(where: { $0.hasPrefix(tunable) }), getauxval(UInt(AT_BASE)) != 0,
      milliseconds(of: CLOCK_PROCESS_CPUTIME_ID) < 100, let program = ProcessArguments.executable,
      let arguments = cplatform_arguments()
    else { return }
    tunables += [tunable + "32", "glibc.malloc.tcache_max=512"]
    setenv(variable, tunables.joined(separator: ":"), 1)
    execv(program, arguments)
  }
}
