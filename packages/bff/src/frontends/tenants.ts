import { SallyportError, systemClock } from '@sallyport/core'
import { isSameOptions } from '@sallyport/core/options'
import type { Awaitable } from '@sallyport/session'
import { parseConfig } from '../config.ts'
import { type BffParts, createBffOf } from '../create-bff.ts'
import { createFrontend, type Frontend } from './frontend.ts'
import { createLru } from './lru.ts'
import type { TenantsConfig } from './options.ts'
import type { Place } from './place.ts'

/** Frontends that are looked up when they are first asked for. */
export interface Tenants {
  /**
   * The frontend of a place; `undefined` when there is none.
   *
   * @throws `ERR_FRONTEND_UNAVAILABLE` while that cannot be known.
   */
  find(place: Place): Awaitable<Frontend | undefined>
  /** Those that are known now. */
  all(): Frontend[]
  close(): void
}

export interface TenantsParts extends BffParts {
  retire(frontend: Frontend): void
}

/** A tenant, until it is looked up again, and how long it is served while that fails. */
interface Known {
  readonly frontend: Frontend
  readonly freshUntil: number
  readonly usableUntil: number
}

/** More look-ups at a time are refused: a host that does not exist costs nothing to invent. */
const mostAtOnce = 64
/** Seconds between attempts to look up a tenant that is known. */
const pause = 5

/**
 * Creates the keeper of tenants. Places without a tenant are remembered apart from those with one,
 * so that no flood of invented hosts pushes a tenant out.
 */
export function createTenants(config: TenantsConfig, parts: TenantsParts): Tenants {
  const { clock = systemClock, telemetry, retire } = parts
  const known = createLru<Known>(config.most)
  const absentUntil = createLru<number>(config.most)
  const pending = new Map<string, Promise<Frontend | undefined>>()
  let isClosed = false

  async function lookUp(key: string, place: Place): Promise<Frontend | undefined> {
    const before = known.get(key)
    try {
      const options = await config.resolve(toTenantPlace(place, config))
      const found = options && parseConfig(options)
      assertOwnPlace(found?.basePath, place, config)
      const isKept = before && isSameOptions(before.frontend.bff.config, found)
      if (before && !isKept) forget(key)
      if (!found) {
        absentUntil.set(key, clock() + config.lifetime)
        return undefined
      }
      absentUntil.delete(key)
      return remember(key, isKept ? before.frontend : createFrontend(createBffOf(found, parts)))
    } catch (cause) {
      telemetry.log.error({ error: cause, host: place.host }, 'a tenant cannot be looked up')
      if (!before || clock() >= before.usableUntil) {
        const message = 'whose frontend this is cannot be known now'
        throw new SallyportError('ERR_FRONTEND_UNAVAILABLE', message, { cause })
      }
      known.set(key, { ...before, freshUntil: clock() + pause })
      return before.frontend
    }
  }

  function remember(key: string, frontend: Frontend): Frontend {
    const freshUntil = clock() + config.lifetime
    const dropped = known.set(key, {
      ...{ frontend, freshUntil },
      usableUntil: freshUntil + config.lifetime,
    })
    if (dropped) retire(dropped.frontend)
    if (isClosed) forget(key)
    return frontend
  }

  function forget(key: string): void {
    const dropped = known.delete(key)
    if (dropped) retire(dropped.frontend)
  }

  return {
    find(place) {
      const { segment = '' } = toTenantPlace(place, config)
      const key = `${place.host}/${segment}`
      const present = known.get(key)
      if (present && clock() < present.freshUntil) return present.frontend
      if (clock() < (absentUntil.get(key) ?? 0)) return undefined
      const underWay = pending.get(key)
      if (underWay) return underWay
      if (pending.size >= mostAtOnce) {
        throw new SallyportError('ERR_FRONTEND_UNAVAILABLE', 'too many tenants are looked up')
      }
      const lookedUp = lookUp(key, place).finally(() => pending.delete(key))
      pending.set(key, lookedUp)
      return lookedUp
    },

    all: () => known.values().map(({ frontend }) => frontend),

    close() {
      isClosed = true
      for (const { frontend } of known.values()) retire(frontend)
    },
  }
}

function toTenantPlace({ host, path }: Place, { by }: TenantsConfig) {
  return by === 'segment' ? { host, segment: path.split('/', 2)[1] as string } : { host }
}

/** One tenant per place: a base path of another one would make a BFF for each path asked for. */
function assertOwnPlace(
  basePath: string | undefined,
  { path }: Place,
  { by }: TenantsConfig,
): void {
  if (basePath === undefined) return
  const wanted = by === 'segment' ? `/${path.split('/', 2)[1]}` : ''
  if (basePath === wanted) return
  throw new SallyportError('ERR_CONFIG_INVALID', `a tenant's publicUrl must have path "${wanted}"`)
}
