import type { Client } from '@sallyport/client'
import { createContext, useContext } from 'react'

/** The page's one client. */
export const ClientContext = createContext<Client | undefined>(undefined)

export function useClient(): Client {
  const client = useContext(ClientContext)
  if (!client) throw new TypeError('useClient() outside of ClientContext')
  return client
}
