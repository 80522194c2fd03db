internal import CPlatform

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
}
