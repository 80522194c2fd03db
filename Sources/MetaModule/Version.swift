/// What `GET /health/` and the commands' `--version` say.
public let version = "0.1.0"
