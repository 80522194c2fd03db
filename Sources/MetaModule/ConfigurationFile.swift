internal import Glibc
internal import System
internal import Text

/// A file of `NAME=value` lines, for hosts where no environment can be set.
///
/// Empty lines and lines that begin with `#` are skipped, `export ` in front and one pair of quotes around a value
/// are taken off, and an empty value is none, so that the same file works for a shell and for systemd's `EnvironmentFile`.
struct ConfigurationFile {
  let path: String
  let values: [String: String]
  /// Names of the right form that are none of ours.
  let unknown: [String]

  /// The first of the known places in which a file is; `nil` where there is none.
  ///
  /// A file that was named, on the command line or in `$META_CONFIG`, must be there.
  static func find(
    _ explicit: String?, environment: [String: String], home: String?
  ) throws(ConfigurationError) -> ConfigurationFile? {
    if let named = explicit ?? environment["META_CONFIG"], !named.isEmpty {
      return try ConfigurationFile(path: named)
    }
    return try nearest(home: home).map { path throws(ConfigurationError) in try ConfigurationFile(path: path)
    }
  }

  /// The file beside the executable, or in the home folder.
  static func nearest(home: String?) -> String? {
    var places: [String] = []
    if let executable = ProcessArguments.executable {
      places.append(executable[..<(executable.lastIndex(of: "/") ?? executable.endIndex)] + "/meta.conf")
    }
    if let home { places += [home + "/.config/meta-module/meta.conf", home + "/meta-module/meta.conf"] }
    return places.first { access($0, F_OK) == 0 }
  }

  init(path: String) throws(ConfigurationError) {
    guard let bytes = SmallFile.read(path, limit: 65536) else {
      throw ConfigurationError("The configuration file \(path) cannot be read: \(SystemError.last).")
    }
    let lines: [String]
    do { lines = try TextLines.lines(of: bytes) } catch {
      throw ConfigurationError("The configuration file \(path) \(error.sentence)")
    }
    self.path = path
    var values: [String: String] = [:]
    var unknown: [String] = []
    for (index, line) in lines.enumerated() {
      var line = FieldRule.trimmed(line)
      if line.isEmpty || line.utf8.first == UInt8(ascii: "#") { continue }
      if line.hasPrefix("export ") { line = FieldRule.trimmed(String(line.dropFirst(7))) }
      guard let equals = line.firstIndex(of: "=") else {
        throw ConfigurationError("\(path), line \(index + 1): expected NAME=value.")
      }
      let name = FieldRule.trimmed(String(line[..<equals]))
      if name.utf8.starts(with: "META_".utf8), !Setting.names.contains(name) {
        unknown.append(name)
        continue
      }
      guard Setting.names.contains(name) else {
        throw ConfigurationError("\(path), line \(index + 1): there is no setting named \(name).")
      }
      let value = Self.unquoted(FieldRule.trimmed(String(line[line.index(after: equals)...])))
      values[name] = value.isEmpty ? nil : value
    }
    self.values = values
    self.unknown = unknown
  }

  private static func unquoted(_ text: String) -> String {
    for quote in ["\"", "'"] where text.utf8.count >= 2 && text.hasPrefix(quote) && text.hasSuffix(quote) {
      return String(text.dropFirst().dropLast())
    }
    return text
  }
}
