import type { IdentityClientOptions } from '../options/identity-options.ts'
import { startUri } from '../provider/client-metadata.ts'

/** A link to where a person starts again. */
export interface StartLink {
  uri: string
  label: string
}

type Clients = ReadonlyMap<string, IdentityClientOptions>

/**
 * Finds the link: of the named client, else of the only client that people sign in to. With
 * several, and none named, there is no telling.
 */
export function startAgain(clients: Clients, clientId: string | undefined): StartLink | undefined {
  const named = clientId === undefined ? undefined : clients.get(clientId)
  const interactive = [...clients.values()].filter((client) => startUri(client) !== undefined)
  const client = named ?? (interactive.length === 1 ? interactive[0] : undefined)
  const uri = client && startUri(client)
  return client && uri ? { uri, label: `Continue to ${client.name}` } : undefined
}
