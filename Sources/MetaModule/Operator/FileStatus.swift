internal import Glibc

/// What there is at a path, links followed; `nil` with `errno` where it cannot be told.
func fileStatus(of path: String) -> stat? {
  var status = stat()
  return stat(path, &status) == 0 ? status : nil
}
