internal import CPlatform

/// How a process of ours deals with memory: to be called first of all, by each program.
package enum ProcessMemory {
  /// Blocks of a mebibyte and more go back to the system as soon as they are freed. glibc otherwise takes the first 16
  /// MiB of a password's hash for a sign that such blocks are usual, and each thread keeps one for ever after.
  package static func giveBackLargeBlocks() { cplatform_map_large_blocks() }
}
