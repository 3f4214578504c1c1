import { errorCode, SallyportError } from '@sallyport/core'
import { isSameOptions } from '@sallyport/core/options'
import type { Awaitable } from '@sallyport/session'
import { chain } from '../awaitable.ts'
import { type Bff, type BffParts, createBffOf } from '../create-bff.ts'
import type { Decision, RequestHead } from '../decision.ts'
import { headerValues } from '../headers.ts'
import type { BffConfig } from '../options.ts'
import { respondError } from '../respond.ts'
import { withCors } from '../routes/cors.ts'
import { checkFrontends } from './check-frontends.ts'
import { createFrontend, type Frontend } from './frontend.ts'
import { createFrontendTable } from './frontend-table.ts'
import type { FrontendsOptions } from './options.ts'
import { readPlace } from './place.ts'
import { createTenants, type Tenants } from './tenants.ts'

/** Many BFFs that answer as one. */
export interface Frontends {
  /** The frontends that are configured now, in their order; looked-up ones are not among them. */
  readonly bffs: readonly Bff[]
  /** Those, and the looked-up ones that are known now. */
  all(): readonly Bff[]
  /** As `Bff.decide`. A host that nobody has is 421, a path below no base path 404. */
  decide(head: RequestHead): Awaitable<Decision>
  /**
   * Puts other options in the place of those in force, all at once or not at all. A frontend that is
   * the same goes on as it is, its tokens and all; one that changed starts anew, and its sessions
   * are live if its keys still open them. What is gone ends when its requests have been answered.
   *
   * @throws `ERR_CONFIG_INVALID`, naming the problems of all frontends; then nothing has changed.
   */
  reload(options: FrontendsOptions): void
  /** Of all of them; see `Bff.endStreams`. */
  endStreams(): void
  /** Waits for requests and work in the background, also of frontends that are gone. */
  close(): Promise<void>
}

/**
 * Creates BFFs that share a store and the process, and nothing else: each has its client, cookies,
 * keys and routes. Frontends of one origin share its cookie jar and scripts in the browser.
 *
 * @throws `ERR_CONFIG_INVALID`, naming the problems of all frontends.
 */
export function createFrontends(options: FrontendsOptions, parts: BffParts): Frontends {
  const { log } = parts.telemetry
  let table = createFrontendTable<Frontend>([], configOf)
  let tenants: Tenants | undefined
  const leaving = new Set<Promise<void>>()

  function retire(frontend: Frontend): void {
    const gone = frontend
      .retire()
      .catch((error) => log.warn({ error }, 'a frontend did not end well'))
    leaving.add(gone)
    void gone.finally(() => leaving.delete(gone))
  }

  function reload(given: FrontendsOptions): void {
    const config = checkFrontends(given)
    const present = new Map(table.all.map((one) => [one.bff.config.frontend, one]))
    const next = createFrontendTable(createAll(config.frontends, present, parts), configOf)
    for (const frontend of table.all) if (!next.all.includes(frontend)) retire(frontend)
    table = next
    // Looked up anew: what they are may have changed like all else.
    tenants?.close()
    tenants = config.tenants && createTenants(config.tenants, { ...parts, retire })
  }

  function decide(head: RequestHead): Awaitable<Decision> {
    const place = readPlace(head)
    const frontend = table.find(place)
    if (frontend) return frontend.decide(head)
    return chain(tenants?.find(place), (tenant) => {
      if (tenant) return tenant.decide(head)
      throw new SallyportError('ERR_HOST_UNKNOWN', 'no frontend has this host')
    })
  }

  function all(): Bff[] {
    return [...table.all, ...(tenants?.all() ?? [])].map(({ bff }) => bff)
  }

  function failed(head: RequestHead, error: unknown): Decision {
    if (errorCode(error) === 'ERR_INTERNAL') log.error({ error }, 'a decision failed')
    return withCors(head, allowedOriginsAt(head), respondError(head, errorCode(error)))
  }

  /** Whose pages may read why a head was refused before it was read: what it is below, as written. */
  function allowedOriginsAt({ headers, target }: RequestHead): readonly string[] {
    const [host, another] = headerValues(headers, 'host')
    if (host === undefined || another !== undefined) return []
    const path = target.split('?', 1)[0] as string
    return table.at({ host: host.toLowerCase(), path })?.bff.config.allowedOrigins ?? []
  }

  reload(options)
  return {
    get bffs() {
      return table.all.map(({ bff }) => bff)
    },

    decide(head) {
      try {
        const decision = decide(head)
        if (!(decision instanceof Promise)) return decision
        return decision.catch((error) => failed(head, error))
      } catch (error) {
        return failed(head, error)
      }
    },

    reload,

    all,

    endStreams() {
      for (const bff of all()) bff.endStreams()
    },

    async close() {
      for (const frontend of table.all) retire(frontend)
      tenants?.close()
      await Promise.all(leaving)
    },
  }
}

function configOf({ bff }: Frontend): BffConfig {
  return bff.config
}

/** Those that are present already and the same, and new ones for the others. */
function createAll(
  configs: readonly BffConfig[],
  present: ReadonlyMap<string, Frontend>,
  parts: BffParts,
): Frontend[] {
  return configs.map((config) => {
    const before = present.get(config.frontend)
    const isKept = before && isSameOptions(before.bff.config, config)
    return isKept ? before : createFrontend(createBffOf(config, parts))
  })
}
