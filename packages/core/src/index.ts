export { readBounded, receiveBounded } from './bounded-body.ts'
export { type Clock, type EpochSeconds, systemClock } from './clock.ts'
export { isCompactJws } from './compact-jws.ts'
export {
  type CookieOptions,
  type CookiePair,
  expireCookie,
  parseCookies,
  serializeCookie,
  uniqueCookie,
} from './cookie.ts'
export {
  type ErrorCode,
  errorCatalogue,
  errorCode,
  type OptionProblem,
  SallyportError,
  type SallyportErrorOptions,
  toProblem,
} from './errors.ts'
export { randomToken, sha256 } from './random.ts'
export { createSealer, type Sealer, type SealKey } from './seal.ts'
export { createSecret, type Secret } from './secret.ts'
