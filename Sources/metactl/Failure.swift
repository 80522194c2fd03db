internal import ArgumentParser
internal import JSON
internal import MetaModule
internal import System
internal import Text

/// A sentence for standard error and the exit code that goes with it.
struct CommandError: Error, CustomStringConvertible {
  let description: String
  let code: Int32
  /// What else an answer said, for a program.
  let members: JSONObject

  init(_ description: String, code: Int32 = 1, members: JSONObject = [:]) {
    (self.description, self.code, self.members) = (description, code, members)
  }
}

/// How a command ended that did not end well, or that only printed help.
struct Failure {
  private let error: any Error

  /// Runs it; `nil` when all went well. What the core throws becomes a sentence and an exit code.
  init?(of body: () throws -> Void) {
    do {
      try body()
      return nil
    } catch let error as OperationError {
      self.error = CommandError(error.description, code: error.isTrouble ? 2 : 1)
    } catch let error as ConfigurationError {
      self.error = CommandError(error.description, code: 2)
    } catch { self.error = error }
  }

  /// 0 done, 1 refused or a warning, 2 out of order, 64 the command line makes no sense.
  var code: Int32 {
    switch error {
    case let commandError as CommandError: commandError.code
    case is Terminal.Unwritten: 2
    default: Metactl.exitCode(for: error).rawValue
    }
  }

  /// Says why: a sentence on standard error, or for a program `{"detail","exit_code"}` where its answer would be.
  func report(asJSON: Bool) throws(Terminal.Unwritten) {
    if let unwritten = error as? Terminal.Unwritten { throw unwritten }
    if error is ExitCode { return }
    if code == 0 { return try Terminal.sayVerbatim(Help.text(Metactl.fullMessage(for: error))) }
    let commandError = error as? CommandError
    if asJSON {
      var body = commandError?.members ?? [:]
      body["detail"] = .string(commandError?.description ?? sentences.joined(separator: " "))
      body["exit_code"] = JSONValue(Int(code))
      do { return try Terminal.say(.object(body)) } catch { if commandError == nil { throw error } }
    }
    if let commandError { return Terminal.complain("metactl: \(commandError)") }
    for sentence in sentences { Terminal.complain(sentence) }
  }

  /// What the parser says of a command line, and what may have been meant.
  private var sentences: [String] {
    var lines = Help.text(Metactl.fullMessage(for: error)).split(separator: "\n").map(String.init)
    if let meant = Suggestion.forCommandLine(Array(ProcessArguments.all.dropFirst())), !lines.isEmpty {
      lines[0] += ". Did you mean '\(meant)'?"
    }
    return lines
  }
}
