// What a stranger, Graph, a disk or a hand may send us, thrown at the code that reads it.
//
//   fuzz TARGET FILE…      each file once: crash files, and the corpora in the test suite
//   fuzz TARGET -option…   libFuzzer's own options, where it is built in (Tests/torture fuzz does that)
//
// A target must not trap, leak, hang or break a promise that it makes about what it read; what it answers is its own affair.

import Glibc

#if DEBUG || FUZZING
  #if FUZZING
    @_silgen_name("LLVMFuzzerRunDriver")
    func runDriver(
      _ count: UnsafeMutablePointer<Int32>,
      _ words: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
      _ target: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
    ) -> Int32

    nonisolated(unsafe) var chosen: FuzzTarget = .json
  #endif

  let arguments = CommandLine.arguments
  guard arguments.count > 1, let target = FuzzTarget(rawValue: arguments[1]) else {
    print(FuzzTarget.allCases.map(\.rawValue).joined(separator: "\n"))
    exit(arguments.count > 1 ? 2 : 0)
  }

  #if FUZZING
    chosen = target
    var count = CommandLine.argc - 1
    var words = CommandLine.unsafeArgv + 1
    exit(
      runDriver(&count, &words) { bytes, count in
        chosen.read(Array(UnsafeBufferPointer(start: bytes, count: count)))
        return 0
      })
  #else
    for path in arguments.dropFirst(2) {
      guard let file = fopen(path, "rb") else {
        perror(path)
        exit(2)
      }
      var bytes = [UInt8](repeating: 0, count: 1 << 20)
      let length = fread(&bytes, 1, bytes.count, file)
      fclose(file)
      target.read(Array(bytes[..<length]))
    }
  #endif
#endif
