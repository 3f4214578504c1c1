import { context, createContextKey } from '@opentelemetry/api'

const key = createContextKey('client address')

/** Runs `work` so that each line it logs has `client_address`; an empty one is left out. */
export function withClientAddress<T>(address: string, work: () => T): T {
  return address ? context.with(context.active().setValue(key, address), work) : work()
}

/** The address of {@link withClientAddress}. */
export function clientAddress(): string | undefined {
  return context.active().getValue(key) as string | undefined
}
