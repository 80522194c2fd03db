import Foundation
import GraphSimulator
import JSON
import TestSupport
import Testing

/// The database's files are taken away under the running program.
@Suite struct LostFilesTests {
  private func health(_ site: Site) -> Int? { try? site.send("GET", "/api/meta/health/").status }

  @Test func `it says so, stops, makes nothing, and goes on when they are back`() throws {
    let site = try Site()
    try site.addClient()
    let database = "\(site.folder.path)/data/meta.sqlite3"
    for path in [database, database + "-wal", database + "-shm"] {
      #expect(rename(path, path + ".gone") == 0)
      #expect(Wait.until { health(site) == 503 }, "\(path)")
      // Of whichever worker, also one that opens the database only now.
      let answer = try site.send("DELETE", "/api/meta/mappings/1/")
      #expect(answer.status == 503)
      #expect(answer.json["detail"]?.string?.contains("taken away") == true, "\(path)")
      #expect(Wait.until { site.programLog().contains("\(path) was removed while the program was running") })
      #expect(access(path, F_OK) != 0)
      #expect(rename(path + ".gone", path) == 0)
      #expect(Wait.until { health(site) == 200 }, "\(path)")
    }
    #expect(try site.send("GET", "/api/meta/mappings/").json["mappings"]?.array?.count == 1)
  }

  @Test func `a WAL index that is cut ends nothing but the work, and a restart mends it`() throws {
    let site = try Site()
    try site.addClient()
    #expect(truncate("\(site.folder.path)/data/meta.sqlite3-shm", 0) == 0)
    for _ in 0..<3 { #expect(try site.send("GET", "/api/meta/tokens/").status == 503) }
    #expect(health(site) == 503)
    #expect(site.programs[0].isRunning)
    site.programs[0].end()
    try site.startProgram(0)
    #expect(health(site) == 200)
    #expect(try site.send("GET", "/api/meta/tokens/").json["tokens"]?.array?.count == 1)
  }

  /// As on a network's file system that loses an answer. SQLite would take the lock for somebody else's for ever.
  @Test func `an unlock that fails at first leaves nothing locked`() throws {
    let site = try Site()
    try site.addClient()
    let source = "\(site.folder.path)/unlock.c"
    try Data(
      """
      #define _GNU_SOURCE
      #include <dlfcn.h>
      #include <errno.h>
      #include <fcntl.h>
      #include <stdarg.h>

      static int failing(const char *name, int descriptor, int command, void *argument) {
        static _Thread_local int failed;
        if (command == F_SETLK && ((struct flock *)argument)->l_type == F_UNLCK && (failed = !failed)) {
          errno = ENOLCK;
          return -1;
        }
        return ((int (*)(int, int, ...))dlsym(RTLD_NEXT, name))(descriptor, command, argument);
      }

      #define CALL(name) int name(int descriptor, int command, ...) { \\
        va_list arguments; va_start(arguments, command); void *argument = va_arg(arguments, void *); va_end(arguments); \\
        return failing(#name, descriptor, command, argument); }
      CALL(fcntl) CALL(fcntl64)
      """.utf8
    ).write(to: URL(filePath: source))
    let library = "\(site.folder.path)/unlock.so"
    let compiled = try ChildProcess.run("cc", ["-shared", "-fPIC", "-o", library, source, "-ldl"])
    try #require(compiled.status == 0, "\(compiled.output)")
    site.programs[0].end()
    try site.startProgram(0, preloading: library)
    for label in ["one", "two", "three"] {
      let answer = try site.send("PATCH", "/api/meta/tokens/1/", #"{"account_label":"\#(label)"}"#)
      #expect(answer.status == 200, "\(answer.text)")
    }
    #expect(health(site) == 200)
  }

  @Test func `after a clean end the database file alone is a whole copy`() throws {
    let site = try Site()
    try site.addClient()
    site.programs[0].send(signal: SIGTERM)
    #expect(site.programs[0].status() == 0)
    let copy = try TemporaryFolder()
    try FileManager.default.copyItem(
      atPath: "\(site.folder.path)/data/meta.sqlite3", toPath: copy.path + "/meta.sqlite3")
    let (status, output) = try ChildProcess.run(
      "sqlite3", [copy.path + "/meta.sqlite3", "SELECT count(*) FROM client_page_mapping"], environment: [:])
    #expect(status == 0 && output.hasPrefix("1"), "\(output)")
  }
}
