import { createHmac, timingSafeEqual } from 'node:crypto'
import { systemClock } from '../clock.ts'
import { SallyportError } from '../errors.ts'
import type { Secret } from '../secret.ts'
import type { DpopContext } from './create-dpop-proof.ts'

/** The nonces of a server, which nobody has to store: they follow from a secret and the time. */
export interface DpopNonces {
  /** What `DPoP-Nonce` of an answer says now. */
  current(): string
  /** Whether a proof's nonce is the current one or the one before. */
  accepts(nonce: string | undefined): boolean
}

/** Seconds after which the nonce changes. A proof has thus between one and two of them. */
const period = 180

/**
 * Creates the nonces of a server. Instances with the same secret have the same nonces.
 *
 * @param secret at least 32 random bytes, base64url.
 * @throws `ERR_CONFIG_INVALID` for a shorter one.
 * @see {@link https://www.rfc-editor.org/rfc/rfc9449.html#section-8 RFC 9449, section 8}
 */
export function createDpopNonces(secret: Secret, context: DpopContext = {}): DpopNonces {
  const key = Buffer.from(secret.reveal(), 'base64url')
  if (key.length < 32 || key.toString('base64url') !== secret.reveal()) {
    throw new SallyportError(
      'ERR_CONFIG_INVALID',
      'DPoP nonce secret: must be at least 32 bytes, base64url',
    )
  }
  const clock = context.clock ?? systemClock

  function nonceOf(number: number): Buffer {
    return createHmac('sha256', key).update(`sallyport:dpop-nonce:${number}`).digest()
  }
  const currentNumber = () => Math.floor(clock() / period)

  return {
    current: () => nonceOf(currentNumber()).toString('base64url'),

    accepts(nonce) {
      if (nonce === undefined) return false
      const given = Buffer.from(nonce)
      return [currentNumber(), currentNumber() - 1].some((number) => {
        const own = Buffer.from(nonceOf(number).toString('base64url'))
        return own.length === given.length && timingSafeEqual(own, given)
      })
    },
  }
}
