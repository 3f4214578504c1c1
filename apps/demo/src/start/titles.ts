import type { ServiceName } from '../settings.ts'

/** What a person reads for a service. */
export const titles: Readonly<Record<ServiceName, string>> = {
  bff: 'application',
  identity: 'identity server',
  orders: 'orders API',
  inventory: 'inventory API',
}
