/** Authentication context class of a sign-in with a password (`acr`). */
export const passwordAcr = 'urn:sallyport:acr:password'

/** Authentication methods of a sign-in with a password (`amr`, RFC 8176). */
export const passwordAmr = ['pwd']
