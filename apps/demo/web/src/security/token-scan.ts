/** From the telling to the bare: what one has counted, the next no longer sees. */
const kinds = [
  { kind: 'access token', pattern: /\baccess_?token["']?\s*[:=]\s*["']?[\w.~+/-]{8,}/gi },
  { kind: 'refresh token', pattern: /\brefresh_?token["']?\s*[:=]\s*["']?[\w.~+/-]{8,}/gi },
  { kind: 'ID token', pattern: /\bid_?token["']?\s*[:=]\s*["']?[\w.~+/-]{8,}/gi },
  { kind: 'bearer credential', pattern: /\b(?:bearer|dpop)\s+[\w.~+/-]{16,}/gi },
  // Base64url parts between dots, of which the first begins a JSON object.
  { kind: 'JSON Web Token', pattern: /\beyJ[\w-]{8,}\.[\w-]*\.[\w.-]+/g },
] as const

/** The kind of each token in a text: whatever has the form of one, or is named like one. */
export function findTokens(text: string): string[] {
  const found: string[] = []
  let rest = text
  for (const { kind, pattern } of kinds) {
    rest = rest.replace(pattern, () => {
      found.push(kind)
      return ' '
    })
  }
  return found
}
