internal import JSON

extension Schemas {
  static let operation: JSONObject = [
    "SignIn": request(
      "The admin password.",
      [
        "password": [
          "type": "string", "minLength": 1, "maxLength": 256, "description": "As `metactl` set it.",
        ]
      ],
      required: ["password"]),
    "Session": answer(
      "Who calls.",
      [
        "signed_in": boolean("The caller is known."),
        "mode": word(
          "`protected`: no credential exists yet, and only this machine is served.",
          ["protected", "credentials"]),
        "actor": string("How the events name the caller.", orNull: true),
        "scope": word("What the caller may do.", ["admin", "read"], orNull: true),
        "expires_at": moment("When a session of the admin page ends.", orNull: true),
      ]),
    "Events": answer(
      "What was changed, newest first.", ["events": list(of: "Event"), "next": next], optional: ["next"]),
    "Event": answer(
      "A change.",
      [
        "id": row("Never given twice."), "at": moment("When."), "actor": string("Who."),
        "action": string("What: `token.add`, `mapping.sync`, `session.sign-in`, …"),
        "subject": string("Which row: `token 1`.", orNull: true),
        "address": string("From where.", orNull: true),
        "result": string("With which result."), "request_id": string("In which request.", orNull: true),
      ]),
    "Health": answer(
      "How the installation is.",
      [
        "status": word(
          "`degraded`: answers, but not as it should. `unavailable`: cannot answer.",
          ["ok", "degraded", "unavailable"]),
        "version": string("The program's version."),
        "checks": answer(
          "Part by part.",
          [
            "database": Component.schema("HealthCheck"), "key": Component.schema("HealthCheck"),
            "cache": Component.schema("HealthCheck"), "graph": Component.schema("HealthCheck"),
          ]),
      ]),
    "HealthCheck": answer(
      "One part.",
      [
        "status": word("In a word.", ["ok", "warning", "error"]),
        "detail": string("In a sentence.", orNull: true),
        "checked_at": moment("When; `null`: not yet.", orNull: true),
      ]),
    "OpenAPI": [
      "type": "object", "description": "This document.",
      "required": ["openapi", "info", "paths", "components"],
      "properties": ["openapi": ["type": "string", "pattern": "^3\\.1\\."]],
    ],
  ]
}
