import Foundation
import TestSupport
import Testing

/// The C side alone, in small programs of its own, for what cannot be arranged in a process that tests.
struct LibraryTests {
  private struct Outcome {
    let status: Int32
    let output: String
  }

  /// Compiles `ccurl.c` together with a `main` and runs it.
  private func run(_ main: String, options: [String] = []) throws -> Outcome {
    let folder = FileManager.default.temporaryDirectory.appending(path: "ccurl-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let source = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Sources/CCurl").standardized
    try Data(main.utf8).write(to: folder.appending(path: "main.c"))
    let compiled = try execute(
      ["clang", "-g", "-rdynamic", "-Wall", "-Werror", "-I", source.appending(path: "include").path]
        + options + [
          source.appending(path: "ccurl.c").path, source.appending(path: "reach.c").path, "main.c", "-o",
          "program", "-ldl", "-lpthread",
        ],
      in: folder)
    try #require(compiled.status == 0, "\(compiled.output)")
    return try execute(["./program"], in: folder)
  }

  private func execute(_ arguments: [String], in folder: URL) throws -> Outcome {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = arguments
    process.currentDirectoryURL = folder
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return Outcome(status: process.terminationStatus, output: text)
  }

  private let report = """
    #include "ccurl.h"
    #include <stdio.h>
    int main(void) {
      const char *reason = ccurl_unavailable();
      puts(reason ? reason : "there");
      reason = ccurl_unavailable();
      puts(reason ? reason : "there");
    }
    """

  @Test func `a missing library is told in a sentence, every time`() throws {
    let outcome = try run(report, options: ["-DCCURL_LIBRARY=\"libmissing.so.4\""])
    #expect(outcome.status == 0)
    let lines = outcome.output.split(separator: "\n")
    #expect(lines.count == 2 && lines[0] == lines[1])
    #expect(lines.first?.hasPrefix("libcurl cannot be loaded: libmissing.so.4: cannot open shared") == true)
  }

  @Test func `a library without a function of ours is told in a sentence`() throws {
    let outcome = try run(report, options: ["-DCCURL_LIBRARY=\"libm.so.6\""])
    #expect(outcome.status == 0)
    #expect(outcome.output.hasPrefix("libm.so.6 lacks curl_global_init: version 7.66 or newer is needed\n"))
  }

  @Test func `a library that comes with the program takes the place of one that is missing or too old`()
    throws
  {
    for host in ["libmissing.so.4", "libm.so.6"] {
      let outcome = try run(
        report, options: ["-DCCURL_LIBRARY=\"\(host)\"", "-DCCURL_OWN_LIBRARY=\"libcurl.so.4\""])
      #expect(outcome.output == "there\nthere\n", "\(host)")
    }
  }

  @Test func `many threads at once initialise it once`() throws {
    let outcome = try run(
      """
      #include "ccurl.h"
      #include <pthread.h>
      #include <stdio.h>
      static void *use(void *unused) {
        (void)unused;
        if (ccurl_unavailable()) return "unavailable";
        CURL *easy = ccurl_easy_new();
        CURLcode code = ccurl_set_policy(easy);
        ccurl_easy_free(easy);
        return code == CURLE_OK ? NULL : "policy";
      }
      int main(void) {
        pthread_t threads[32];
        for (int i = 0; i < 32; i++) pthread_create(&threads[i], NULL, use, NULL);
        for (int i = 0; i < 32; i++) {
          void *fault;
          pthread_join(threads[i], &fault);
          if (fault) puts(fault);
        }
      }
      """)
    #expect(outcome.status == 0)
    #expect(outcome.output.isEmpty)
  }

  @Test func `a name server that does not answer holds nobody beyond the timeout`() throws {
    // A `getaddrinfo` of our own takes the place of the system's, for libcurl too.
    let outcome = try run(
      """
      #include "ccurl.h"
      #include <netdb.h>
      #include <stdio.h>
      #include <unistd.h>
      static volatile int is_answered;
      int getaddrinfo(const char *n, const char *s, const struct addrinfo *h, struct addrinfo **r) {
        (void)n, (void)s, (void)h, (void)r;
        sleep(20);
        is_answered = 1;
        return EAI_AGAIN;
      }
      int main(void) {
        if (ccurl_unavailable()) return 2;
        CURLM *multi = ccurl_multi_new(4);
        CURL *easy = ccurl_easy_new(), *done = NULL;
        CURLcode code = ccurl_set_policy(easy);
        if (code) return 3;
        ccurl_set_url(easy, "http://example.invalid/");
        ccurl_set_timeout_ms(easy, 300);
        ccurl_multi_add(multi, easy);
        while (!done) {
          ccurl_multi_step(multi);
          done = ccurl_multi_finished(multi, &code);
          if (!done) ccurl_multi_wait(multi, 1000);
        }
        ccurl_multi_remove(multi, easy);
        ccurl_easy_free(easy);
        ccurl_multi_free(multi);
        printf("%d %s\\n", (int)code, is_answered ? "waited" : "at once");
        fflush(stdout);
        _exit(0);
      }
      """)
    #expect(outcome.status == 0)
    #expect(outcome.output == "28 at once\n")
  }
}
