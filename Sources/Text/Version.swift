/// What `GET /health/` and the commands' `--version` say.
package let version = "0.1.0"
