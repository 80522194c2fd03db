internal import CPostgres

/// Where a PostgreSQL database is: `postgresql://user@host,host/name?option=…`, as libpq reads it, but without a password.
package struct PostgresAddress: Sendable, CustomStringConvertible {
  /// As it was given. Nothing in it is secret.
  package let description: String

  /// What an address must not say, in the words of a sentence that begins with its name.
  package enum Unfit: Error, Equatable {
    case scheme, password, malformed
    case refused(String)

    package var sentence: String {
      switch self {
      case .scheme: "must begin with postgresql://, as in postgresql://user@host/name."
      case .password:
        "has a password in it, which every list of processes and settings would show. Take it out; the file that "
          + "PGPASSFILE names, or PGPASSWORD, is for it."
      case .malformed:
        "is no address: postgresql://user@host/name?option=value, where anything but letters and digits in a name is "
          + "written as %20 is for a space."
      case .refused(let reason): "is not understood: \(reason)."
      }
    }
  }

  /// - Throws: without the address, in which a password may be.
  package init(_ text: String) throws(Unfit) {
    let bytes = Array(text.utf8)
    guard let scheme = ["postgresql://", "postgres://"].first(where: { bytes.starts(with: $0.utf8) }) else {
      throw .scheme
    }
    guard bytes.allSatisfy({ $0 > 0x20 && $0 != 0x7f }) else { throw .malformed }
    let parts = bytes.dropFirst(scheme.utf8.count).split(
      separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
    // Up to the last @, where libpq looks up to the first @ or /: a password may have such signs, and whoever did not
    // escape them meant a password all the same.
    if let end = parts[0].lastIndex(of: UInt8(ascii: "@")),
      parts[0][..<end].contains(UInt8(ascii: ":"))
    {
      throw .password
    }
    // Whatever it hides behind: percent signs are undone in names, too.
    var isMalformed = false
    for option in parts.dropFirst().joined().split(separator: UInt8(ascii: "&")) {
      let name = option.prefix { $0 != UInt8(ascii: "=") }
      if name.contains(UInt8(ascii: "%")) || name.count == option.count { isMalformed = true }
      if name.elementsEqual("password".utf8) || name.elementsEqual("sslpassword".utf8) { throw .password }
    }
    guard !isMalformed else { throw .malformed }
    if let functions = cpostgres_functions() {
      do throws(SQLError) { _ = try Self.settings(text, functions) } catch {
        throw .refused(error.reason ?? "libpq does not say why")
      }
    }
    description = text
  }

  /// What libpq is to be told to reach each of the hosts; one of them where the address names none.
  func alternatives(_ functions: UnsafePointer<cpostgres>) throws(SQLError) -> [[(String, String)]] {
    var settings = try Self.settings(description, functions)
    for (name, value) in Self.standard where !settings.contains(where: { $0.0 == name }) {
      settings.append((name, value))
    }
    return Self.divided(settings)
  }

  private static func settings(
    _ address: String, _ functions: UnsafePointer<cpostgres>
  ) throws(SQLError) -> [(String, String)] {
    var complaint: UnsafeMutablePointer<CChar>?
    guard let options = functions.pointee.conninfoParse(address, &complaint) else {
      let reason = complaint.map { String(cString: $0) }
      if let complaint { functions.pointee.freemem(complaint) }
      throw SQLError(state: "08001", reason: reason.map { PostgresConnection.printable($0) })
    }
    defer { functions.pointee.conninfoFree(options) }
    var settings: [(String, String)] = []
    var option = options
    // The end is an option without a name, which the header of libpq cannot say.
    while UnsafeRawPointer(option).load(as: UInt.self) != 0 {
      if let value = option.pointee.value {
        settings.append((String(cString: option.pointee.keyword), String(cString: value)))
      }
      option += 1
    }
    return settings
  }

  /// Nothing here is a start-up option that a pooler refuses.
  private static let standard = [
    ("target_session_attrs", "read-write"), ("client_encoding", "UTF8"),
    ("fallback_application_name", "meta-module"), ("keepalives_idle", "10"), ("keepalives_interval", "5"),
    ("keepalives_count", "3"), ("tcp_user_timeout", "5000"),
  ]

  /// libpq tries one host after the other, and a dead one takes all the time there is.
  private static func divided(_ settings: [(String, String)]) -> [[(String, String)]] {
    let lists = ["host", "hostaddr", "port"]
    func parts(_ text: String) -> [String] {
      text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map {
        String(decoding: $0, as: UTF8.self)
      }
    }
    let hosts = settings.filter { $0.0 == "host" || $0.0 == "hostaddr" }.map { parts($0.1).count }.max() ?? 1
    return (0..<hosts).map { number in
      settings.map { name, value in
        guard lists.contains(name) else { return (name, value) }
        let parts = parts(value)
        return (name, parts.count == 1 ? parts[0] : number < parts.count ? parts[number] : "")
      }
    }
  }
}
