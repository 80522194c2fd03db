internal import ArgumentParser
internal import JSON
internal import MetaModule

/// What `doctor` and `status` found, for a person or a program.
struct Findings {
  let findings: [Finding]

  /// `{"status","checks":[{"check","status","detail","remedy"}]}`.
  var json: JSONValue {
    [
      "status": .string(findings.worst.word),
      "checks": .array(
        findings.map { finding in
          [
            "check": .string(finding.check), "status": .string(finding.level.word),
            "detail": .string(finding.detail),
            "remedy": finding.remedy.map { .string($0) } ?? .null,
          ]
        }),
    ]
  }

  /// One line each, and under what is not well another one that says what to do.
  var text: String {
    let style = Style.output
    let width = findings.map(\.check.count).max() ?? 0
    return findings.map { finding in
      let word: String
      switch finding.level {
      case .ok: word = style.good("ok     ")
      case .warning: word = style.warning("warning")
      case .trouble: word = style.bad("trouble")
      }
      let check = finding.check + String(repeating: " ", count: width - finding.check.count)
      let line = "\(word)  \(style.strong(check))  \(Table.printable(finding.detail))"
      let indent = String(repeating: " ", count: 9 + width + 2)
      return finding.remedy.map { line + "\n\(indent)→ \(Table.printable($0))" } ?? line
    }.joined(separator: "\n")
  }

  /// The closing sentence.
  var summary: String {
    let troubles = findings.count { $0.level == .trouble }
    let warnings = findings.count { $0.level == .warning }
    if troubles + warnings == 0 { return "Everything is in order." }
    return "\(Count.text(troubles, "trouble")), \(Count.text(warnings, "warning"))."
  }

  /// Ends the command with 0, 1 for a warning, 2 for trouble.
  func exit() throws {
    switch findings.worst {
    case .ok: break
    case .warning: throw ExitCode(1)
    case .trouble: throw ExitCode(2)
    }
  }
}
