import { createPublicKey, type JsonWebKey } from 'node:crypto'

const shortestRsa = 2048

/** What is wrong with a client's public key (RFC 7517); `undefined`: nothing. */
export function publicKeyProblem(jwk: JsonWebKey): string | undefined {
  if ('d' in jwk || 'k' in jwk) return 'is a private key: only the public one belongs here'
  try {
    const { asymmetricKeyDetails } = createPublicKey({ key: jwk, format: 'jwk' })
    const bits = asymmetricKeyDetails?.modulusLength
    if (bits !== undefined && bits < shortestRsa) return `is too short: ${bits} bits`
    return undefined
  } catch {
    return 'is not a usable public key'
  }
}
