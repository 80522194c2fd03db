internal import Glibc
internal import System

/// A file of the cache while it is being written, under a name that no reader looks for.
///
/// Until `publish` it is a torso, and whatever goes wrong, `deinit` removes it. Only `kill -9` or a power cut
/// can leave one behind; the sweep finds it by its name.
struct Temporary: ~Copyable {
  private let folder: Descriptor
  private let folderPath: String
  private let name: String
  /// `nil` once it is closed.
  private var file: Descriptor?
  private var isPublished = false

  init(in directory: CacheDirectory, shard: Int) throws(CacheError) {
    let name = String(UInt64.random(in: .min ... .max), radix: 16) + CacheDirectory.Kind.torso.rawValue
    let folderPath = directory.path(of: shard)
    let folder = try directory.makeAndOpen(shard: shard)
    do throws(SystemError) {
      file = try Descriptor(opening: name, O_WRONLY | O_CREAT | O_EXCL, in: folder.number)
    } catch {
      throw error.during("make a file in", folderPath)
    }
    self.folder = folder
    self.folderPath = folderPath
    self.name = name
  }

  deinit { if !isPublished { unlinkat(folder.number, name, 0) } }

  func write(_ bytes: [UInt8]) throws(CacheError) {
    do throws(SystemError) { try file?.write(bytes) } catch { throw error.during("write to", folderPath) }
  }

  /// Makes the file visible. `rename` is atomic: a reader sees the old file or the new one. There is no
  /// `fsync`: after a power cut the file may be empty or torn, its checksum says so, and it is a miss.
  ///
  /// The modification time is set to the moment after which the file may be removed. Readers never look at it
  /// (they go by the header alone); the sweep would otherwise have to open every file.
  ///
  /// - Returns: How much the folder has grown, in bytes of whole blocks.
  consuming func publish(as published: String, removableAfter moment: Int64) throws(CacheError) -> Int64 {
    do throws(SystemError) {
      guard let file = file.take() else { throw SystemError(code: EBADF) }
      let time = timespec(tv_sec: time_t(moment), tv_nsec: 0)
      futimens(file.number, [time, time])
      let size = CacheDirectory.diskSize(of: try file.status())
      let before = CacheDirectory.diskSize(of: published, in: folder)
      try file.closeReportingErrors()
      if renameat(folder.number, name, folder.number, published) != 0 {
        // A folder in the place of our file: an empty one goes, a full one stays and is an error.
        guard errno == EISDIR || errno == ENOTEMPTY || errno == EEXIST,
          unlinkat(folder.number, published, AT_REMOVEDIR) == 0,
          renameat(folder.number, name, folder.number, published) == 0
        else { throw .last }
      }
      isPublished = true
      return size - before
    } catch {
      throw error.during("publish \(published) in", folderPath)
    }
  }
}
