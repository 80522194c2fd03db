/// Why the program does not start: one line that names the setting.
package struct ConfigurationError: Error, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}
