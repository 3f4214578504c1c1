import type { Sessions } from '../sessions/sessions.ts'

/**
 * Sessions that end by subject or `sid` together with those of apps. Sealed ones live in browsers
 * and only leave a mark when they are ended; apps' are rows, which must go. How many went nobody can
 * say all the same.
 */
export function endBoth(sealed: Sessions, native: Sessions): Sessions {
  return {
    ...sealed,
    async endAll(...given) {
      await native.endAll(...given)
      return sealed.endAll(...given)
    },
    async endOthers(...given) {
      await native.endOthers(...given)
      return sealed.endOthers(...given)
    },
  }
}
