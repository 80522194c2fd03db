import Testing

@testable import MetaModule
@testable import Text

/// What `systemctl show` says of the service.
@Suite struct ServiceInstallationTests {
  @Test func `without systemd, or without the unit, it is as the unit is shipped`() throws {
    for properties in ["", "LoadState=not-found\nUser=\nEnvironment=\n"] {
      #expect(
        try ServiceInstallation(properties: properties).environment
          == ["META_DATA_DIR": "/var/lib/meta-module", "META_CACHE_DIR": "/var/cache/meta-module"])
    }
  }

  @Test func `what the administrator has changed in the unit counts`() throws {
    let service = try ServiceInstallation(
      properties:
        "LoadState=loaded\nUser=somebody-else\nEnvironment=LANG=C META_DATA_DIR=/srv/meta META_RETRIES=1=2\n")
    #expect(service.environment == ["META_DATA_DIR": "/srv/meta", "META_RETRIES": "1=2"])
    let refusal = #expect(throws: ConfigurationError.self) { try service.enter("/srv/meta") }
    #expect(refusal?.description.contains("There is no account somebody-else") == true)
  }

  @Test(arguments: [#""META_DATA_DIR=/srv/my data""#, #"$'META_DATA_DIR=/srv/my\\tdata'"#])
  func `a value that systemctl has put into quotes is refused`(_ word: String) {
    let refusal = #expect(throws: ConfigurationError.self) {
      try ServiceInstallation(properties: "LoadState=loaded\nUser=meta-module\nEnvironment=\(word)\n")
    }
    #expect(refusal?.description.contains("/etc/meta-module/meta.conf") == true)
  }
}
