internal import ArgumentParser
internal import JSON
internal import MetaModule

/// What `doctor` and `status` found, for a person or a program.
struct Findings {
  let findings: [Finding]

  /// `{"status","checks":[{"check","status","detail","remedy"}]}`.
  var json: JSONValue {
    [
      "status": .string("\(findings.worst)"),
      "checks": .array(
        findings.map { finding in
          [
            "check": .string(finding.check), "status": .string("\(finding.level)"),
            "detail": .string(finding.detail),
            "remedy": JSONValue(finding.remedy),
          ]
        }),
    ]
  }

  /// One line each, and under what is not well another one that says what to do; on a screen in as many as it takes.
  func lines(width: Int? = Terminal.width) -> [Line] {
    let checks = findings.map(\.check.columns).max() ?? 0
    let indent = 9 + checks + 2
    func wrapped(_ text: String, _ indent: Int) -> [String] {
      guard let width, width > indent + 20 else { return [text] }
      return text.visible.wrapped(toColumns: width - indent)
    }
    return findings.flatMap { finding in
      let word: Line =
        switch finding.level {
        case .ok: Line("ok     ", .good)
        case .warning: Line("warning", .warning)
        case .trouble: Line("trouble", .bad)
        }
      let margin = String(repeating: " ", count: indent)
      let detail = wrapped(finding.detail, indent)
      var lines = [
        word + Line("  ") + Line(finding.check.padded(toColumns: checks), .strong) + Line("  " + detail[0])
      ]
      lines += detail.dropFirst().map { Line(margin + $0) }
      let remedy = finding.remedy.map { wrapped($0, indent + 2) } ?? []
      for (number, text) in remedy.enumerated() {
        lines.append(Line(margin + (number == 0 ? "→ " : "  ") + text))
      }
      return lines
    }
  }

  var summary: String {
    let troubles = findings.count { $0.level == .trouble }
    let warnings = findings.count { $0.level == .warning }
    if troubles + warnings == 0 { return "Everything is in order." }
    return "\(Count.text(troubles, "trouble")), \(Count.text(warnings, "warning"))."
  }

  /// Ends the command with 0, 1 for a warning, 2 for trouble.
  func exit() throws {
    if findings.worst != .ok { throw ExitCode(Int32(findings.worst.rawValue)) }
  }
}
