internal import Glibc

package func permissions(of path: String) -> UInt32 {
  var status = stat()
  return stat(path, &status) == 0 ? status.st_mode & 0o7777 : 0
}

package func contents(of path: String) -> [UInt8] {
  guard let file = fopen(path, "r") else { return [] }
  defer { fclose(file) }
  var bytes = [UInt8](repeating: 0, count: 1 << 24)
  bytes.removeLast(bytes.count - fread(&bytes, 1, bytes.count, file))
  return bytes
}

package func overwrite(_ path: String, at offset: Int, with bytes: [UInt8]) {
  guard let file = fopen(path, "r+") else { return }
  defer { fclose(file) }
  fseek(file, offset, SEEK_SET)
  fwrite(bytes, 1, bytes.count, file)
}
