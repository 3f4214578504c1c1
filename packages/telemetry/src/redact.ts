const hidden = '[redacted]'

/** A compact JWS or JWE, whole or cut: three or five base64url parts, the first a JSON object. */
const jwtPattern = /eyJ[\w-]{8,}(?:\.[\w-]*){1,4}/g
/** Credentials of an Authorization header. */
const credentialsPattern = /\b(Bearer|DPoP|Basic) [\w\-.~+/]{8,}=*/gi
/** Query or form parameters whose value is a secret (RFC 6749, OpenID Connect, RFC 7523). */
const parameterPattern =
  /\b(code|state|nonce|id_token_hint|id_token|access_token|refresh_token|subject_token|actor_token|logout_token|client_secret|client_assertion|code_verifier|password|request)=[^&\s"'\\]+/g

/** Blanks what looks like a token, credentials or a secret parameter in a text meant for a log. */
export function redact(text: string): string {
  return text
    .replace(jwtPattern, hidden)
    .replace(credentialsPattern, `$1 ${hidden}`)
    .replace(parameterPattern, `$1=${hidden}`)
}
