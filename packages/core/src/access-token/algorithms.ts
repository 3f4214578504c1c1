/** The signatures that an access token may be allowed to have: all asymmetric. */
export const signatureAlgorithms = [
  'ES256',
  'ES384',
  'ES512',
  'Ed25519',
  'EdDSA',
  'PS256',
  'PS384',
  'PS512',
  'RS256',
  'RS384',
  'RS512',
] as const

/** Those that are allowed unless somebody says otherwise. */
export const defaultSignatureAlgorithms = ['ES256', 'Ed25519', 'EdDSA', 'PS256', 'RS256'] as const
