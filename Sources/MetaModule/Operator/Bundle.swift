internal import Cryptography
internal import Glibc
internal import System
internal import Text

/// What `nginx/bundle` packed, unpacked in a folder: `metactl install` lays it out.
package struct Bundle {
  /// A file of it: where it lies in the bundle, and what is in it.
  struct File {
    let path: String
    let content: [UInt8]

    /// ELF names the word size in its fifth byte and the processor in the 19th and 20th (elf(5)).
    var isForAnotherMachine: Bool {
      guard content.starts(with: [0x7F] + Array("ELF".utf8)), content.count > 19 else { return false }
      #if arch(x86_64)
        let machine: [UInt8] = [62, 0]
      #else
        let machine: [UInt8] = [183, 0]
      #endif
      return content[4] != 2 || !content[18...19].elementsEqual(machine)
    }
  }

  let files: [File]

  /// Reads all of it and compares it with `SHA256SUMS`: a transfer by FTP may have ended half-way.
  ///
  /// - Parameter folder: Where it was unpacked; `nil` for the one that this program lies in.
  package init(_ folder: String?) throws(OperationError) {
    guard let folder = folder ?? Self.ownFolder() else {
      throw .refused(
        "This system does not tell where the program lies. Name the unpacked bundle: metactl install --from "
          + "FOLDER.")
    }
    guard let bytes = SmallFile.read(folder + "/SHA256SUMS", limit: 65536),
      let lines = try? TextLines.lines(of: bytes)
    else {
      throw .refused(
        "\(folder) is no unpacked bundle: there is no SHA256SUMS in it. Run bin/metactl install of the bundle, "
          + "or name its folder with --from. Nothing was changed.")
    }
    var files: [File] = []
    for line in lines where !line.isEmpty {
      // 64 digits, two spaces, the path.
      let path = String(decoding: line.utf8.dropFirst(66), as: UTF8.self)
      guard path.utf8.count > 0, !path.utf8.starts(with: "/".utf8),
        !path.utf8.split(separator: UInt8(ascii: "/")).contains(where: { $0.elementsEqual("..".utf8) })
      else {
        throw .refused(
          "\(folder)/SHA256SUMS has a line that names no file of the bundle. Nothing was changed.")
      }
      guard let content = SmallFile.read("\(folder)/\(path)", limit: 1 << 26) else {
        throw .refused(
          "\(folder)/\(path) cannot be read: \(SystemError.last). Unpack the bundle anew. Nothing was "
            + "changed.")
      }
      guard line.utf8.starts(with: SHA256.hex(content).utf8) else {
        throw .refused(
          "\(folder)/\(path) is not as it was packed: transfer the bundle again, and unpack it anew. Nothing "
            + "was changed.")
      }
      files.append(File(path: path, content: content))
    }
    guard ["bin/metactl", "public_html/meta.fcgi"].allSatisfy({ name in files.contains { $0.path == name } })
    else {
      throw .refused("\(folder) lacks the programs of a bundle: unpack it anew. Nothing was changed.")
    }
    for file in files where file.isForAnotherMachine {
      throw .refused(
        "\(folder)/\(file.path) is for another kind of processor than this machine's: take the bundle that is made "
          + "for it. Nothing was changed.")
    }
    self.files = files
  }

  /// The folder above the one of the running program.
  private static func ownFolder() -> String? {
    guard let program = ProcessArguments.executable, let slash = program.lastIndex(of: "/") else {
      return nil
    }
    let folder = program[..<slash]
    return folder.lastIndex(of: "/").map { String(folder[..<$0]) }
  }
}
