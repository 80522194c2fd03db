internal import COpenSSL

/// The blocks that scrypt works in.
public enum LargeBlocks {
  /// Has every later block of a mebibyte or more mapped for itself, in the whole process.
  public static func giveBackWhenFreed() { copenssl_map_large_blocks() }
}
