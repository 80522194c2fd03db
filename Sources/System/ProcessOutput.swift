internal import CPlatform

/// Descriptors that a process was given and shares with others.
package enum ProcessOutput {
  /// Writes what can be written without waiting for a reader. Returns how many bytes that were, or -1 with `errno`.
  package static func writeNow(_ bytes: UnsafeRawPointer, _ count: Int, to descriptor: Int32) -> Int {
    cplatform_write_now(descriptor, bytes, count)
  }
}
