import type { Provider } from 'oidc-provider'
import { ReplayError } from './adapter.ts'

/**
 * Makes the library's replay detection hold for requests at once: it looks first and saves then.
 * The store lets one of them save; to the others it is the replay that it is, and the library
 * refuses them in the words of what was replayed.
 */
export function detectReplaysAtOnce(provider: Provider): void {
  const { ReplayDetection } = provider
  const unique = ReplayDetection.unique.bind(ReplayDetection)
  ReplayDetection.unique = async (...about) => {
    try {
      return await unique(...about)
    } catch (error) {
      if (error instanceof ReplayError) return false
      throw error
    }
  }
}
