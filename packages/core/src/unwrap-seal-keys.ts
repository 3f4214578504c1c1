import { SallyportError } from './errors.ts'
import { sha256 } from './random.ts'
import { readSealKeys, type SealKey } from './seal-key.ts'
import { createSecret, type Secret } from './secret.ts'

/** A seal key as it is kept: encrypted under a key that only a key management service has. */
export interface WrappedSealKey {
  /** Names the key in what it seals. */
  kid: string
  /** What the service made of the key: as text, in whatever form `unwrap` takes. */
  wrapped: string
}

/** How wrapped keys become keys. */
export interface UnwrapOptions {
  /**
   * Asks the service for the bytes of a key: at least 32, random. Rejects when they cannot be had.
   * `signal` aborts when they come too late.
   */
  unwrap(kid: string, wrapped: string, signal: AbortSignal): Promise<Uint8Array>
  /**
   * Seconds that it may take.
   * @defaultValue 10
   */
  timeout?: number | undefined
}

/** Gives the whole ring, or none of it. */
export type SealKeyUnwrapper = (keys: readonly WrappedSealKey[]) => Promise<SealKey[]>

const defaultTimeout = 10

/**
 * Creates what unwraps a ring: at start, and again before each reload. The service is asked once for
 * each key, and a key that stays in the ring is taken from memory, so a reload needs the service for
 * new keys only; one that left the ring is forgotten. Make one for each ring.
 *
 * The function it gives rejects with `ERR_SEAL_KEY_UNAVAILABLE` when the service fails or takes too
 * long for any of the keys, and with `ERR_CONFIG_INVALID` when what comes is no good ring. Then
 * nothing should start, and what runs should go on as it is. What the service said is the `cause`.
 *
 * @example
 * ```ts
 * const unwrapSealKeys = createSealKeyUnwrapper({
 *   unwrap: async (_kid, wrapped, signal) => askService(Buffer.from(wrapped, 'base64'), signal),
 * })
 * const sealKeys = await unwrapSealKeys([{ kid: '2026-11', wrapped: WRAPPED_SEAL_KEY }])
 * ```
 */
export function createSealKeyUnwrapper(options: UnwrapOptions): SealKeyUnwrapper {
  let known = new Map<string, Secret>()

  return async (keys) => {
    const next = new Map<string, Secret>()
    const unwrapped = keys.map(async ({ kid, wrapped }): Promise<SealKey> => {
      const name = `${kid} ${sha256(wrapped)}`
      const key = known.get(name) ?? (await unwrapOne({ kid, wrapped }, options))
      next.set(name, key)
      return { kid, key }
    })
    const ring = await Promise.all(unwrapped)
    readSealKeys(ring)
    known = next
    return ring
  }
}

async function unwrapOne(
  { kid, wrapped }: WrappedSealKey,
  { unwrap, timeout = defaultTimeout }: UnwrapOptions,
): Promise<Secret> {
  const late = new AbortController()
  const timer = setTimeout(() => {
    late.abort(new Error(`no answer within ${timeout} s`))
  }, timeout * 1000)
  try {
    const tooLate = new Promise<never>((_, reject) => {
      late.signal.addEventListener('abort', () => reject(late.signal.reason))
    })
    const bytes = await Promise.race([unwrap(kid, wrapped, late.signal), tooLate])
    if (!(bytes instanceof Uint8Array)) throw new TypeError('unwrap must give a Uint8Array')
    return createSecret(Buffer.from(bytes).toString('base64url'))
  } catch (cause) {
    const message = `seal keys: the key of kid "${kid}" cannot be unwrapped`
    throw new SallyportError('ERR_SEAL_KEY_UNAVAILABLE', message, { cause })
  } finally {
    clearTimeout(timer)
  }
}
