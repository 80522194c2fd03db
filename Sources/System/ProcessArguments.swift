internal import CPlatform
internal import Glibc

/// The command line as the system gave it to the program.
///
/// `CommandLine.arguments` is empty where a preloaded library has moved the environment or `/proc` is missing: the program
/// would then serve with defaults in the place of what it was told.
package enum ProcessArguments {
  /// The program's name and what follows it.
  package static let all: [String] = {
    guard var argument = cplatform_arguments() else { return CommandLine.arguments }
    var all: [String] = []
    while let text = argument.pointee {
      all.append(String(cString: text))
      argument += 1
    }
    return all
  }()

  /// The program's own file, without links. Where `/proc` is missing, as in a chroot, what it was started as tells.
  package static var executable: String? {
    guard let path = realpath("/proc/self/exe", nil) ?? cplatform_started_as().flatMap({ realpath($0, nil) })
    else { return nil }
    defer { free(path) }
    return String(cString: path)
  }
}
