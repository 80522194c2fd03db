internal import Cryptography
internal import Store

/// Which keys the stored texts are sealed with, so that a backup can name the keys that it needs.
extension Store {
  /// The fingerprints under that name.
  func fingerprints(_ name: String) throws(StoreError) -> [String] {
    try setting(name)?.split(separator: " ").map(String.init) ?? []
  }

  /// To be called before something is sealed with the newest key of the ring.
  func recordKey(_ ring: KeyRing) throws(StoreError) {
    let recorded = try fingerprints(Self.fingerprintSetting)
    guard let newest = ring.fingerprints.first, !recorded.contains(newest) else { return }
    try setSetting(Self.fingerprintSetting, to: (recorded + [newest]).joined(separator: " "))
  }

  /// Records exactly the keys that are needed: those that open something and, where none does, those that were recorded
  /// and are not there. Returns how the stored texts stand to the ring.
  @discardableResult
  func recordKeysInUse(_ ring: KeyRing) throws(StoreError) -> Survey {
    let survey = try Survey(self, ring)
    let recorded = try fingerprints(Self.fingerprintSetting)
    var needed = ring.fingerprints.filter(survey.keys.contains)
    if survey.unreadable > 0 { needed += recorded.filter { !ring.fingerprints.contains($0) } }
    if needed != recorded { try setSetting(Self.fingerprintSetting, to: needed.joined(separator: " ")) }
    return survey
  }
}
