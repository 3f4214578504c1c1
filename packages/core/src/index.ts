export { readBounded, receiveBounded } from './bounded-body.ts'
export { type Clock, type EpochSeconds, systemClock } from './clock.ts'
export { isCompactJws } from './compact-jws.ts'
export {
  type CookieOptions,
  type CookiePair,
  expireCookie,
  parseCookies,
  serializeCookie,
  trimBlanks,
  uniqueCookie,
} from './cookie.ts'
export { deriveSecrets } from './derive-secrets.ts'
export {
  type ErrorCode,
  errorCatalogue,
  errorCode,
  type OptionProblem,
  SallyportError,
  type SallyportErrorOptions,
  toProblem,
} from './errors.ts'
export { createGenerations, type Generations, type GenerationsOptions } from './generations.ts'
export { randomToken, sha256 } from './random.ts'
export { createSealer, type Sealer } from './seal.ts'
export type { SealKey } from './seal-key.ts'
export { createSecret, type Secret } from './secret.ts'
export {
  createSealKeyUnwrapper,
  type SealKeyUnwrapper,
  type UnwrapOptions,
  type WrappedSealKey,
} from './unwrap-seal-keys.ts'
