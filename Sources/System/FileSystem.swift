internal import CPlatform
internal import Glibc

/// What has to be known of the file system that a folder is on.
package enum FileSystem {
  /// Whether the folder, or the nearest one above it that exists, is on a file system shared by machines:
  /// statfs(2), linux/magic.h, and the kernel sources for what that header lacks.
  package static func isShared(_ folder: String) -> Bool {
    var nearest = folder
    var kind = cplatform_file_system(nearest)
    while kind == -1, errno == ENOENT,
      let slash = nearest.utf8.lastIndex(of: UInt8(ascii: "/")), slash > nearest.startIndex
    {
      nearest = String(nearest[..<slash])
      kind = cplatform_file_system(nearest)
    }
    return networkFileSystems.contains(kind)
  }

  /// A user or group that a file's access list names, and what it may.
  struct AccessEntry {
    let isGroup: Bool
    let id: UInt32
    let rights: UInt32
  }

  /// Whom the access list of a file names; most files have none.
  static func accessList(of path: String) -> [AccessEntry] {
    withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 4) { buffer in
      let length = cplatform_access_list(path, buffer.baseAddress, buffer.count)
      // A version of four bytes, then eight for each: tag, rights, id.
      guard length >= 4 else { return [] }
      return stride(from: 4, through: length - 8, by: 8).compactMap { offset in
        let tag = UInt16(littleEndian: buffer.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
        let rights = UInt16(littleEndian: buffer.loadUnaligned(fromByteOffset: offset + 2, as: UInt16.self))
        let id = UInt32(littleEndian: buffer.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self))
        let (namedUser, namedGroup): (UInt16, UInt16) = (0x02, 0x08)
        guard tag == namedUser || tag == namedGroup else { return nil }
        return AccessEntry(isGroup: tag == namedGroup, id: id, rights: UInt32(rights))
      }
    }
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
