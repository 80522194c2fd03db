internal import CSQLite
internal import Glibc

/// What has to be known of the file system that a folder is on.
enum FileSystem {
  /// Whether the folder, or the nearest one above it that exists, is on a file system shared by machines:
  /// statfs(2), linux/magic.h, and the kernel sources for what that header lacks.
  static func isShared(_ folder: String) -> Bool {
    var nearest = folder
    var kind = csqlite_file_system(nearest)
    while kind == -1, errno == ENOENT,
      let slash = nearest.utf8.lastIndex(of: UInt8(ascii: "/")), slash > nearest.startIndex
    {
      nearest = String(nearest[..<slash])
      kind = csqlite_file_system(nearest)
    }
    return networkFileSystems.contains(kind)
  }

  private static let networkFileSystems: Set<Int64> = [
    0x6969,  // NFS
    0x517B,  // SMB
    0xFE53_4D42,  // SMB 2
    0xFF53_4D42,  // CIFS
    0x6573_5546,  // FUSE: sshfs and others; a local one is as fast with a rollback journal
    0x0102_1997,  // 9p
    0x00C3_6400,  // Ceph
    0x0BD0_0BD0,  // Lustre
    0x5346_414F,  // AFS
    0x7461_636F,  // OCFS2
    0x0116_1970,  // GFS2
    0x4750_4653,  // GPFS
    0x786F_4256,  // VirtualBox shared folder
    0xBACB_ACBC,  // VMware shared folder
  ]
}
